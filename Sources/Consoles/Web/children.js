// The stations below: their list, and their calls among this station's own.
import { duration, element, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { showMap } from "./map.js";
import { isStray, pendingOf, postName } from "./who.js";
import { faultPlace, pick, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const merged = new WeakMap();
// When each call began by this page's clock: whole seconds of age would make two calls change places again and again.
const begun = new Map();

// Own calls and those of all children, in the order in which they need somebody. Each knows its key, and a child's its station.
export function allCalls({ view, viewAt }) {
  if (!merged.has(view)) merged.set(view, mergeCalls(view, viewAt));
  return merged.get(view);
}

function mergeCalls(view, viewAt) {
  const own = view.incidents.map((card) => ({ ...card, key: String(card.id) }));
  const below = view.children.map((child) => child.incidents.map((card) => ({ ...card, key: `${child.station}/${card.id}`, station: child.station, child })));
  const lost = view.children.map((child) => child.lost.map((card) => ({ ...card, key: `${child.station}/lost/${card.id}/${card.pressedAtMilliseconds}`, station: child.station, child, isLost: true })));
  const lists = [own, ...below, ...lost];
  const keys = new Set(lists.flat().map((card) => card.key));
  for (const key of begun.keys()) if (!keys.has(key)) begun.delete(key);
  for (const card of lists.flat()) if (!begun.has(card.key)) begun.set(card.key, viewAt - card.ageSeconds * 1000);
  // Each station has put its own in order; that order is kept.
  const all = [];
  for (;;) {
    const heads = lists.filter((list) => list.length);
    if (!heads.length) return all;
    all.push(heads.reduce((best, list) => (comesBefore(list[0], best[0]) ? list : best)).shift());
  }
}

function comesBefore(left, right) {
  return rank(left) - rank(right) < 0 || (rank(left) === rank(right) && begun.get(left.key) < begun.get(right.key));
}

function rank(card) {
  const isOpen = card.phase !== "resolved" && card.phase !== "closed";
  return (card.waits && !card.bypassed ? 0 : isOpen ? 2 : 4) + (card.mark === "real" ? 0 : 1);
}

// MARK: - On a call's card

const isAway = (child) => child.state === "lost" || child.state === "unknown";

export function showChildNotes(container, card, view) {
  const { child } = card;
  setClass(container.closest(".card"), "stale", isAway(child));
  const notes = pendingOf(card).map((item) => ({ key: `pending-${item.number}`, kind: "pending", item }));
  const { failure } = child;
  if (card.isLost) notes.push({ key: "lost", kind: "away", text: `⚠ ${word("lostCall")}` });
  else if (failure && failure.incident === card.id) notes.push({ key: "failure", kind: "failure", text: failureText(failure, view) });
  if (isStray(card)) notes.push({ key: "stray", kind: "away", text: `⚠ ${word("strayCall")}` });
  if (isAway(child)) notes.unshift({ key: "away", kind: "away", text: awayText(child) });
  reconcile(container, notes, (note) => note.key, (note) => element("p", { class: note.kind }), (node, note) => {
    node.note = note;
    if (note.text) setText(node, note.text);
  });
}

export function tickChildNotes(container, passed, view) {
  for (const node of container.children) if (node.note.item) setText(node, pendingText(node.note.item, passed, view));
}

function awayText(child) {
  if (child.lastHeardMilliseconds === undefined) return `⚠ ${word("childUnknownCard")}`;
  return `⚠ ${word("childLostCard", { time: timeOfDay(child.lastHeardMilliseconds) })}`;
}

const actionName = (action) => word(action === "handOver" ? "handDown" : action);

function pendingText(item, passed, view) {
  return `⇣ ${word("pending", { action: actionName(item.action), post: postName(view, item.post), time: duration(item.ageSeconds + passed) })}`;
}

function failureText(failure, view) {
  const values = { action: actionName(failure.action), post: postName(view, failure.post), time: timeOfDay(failure.atMilliseconds), reason: pick(failure) };
  return `✕ ${word("failed", values)}`;
}

// MARK: - The list

// sendNotice(child): asks for its words and sends them down.
export function showChildren(view, sendNotice) {
  const isParent = view.children.length > 0;
  setHidden(byId("stations-section"), !isParent);
  setHidden(byId("station-shortcut"), !isParent);
  if (!isParent) return;
  setText(byId("station-count"), String(view.children.length));
  reconcile(byId("stations"), view.children, (child) => child.station, () => createStation(sendNotice), (node, child) => updateStation(node, child, view));
  showMap(view.children, focusChild);
}

export function focusChild(station) {
  byId("stations").querySelector(`:scope > [data-key="${CSS.escape(station)}"]`)?.focus();
}

function createStation(sendNotice) {
  const part = {};
  const fact = (key, label) => element("div", { class: "fact" }, element("dt", { "data-word": label }), (part[key] = element("dd")));
  const article = element("article", { class: "station", tabindex: -1 },
    element("div", { class: "station-head" }, (part.name = element("h3")), (part.code = element("span", { class: "small" })), (part.state = element("span", { class: "tag" }))),
    element("dl", {}, fact("calls", "calls"), fact("heard", "lastHeard"), fact("backlog", "backlog"), fact("paths", "paths"), fact("program", "program"), fact("totals", "totals")),
    (part.notes = element("div", { class: "notices child-notes" })),
    (part.details = element("details", {}, (part.summary = element("summary")), (part.faults = element("ul")))),
    element("div", { class: "actions" }, element("button", { type: "button", class: "action", "data-word": "sendNotice", onclick: () => sendNotice(article.child) })));
  article.parts = part;
  return article;
}

function updateStation(article, child, view) {
  const part = article.parts;
  article.child = child;
  article.dataset.state = child.state;
  for (const label of article.querySelectorAll("[data-word]")) setText(label, word(label.dataset.word));
  setText(part.name, child.name);
  setText(part.code, child.station);
  setText(part.state, word(`child.${child.state}`));
  const waits = child.incidents.filter((card) => card.waits && !card.bypassed).length;
  setClass(article, "calls", waits > 0);
  setText(part.calls, word("openCalls", { open: child.incidents.length, waits }));
  setText(part.heard, child.lastHeardMilliseconds === undefined ? word(child.state === "never" ? "neverHeard" : "never") : timeOfDay(child.lastHeardMilliseconds));
  setText(part.backlog, word("backlogEntries", { count: child.waiting }));
  setText(part.paths, child.paths.map(pathText).join("\n") || "—");
  setText(part.program, child.program || "—");
  setText(part.totals, word("totalsText", child.statistics.real));
  showStationNotes(part.notes, child, view);
  showFaults(part, child);
}

function pathText(path) {
  return path.isUp ? `● ${path.name}` : `✕ ${path.name} ${word("silentSince", { time: timeOfDay(path.lastHeardMilliseconds) })}`;
}

// What is under way or failed and does not stand on a call's card.
function showStationNotes(container, child, view) {
  const elsewhere = ({ incident }) => !child.incidents.some((card) => card.id === incident);
  const notes = child.pending.filter(elsewhere).map((item) => ({ key: item.number, kind: "pending", item }));
  if (child.state === "never") notes.push({ key: "never", kind: "away", text: word("neverConnectedHelp") });
  if (child.failure && elsewhere(child.failure)) notes.push({ key: "failure", kind: "failure", text: failureText(child.failure, view) });
  reconcile(container, notes, (note) => note.key, (note) => element("p", { class: note.kind }), (node, note) => {
    node.note = note;
    if (note.text) setText(node, note.text);
  });
}

function showFaults(part, child) {
  setHidden(part.details, child.faults.length === 0);
  setText(part.summary, `⚠ ${word("faults")} ${child.faults.length}`);
  reconcile(part.faults, child.faults, (fault) => fault.key, () => element("li"), (item, fault) => {
    const parts = [pick(fault, "whatChinese", "whatEnglish"), faultPlace(fault.key, fault.whereText), `${word("since")} ${timeOfDay(fault.sinceMilliseconds)}`, !fault.present && word("causeGone"), pick(fault, "adviceChinese", "adviceEnglish"), fault.detail];
    setText(item, parts.filter(Boolean).join(" · "));
  });
}

export function tickChildren(passed, view) {
  for (const article of byId("stations").children) tickChildNotes(article.parts.notes, passed, view);
}
