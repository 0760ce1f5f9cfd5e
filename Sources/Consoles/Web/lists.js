// Faults, call points, statistics and what was closed lately.
import { duration, element, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { lampText } from "./cards.js";
import { makeLamp, setLamp } from "./lamp.js";
import { isQuietHere, placeOf, postName } from "./who.js";
import { faultPlace, name, pick, word } from "./words.js";

const byId = (id) => document.getElementById(id);

function button(label, onclick, extra = "") {
  return element("button", { type: "button", class: `action ${extra}`, "data-word": label, onclick });
}

function relabel(node) {
  for (const label of node.querySelectorAll("[data-word]")) setText(label, word(label.dataset.word));
}

// MARK: - Faults

export function showFaults(view, act) {
  setText(byId("fault-count"), String(view.faults.length));
  setHidden(byId("no-faults"), view.faults.length > 0);
  reconcile(byId("faults"), view.faults, (fault) => fault.key, (fault) => createFault(act), (node, fault) => updateFault(node, fault));
}

function createFault(act) {
  const part = {};
  const line = (key, label) => element("p", {}, element("b", { "data-word": label }), " ", (part[key] = element("span")));
  const article = element("article", { class: "fault", tabindex: -1 },
    element("div", { class: "fault-head" }, (part.what = element("h3")), (part.state = element("span", { class: "tag" }))),
    line("where", "where"), line("since", "since"), line("advice", "whatToDo"), (part.detailRow = line("detail", "detail")),
    element("div", { class: "actions" },
      (part.retest = button("retest", () => act("retest", article.fault))),
      (part.silence = button("silence", () => act("silence", article.fault)))));
  article.parts = part;
  return article;
}

function updateFault(article, fault) {
  const part = article.parts;
  article.fault = fault;
  setClass(article, "gone", !fault.present);
  setText(part.what, `⚠ ${pick(fault, "whatChinese", "whatEnglish")}`);
  setText(part.state, fault.retesting ? word("underWay") : [fault.retestFailedMilliseconds && `${word("retestFailed")} ${timeOfDay(fault.retestFailedMilliseconds)}`, word(fault.present ? "stillPresent" : "causeGone")].filter(Boolean).join(" · "));
  setText(part.where, faultPlace(fault.key, fault.whereText) || (fault.key.startsWith("journal:") ? word("journalPlace") : fault.key));
  setText(part.since, timeOfDay(fault.sinceMilliseconds));
  setText(part.advice, pick(fault, "adviceChinese", "adviceEnglish"));
  setText(part.detail, fault.detail);
  setHidden(part.detailRow, !fault.detail);
  relabel(article);
  part.retest.disabled = fault.retesting;
  part.silence.disabled = fault.silenced || !fault.present;
  if (fault.silenced) setText(part.silence, word("silenced"));
}

// MARK: - Call points

export function showPoints(view, act) {
  // A street centre may have no panels of its own.
  setHidden(byId("points-section"), view.callPoints.length === 0);
  reconcile(byId("points").tBodies[0], view.callPoints, (point) => point.button, () => createPoint(act), (row, point) => updatePoint(row, point, view));
}

function createPoint(act) {
  const part = {};
  const row = element("tr", { tabindex: -1 },
    element("th", { scope: "row" }, (part.place = element("span", { class: "place" })), (part.id = element("span", { class: "small" }))),
    element("td", { class: "lamp-cell" }, (part.lamp = makeLamp()), (part.lampText = element("span"))),
    element("td", {}, (part.health = element("span", { class: "tag" })), (part.bypassText = element("span", { class: "bypass-text" }))),
    element("td", {}, element("div", { class: "actions" },
      (part.drill = button("drill", () => act("drill", row.point), "small-button")),
      (part.test = button("test", () => act("test", row.point), "small-button")),
      (part.bypass = button("bypass", () => act("bypass", row.point), "small-button")),
      (part.endBypass = button("endBypass", () => act("endBypass", row.point), "small-button")))));
  row.parts = part;
  return row;
}

function updatePoint(row, point, view) {
  const part = row.parts;
  row.point = point;
  setText(part.place, point.placeName);
  setText(part.id, `${point.button}${point.silent ? ` · ${word("silent")}` : ""}`);
  setLamp(part.lamp, point.lampShown);
  setText(part.lampText, lampText(point));
  setText(part.health, name("health", point.health));
  setClass(part.health, "bad", point.health !== "online");
  setClass(row, "is-bypassed", point.bypass !== undefined);
  relabel(row);
  setHidden(part.bypass, point.bypass !== undefined);
  setHidden(part.endBypass, point.bypass === undefined);
  const drillRuns = view.incidents.some((card) => card.button === point.button && card.mark === "drill");
  part.drill.disabled = drillRuns;
  part.test.disabled = point.testAnnounced;
}

export function tickPoints(view, passed) {
  for (const row of byId("points").tBodies[0].rows) {
    const { bypass, testAnnounced } = row.point;
    const values = bypass && { time: duration(bypass.remainingSeconds - passed), reason: bypass.reason, post: postName(view, bypass.post) };
    setText(row.parts.bypassText, bypass ? word("bypassUntil", values) : testAnnounced ? word("testAnnounced") : "");
  }
}

// MARK: - Statistics and closed calls

export function showStatistics(view) {
  setText(byId("statistics-title"), word(view.children.length ? "ownStatistics" : "statistics"));
  reconcile(byId("statistics").tBodies[0], ["real", "drill", "test"], (mark) => mark,
    () => element("tr", {}, element("th", { scope: "row" }), ...[0, 1, 2, 3].map(() => element("td"))),
    (row, mark) => {
      const counts = view.statistics[mark];
      const texts = [name("mark", mark), counts.opened, counts.closed, counts.falseAlarms, counts.escalated];
      texts.forEach((text, index) => setText(row.cells[index], String(text)));
    });
  setHidden(byId("late-matters"), view.overdueMatters === undefined);
  setText(byId("late-matters"), `${view.overdueMatters > 0 ? "⚠ " : ""}${word("lateMatters", { count: view.overdueMatters })}`);
  setClass(byId("late-matters"), "bad", view.overdueMatters > 0);
  const onDuty = view.onDuty.length ? view.onDuty.map((post) => postName(view, post)).join("、") : word("nobodyOnDuty");
  setText(byId("machine"), `${word("statisticsHelp")} · ${word("journalEntries")} ${view.entries} · ${word("onDutyNow")}: ${onDuty}${receiverText(view.receiver)}`);
}

/** How the alarm receiver that others run stands; nothing for a station without one. */
function receiverText(receiver) {
  if (!receiver) return "";
  const parts = [`${word("alarmReceiver")}: ${name("receiver", receiver.condition)}`, word("receiverWaiting", { count: receiver.waiting })];
  if (receiver.lastAcceptedMilliseconds !== undefined) {
    parts.push(word("receiverAccepted", { time: timeOfDay(receiver.lastAcceptedMilliseconds) }));
  }
  return ` · ${parts.join(" · ")}`;
}

// Of this station and of those below, as they were closed.
export function showClosed(view, post) {
  const own = view.recentlyClosed.map((card) => ({ ...card, key: String(card.id) }));
  const below = view.children.flatMap((child) => child.recentlyClosed.map((card) => ({ ...card, key: `${child.station}/${card.id}`, station: child.station, child })));
  const closed = [...own, ...below].filter((card) => !isQuietHere(card, view, post));
  if (below.length) closed.sort((left, right) => (right.closedMilliseconds ?? 0) - (left.closedMilliseconds ?? 0));
  setHidden(byId("closed-section"), closed.length === 0);
  reconcile(byId("closed"), closed.slice(0, 20), (card) => card.key, () => element("li"), (item, card) => {
    const mark = card.falseAlarm ? `${name("mark", card.mark)} · ${word("falseAlarmMark")}` : name("mark", card.mark);
    const parts = [timeOfDay(card.pressedAtMilliseconds), placeOf(card), mark, card.owner ? postName(view, card.owner, card.child) : word("nobody")];
    if (card.secondsToAcknowledge !== undefined) parts.push(`${word("timeToAcknowledge")} ${duration(card.secondsToAcknowledge)}`);
    if (card.secondsToScene !== undefined) parts.push(`${word("timeToScene")} ${duration(card.secondsToScene)}`);
    if (card.note) parts.push(card.note);
    setText(item, parts.join(" · "));
  });
}
