// Matters whose time limit has passed (分流督办): own ones first, then those that are late longest, with since when and whose.
import { element, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { word } from "./words.js";

export function showLate(section, view, page) {
  const isOurs = (matter) => matter.owner === page.post || matter.offeredTo === page.post;
  const late = view.matters.filter((matter) => matter.overdue).sort((one, two) => isOurs(two) - isOurs(one) || one.overdueSinceMilliseconds - two.overdueSinceMilliseconds);
  setHidden(section, late.length === 0);
  setText(section.querySelector("#late-count"), word("lateCount", { own: late.filter(isOurs).length, all: late.length }));
  setText(section.querySelector("#late-so-far"), word("lateSoFar", { count: view.counts.overdue }));
  reconcile(section.querySelector("#late"), late, (matter) => matter.id, createRow, (row, matter) => {
    const post = (id) => view.posts.find((each) => each.id === id)?.name ?? id;
    const service = view.services.find((each) => each.id === matter.service)?.name ?? matter.service;
    const whose = post(matter.owner) + (matter.offeredTo ? ` → ${post(matter.offeredTo)} (${word("notAccepted")})` : "");
    row.matter = matter.id;
    setClass(row, "own", isOurs(matter));
    setText(row.querySelector("b"), matter.number);
    setText(row.querySelector("span"), [service, whose, word("lateSince", { time: timeOfDay(matter.overdueSinceMilliseconds) })].join(" · "));
    setText(row.querySelector("button"), word("lateShow"));
  });
}

function createRow() {
  const row = element("li", {}, element("b"), element("span", { class: "grow" }),
    element("button", { type: "button", class: "small-button", onclick: () => document.querySelector(`#matters > [data-key="${row.matter}"]`)?.focus() }));
  return row;
}
