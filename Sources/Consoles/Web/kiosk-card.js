// A number with an identity card: asked first, read once, and shown masked. The page has nothing of the card but what stands on the screen.
import { clock, element } from "./dom.js";
import { ownCard } from "./kiosk-help.js";
import { touched } from "./kiosk-leaving.js";
import { failure } from "./kiosk-screens.js";
import { ask, kiosk, send, show, swap } from "./kiosk-session.js";
import { takeTicket } from "./kiosk-ticket.js";
import { word } from "./words.js";

const tellTouchEvery = 5000;
const askAgainAfter = 1000;

export function hasReader() {
  return ownCard()?.reader === "ready";
}

const without = (service) => ({
  key: "without", label: word("cardWithout"), act: () => {
    forget();
    takeTicket(service, false);
  },
});

export const cardConsent = (service) => ({
  name: "card-consent",
  heading: () => word("cardAsk"),
  lines: () => [word("cardWhat"), word("cardWhy"), word("cardKept", { days: kiosk.link.view.kept.closedDays }),
    word("cardWhom", { contact: kiosk.link.view.kept.contact || word("noContact") }), word("cardOptional")],
  choices: () => [{ key: "agree", label: word("cardAgree"), style: "main", act: () => begin(service, show) }, without(service)],
});

function begin(service, put) {
  ask("read", {}, (said) => {
    if (said.answer !== "reading") return show(failure(said));
    const card = { token: said.card, picture: { stage: "waiting" }, toldAt: clock() };
    const visit = kiosk.visit;
    visit.forget = () => send("forget", { card: card.token });
    visit.onTouch = () => {
      if (clock() - card.toldAt < tellTouchEvery) return;
      card.toldAt = clock();
      send("touched", { card: card.token });
    };
    visit.card = card;
    put(reading(service, card));
    watch(visit, card);
  });
}

function forget() {
  const visit = kiosk.visit;
  visit.forget?.();
  visit.forget = visit.onTouch = visit.card = undefined;
}

// Until it is over, or somebody else stands there.
async function watch(visit, card) {
  let seen = 0;
  while (kiosk.visit === visit && visit.card === card) {
    const said = await send("card", { card: card.token, seen });
    if (kiosk.visit !== visit || visit.card !== card) return;
    if (said.answer === "card") {
      if (said.stage !== card.picture.stage && said.stage !== "over") touched();
      seen = said.revision;
      card.picture = said;
      kiosk.draw();
      if (said.stage === "over") return;
    } else {
      await new Promise((resolve) => setTimeout(resolve, askAgainAfter));
    }
  }
}

const headings = { waiting: "cardLay", reading: "cardReading", over: "cardNotRead" };

const reading = (service, card) => ({
  name: "card",
  heading: () => word(isCut(card) ? "cutOff" : (headings[card.picture.stage] ?? "cardRead"), { name: card.picture.name }),
  lines: () => linesOf(card),
  mark: () => [card.picture.stage, card.picture.number],
  body: () => (card.picture.stage === "read" ? [element("p", { class: "card-number spoken quiet" }, card.picture.number)] : []),
  choices: () => choicesOf(service, card),
});

// The station was gone meanwhile, and with it what it had read.
const isCut = (card) => card.picture.stage === "over" && !card.picture.problem && kiosk.visit.wasCut;

function linesOf(card) {
  const picture = card.picture;
  if (isCut(card)) return [word("cardCut")];
  const problem = picture.problem ? [word(`card.${picture.problem}`)] : [];
  switch (picture.stage) {
    case "waiting": return [...problem, word("cardLayNote")];
    case "reading": return [];
    case "read": return [...(picture.doubtful ? [word("cardDoubt")] : []), word("cardReadNote")];
    default: return problem.length ? problem : [word("cardOver")];
  }
}

function choicesOf(service, card) {
  switch (card.picture.stage) {
    case "read": return [
      { key: "take", label: word("cardTake"), style: "main", act: () => takeTicket(service, false, card.token) },
      { key: "priority", label: word("takePriority"), note: word("priorityNote"), act: () => takeTicket(service, true, card.token) },
      without(service),
    ];
    // Each reading has a "yes" of its own.
    case "over": return [
      ...(hasReader() ? [{ key: "again", label: word("cardAgain"), act: () => begin(service, swap) }] : []), without(service),
    ];
    default: return [without(service)];
  }
}
