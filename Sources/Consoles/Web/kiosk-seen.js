// A card on the terminal's reader of smart cards: whoever laid it there is told in plain words which kind it is, and that nothing was read from
// it. So nobody has to agree to anything, and it goes on as without a card.
import { hasReader } from "./kiosk-card.js";
import { ownCard } from "./kiosk-help.js";
import { stay } from "./kiosk-leaving.js";
import { home } from "./kiosk-screens.js";
import { back, kiosk, renew, send, show, swap, topScreen } from "./kiosk-session.js";
import { word } from "./words.js";

// In place of a visitor's own number.
const nobody = "0".repeat(16);
const askAgainAfter = 1000;
let isWatching = false;
let laid = "";

// Several times a second.
export function tickSeen() {
  if (!isWatching && ownCard()?.smartCards) watch();
  // What was asked of the station is answered first; over a call for help nothing is said.
  if (!laid || kiosk.visit.isBusy) return;
  const kind = laid;
  laid = "";
  if (topScreen().name === "help") return;
  // What stands there was read from a card, and this may be the next visitor's: that visit is over, and he does not come back to it.
  const isOver = topScreen().name === "card" && kiosk.visit.card?.picture.stage === "read";
  if (isOver) renew(seen(kind));
  // As a touch, once in a visit: a reader that does not see well would keep it open for ever.
  else if (!kiosk.visit.hasLaid) stay();
  kiosk.visit.hasLaid = true;
  if (!isOver) (topScreen().name === "seen" ? swap : show)(seen(kind));
}

async function watch() {
  isWatching = true;
  let revision = 0;
  while (ownCard()?.smartCards) {
    const said = await send("card", { card: nobody, seen: revision });
    if (said.answer === "card" && said.stage !== "over") {
      if (said.revision !== revision && said.lies) laid = said.lies;
      revision = said.revision;
      tickSeen();
    } else {
      await new Promise((resolve) => setTimeout(resolve, askAgainAfter));
    }
  }
  isWatching = false;
}

const seen = (kind) => ({
  name: "seen",
  heading: () => word(`seen.${kind}`),
  lines: () => (kind === "dead" ? [word("seenTurn")] : [word(`seenRead.${kind}`), word(hasReader() ? "seenIdentity" : "seenWithout"), word("seenTake")]),
  // Whoever had begun something comes back to it.
  choices: () => [{ key: "go-on", label: word("seenGoOn"), style: "main", act: () => (kiosk.visit.screens.length === 2 ? swap(home()) : back()) }],
});
