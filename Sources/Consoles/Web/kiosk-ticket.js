// Taking a number, and the slip: number, code and QR code large on the screen, until it is wiped.
import { element } from "./dom.js";
import { failure, windowsText } from "./kiosk-screens.js";
import { ask, conclude, kiosk, send, show, wipe } from "./kiosk-session.js";
import { qrPicture } from "./pictures.js";
import { timeText } from "./station.js";
import { word } from "./words.js";

const tries = 5;
const betweenTries = 2000;

// card: what stands for the card that was read, "" without one.
export function takeTicket(service, priority, card = "") {
  ask("ticket", { service, priority: priority ? "yes" : "no", card }, (said) => {
    if (said.answer !== "ticket") return show(failure(said));
    const ticket = { ...said, slip: outcome(said) };
    conclude(slip(ticket));
    tell(ticket);
  });
}

// What became of the slip. A printer behind the API says it in the answer ("printed", "unknown"); without one the screen is the slip.
function outcome(said) {
  return said.slip ?? "shown";
}

// A printed slip has been told of by whoever printed it.
async function tell(ticket) {
  if (ticket.slip === "printed") return;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const said = await send("slip", { id: ticket.id, slip: ticket.slip, receipt: ticket.receipt });
    if (["done", "refused"].includes(said.answer)) return;
    await new Promise((resolve) => setTimeout(resolve, betweenTries));
  }
}

const slipWords = { printed: "slipPrinted", unknown: "slipUnknown", shown: "writeDown" };

const slip = (ticket) => ({
  name: "slip",
  keeps: true,
  heading: () => calledText(ticket) ?? word("yourNumber"),
  lines: () => linesOf(ticket),
  mark: () => [isOffline(), calledText(ticket)],
  body: () => [element("div", { class: "slip" },
    element("div", {},
      element("p", { class: "number spoken" }, ticket.number),
      element("p", { class: "code" }, element("span", {}, `${word("yourCode")} `), element("b", { class: "spoken quiet", "data-say": `${word("yourCode")} ${[...ticket.code].join(" ")}` }, ticket.code),
        ...(isOffline() ? [element("span", { class: "pending spoken" }, word("pendingUp"))] : []))),
    ...(ticket.qr ? [qrPicture(ticket.qr, word("qr"))] : []))],
  choices: () => [{ key: "done", label: word("slipDone"), style: "main", act: wipe }],
});

function linesOf(ticket) {
  const ahead = ticket.ahead === 0 ? word("aheadNone") : word("ahead", { count: ticket.ahead });
  const where = calledText(ticket) ? [] : [`${ahead}${word("comma")}${windowsText("waitFor", ticket.service)}`];
  return [...where, word(slipWords[ticket.slip]), ...(kiosk.link.view.recorded ? [] : [word("notRecordedNow")])];
}

// It may be called while its owner still looks at the screen.
function calledText(ticket) {
  const window = kiosk.link.view.windows.find((window) => window.current?.number === ticket.number);
  return window && word("nowCalled", { window: window.number });
}

function isOffline() {
  return kiosk.link.view?.parentLostMilliseconds !== undefined;
}

export function offlineText() {
  return isOffline() ? word("offline", { time: timeText(new Date(kiosk.link.view.parentLostMilliseconds)) }) : "";
}
