// Matters on the window's page: a card each, with what its post may do next.
import { send } from "./asking.js";
import { ask } from "./dialogs.js";
import { element, setClass, setText, timeOfDay } from "./dom.js";
import { name, timeOf, word } from "./words.js";

const results = ["done", "agreed", "notAgreed", "notPossible", "referred", "withdrawn"];

export function createMatter() {
  return element("article", { class: "card", tabindex: -1 },
    element("div", { class: "card-head" }, element("h3"), element("span", { class: "tag phase" }), element("span", { class: "tag bad overdue-tag" })),
    element("dl", {}, ...["owner", "refused", "time", "result"].map((fact) => element("div", { class: `fact ${fact}` }, element("dt"), element("dd")))),
    element("div", { class: "actions" }));
}

export function updateMatter(card, matter, view, page) {
  const service = view.services.find((each) => each.id === matter.service)?.name ?? matter.service;
  const post = (id) => view.posts.find((each) => each.id === id)?.name ?? id;
  const isOffered = matter.offeredTo === page.post;
  setClass(card, "offered", isOffered);
  setClass(card, "overdue", matter.overdue);
  setText(card.querySelector("h3"), `${word("matterNumber", { number: matter.id })} · ${matter.number} · ${service}`);
  setText(card.querySelector(".phase"), name("matter", matter.phase));
  setText(card.querySelector(".overdue-tag"), word("overdue"));
  card.querySelector(".overdue-tag").hidden = !matter.overdue;
  fact(card, "owner", word("owner"), post(matter.owner) + (matter.offeredTo ? ` → ${post(matter.offeredTo)} (${word("notAccepted")})` : ""));
  fact(card, "refused", word("handBack"), matter.refusedMilliseconds === undefined ? "" : handBack(matter, post));
  fact(card, "time", word("timeLeft"), matter.hoursLeft === undefined ? "" : timeOf(matter.hoursLeft).trim());
  const result = matter.result === undefined ? "" : [name("result", matter.result), matter.note].filter(Boolean).join(": ");
  fact(card, "result", word("result"), result + (matter.rating === undefined ? "" : ` · ${word("rating", { faces: matter.rating })}`));
  const wanted = actions(matter, page, isOffered);
  const shown = JSON.stringify([wanted, document.documentElement.lang]);
  const bar = card.querySelector(".actions");
  if (bar.dataset.shown === shown) return;
  bar.dataset.shown = shown;
  bar.replaceChildren(...wanted.map((verb) => element("button", { type: "button", class: `action ${verb}`, onclick: () => act(verb, matter.id, view, page) }, word(`matter-${verb}`))));
}

function handBack(matter, post) {
  const time = timeOfDay(matter.refusedMilliseconds);
  if (matter.refusedBy === undefined) return word("nobodyAnswered", { time });
  return word("refusedBy", { time, post: post(matter.refusedBy), reason: matter.refusedReason });
}

function fact(card, kind, label, text) {
  const node = card.querySelector(`.fact.${kind}`);
  node.hidden = text === "";
  setText(node.querySelector("dt"), label);
  setText(node.querySelector("dd"), text);
}

// The station decides the same way and has the last word.
function actions(matter, page, isOffered) {
  if (isOffered) return ["accept", "refuse"];
  if (matter.owner !== page.post) return [];
  if (matter.result === undefined) return matter.offeredTo ? ["result"] : ["result", "offer"];
  return matter.phase === "calledBack" || matter.rating !== undefined ? ["close", "call-back"] : ["call-back"];
}

async function act(verb, id, view, page) {
  const fields = {
    offer: [{ name: "to", label: word("askOffer"), kind: "choice", choices: view.posts.filter((post) => post.id !== page.post).map((post) => [post.id, post.name]), required: true }],
    refuse: [{ name: "reason", label: word("askRefuse"), kind: "text", required: true }],
    result: [
      { name: "result", label: word("result"), kind: "choice", choices: results.map((result) => [result, name("result", result)]), required: true },
      { name: "note", label: word("askNote"), kind: "text" },
    ],
    "call-back": [{ name: "reached", label: word("askReached"), kind: "choice", choices: [["yes", word("reachedYes")], ["no", word("reachedNo")]], required: true }],
  }[verb];
  const title = `${word(`matter-${verb}`)} · ${word("matterNumber", { number: id })}`;
  const values = fields ? await ask(title, fields, word(`matter-${verb}`)) : {};
  if (values) send(`/api/matters/${id}/${verb}`, values);
}

// Another post has it since it was accepted there, and with it what the visitor leaves.
export function isOwn(view, id, page) {
  return view.matters.some((matter) => matter.id === id && matter.owner === page.post);
}
