// 本机保存了什么: kinds, how many, for how long, what for, on which ground, and whom to ask. Every number is the station's.
import { element, timeOfDay } from "./dom.js";
import { word } from "./words.js";

export function keptRows(view) {
  return view.kept.rows.map(({ kind, count }) => ({
    kind, count, name: word(`kept.${kind}`), time: time(kind, view.kept), purpose: word(`keptPurpose.${kind}`), ground: word(`keptGround.${kind}`),
  }));
}

function time(kind, kept) {
  if (kind === "journal" && kept.journalMonths !== undefined) return word("keptMonths", { months: kept.journalMonths });
  return word(`keptFor.${kind}`, { days: kept.closedDays });
}

// One table, and what stands below it.
export function keptTable(view) {
  const columns = ["keptKind", "keptCount", "keptFor", "keptPurpose", "keptGround"];
  const cell = (key, text) => element("td", { class: "spoken", "data-label": word(key) }, text);
  const rows = keptRows(view).map((row) => element("tr", { "data-kind": row.kind },
    element("th", { class: "spoken", scope: "row" }, row.name), cell("keptCount", row.count === undefined ? word("keptNoCount") : word("keptCounts", { count: row.count })),
    cell("keptFor", row.time), cell("keptPurpose", row.purpose), cell("keptGround", row.ground)));
  const cleared = view.kept.cleared;
  return [
    element("table", { class: "kept" }, element("thead", {}, element("tr", {}, ...columns.map((key) => element("th", { class: "spoken", scope: "col" }, word(key))))), element("tbody", {}, ...rows)),
    element("p", { class: "cleared spoken" }, cleared ? word("keptCleared", { ...cleared, time: timeOfDay(cleared.atMilliseconds) }) : word("keptNotCleared")),
    element("p", { class: "spoken" }, word("keptNot")),
    element("p", { class: "contact spoken" }, element("b", {}, `${word("contactTitle")}: `), view.kept.contact || word("noContact")),
  ];
}
