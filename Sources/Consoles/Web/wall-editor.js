// Draws layouts on the grid. What is drawn is a text in the end, the same that the command line reads and writes.
import { send, toast } from "./asking.js";
import { ask } from "./dialogs.js";
import { element, setHidden, setText } from "./dom.js";
import { shade, sourceName } from "./wall-tiles.js";
import { word } from "./words.js";

let view;
let layout;
// Which form of it is being changed. What somebody else makes of it meanwhile is not overwritten unseen.
let form;
let picked;
let drag;
let dialog;

export function openEditor(theView) {
  view = theView;
  begin(view.layouts[0]?.id);
  dialog = element("dialog", { id: "editor", "aria-labelledby": "editor-title" });
  dialog.style.setProperty("--columns", view.columns);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  draw();
  dialog.showModal();
}

// What others do meanwhile: to the layout that is being changed, to the others, and whether there is something to undo.
export function followEditor(theView) {
  view = theView;
  if (dialog?.open) follow();
}

// At once, and not with the next frame, as the browser tells of it.
export function closeEditor() {
  dialog?.close();
  dialog?.remove();
}

const known = (id) => view.layouts.find((item) => item.id === id);

// Where there is no such layout yet, the station calls that a form as well.
const formNow = () => known(layout.id)?.form ?? "none";

function begin(id) {
  layout = known(id) ? copy(known(id)) : { id: "new", name: word("editorNew"), regions: [] };
  form = formNow();
}

const copy = (known) => ({ id: known.id, name: known.name, regions: known.regions.map((region) => ({ ...region, sources: [...region.sources] })) });

function draw() {
  picked = null;
  drag = null;
  const choice = element("select", { id: "editor-layout", "aria-label": word("editorLayout"), onchange: (event) => change(() => begin(event.target.value), "#editor-layout") });
  const text = element("textarea", { id: "editor-text", rows: 7, spellcheck: "false", "aria-label": word("editorText") });
  text.value = write(layout);
  dialog.replaceChildren(
    element("h2", { id: "editor-title" }, word("editor")), element("p", { class: "small" }, word("editorHelp")),
    element("div", { id: "editor-changed", class: "banner notice", role: "status" }, element("p", {}, word("editorChanged")),
      element("button", { type: "button", onclick: readNew }, word("editorReadNew"))),
    element("div", { class: "form" }, element("label", {}, word("editorLayout"), choice), field("editorID", "id", known(layout.id) !== undefined), field("editorName", "name", false)),
    element("div", { class: "frame" }, cells()), ...layout.regions.map(row),
    element("label", {}, word("editorText"), text),
    element("button", { type: "button", onclick: () => readText(text) }, word("editorRead")),
    element("h3", {}, word("editorDiff")), element("pre", { id: "diff" }),
    element("div", { class: "buttons actions" },
      element("button", { type: "button", class: "primary", id: "editor-save", onclick: save }, word("editorSave")),
      element("button", { type: "button", id: "editor-undo", onclick: undo }, word("editorUndo")),
      element("button", { type: "button", onclick: () => dialog.close() }, word("editorClose"))));
  follow();
}

function follow() {
  setHidden(dialog.querySelector("#editor-changed"), form === formNow());
  setText(dialog.querySelector("#diff"), differenceNow());
  dialog.querySelector("#editor-undo").disabled = !known(layout.id)?.drawn;
  const choice = dialog.querySelector("#editor-layout");
  const options = [...view.layouts.map((item) => element("option", { value: item.id }, item.name)), element("option", { value: "" }, word("editorNew"))];
  const isSame = options.length === choice.options.length && options.every((option, index) => option.isEqualNode(choice.options[index]));
  // Not while a hand is in it.
  if (isSame) return;
  choice.replaceChildren(...options);
  choice.value = known(layout.id) ? layout.id : "";
}

// The own text stays in its box: to be read again, as a change of the new form.
function readNew() {
  const own = dialog.querySelector("#editor-text").value;
  change(() => {
    if (known(layout.id)) layout = copy(known(layout.id));
    form = formNow();
  });
  const box = dialog.querySelector("#editor-text");
  box.value = own;
  box.focus();
}

function field(label, key, isFixed) {
  const input = element("input", { type: "text", value: layout[key], maxlength: 40, disabled: isFixed, onchange: (event) => rename(() => name(key, event.target.value)) });
  return element("label", {}, word(label), input);
}

// By another id it is another layout: what is changed is its form of now, as the differences say.
function name(key, value) {
  layout[key] = value;
  if (key === "id") form = formNow();
}

