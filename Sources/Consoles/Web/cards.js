// The incident cards: one per call for help, kept as long as the call is open.
import { showChildNotes, tickChildNotes } from "./children.js";
import { duration, element, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { showHandedDown } from "./handovers.js";
import { makeLamp, setLamp } from "./lamp.js";
import { allowed, isOfferedTo, ownerPhone, postName, selfIn } from "./who.js";
import { name, word } from "./words.js";

const buttons = [
  ["acknowledge", "⏎"],
  ["accept", ""],
  ["refuse", ""],
  ["onScene", "S"],
  ["resolve", "R"],
  ["close", "C"],
  ["handOver", "H"],
  ["falseAlarm", "X"],
  ["closeHere", ""],
];

export function createCard(card, act) {
  const part = {};
  const make = (key, tag, properties, ...children) => (part[key] = element(tag, properties, ...children));
  const fact = (key, label, ...children) => make(`${key}Row`, "div", { class: "fact" }, make(`${key}Label`, "dt", { "data-word": label }), make(key, "dd", {}, ...children));
  const heading = `place-${encodeURIComponent(card.key)}`;
  const article = element("article", { class: "card", tabindex: 0, "aria-labelledby": heading },
    element("div", { class: "card-head" },
      make("number", "span", { class: "number", "aria-hidden": "true" }),
      make("mark", "span", { class: "tag mark" }),
      make("place", "h3", { id: heading }, make("station", "span", { class: "whose" }), make("placeName", "span")),
      make("phase", "span", { class: "tag phase" }),
      make("age", "span", { class: "age" })),
    make("notices", "div", { class: "notices" }),
    element("div", { class: "notices" }, make("handedDown", "p", { class: "handed-down" })),
    make("childNotes", "div", { class: "notices child-notes" }),
    element("dl", {},
      fact("lamp", "lamp", (part.lampPicture = makeLamp()), make("lampText", "span", { class: "lamp-text" })),
      fact("owner", "owner"),
      fact("escalation", "escalation"),
      fact("pressed", "pressedAt"),
      fact("note", "note")),
    make("actions", "div", { class: "actions" }));
  for (const [action, key] of buttons) {
    const button = element("button", { type: "button", class: `action ${action}`, onclick: () => act(action, article.card) },
      element("span", { "data-word": action === "handOver" && card.station !== undefined ? "handDown" : action }), ...(key ? [element("kbd", { "aria-hidden": "true" }, key)] : []));
    part[action] = button;
    part.actions.append(button);
  }
  article.parts = part;
  return article;
}

export function updateCard(article, card, index, { view, post }) {
  const part = article.parts;
  const may = allowed(card, post);
  article.card = card;
  article.dataset.mark = card.mark;
  article.dataset.phase = card.phase;
  setClass(article, "waits", card.waits && !card.bypassed);
  setText(part.number, String(index + 1));
  setHidden(part.number, index > 8);
  setText(part.mark, name("mark", card.mark));
  setText(part.station, card.child ? card.child.name : "");
  setHidden(part.station, !card.child);
  setText(part.placeName, card.placeName);
  setText(part.phase, card.waits && card.owner ? word("raisedAgain", { count: card.raisedAgain }) : name("phase", card.phase));
  showNotices(part.notices, card, view, post);
  if (card.child) showChildNotes(part.childNotes, card, view);
  showLamp(part, card);
  setText(part.owner, ownerText(card, view, post));
  setText(part.pressed, pressedText(card));
  setHidden(part.noteRow, !card.note);
  setText(part.note, card.note ?? "");
  for (const label of article.querySelectorAll("[data-word]")) setText(label, word(label.dataset.word));
  for (const [action] of buttons) {
    if (part[action].disabled === may[action]) part[action].disabled = !may[action];
    setHidden(part[action], (action === "accept" || action === "refuse" || action === "closeHere") && !may[action]);
  }
}

// Called again and again with the seconds since the view was true.
export function tickCard(article, passed, view) {
  const card = article.card;
  setText(article.parts.age, duration(card.ageSeconds + passed));
  setText(article.parts.escalation, escalationText(card, passed, view));
  showHandedDown(article.parts.handedDown, card, passed, view);
  tickChildNotes(article.parts.childNotes, passed, view);
}

function showNotices(container, card, view, post) {
  const texts = [];
  if (!card.recorded) texts.push(word("notRecorded"));
  if (card.silent) texts.push(`${word("silent")} · ${word("quietHere")}`);
  if (card.bypassed) texts.push(word("bypassedMark"));
  if (card.offeredTo) texts.push(offerText(card, view, post));
  const self = selfIn(card, post);
  if (card.takenFrom.includes(self) && card.owner !== self && card.owner) texts.push(word("takenFromYou", { post: postName(view, card.owner, card.child) }));
  if (card.ownerAway) texts.push(word("ownerAway"));
  const wanted = texts.join("\n");
  if (container.dataset.shown === wanted) return;
  container.dataset.shown = wanted;
  container.replaceChildren(...texts.map((text) => element("p", {}, text)));
}

function offerText(card, view, post) {
  if (isOfferedTo(card, post)) return word(card.child ? "offeredToStation" : "offeredToYou");
  return `${word("offered")} ${postName(view, card.offeredTo, card.child)}`;
}

function showLamp(part, card) {
  setLamp(part.lampPicture, card.lampShown);
  // What a lamp below shows is read back at its own station only.
  setText(part.lampText, card.child ? word("lampBelow", { lamp: name("indicator", card.lampWish) }) : lampText(card));
  setClass(part.lampRow, "differs", card.lampShown !== undefined && card.lampShown !== card.lampWish);
}

export function lampText(point) {
  if (point.lampShown === undefined) return `${word("notReadBack")} · ${word("lampWish")} ${name("indicator", point.lampWish)}`;
  if (point.lampShown === point.lampWish) return name("indicator", point.lampShown);
  return `≠ ${word("lampShown")} ${name("indicator", point.lampShown)} · ${word("lampWish")} ${name("indicator", point.lampWish)}`;
}

function ownerText(card, view, post) {
  const former = card.formerOwners.map((post) => postName(view, post, card.child)).join("、");
  // Whoever looks for the owner needs the telephone at once.
  const phone = ownerPhone(card, view, post);
  const owner = card.owner ? postName(view, card.owner, card.child) + (phone ? ` ☎ ${phone}` : "") : word("nobody");
  return former ? `${owner}(${word("formerOwners")} ${former})` : owner;
}

function pressedText(card) {
  const times = card.presses > 1 ? ` · ${word("pressedTimes", { count: card.presses })}` : "";
  const spans = [];
  if (card.secondsToAcknowledge !== undefined) spans.push(`${word("timeToAcknowledge")} ${duration(card.secondsToAcknowledge)}`);
  if (card.secondsToScene !== undefined) spans.push(`${word("timeToScene")} ${duration(card.secondsToScene)}`);
  return [timeOfDay(card.pressedAtMilliseconds) + times, card.button, ...spans].join(" · ");
}

function escalationText(card, passed, view) {
  const parts = [card.escalationStep > 0 ? word("step", { count: card.escalationStep }) : word("notEscalated")];
  if (card.nextStepSeconds !== undefined) {
    const left = duration(Math.max(0, card.nextStepSeconds - passed));
    parts.push(word(card.waits ? "nextStep" : "sceneDue", { time: left }));
  } else if (card.waits && card.escalationStep > 0 && !card.child) {
    parts.push(word("ladderEnds"));
  }
  if (card.escalatedTo.length) parts.push(`${word("told")} ${card.escalatedTo.map((post) => postName(view, post, card.child)).join("、")}`);
  return parts.join(" · ");
}
