// What can be put up; what else can be done with a source that is chosen; and what is broken of the wall.
import { send } from "./asking.js";
import { ask } from "./dialogs.js";
import { element, reconcile, setHidden, setText, timeOfDay } from "./dom.js";
import { ago, lasting, shade, sourceName } from "./wall-tiles.js";
import { faultPlace, inLanguage, pick, word } from "./words.js";

const byId = (id) => document.getElementById(id);
// The positions of the camera that is chosen; asked for once each time that one is chosen.
let presets = { source: null, names: [] };

// From the nearest to the farthest.
const levels = ["community", "street", "district"];
// So many are found at a glance; where there are more, one can be sought.
const fewSources = 12;

// changed(): other sources are sought.
export function followSearch(changed) {
  byId("seek").addEventListener("input", changed);
  byId("seek").addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      // It is not to press what gets the focus.
      event.preventDefault();
      document.querySelector("#sources button")?.focus();
    }
    if (event.key !== "Escape" || !byId("seek").value) return;
    // It lets go nothing else.
    event.stopPropagation();
    byId("seek").value = "";
    changed();
  });
}

// Each word that is typed stands in its name, its id or its level. By its id nobody finds what is not named.
function sought(view) {
  const words = byId("seek").value.toLowerCase().split(/\s+/).filter(Boolean);
  const textOf = (source) => [sourceName(view, source.id), source.name === undefined ? "" : source.id, word(`level-${source.level}`)].join(" ").toLowerCase();
  return view.sources.filter((source) => words.every((part) => textOf(source).includes(part)));
}

// Where there are several levels each has its heading.
function listed(view) {
  const found = sought(view);
  if (new Set(view.sources.map((source) => source.level)).size < 2) return found.map((source) => ({ key: source.id, source }));
  return levels.flatMap((level) => {
    const own = found.filter((source) => source.level === level);
    return own.length ? [{ key: `level:${level}`, level, count: own.length }, ...own.map((source) => ({ key: source.id, source }))] : [];
  });
}

// carry(id): a source was chosen, or let go; carried: which one is; sinceView: how long ago the view came, in milliseconds.
export function showSources(view, carried, carry, changed, sinceView) {
  const seek = byId("seek");
  setHidden(seek, view.sources.length <= fewSources);
  if (seek.hidden) seek.value = "";
  seek.placeholder = word("seekSource");
  seek.setAttribute("aria-label", word("seekSource"));
  const items = listed(view);
  setHidden(byId("none-found"), items.length > 0 || view.sources.length === 0);
  reconcile(byId("sources"), items, (item) => item.key,
    ({ source }) => {
      if (!source) return element("li", { class: "level" }, element("h3"));
      const button = element("button", { type: "button", draggable: "true", onclick: () => carry(source.id) }, element("b"), element("span", { class: "state" }));
      button.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", source.id));
      return element("li", {}, button);
    },
    (item, { source, level, count }) => {
      if (!source) return setText(item.firstElementChild, `${word(`level-${level}`)} ${count}`);
      item.className = source.state ?? "";
      const button = item.querySelector("button");
      button.style.setProperty("--shade", shade(view, source.id));
      button.setAttribute("aria-pressed", carried === source.id);
      setText(button.querySelector("b"), sourceName(view, source.id));
      const said = [stateText(source, sinceView), source.sensitive ? word("sensitive") : "", inLanguage(source.reason ?? "")];
      setText(button.querySelector(".state"), said.filter(Boolean).join(" · "));
    });
  showTurns(view, carried, changed);
}

// A picture counts for when it was last looked at; one that is missed, for how long.
function stateText({ state, ageMilliseconds, standsMilliseconds }, sinceView) {
  if (!state) return "";
  const text = word(`source-${state}`);
  if (state === "live") return ageMilliseconds === undefined ? text : word("sourceChecked", { state: text, age: ago((ageMilliseconds + sinceView) / 1000) });
  // When it was looked at last is all that is known.
  if (state === "unconfirmed") return word("sourceSince", { state: text, since: lasting(((ageMilliseconds ?? 0) + sinceView) / 1000) });
  return standsMilliseconds === undefined ? text : word("sourceSince", { state: text, since: lasting((standsMilliseconds + sinceView) / 1000) });
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
