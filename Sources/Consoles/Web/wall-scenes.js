// What the wall shows by plan: scenes and meetings, how much of each is verified, and what would be switched.
import { send, toast } from "./asking.js";
import { ask } from "./dialogs.js";
import { clock, duration, element, reconcile, setHidden, setText } from "./dom.js";
import { sourceName } from "./wall-tiles.js";
import { word } from "./words.js";

const byId = (id) => document.getElementById(id);
let view;
let cameAt;

// theView came at `theCameAt` by this page's clock: how long something is still seen goes on from there.
export function showScenes(theView, theCameAt) {
  [view, cameAt] = [theView, theCameAt];
  reconcile(byId("scenes"), view.scenes, (scene) => scene.id,
    (scene) => element("div", { class: "scene" },
      element("button", { type: "button", class: "put", onclick: () => putScene(scene) }, element("span"), element("small")),
      element("button", { type: "button", class: "rehearse", onclick: () => rehearse(scene) })),
    (node, scene) => {
      node.className = `scene ${scene.lit}`;
      setText(node.querySelector(".put span"), scene.name);
      setText(node.querySelector(".put small"), sceneText(scene));
      node.querySelector(".put").setAttribute("aria-pressed", scene.lit !== "off");
      setText(node.querySelector(".rehearse"), word("rehearse"));
    });
}

async function putScene({ id }) {
  setHidden(byId("rehearsal"), true);
  const scene = view.scenes.find((known) => known.id === id);
  if (!scene) return;
  const fields = { scene: id };
  if (scene.needsReason) {
    const values = await ask(scene.name, [{ name: "reason", label: word("reason"), kind: "text", required: true }], word("putUp"));
    if (!values) return;
    fields.reason = values.reason;
  }
  const said = await send(scene.meeting ? "/api/wall/meeting" : "/api/wall/scene", fields);
  if (said?.answer === "done" && view.meeting && !scene.meeting) toast(() => word("afterMeeting"), false);
}

// How much of it is verified, and for how long what is not for everybody is still seen.
function sceneText(scene) {
  const shown = scene.lit !== "off" && scene.lit !== "later";
  const left = scene.secondsLeft === undefined ? 0 : scene.secondsLeft - (clock() - cameAt) / 1000;
  const seen = !scene.needsReason || !shown ? "" : left > 0 ? word("viewEnds", { left: duration(left) }) : word("viewEnded");
  return [word(`lit-${scene.lit}`), seen].filter(Boolean).join(" · ");
}

async function rehearse(scene) {
  const said = await send(`/api/wall/rehearse/${scene.meeting ? "meeting" : "scene"}`, { scene: scene.id });
  if (said?.answer !== "rehearsed") return;
  const ports = said.switched.flatMap((device) => device.ports.map((port) => `${device.device}/${port}`));
  const outputs = said.outputs.map((output) => `${output.number}: ${output.source ? sourceName(view, output.source) : word("showsNothing")}`);
  byId("rehearsal").replaceChildren(
    element("b", {}, `${scene.name} — ${word("rehearsal")}`),
    element("p", {}, ports.length ? word("rehearsalPorts", { count: ports.length, ports: ports.join(", ") }) : word("rehearsalNothing")),
    element("p", { class: "small" }, outputs.join(" · ")),
    element("button", { type: "button", onclick: () => setHidden(byId("rehearsal"), true) }, word("editorClose")));
  setHidden(byId("rehearsal"), false);
}
