// Who calls: the strip over the wall, and the sound of it, which ends as at the duty desk: when somebody has answered.
import { send } from "./asking.js";
import { element, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { sound, soundStatus } from "./sound.js";
import { name, word } from "./words.js";

const byId = (id) => document.getElementById(id);

export const keyOfCall = (call) => `${call.station ?? ""}/${call.id}`;

// A duress call does not show on a screen in its own room; before the post is known it could be this one.
const isQuiet = (card, page) => (page.started ? card.quietFor.includes(page.post) : card.silent);

export const shownCalls = (view, page) => view.calls.filter((card) => !isQuiet(card, page));

// The number and the place of the call that an output shows, if this page may name it.
export function callText(output, view, page) {
  const card = output.call && shownCalls(view, page).find((known) => keyOfCall(known.call) === keyOfCall(output.call));
  return card ? `${card.call.id} · ${card.place}` : "";
}

// A call that this page may not name shows itself by nothing else either.
export const layerOf = (output, view, page) => (output.call && !callText(output, view, page) ? "base" : output.layer);

export function showCalls(view, page) {
  const calls = shownCalls(view, page);
  setText(byId("call-count"), String(calls.length));
  setHidden(byId("no-calls"), calls.length > 0);
  reconcile(byId("call-list"), calls, (card) => keyOfCall(card.call),
    (card) => element("li", {}, element("span", { class: "what" }), " ", element("span", { class: "small" }),
      element("button", { type: "button", class: "primary acknowledge", onclick: () => answer(card.call) })),
    (item, card) => {
      setClass(item, "drill", card.drill);
      setClass(item, "waits", card.waits);
      // Where it waits the button says so.
      setText(item.querySelector(".what"), [card.call.id, card.place, card.waits ? "" : name("phase", card.phase)].filter(Boolean).join(" · "));
      setText(item.querySelector(".small"), [timeOfDay(card.openedMilliseconds), whyNotSeen(card, view, page)].filter(Boolean).join(" · "));
      const button = item.querySelector("button");
      setHidden(button, !card.waits);
      setText(button, word("acknowledge"));
      button.setAttribute("aria-label", `${word("acknowledge")} ${card.call.id} ${card.place}`);
    });
  const keys = calls.map((card) => keyOfCall(card.call));
  const fresh = page.calls ? calls.filter((card) => !page.calls.includes(keyOfCall(card.call))) : [];
  page.calls = keys;
  if (fresh.length) setText(byId("announcements"), fresh.map((card) => word("newCall", { place: card.place })).join(" "));
}

function whyNotSeen(card, view, page) {
  if (card.keptOff) return word("keptOff");
  if (card.withoutCamera) return word("withoutCamera");
  const output = view.outputs.find((item) => item.call && keyOfCall(item.call) === keyOfCall(card.call));
  if (output && view.sources.find((source) => source.id === output.wished)?.state === "dead") return word("cameraDead");
  const beside = view.beside.find((item) => keyOfCall(item.call) === keyOfCall(card.call));
  if (beside && shownCalls(view, page).some((known) => keyOfCall(known.call) === keyOfCall(beside.first))) return word("sameCamera", { id: beside.first.id });
  const isLeft = view.left.some((call) => keyOfCall(call) === keyOfCall(card.call));
  return isLeft ? word(view.armed ? "noRoom" : "notArmed") : "";
}

function answer({ station, id }) {
  if (station === undefined) return send(`/api/incidents/${id}/acknowledge`);
  return send(`/api/children/${encodeURIComponent(station)}/incidents/${id}/acknowledge`, {}, "sentDown");
}

// Wherever the browser lets it: not having begun, or changing the post, silences nothing.
export function ring(state, view, page) {
  if (state === "lost") return sound("fault");
  sound(view && shownCalls(view, page).some((card) => card.waits) ? "call" : "none");
}

export function showRinging(page) {
  const status = soundStatus();
  setHidden(byId("sound-banner"), status === "on" || status === "elsewhere");
  setText(byId("sound-banner"), `⚠ ${word(status === "broken" ? "soundBroken" : "soundBlocked")}`);
  setText(byId("ringing"), { on: `♪ ${word("soundOn")}`, elsewhere: `♪ ${word("soundElsewhere")}` }[status] ?? "");
  setHidden(byId("ringing"), !page.started || !byId("ringing").textContent);
}
