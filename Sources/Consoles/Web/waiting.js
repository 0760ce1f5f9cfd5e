// The strip above everything: which calls nobody has answered yet. It stays in sight wherever the page is scrolled to.
import { allCalls } from "./children.js";
import { duration, element, reconcile, setHidden, setText } from "./dom.js";
import { isQuietHere, placeOf } from "./who.js";
import { name } from "./words.js";

const byId = (id) => document.getElementById(id);

// Calls of this station and of those below that ring, blink and stand in the strip. Before the post is known, a duress call could be one from this very room: it keeps quiet.
export function callsThatWait(page) {
  return shownCalls(page).filter((card) => card.waits && !card.bypassed);
}

// A duress call does not show on a screen in its own room; the other posts see it, and the ladder goes on.
export function shownCalls(page) {
  const { view, post, started } = page;
  const quiet = (card) => (started ? isQuietHere(card, view, post) : card.silent && card.station === undefined);
  return allCalls(page).filter((card) => !quiet(card));
}

export function cardOf(key) {
  return byId("incidents").querySelector(`:scope > [data-key="${CSS.escape(key)}"]`);
}

// The tick writes the ages.
export function showWaiting(calls) {
  setHidden(byId("waiting"), calls.length === 0);
  setText(byId("waiting-title"), `${name("phase", "opened")} ${calls.length}`);
  reconcile(byId("waiting-calls"), calls, (card) => card.key, createCall, (button, card) => {
    button.card = card;
    button.dataset.mark = card.mark;
    setText(button.place, card.mark === "real" ? placeOf(card) : `${name("mark", card.mark)} · ${placeOf(card)}`);
  });
}

function createCall(card) {
  const place = element("span");
  const age = element("b");
  const button = element("button", { type: "button", onclick: () => cardOf(card.key)?.focus() }, place, " ", age);
  return Object.assign(button, { place, age });
}

export function tickWaiting(passed) {
  for (const button of byId("waiting-calls").children) setText(button.age, duration(button.card.ageSeconds + passed));
}
