// The incident cards: one per call for help, kept as long as the call is open.
import { duration, element, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { makeLamp, setLamp } from "./lamp.js";
import { name, word } from "./words.js";

// What a post may do with a call now; the station decides the same way and has the last word.
export function allowed(card, post) {
  const mine = card.owner === post;
  const active = card.phase === "opened" || card.phase === "acknowledged" || card.phase === "onScene";
  return {
    acknowledge: card.waits && (!card.owner || mine || card.escalatedTo.includes(post)),
    onScene: mine && card.phase === "acknowledged",
    resolve: mine && card.phase === "onScene",
    close: mine && card.phase === "resolved",
    handOver: mine && active && !card.offeredTo,
    accept: card.offeredTo === post,
    refuse: card.offeredTo === post,
    falseAlarm: active && (!card.owner || mine),
  };
}

// A duress call from the room that this desk stands in must not give itself away on its screen or loudspeaker.
export function isQuietHere(card, view, post) {
  return card.silent && view.posts.some((entry) => entry.id === post && entry.place === card.place);
}

export function postName(view, id) {
  return view.posts.find((post) => post.id === id)?.name ?? id;
}

const buttons = [
  ["acknowledge", "⏎"],
  ["accept", ""],
  ["refuse", ""],
  ["onScene", "S"],
  ["resolve", "R"],
  ["close", "C"],
  ["handOver", "H"],
  ["falseAlarm", "X"],
];

export function createCard(card, act) {
  const part = {};
  const make = (key, tag, properties, ...children) => (part[key] = element(tag, properties, ...children));
  const fact = (key, label, ...children) => make(`${key}Row`, "div", { class: "fact" }, make(`${key}Label`, "dt", { "data-word": label }), make(key, "dd", {}, ...children));
  const article = element("article", { class: "card", tabindex: 0, "aria-labelledby": `place-${card.id}` },
    element("div", { class: "card-head" },
      make("number", "span", { class: "number", "aria-hidden": "true" }),
      make("mark", "span", { class: "tag mark" }),
      make("place", "h3", { id: `place-${card.id}` }),
      make("phase", "span", { class: "tag phase" }),
      make("age", "span", { class: "age" })),
    make("notices", "div", { class: "notices" }),
    element("dl", {},
      fact("lamp", "lamp", (part.lampPicture = makeLamp()), make("lampText", "span", { class: "lamp-text" })),
      fact("owner", "owner"),
      fact("escalation", "escalation"),
      fact("pressed", "pressedAt"),
      fact("note", "note")),
    make("actions", "div", { class: "actions" }));
  for (const [action, key] of buttons) {
    const button = element("button", { type: "button", class: `action ${action}`, onclick: () => act(action, article.card) },
      element("span", { "data-word": action }), ...(key ? [element("kbd", { "aria-hidden": "true" }, key)] : []));
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
  setText(part.place, card.placeName);
  setText(part.phase, card.waits && card.owner ? word("raisedAgain", { count: card.raisedAgain }) : name("phase", card.phase));
  showNotices(part.notices, card, view, post);
  showLamp(part, card);
  setText(part.owner, ownerText(card, view, post));
  setText(part.pressed, pressedText(card));
  setHidden(part.noteRow, !card.note);
  setText(part.note, card.note ?? "");
  for (const label of article.querySelectorAll("[data-word]")) setText(label, word(label.dataset.word));
  for (const [action] of buttons) {
    if (part[action].disabled === may[action]) part[action].disabled = !may[action];
    setHidden(part[action], (action === "accept" || action === "refuse") && !may[action]);
  }
}

// Called again and again with the seconds since the view was true.
export function tickCard(article, passed, view) {
  const card = article.card;
  setText(article.parts.age, duration(card.ageSeconds + passed));
  setText(article.parts.escalation, escalationText(card, passed, view));
}

function showNotices(container, card, view, post) {
  const texts = [];
  if (!card.recorded) texts.push(word("notRecorded"));
  if (card.silent) texts.push(`${word("silent")} · ${word("quietHere")}`);
  if (card.bypassed) texts.push(word("bypassedMark"));
  if (card.offeredTo) texts.push(card.offeredTo === post ? word("offeredToYou") : `${word("offered")} ${postName(view, card.offeredTo)}`);
  if (card.takenFrom.includes(post) && card.owner !== post && card.owner) texts.push(word("takenFromYou", { post: postName(view, card.owner) }));
  const wanted = texts.join("\n");
  if (container.dataset.shown === wanted) return;
  container.dataset.shown = wanted;
  container.replaceChildren(...texts.map((text) => element("p", {}, text)));
}

function showLamp(part, card) {
  setLamp(part.lampPicture, card.lampShown);
  setText(part.lampText, lampText(card));
  setClass(part.lampRow, "differs", card.lampShown !== undefined && card.lampShown !== card.lampWish);
}

export function lampText(point) {
  if (point.lampShown === undefined) return `${word("notReadBack")} · ${word("lampWish")} ${name("indicator", point.lampWish)}`;
  if (point.lampShown === point.lampWish) return name("indicator", point.lampShown);
  return `≠ ${word("lampShown")} ${name("indicator", point.lampShown)} · ${word("lampWish")} ${name("indicator", point.lampWish)}`;
}

function ownerText(card, view, post) {
  const former = card.formerOwners.map((post) => postName(view, post)).join("、");
  // Whoever looks for the owner needs the telephone at once.
  const phone = card.owner !== post && view.posts.find((entry) => entry.id === card.owner)?.phone;
  const owner = card.owner ? postName(view, card.owner) + (phone ? ` ☎ ${phone}` : "") : word("nobody");
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
  } else if (card.waits && card.escalationStep > 0) {
    parts.push(word("ladderEnds"));
  }
  if (card.escalatedTo.length) parts.push(`${word("told")} ${card.escalatedTo.map((post) => postName(view, post)).join("、")}`);
  return parts.join(" · ");
}
