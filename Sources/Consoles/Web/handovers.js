// 分流督办: calls that were handed over between this station and those below. Who has each, what is due, and what is late.
import { duration, element, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { postName } from "./who.js";
import { name, pick, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const keyOf = (item) => `${item.station}/${item.incident}`;
// Which were overdue when they were last looked at: what becomes so is read out once.
const late = new Set();

// go(key): a person wants to see the call.
export function showHandOvers(view, go) {
  setHidden(byId("hand-overs-section"), view.handOvers.length === 0);
  setText(byId("hand-over-count"), String(view.handOvers.length));
  reconcile(byId("hand-overs"), view.handOvers, keyOf, () => createItem(go), (node, item) => updateItem(node, item, view));
}

function createItem(go) {
  const part = {};
  const node = element("li", {},
    element("div", { class: "hand-over-head" },
      (part.place = element("button", { type: "button", class: "small-button", onclick: () => go(keyOf(node.item)) })),
      (part.due = element("span", { class: "tag" }))),
    (part.stage = element("p", { class: "hand-over-stage" })), (part.ways = element("p")), (part.why = element("p")), (part.away = element("p")));
  node.parts = part;
  return node;
}

function updateItem(node, item, view) {
  const part = node.parts;
  const child = view.children.find(({ station }) => station === item.station);
  const post = (id) => postName(view, id, child);
  node.item = item;
  const mark = item.mark === "real" ? "" : `${name("mark", item.mark)} · `;
  node.place = [child?.name ?? item.station, item.placeName].filter(Boolean).join(" · ");
  setText(part.place, mark + node.place);
  const what = item.due && item.due !== "decision" && word("dueBy", { time: timeOfDay(item.dueMilliseconds), what: name("due", item.due) });
  const back = item.due === "decision" && timeOfDay(item.sinceMilliseconds);
  setText(part.stage, [name("handOver", item.stage), what, back].filter(Boolean).join(" · "));
  const sent = word(item.isUp ? "offeredUp" : "handedDown", { from: post(item.from), to: post(item.to), time: timeOfDay(item.offeredMilliseconds) });
  setText(part.ways, [sent, item.attempts > 1 && word("attempt", { count: item.attempts }), item.owner && item.owner !== item.from && word("nowWith", { post: post(item.owner) })].filter(Boolean).join(" · "));
  const why = item.chinese ? pick(item) : item.reason && word("refusedBecause", { post: post(item.refusedBy), reason: item.reason });
  setText(part.why, why ?? "");
  setHidden(part.why, !why);
  const isAway = child?.state === "lost" || child?.state === "unknown";
  setText(part.away, isAway ? `⚠ ${word("handOverAway", { state: word(`child.${child.state}`) })}` : "");
  setHidden(part.away, !isAway);
}

// Answers what is to be read out.
export function tickHandOvers(passed) {
  const items = [...byId("hand-overs").children];
  const news = [];
  for (const node of items) {
    const left = node.item.dueInSeconds === undefined ? undefined : node.item.dueInSeconds - passed;
    const isLate = left !== undefined && left <= 0;
    setClass(node, "late", isLate);
    setHidden(node.parts.due, left === undefined);
    if (left !== undefined) setText(node.parts.due, `${isLate ? "⚠ " : ""}${leftText(left, node.item.due)}`);
    const key = `${keyOf(node.item)} ${node.item.due}`;
    if (isLate && !late.has(key)) news.push(word("newOverdue", { place: node.place }));
    if (isLate) late.add(key);
    else late.delete(key);
  }
  const count = items.filter((node) => node.classList.contains("late")).length;
  setHidden(byId("hand-over-late"), count === 0);
  setText(byId("hand-over-late"), word("overdueCount", { count }));
  return news;
}

// left: seconds; negative: over by so many.
function leftText(left, due) {
  if (left > 0) return word("timeLeft", { time: duration(left) });
  return word(due === "decision" ? "backFor" : "overdueBy", { time: duration(-left) });
}

// MARK: - On the desk of the station that it was handed to

export function showHandedDown(node, card, passed, view) {
  const down = card.handedDown;
  setHidden(node, !down);
  if (!down) return;
  const post = postName(view, down.from);
  const isThere = down.onSceneInSeconds === undefined;
  const left = (isThere ? down.resolveInSeconds : down.onSceneInSeconds) - passed;
  setClass(node, "late", left <= 0);
  if (down.resolveInSeconds === undefined) {
    setText(node, word("handedDownOffer", { post, scene: duration(down.onSceneWithinSeconds), resolve: duration(down.resolveWithinSeconds) }));
  } else {
    const time = timeOfDay(isThere ? down.resolveDueMilliseconds : down.onSceneDueMilliseconds);
    const both = word("handedDownDue", { post, what: name("due", isThere ? "resolve" : "onScene"), time, left: leftText(left) });
    const next = isThere ? "" : ` · ${word("dueBy", { time: timeOfDay(down.resolveDueMilliseconds), what: name("due", "resolve") })}`;
    setText(node, both + next);
  }
}
