// What a person asks of the station, and what it answers.
import { connectAsking, send } from "./asking.js";
import { ask } from "./dialogs.js";
import { parentMark, placeOf, postName } from "./who.js";
import { word } from "./words.js";

let page;

export function connectActions(thePage, liveness) {
  page = thePage;
  connectAsking(thePage, liveness);
}

const text = (fieldName, label, required) => ({ name: fieldName, label: word(label), kind: "text", required });

export async function actOnIncident(action, card) {
  const group = card.station === undefined ? "/api/incidents" : `/api/children/${encodeURIComponent(card.station)}/incidents`;
  const post = (verb, fields) => send(`${group}/${card.id}/${verb}`, fields, card.station === undefined ? "underWay" : "sentDown");
  const does = word(action === "handOver" && card.child ? "handDown" : action);
  const withFields = async (verb, fields) => {
    const values = await ask(`${does} · ${placeOf(card)}`, fields, does);
    if (values) await post(verb, values);
  };
  switch (action) {
    case "acknowledge": return post("acknowledge");
    case "onScene": return post("on-scene");
    case "close": return post("close");
    case "accept": return post("accept");
    case "refuse": return withFields("refuse", [text("reason", "askRefuse", true)]);
    case "resolve": return withFields("resolve", [text("note", "askResolve", true)]);
    case "closeHere": return withFields("close-here", [text("note", "askCloseHere", true)]);
    case "falseAlarm": return withFields("false-alarm", [text("note", "askFalseAlarm", false)]);
    case "handOver": {
      const label = word(card.child ? "askHandDown" : "askHandOver");
      return withFields("offer", [{ name: "to", label, kind: "choice", choices: receivers(card), required: true }]);
    }
  }
}

// Who can be offered a call: the posts of its station, and the station above.
function receivers(card) {
  if (card.child) return card.child.posts.map((post) => [post.id, postName(page.view, post.id, card.child)]);
  const posts = page.view.posts.filter((post) => post.id !== page.post).map((post) => [post.id, post.name]);
  return page.view.link ? [...posts, [parentMark, `${word("parent")} ${page.view.link.parent}`.trim()]] : posts;
}

export async function sendNotice(child) {
  const values = await ask(`${word("sendNotice")} · ${child.name}`, [text("text", "askNotice", true)], word("sendNotice"));
  return values && send(`/api/children/${encodeURIComponent(child.station)}/notice`, values, "sentDown");
}

export async function actOnPoint(action, point) {
  const path = (verb) => `/api/call-points/${point.button}/${verb}`;
  const title = `${word(action)} · ${point.placeName}`;
  switch (action) {
    case "endBypass": return send(path("end-bypass"));
    case "drill": return (await ask(word("askDrill", { place: point.placeName }), [], word(action))) && send(path("drill"));
    case "test": return (await ask(word("askTest", { place: point.placeName }), [], word(action))) && send(path("test"));
    case "bypass": {
      const minutes = { name: "minutes", label: word("askBypassMinutes"), kind: "number", min: 1, max: 480, value: 60, required: true };
      const values = await ask(title, [text("reason", "askBypassReason", true), minutes], word(action));
      return values && send(path("bypass"), { reason: values.reason, minutes: Number(values.minutes) });
    }
  }
}

export function actOnFault(action, fault) {
  return send(`/api/faults/${encodeURIComponent(fault.key)}/${action}`);
}
