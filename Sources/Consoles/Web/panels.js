// Draws the simulated panels. A finger (or Space) on a button is a finger on the panel's button, for as long as it lies there.
import { clock, element, reconcile, setClass, setHidden, setText } from "./dom.js";
import { makeLamp, setLamp } from "./lamp.js";
import { loadWords, name, onLanguage, pick, switchLanguage, word } from "./words.js";

const byId = (id) => document.getElementById(id);
let panels = [];
let faults = [];
let heardAt = clock();

async function command(text) {
  try {
    const answer = await fetch("/api/command", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ command: text }) });
    const said = await answer.json();
    setText(byId("said"), `${word("said")}: ${text} → ${said.said ?? pick(said)}`);
  } catch {
    setText(byId("said"), word("noAnswer"));
  }
}

function createPanel(panel) {
  const part = { name: element("h2"), buttons: element("div", { class: "buttons" }), menu: element("div", { class: "menu" }) };
  const section = element("section", { class: "panel" }, part.name, part.buttons,
    element("details", {}, element("summary", { "data-word": "plant" }), part.menu));
  section.parts = part;
  return section;
}

function updatePanel(section, panel) {
  const part = section.parts;
  setText(part.name, `${panel.node} · ${panel.name}`);
  setText(section.querySelector("summary"), panel.faults.length ? `${word("plant")} (${panel.faults.length})` : word("plant"));
  setClass(section, "faulty", panel.faults.length > 0);
  reconcile(part.buttons, panel.buttons, (button) => button.number, (button) => createButton(panel.node, button.number), updateButton);
  reconcile(part.menu, faults, (fault) => fault.id, () => element("label", {}, element("input", { type: "checkbox" }), element("span")), (label, fault) => {
    const box = label.firstChild;
    box.checked = panel.faults.includes(fault.id);
    box.onchange = () => command((box.checked ? fault.plant : fault.heal).replaceAll("{node}", panel.node));
    setText(label.lastChild, pick(fault));
  });
}

function createButton(node, number) {
  let held = false;
  const press = () => {
    if (!held) command(`press ${node}/${number}`);
    held = true;
  };
  const release = () => {
    if (held) command(`release ${node}/${number}`);
    held = false;
  };
  const key = (action) => (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) action();
  };
  const part = { lamp: makeLamp(), number: element("b"), text: element("span", { class: "text" }), buzzer: element("span", { class: "buzzer" }), line: element("span", { class: "line" }) };
  const knob = element("button", {
    type: "button", class: "knob", onkeydown: key(press), onkeyup: key(release), onblur: release,
    onpointerdown: (event) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      press();
    },
    onpointerup: release, onpointercancel: release, oncontextmenu: (event) => event.preventDefault(),
  }, part.lamp, part.number);
  const box = element("div", { class: "button" }, knob, part.text, part.buzzer, part.line);
  box.parts = { ...part, knob };
  return box;
}

function updateButton(box, button) {
  const part = box.parts;
  setLamp(part.lamp, button.indicator);
  part.lamp.dataset.on = button.lampOn;
  setText(part.number, `${word("press")} ${button.number}`);
  part.knob.setAttribute("aria-pressed", button.held);
  setText(part.text, name("indicator", button.indicator));
  setText(part.buzzer, button.buzzer ? word("buzzing") : "");
  setText(part.line, word(`line.${button.line}`));
  setClass(part.line, "bad", button.line !== "normal");
}

function show() {
  reconcile(byId("panels"), panels, (panel) => panel.node, createPanel, updatePanel);
}

setInterval(() => setHidden(byId("lost"), clock() - heardAt < 4400), 500);
byId("language").addEventListener("click", switchLanguage);
onLanguage(show);
await loadWords();
faults = await (await fetch("/api/faults")).json();

function listen() {
  const source = new EventSource("/api/events");
  source.addEventListener("panels", (event) => {
    heardAt = clock();
    panels = JSON.parse(event.data);
    show();
  });
  source.addEventListener("heartbeat", () => (heardAt = clock()));
  // The browser does not come back by itself after a refusal.
  const watch = setInterval(() => {
    if (source.readyState !== EventSource.CLOSED && clock() - heardAt < 6000) return;
    clearInterval(watch);
    source.close();
    heardAt = Math.max(heardAt, clock() - 5000);
    listen();
  }, 1000);
}
listen();
