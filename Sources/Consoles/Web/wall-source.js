// What can be put up; what else can be done with a source that is chosen; and what is broken of the wall.
import { send } from "./asking.js";
import { ask } from "./dialogs.js";
import { element, reconcile, setHidden, setText, timeOfDay } from "./dom.js";
import { shade, sourceName } from "./wall-tiles.js";
import { faultPlace, inLanguage, pick, word } from "./words.js";

const byId = (id) => document.getElementById(id);
// The positions of the camera that is chosen; asked for once each time that one is chosen.
let presets = { source: null, names: [] };

// carry(id): a source was chosen, or let go; carried: which one is; sinceView: milliseconds.
export function showSources(view, carried, carry, changed, sinceView) {
  reconcile(byId("sources"), view.sources, (source) => source.id,
    (source) => {
      const button = element("button", { type: "button", draggable: "true", onclick: () => carry(source.id) }, element("b"), element("span", { class: "state" }));
      button.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", source.id));
      return element("li", {}, button);
    },
    (item, source) => {
      item.className = source.state ?? "";
      const button = item.querySelector("button");
      button.style.setProperty("--shade", shade(view, source.id));
      button.setAttribute("aria-pressed", carried === source.id);
      setText(button.querySelector("b"), sourceName(view, source.id));
      const seconds = Math.floor(((source.ageMilliseconds ?? 0) + sinceView) / 1000);
      const said = [source.state ? word(`source-${source.state}`, { seconds }) : "", source.sensitive ? word("sensitive") : "", inLanguage(source.reason ?? "")];
      setText(button.querySelector(".state"), said.filter(Boolean).join(" · "));
    });
  showTurns(view, carried, changed);
}

function showTurns(view, carried, changed) {
  const source = view.sources.find((known) => known.id === carried);
  const turns = source?.turns === true;
  setHidden(byId("turns"), !turns);
  if (!turns) {
    presets = { source: null, names: [] };
    return;
  }
  if (presets.source !== source.id) learn(source, changed);
  setText(byId("turns-title"), word("turnTo", { source: sourceName(view, source.id) }));
  setHidden(byId("no-presets"), presets.names.length > 0);
  reconcile(byId("presets"), presets.names, (preset) => preset,
    (preset) => element("li", {}, element("button", { type: "button", onclick: () => turn(source.id, preset) }, preset)), () => {});
}

// What the camera has told of itself; until it has, the one of the site file.
async function learn(source, changed) {
  presets = { source: source.id, names: source.callPreset ? [source.callPreset] : [] };
  try {
    const answer = await fetch(`/api/wall/presets/${encodeURIComponent(source.id)}`);
    if (!answer.ok) return;
    const told = (await answer.json()).presets;
    if (presets.source !== source.id || !told.length) return;
    presets.names = told;
    changed();
  } catch {
    // What the site file says stands there.
  }
}

async function turn(source, preset) {
  const values = await ask(word("turnWhy", { preset }), [{ name: "reason", label: word("reason"), kind: "text", required: true }], word("turn"));
  if (values) send("/api/wall/turn", { source, preset, reason: values.reason });
}

// Cards of the wall's devices, outputs and sources: each can be tried again.
export function showFaults(view) {
  const faults = view.faults.filter((fault) => fault.ofWall);
  setText(byId("fault-count"), String(faults.length));
  setHidden(byId("no-faults"), faults.length > 0);
  reconcile(byId("faults"), faults, (fault) => fault.key,
    (fault) => element("li", {}, element("span", { class: "grow" }, element("b", { class: "what" }), " ", element("span", { class: "where" }), element("span", { class: "advice" })),
      element("button", { type: "button", class: "retest", onclick: () => send(`/api/faults/${encodeURIComponent(fault.key)}/retest`, {}, "retesting") })),
    (item, fault) => {
      setText(item.querySelector(".what"), pick(fault));
      setText(item.querySelector(".where"), [fault.where === undefined ? word("concealedPlace") : faultPlace(fault.key, fault.where), inLanguage(fault.detail ?? "")].filter(Boolean).join(" · "));
      const failed = fault.retestFailedMilliseconds === undefined ? "" : word("retestFailed", { time: timeOfDay(fault.retestFailedMilliseconds) });
      setText(item.querySelector(".advice"), [pick(fault, "adviceChinese", "adviceEnglish"), failed].filter(Boolean).join(" · "));
      const button = item.querySelector(".retest");
      setText(button, word(fault.retesting ? "retesting" : "retest"));
      if (button.disabled !== fault.retesting) button.disabled = fault.retesting;
    });
}
