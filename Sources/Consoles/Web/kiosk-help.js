// 求助, and 请工作人员帮我: what is said is what the station knows, step by step, and nothing before it.
import { element } from "./dom.js";
import { conclude, kiosk, send, topScreen } from "./kiosk-session.js";
import { pick, word } from "./words.js";

// Values of the help key's lamp.
const slowBlink = 2;
const steady = 3;
const coming = 4;
const fault = 5;

export function ownCard() {
  return kiosk.link.view?.kiosks.find((card) => card.id === kiosk.id);
}

// A call that stands or was asked for: nobody is sent away from it, and its screen stays until it is over.
export function callForHelp() {
  const call = { said: null, seen: false, isAtCentre: false };
  conclude(helpScreen(call));
  press(call);
}

// Whatever else is under way, this is sent.
async function press(call) {
  call.said = null;
  call.isAtCentre = false;
  kiosk.draw();
  call.said = await send("help", {});
  kiosk.draw();
}

function helpScreen(call) {
  const isLive = () => kiosk.link.liveness() === "live";
  // Its lamp says more than the answer, also when the answer was lost on the way: but only while there is a station that says it.
  const state = () => {
    const lamp = ownCard()?.help ?? 0;
    if (lamp > 0) call.seen = true;
    // Once the centre has it, it has it: what the lamp says later takes nothing back.
    if (lamp === steady && isLive()) call.isAtCentre = true;
    if (!isLive() && !call.said) return "sending";
    if (!isLive() && call.said.answer !== "done") return call.said.answer;
    if (lamp === fault) return "fault";
    if (lamp > 0) return lamp;
    if (!call.said) return "sending";
    if (call.said.answer === "undelivered" || call.said.answer === "uncertain" || call.said.answer === "refused") return call.said.answer;
    if (call.said.answer === "unrecorded") return "unrecorded";
    // The lamp says it when it has come.
    if (call.said.answer === "late") return "uncertain";
    return call.seen ? "over" : 0;
  };
  const failed = () => ["undelivered", "uncertain", "refused", "fault"].includes(state());
  return {
    name: "help",
    keeps: true,
    holds: () => (state() > 0 && isLive()) || state() === "sending",
    heading: () => word({ sending: "calling", fault: "callFailed", undelivered: "callFailed", refused: "callFailed", uncertain: "callUncertain", over: "callOver" }[state()] ?? "callStands"),
    lines: () => (typeof state() === "number" && !isLive() ? [word("callStale")] : linesOf(state(), call)),
    mark: () => state(),
    body: () => (typeof state() === "number" ? [ladder(state(), call.isAtCentre)] : []),
    choices: () => (failed() ? [{ key: "again", label: word("callAgain"), style: "danger", act: () => press(call) }] : []),
  };
}

function linesOf(state, call) {
  switch (state) {
    case "sending": return [];
    case "fault": return [word("callFault")];
    case "undelivered": return [word("callFailedHelp")];
    case "uncertain": return [word("staffUncertain")];
    case "refused": return [pick(call.said), word("callFailedHelp")];
    case "unrecorded": return [pick(call.said)];
    case "over": return [];
    default: return [word(state === coming ? "callWaitComing" : "callWait")];
  }
}

// Three steps; each counts only when the lamp has it.
function ladder(lamp, isAtCentre) {
  const steps = [["callRecorded", slowBlink], ["callAtCentre", steady], ["callComing", coming]];
  return element("ol", { class: "ladder" }, ...steps.map(([key, least]) => {
    // Somebody here may come before the centre has said a word.
    const isReached = key === "callAtCentre" ? isAtCentre : lamp >= least;
    const isOpen = key === "callAtCentre" && lamp === coming && !isAtCentre;
    const aloud = isReached ? {} : { "data-say": `${word("callNotYet")}: ${word(key)}` };
    return element("li", { class: isReached ? "reached" : "" }, element("span", { class: "sign", "aria-hidden": "true" }, isReached ? "✓" : "○"), " ",
      element("span", { class: "spoken", ...aloud }, word(key)), ...(isReached || isOpen ? [] : [element("span", { class: "unseen" }, ` ${word("callNotYet")}`)]));
  }));
}

// MARK: - The staff

export async function askForStaff() {
  const visit = kiosk.visit;
  visit.staffSaid = "working";
  kiosk.draw();
  const said = await send("staff", {});
  // That somebody has been called says the station's view.
  visit.staffSaid = { done: "", undelivered: "staffNotAsked", uncertain: "staffUncertain" }[said.answer] ?? pick(said);
  kiosk.draw();
}

// What stands in the strip: how the call for staff went, or that a call for help still runs.
export function staffText() {
  const said = kiosk.visit.staffSaid;
  if (said) return ["working", "staffNotAsked", "staffUncertain"].includes(said) ? word(said) : said;
  if (kiosk.link.liveness() !== "live") return "";
  if (ownCard()?.helpAsked) return word("staffAsked");
  const lamp = ownCard()?.help ?? 0;
  if (lamp === 0 || lamp === fault || topScreen().name === "help") return "";
  const step = lamp >= coming ? "callComing" : lamp === steady ? "callAtCentre" : lamp === slowBlink ? "callRecorded" : "";
  return [word("callStands"), step && word(step)].filter(Boolean).join(" · ");
}
