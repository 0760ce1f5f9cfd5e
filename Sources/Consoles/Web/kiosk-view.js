// Draws a screen of the terminal. A screen says what it shows:
//   name, heading() and, where it has them, lines(): text; choices(): [{key, label, note, style, picture, act}], of which three are shown at a
//   time; body(), and pad() and after() over and under the choices: more to see, more to touch, drawn anew when mark() changes; keeps: it stays when the station is lost;
//   holds(): nobody is asked whether he is still there; back(): what 返回 does instead of going back; key(event).
import { clock, element, setClass, setHidden, setText } from "./dom.js";
import { isIdle, kiosk } from "./kiosk-session.js";
import { speak } from "./speech.js";
import { word } from "./words.js";

const byId = (id) => document.getElementById(id);
const perPage = 3;
// A trembling finger touches twice: what it has just brought up does not take the second touch.
const settleAfter = () => Number(document.documentElement.dataset.settleMilliseconds);
let shown = null;
let shownMark = "";
let shownLanguage = "";
let shownHeading = "";
let shownLines = "";
let shownStrips = [];
let enteredAt = 0;

// strips: what stands above all screens.
export function draw(screen, strips) {
  const isNew = screen !== shown;
  if (isNew) screen.page = 0;
  const heading = screen.heading();
  const lines = screen.lines?.() ?? [];
  const busy = kiosk.visit.isBusy;
  const choices = screen.choices?.() ?? [];
  const pages = Math.max(1, Math.ceil(choices.length / perPage));
  screen.page = Math.min(screen.page ?? 0, pages - 1);
  const mark = JSON.stringify([document.documentElement.lang, heading, lines, busy, screen.page, choices.map((choice) => [choice.key, choice.label, choice.note]), screen.mark?.()]);
  if (!isNew && mark === shownMark) return announceStrips(strips);
  shown = screen;
  shownMark = mark;
  if (isNew) entered(screen);
  const focused = document.activeElement?.dataset?.key;
  const wasInMain = byId("middle").contains(document.activeElement);
  setText(byId("heading"), heading);
  byId("lines").replaceChildren(...[...lines, ...(busy ? [word("working")] : [])].map((line) => element("p", {}, line)));
  byId("body").replaceChildren(...(screen.body?.() ?? []));
  byId("pad").replaceChildren(...(screen.pad?.() ?? []));
  byId("choices").replaceChildren(...choices.slice(screen.page * perPage, (screen.page + 1) * perPage).map(choiceButton));
  byId("after").replaceChildren(...(screen.after?.() ?? []));
  showPages(screen, pages);
  if (isNew) {
    for (const part of [byId("upper"), document.querySelector("main")]) part.scrollTop = 0;
    scrollTo(0, 0);
    byId("heading").focus();
    say();
  } else {
    if (wasInMain) ([...document.querySelectorAll("#middle [data-key]")].find((node) => node.dataset.key === focused) ?? byId("heading")).focus();
    // In another language it is the same: whoever switched it has it said whole.
    if (document.documentElement.lang === shownLanguage) announce(heading, lines, strips);
  }
  shownStrips = strips;
  shownLanguage = document.documentElement.lang;
  shownHeading = heading;
  shownLines = lines.join(" ");
}

function entered(screen) {
  document.body.dataset.screen = screen.name;
  document.body.dataset.ready = "no";
  enteredAt = clock();
  setTimeout(() => {
    if (shown === screen) document.body.dataset.ready = "yes";
  }, settleAfter());
}

// What changed while one looks at the screen is read out and spoken.
function announce(heading, lines, strips) {
  if (heading === shownHeading && lines.join(" ") === shownLines) return announceStrips(strips);
  const text = [...(heading === shownHeading ? [] : [heading]), ...lines].join(" ");
  setText(byId("announcements"), text);
  speak([...freshOf(strips), text].join(" "));
}

// For screen readers a strip has a role of its own. Nobody is spoken to who is not there.
function announceStrips(strips) {
  const fresh = freshOf(strips);
  shownStrips = strips;
  if (fresh.length) speak(fresh.join(" "));
}

const freshOf = (strips) => (isIdle() ? [] : strips.filter((text) => !shownStrips.includes(text)));

function choiceButton({ key, label, note, style = "", picture, act }) {
  const words = element("span", { class: "words" }, element("span", { class: "label" }, label), ...(note ? [element("span", { class: "note" }, note)] : []));
  return element("button", { type: "button", class: `choice ${style}`, "data-key": key, onclick: () => (!kiosk.visit.isBusy || style === "danger") && act() }, ...(picture ? [picture] : []), words);
}

function showPages(screen, pages) {
  setHidden(byId("pages"), pages === 1);
  setText(byId("page-of"), word("pageOf", { page: screen.page + 1, pages }));
  setClass(byId("earlier"), "gone", screen.page === 0);
  setClass(byId("later"), "gone", screen.page === pages - 1);
}

// All that stands on the screen, as it is spoken. In a hall others listen: a code is said only to who asks to hear it.
export function say(isAskedFor = false) {
  const stop = document.documentElement.lang === "en" ? ". " : "。";
  const parts = [byId("heading"), ...document.querySelectorAll(".strip, #body .spoken, #lines p, #choices .label, #choices .note, #after button, #page-of")];
  const text = parts.filter((node) => node.checkVisibility() && (isAskedFor || !node.matches(".quiet"))).map((node) => node.dataset.say ?? node.textContent).filter(Boolean).join(stop);
  setText(byId("announcements"), "");
  speak(text);
  return text;
}

// What is too long for the place above the keys is scrolled there, by the keyboard as well.
const whatIsAbove = new ResizeObserver(() => {
  const upper = byId("upper");
  if (upper.scrollHeight > upper.clientHeight + 1) upper.tabIndex = 0;
  else upper.removeAttribute("tabindex");
});
for (const part of [byId("upper"), byId("strips"), byId("top"), byId("body"), byId("lines")]) whatIsAbove.observe(part);

for (const [id, step] of [["earlier", -1], ["later", 1]]) {
  byId(id).addEventListener("click", () => {
    shown.page += step;
    draw(shown);
    say();
    byId("heading").focus();
  });
}

byId("middle").addEventListener("click", (event) => {
  // The keyboard's clicks have no finger.
  if (event.detail > 0 && clock() - enteredAt < settleAfter()) event.stopImmediatePropagation();
}, true);