// focus: where the keyboard goes on, as what had the focus is drawn anew.
function change(body, focus) {
  body();
  draw();
  if (focus) dialog.querySelector(focus)?.focus();
}

// A name is left by the tabulator: nothing that has the focus, or is to get it, may be drawn anew.
function rename(body) {
  body();
  dialog.querySelector("#cells").replaceWith(cells());
  dialog.querySelector("#editor-text").value = write(layout);
  follow();
  for (const [index, node] of dialog.querySelectorAll(".region").entries()) label(node, layout.regions[index]);
}

// MARK: - Cells

const regionAt = (column, row) => layout.regions.find((region) => column >= region.column && column < region.column + region.width && row >= region.row && row < region.row + region.height);

function cells() {
  const grid = element("div", { id: "cells" });
  for (let row = 1; row <= view.rows; row++) {
    for (let column = 1; column <= view.columns; column++) grid.append(cell(column, row));
  }
  grid.append(...layout.regions.map(nameplate));
  grid.addEventListener("keydown", walk);
  // One pointer draws: from the cell where it went down to the one where it went up.
  const under = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("#cells button");
  grid.addEventListener("pointerdown", (event) => (drag = under(event) ?? null));
  grid.addEventListener("pointerup", (event) => {
    const [from, to] = [drag, under(event)];
    drag = null;
    if (from && to && from !== to) region(from, to);
  });
  return grid;
}

function cell(column, row) {
  const region = regionAt(column, row);
  const button = element("button", { type: "button", "data-column": column, "data-row": row, "aria-label": `${column},${row} ${region?.name ?? ""}`, onclick: () => pick(button) }, region ? "" : `${column},${row}`);
  button.style.gridArea = `${row} / ${column}`;
  if (region) {
    button.classList.add("drawn");
    button.style.setProperty("--shade", shadeOf(region));
  }
  return button;
}

// Its name, once, over all of its cells; whoever hears the page is told it by each of them.
function nameplate(region) {
  const { column, row, width, height, name } = region;
  const plate = element("span", { class: "nameplate", "aria-hidden": "true" }, element("b", {}, name));
  plate.style.setProperty("--shade", shadeOf(region));
  plate.style.gridArea = `${row} / ${column} / span ${height} / span ${width}`;
  return plate;
}

const shadeOf = (region) => (region.sources.length ? shade(view, region.sources[0]) : "#39424f");

const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// Of 64 cells the last is not 64 times the tabulator away.
function walk(event) {
  const step = steps[event.key];
  const { column, row } = event.target.dataset;
  if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  dialog.querySelector(`#cells [data-column="${Number(column) + step[0]}"][data-row="${Number(row) + step[1]}"]`)?.focus();
}

function pick(button) {
  if (picked) return region(picked, button);
  picked = button;
  button.classList.add("picked");
}

function region(from, to) {
  const [c1, c2] = [from, to].map((cell) => Number(cell.dataset.column)).sort((a, b) => a - b);
  const [r1, r2] = [from, to].map((cell) => Number(cell.dataset.row)).sort((a, b) => a - b);
  const made = { column: c1, row: r1, width: c2 - c1 + 1, height: r2 - r1 + 1 };
  const isOver = (other) => made.column < other.column + other.width && other.column < made.column + made.width && made.row < other.row + other.height && other.row < made.row + made.height;
  // What it is drawn over goes; the sources of the first of these stay.
  const over = layout.regions.filter(isOver);
  const names = layout.regions.map((other) => other.name);
  let number = 1;
  while (names.includes(`R${number}`)) number += 1;
  change(() => {
    layout.regions = layout.regions.filter((other) => !isOver(other));
    layout.regions.push({ ...made, name: over[0]?.name ?? `R${number}`, sources: over[0]?.sources ?? [] });
  }, `#cells [data-column="${made.column}"][data-row="${made.row}"]`);
}

// A name that two have, or that is not told while visitors are here, is told apart by its id.
function choiceName(id) {
  const name = sourceName(view, id);
  return view.sources.some((other) => other.id !== id && sourceName(view, other.id) === name) ? `${name} (${id})` : name;
}

