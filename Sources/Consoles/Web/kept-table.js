// 本机保存了什么: kinds, how many, for how long, what for, and whom to ask. Every number is the station's.
import { element } from "./dom.js";
import { word } from "./words.js";

const kinds = ["tickets", "matters", "sealed", "hazards", "ratings"];

export function keptRows(view) {
  return kinds.map((kind) => ({
    kind, name: word(`kept.${kind}`), count: view.kept[kind], time: word(`keptFor.${kind}`, { days: view.kept.closedDays }), purpose: word(`keptPurpose.${kind}`),
  }));
}

// One table, and what stands below it.
export function keptTable(view) {
  const columns = ["keptKind", "keptCount", "keptFor", "keptPurpose"];
  const cell = (key, text) => element("td", { "data-label": word(key) }, text);
  const rows = keptRows(view).map((row) => element("tr", { "data-kind": row.kind },
    element("th", { scope: "row" }, row.name), cell("keptCount", word("keptCounts", { count: row.count })), cell("keptFor", row.time), cell("keptPurpose", row.purpose)));
  return [
    element("table", { class: "kept" }, element("thead", {}, element("tr", {}, ...columns.map((key) => element("th", { scope: "col" }, word(key))))), element("tbody", {}, ...rows)),
    element("p", { class: "spoken" }, word("keptNot")),
    element("p", {}, word("keptLog")),
    element("p", { class: "contact spoken" }, element("b", {}, `${word("contactTitle")}: `), view.kept.contact || word("noContact")),
  ];
}
