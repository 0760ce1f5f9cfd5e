// The strip above everything: which calls nobody has answered yet. It stays in sight wherever the page is scrolled to.
import { isQuietHere } from "./cards.js";
import { duration, element, reconcile, setHidden, setText } from "./dom.js";
import { name } from "./words.js";

const byId = (id) => document.getElementById(id);

// Calls that ring, blink and stand in the strip. Before the post is known, a duress call could be one from this very room: it keeps quiet.
export function callsThatWait(page) {
  return shownCalls(page).filter((card) => card.waits && !card.bypassed);
}

// A duress call does not show on a screen in its own room; the other posts see it, and the ladder goes on.
export function shownCalls({ view, post, started }) {
  const quiet = (card) => (started ? isQuietHere(card, view, post) : card.silent);
  return view.incidents.filter((card) => !quiet(card));
}

export function cardOf(id) {
  return byId("incidents").querySelector(`:scope > [data-key="${CSS.escape(id)}"]`);
}

// The tick writes the ages.
export function showWaiting(calls) {
  setHidden(byId("waiting"), calls.length === 0);
  setText(byId("waiting-title"), `${name("phase", "opened")} ${calls.length}`);
  reconcile(byId("waiting-calls"), calls, (card) => card.id, createCall, (button, card) => {
    button.card = card;
    button.dataset.mark = card.mark;
    setText(button.place, card.mark === "real" ? card.placeName : `${name("mark", card.mark)} · ${card.placeName}`);
  });
}

function createCall(card) {
  const place = element("span");
  const age = element("b");
  const button = element("button", { type: "button", onclick: () => cardOf(card.id)?.focus() }, place, " ", age);
  return Object.assign(button, { place, age });
}

export function tickWaiting(passed) {
  for (const button of byId("waiting-calls").children) setText(button.age, duration(button.card.ageSeconds + passed));
}