// Its sources in the order of their turns, and those that can be added, by their names.
function row(region) {
  const at = `[data-at="${region.column},${region.row}"]`;
  const named = element("input", { type: "text", value: region.name, maxlength: 40, onchange: (event) => rename(() => (region.name = event.target.value)) });
  const others = view.sources.filter((source) => !region.sources.includes(source.id));
  const choice = element("select", { disabled: !others.length }, ...others.map((source) => element("option", { value: source.id }, choiceName(source.id))));
  const add = element("button", { type: "button", class: "add", disabled: !others.length, onclick: () => change(() => region.sources.push(choice.value), `${at} select:enabled, ${at} .remove-source`) });
  const chosen = region.sources.map((id) =>
    element("li", {}, element("button", { type: "button", class: "remove-source", "data-source": id, onclick: () => change(() => (region.sources = region.sources.filter((other) => other !== id)), `${at} select`) }, `${choiceName(id)} ✕`)));
  const node = element("div", { class: "form region", "data-at": `${region.column},${region.row}` }, element("label", {}, word("editorRegionName"), named),
    element("div", {}, element("label", {}, word("editorSources"), choice), add, element("ul", { class: "chosen" }, ...chosen)),
    element("button", { type: "button", class: "remove", onclick: () => change(() => (layout.regions = layout.regions.filter((other) => other !== region)), "#cells button") }));
  label(node, region);
  return node;
}

// What its buttons do, for whoever does not see beside which name they stand.
function label(node, region) {
  node.querySelector(".remove").textContent = `${word("editorRemove")} ${region.name}`;
  node.querySelector(".add").textContent = word("editorAdd");
  node.querySelector(".add").setAttribute("aria-label", `${word("editorAdd")} (${region.name})`);
  node.querySelector(".chosen").setAttribute("aria-label", word("editorChosen", { region: region.name }));
  for (const button of node.querySelectorAll(".remove-source")) {
    button.setAttribute("aria-label", word("editorRemoveSource", { source: choiceName(button.dataset.source), region: region.name }));
  }
}

// MARK: - Text

export function write(layout) {
  const lines = layout.regions.map((region) => `${region.column},${region.row} ${region.width}x${region.height} ${region.name}: ${region.sources.join(", ")}`);
  return [`layout ${layout.id} ${layout.name}`, ...lines].join("\n") + "\n";
}

// Only what this page has to draw of it; the station reads the text itself, and says what is wrong with it.
function readText(area) {
  const [head, ...lines] = area.value.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  const title = /^layout ([\w-]+) (.+)$/.exec(head ?? "");
  const regions = lines.map((line) => /^(\d+),(\d+) (\d+)x(\d+) (.+?): ?(.*)$/.exec(line));
  // Rehearsed: nothing is saved before it was seen here.
  if (!title || regions.some((match) => !match)) return send("/api/wall/rehearse/layout", { text: area.value });
  change(() => {
    if (title[1] !== layout.id) name("id", title[1]);
    layout = {
      id: title[1], name: title[2],
      regions: regions.map(([, column, row, width, height, name, sources]) => ({
        column: Number(column), row: Number(row), width: Number(width), height: Number(height), name, sources: sources.split(",").map((id) => id.trim()).filter(Boolean),
      })),
    };
  });
}

function differenceNow() {
  return difference(known(layout.id) ? write(known(layout.id)) : "", write(layout));
}

function difference(before, after) {
  const [old, now] = [before, after].map((text) => text.split("\n").filter(Boolean));
  const lines = [...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`), ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)];
  return lines.join("\n") || word("editorSame");
}

// A camera that was not in it before wants a reason, as one that is put up by hand.
async function save() {
  const before = known(layout.id)?.regions.flatMap((region) => region.sources) ?? [];
  const added = [...new Set(layout.regions.flatMap((region) => region.sources))].filter((id) => !before.includes(id));
  const guarded = view.sources.filter((source) => added.includes(source.id) && (source.kind === "camera" || source.sensitive));
  const title = guarded.length ? word("editorReason", { sources: guarded.map((source) => sourceName(view, source.id)).join(", ") }) : word("editorSaveReason");
  if (await store("layout", { text: write(layout), form }, guarded.length > 0, title, word("editorSave"))) dialog.close();
}

async function undo() {
  const item = known(layout.id);
  const isDone = await store("undo-layout", { layout: layout.id, form }, item.undoingNeedsReason, word("editorUndoReason"), word("editorUndo"));
  if (!isDone) return;
  dialog.close();
  if (item.undoingEndsScene) toast(() => word("editorSceneEnded"), false);
}

// Whether the station has done it. Where it wants a reason that could not be known here, it is asked for then.
async function store(verb, fields, needsReason, title, does) {
  const values = needsReason ? await ask(title, [{ name: "reason", label: word("reason"), kind: "text", required: true }], does) : {};
  if (!values) return false;
  let refusal;
  const said = await send(`/api/wall/${verb}`, { ...fields, ...values }, undefined, (refused) => (refusal = refused.code));
  if (refusal === "reasonNeeded" && !needsReason) return store(verb, fields, true, title, does);
  return said !== null;
}
