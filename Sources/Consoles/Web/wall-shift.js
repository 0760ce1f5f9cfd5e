// What only whoever is responsible may do at the console: to end the visitors' mode, and to hand over at a change of shift.
import { send } from "./asking.js";
import { ask } from "./dialogs.js";
import { element } from "./dom.js";
import { faultPlace, name, pick, word } from "./words.js";
import { shownCalls } from "./wall-calls.js";
import { sourceName } from "./wall-tiles.js";

const password = (field, label) => ({ name: field, label: word(label), kind: "password", required: true });
const line = (field, label, limit, value) => ({ name: field, label: word(label), kind: "line", limit, value, required: true });

export async function switchVisitors(view, page) {
  if (!view.visitors) return send("/api/wall/visitors", { on: "yes" });
  if (page.staff.guarded) {
    const values = await ask(word("visitorsOff"), [password("code", "visitorsCode")], word("visitorsOff"));
    return values && send("/api/wall/visitors", { on: "no", code: values.code });
  }
  // Nobody has a code here: what is asked is said, and asked twice.
  if (!(await ask(word("visitorsOff"), [{ kind: "shown", text: word("visitorsNoCode") }], word("visitorsGoOn")))) return null;
  if (!(await ask(word("visitorsSure"), [{ kind: "shown", text: word("visitorsSureText") }], word("visitorsOff")))) return null;
  return send("/api/wall/visitors", { on: "no", confirmed: "yes" });
}

// Who goes is logged in, who comes signs with his PIN: then the page is his. Where there are no accounts both are named by hand. What is signed is
// the list that stood there when this was opened. Where it is another by then the station refuses, and the new one is shown, with what was typed.
export async function handOver(live, page, { typed = {}, former } = {}) {
  const isSigned = page.staff.guarded;
  let list = former;
  const shown = () => {
    if (list === former) list = live.view.handOverList;
    const isNew = former !== undefined || list !== live.view.handOverList;
    return [...(isNew ? [{ kind: "shown", role: "status", text: element("b", {}, word("handOverChanged")) }] : []), ...openThings(live.view, page)];
  };
  const fields = isSigned
    ? [line("id", "handOverNext", 12, typed.id), password("pin", "handOverPIN")]
    : [{ kind: "shown", text: word("handOverTyped") }, line("from", "handOverFromName", 20, typed.from), line("to", "handOverToName", 20, typed.to)];
  const title = word(isSigned ? "handOverTitle" : "handOverTypedTitle");
  const values = await ask(title, fields, word(isSigned ? "handOverSign" : "handOverNote"), shown);
  if (!values) return;
  let refusal;
  const said = await send("/api/wall/hand-over", { ...values, list }, undefined, (refused) => (refusal = refused.code));
  if (refusal === "listChanged") return handOver(live, page, { typed: values, former: list });
  if (isSigned && (said?.answer === "done" || ["unrecorded", "late"].includes(said?.answer))) location.reload();
}

// What keeps the wall from what it would do by itself.
function modes(view) {
  const meeting = view.meeting && view.scenes.find((scene) => scene.id === view.meeting)?.name;
  return [view.armed ? "" : word("handOverDisarmed"), view.visitors ? word("visitorsOn") : "", meeting ? word("handOverMeeting", { meeting }) : ""].filter(Boolean);
}

function openThings(view, page) {
  const hidden = word("concealedPlace");
  const lists = [
    ["handOverCalls", shownCalls(view, page).map((card) => `${card.call.id} ${card.place} (${name("phase", card.phase)})`)],
    ["handOverFaults", view.faults.map((fault) => `${pick(fault)} ${fault.where === undefined ? hidden : faultPlace(fault.key, fault.where)}`)],
    ["handOverBypassed", view.bypassed.map((point) => (point.place === undefined ? hidden : `${point.place}: ${point.reason}`))],
    ["handOverModes", modes(view)],
    ["handOverPins", view.pins.map((pin) => `${sourceName(view, pin.source)} ${pin.reason ?? ""}`)],
  ];
  const open = lists.filter(([, items]) => items.length).map(([label, items]) => ({ kind: "shown", label: `${word(label)} (${items.length})`, text: items.join("; ") }));
  return open.length ? open : [{ kind: "shown", label: "", text: word("handOverNothing") }];
}
