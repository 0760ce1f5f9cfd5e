// The operator's console: what the wall shows, what can be put up, and one action for each.
import { connectAsking, send } from "./asking.js";
import { ask, closeDialog, dialogIsOpen, enableDialogs, followDialog } from "./dialogs.js";
import { clock, duration, element, keepingFocus, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { leaveWhenEnded, logInFirst } from "./login.js";
import { follow } from "./station.js";
import { onSoundChange, unlockSound } from "./sound.js";
import { ring, showCalls, showRinging } from "./wall-calls.js";
import { closeEditor, followEditor, openEditor } from "./wall-editor.js";
import { chosenRegion, followRegion, isInRegion, leaveRegion } from "./wall-region.js";
import { showScenes } from "./wall-scenes.js";
import { handOver, switchVisitors } from "./wall-shift.js";
import { followSearch, showFaults, showSources } from "./wall-source.js";
import { createTile, sourceName, tileFacts, updateTile } from "./wall-tiles.js";
import { loadWords, name, onLanguage, switchLanguage, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const key = "linli-wall-post";
const page = { post: undefined, started: false, carried: null, looked: null, staff: {}, calls: null, hadVisitors: false };
let live;

function remembered() {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

// MARK: - Showing

const show = () => keepingFocus(showAll);

function showAll() {
  const state = live.liveness();
  const view = live.view;
  const isLost = state === "lost";
  setClass(document.body, "lost", isLost);
  setClass(document.body, "not-started", !page.started);
  byId("desk").disabled = state !== "live" || !page.started;
  enableDialogs(state === "live");
  setText(byId("link"), { live: `● ${name("health", "online")}`, lost: `✕ ${name("health", "stale")}` }[state] ?? word(state));
  setClass(byId("link"), "bad", state !== "live");
  setHidden(byId("lost-banner"), state === "live");
  setText(byId("lost-banner"), word(isLost ? "wallLost" : state));
  setHidden(byId("start"), page.started);
  setHidden(byId("change-post"), !page.started);
  setHidden(byId("my-post"), !page.started);
  document.title = word("wallTitle");
  showRinging(page);
  ring(state, view, page);
  if (!view) return;
  if (view.visitors && !page.hadVisitors) concealAtOnce();
  page.hadVisitors = view.visitors;
  setText(byId("site"), view.site);
  setHidden(byId("record-banner"), view.recorded);
  setHidden(byId("visitors-banner"), !view.visitors);
  setText(byId("visitors-banner"), view.exposed.length ? word("visitorsExposed", { outputs: view.exposed.join(", ") }) : word("visitorsBanner"));
  setClass(byId("visitors-banner"), "alarm", view.exposed.length > 0);
  setHidden(byId("rest-banner"), !view.displaysRest);
  setHidden(byId("disarmed-banner"), view.armed);
  showPosts(view);
  if (!page.started) return;
  setText(byId("my-post"), view.posts.find((post) => post.id === page.post)?.name ?? page.post);
  showCalls(view, page);
  showScenes(view, live.viewAt);
  showSources(view, page.carried, carry, show, clock() - live.viewAt);
  showFaults(view);
  showPins(view);
  setHidden(byId("hand-over"), false);
  setHidden(byId("shift"), view.shift === undefined);
  // While visitors are here the station does not tell who has signed.
  if (!view.shift) setText(byId("shift"), "");
  else {
    const { from, to, typed, atMilliseconds } = view.shift;
    setText(byId("shift"), word(typed ? "shiftTyped" : "shiftSigned", { time: timeOfDay(atMilliseconds), from, to }));
  }
  // Its text names every source by its id.
  byId("open-editor").disabled = view.visitors;
  setText(byId("visitors"), word(view.visitors ? "visitorsOff" : "visitorsOn"));
  setText(byId("arm"), word(view.armed ? "armOff" : "armOn"));
  setHidden(byId("sound"), view.sound === undefined);
  if (view.sound) setText(byId("sound"), soundText(view));
  setHidden(byId("lights"), view.lights.length === 0);
  setText(byId("lights"), view.lights.map(lightText).join(" · "));
  setHidden(byId("end-meeting"), view.meeting === undefined);
  setClass(document.body, "carrying-source", page.carried !== null);
  const region = chosenRegion();
  setHidden(byId("carrying"), page.carried === null && region === null);
  if (page.carried !== null) setText(byId("carrying"), word("selectedSource", { source: sourceName(view, page.carried) }));
  else if (region) setText(byId("carrying"), word("selectedRegion", { columns: region.width, rows: region.height, numbers: numbersIn(region) }));
  // At last: it takes the height that all of this leaves.
  showGrid(view, isLost);
  followDialog();
  followEditor(view);
}

// Visitors have come: whatever names what is not for them and is not drawn anew with the view.
function concealAtOnce() {
  closeDialog();
  closeEditor();
  setHidden(byId("rehearsal"), true);
  setText(byId("announcements"), "");
}

function lightText({ output, on, proved }) {
  return word(proved ? "lightProved" : "lightWished", { output, state: word(on ? "lightOn" : "lightOff") });
}

function soundText({ sound, ...view }) {
  const key = sound.output === undefined ? "soundNowhere" : sound.heard ? "soundHeard" : "soundWished";
  return word(key, { source: sourceName(view, sound.source), output: sound.output });
}

const mayBe = (post) => !page.staff.posts?.length || page.staff.posts.includes(post);

function showPosts(view) {
  reconcile(byId("post-choices"), view.posts.filter((post) => mayBe(post.id)), (post) => post.id,
    (post) => element("label", { class: "choice" }, element("input", { type: "radio", name: "post", value: post.id, checked: post.id === remembered() }), element("span")),
    (label, post) => setText(label.querySelector("span"), post.name));
  byId("start-button").disabled = !document.querySelector("input[name=post]:checked");
}

// Narrower than this a tile has room for a sign and a few words; the rest is said below the wall.
const roomyTile = 210;
// And narrower than this none for a number and the sign side by side.
const tightTile = 74;
// With more columns the wall takes the whole width of the page.
const columnsBesideScenes = 6;

function showGrid(view, isLost) {
  const grid = byId("grid");
  setClass(byId("desk"), "wide", view.columns > columnsBesideScenes);
  grid.style.gridTemplateColumns = `repeat(${view.columns}, minmax(0, 1fr))`;
  grid.style.setProperty("--shape", (view.columns * 16) / (view.rows * 9));
  grid.style.setProperty("--rows", view.rows);
  grid.style.setProperty("--above", `${Math.ceil(grid.getBoundingClientRect().top + scrollY)}px`);
  grid.style.setProperty("--bezel", `${view.bezelThousandths / 10}px`);
  const width = grid.clientWidth / view.columns;
  setClass(grid, "dense", width < roomyTile);
  setClass(grid, "tight", width < tightTile);
  const sinceView = clock() - live.viewAt;
  reconcile(grid, view.outputs, (output) => output.number, () => createTile(pickTile, (tile, source) => put(source, placeAt(tile))),
    (tile, output) => updateTile(tile, output, view, page, sinceView, isLost, isInRegion(output)));
  const looked = view.outputs.find((output) => output.number === page.looked);
  setText(byId("detail-title"), looked ? word("tile", { number: looked.number }) : word("detailHint"));
  const facts = looked ? factsOf(looked.number) : [];
  byId("detail-facts").replaceChildren(...facts.map((fact) => element("p", {}, element("b", {}, fact.label), " ", ...[fact.text].flat())));
}

// As it is by now.
function factsOf(number) {
  const output = live.view.outputs.find((known) => known.number === number);
  return tileFacts(output, live.view, page, clock() - live.viewAt, live.liveness() === "lost");
}

function look(event) {
  const tile = event.target.closest?.(".tile");
  if (!tile || page.looked === Number(tile.dataset.output)) return;
  page.looked = Number(tile.dataset.output);
  show();
}

const outputOf = (tile) => live.view.outputs.find((output) => String(output.number) === tile.dataset.output);

function showPins(view) {
  setHidden(byId("no-pins"), view.pins.length > 0);
  reconcile(byId("pins"), view.pins, (pin) => pin.id,
    (pin) => element("li", {}, element("span", { class: "grow" }),
      element("button", { type: "button", class: "renew", onclick: () => send("/api/wall/renew", { pin: pin.id }) }),
      element("button", { type: "button", class: "take-off", onclick: () => send("/api/wall/unpin", { pin: pin.id }) })),
    (item, pin) => {
      const post = view.posts.find((known) => known.id === pin.post)?.name ?? pin.post;
      const outputs = view.outputs.filter((output) => output.layer === "pin" && output.pin === pin.id).map((output) => output.number);
      const place = outputs.length ? word("tile", { number: outputs.join(", ") }) : "";
      const left = pin.secondsLeft === undefined ? "" : word("secondsLeft", { left: duration(pin.secondsLeft - (clock() - live.viewAt) / 1000) });
      setText(item.querySelector(".grow"), [sourceName(view, pin.source), place, post, pin.reason ?? "", left].filter(Boolean).join(" · "));
      setText(item.querySelector(".renew"), word("renew"));
      setHidden(item.querySelector(".renew"), pin.secondsLeft === undefined);
      setText(item.querySelector(".take-off"), word("takeOff"));
    });
}

// MARK: - Doing

function carry(source) {
  if (chosenRegion()) return put(source, chosenRegion());
  page.carried = page.carried === source ? null : source;
  show();
  // On an upright tablet the sources are below the wall.
  if (page.carried !== null) byId("grid").scrollIntoView({ block: "nearest" });
}

// The cells that a source goes to when it is put on this tile.
function placeAt(tile) {
  const { column, row } = outputOf(tile);
  return isInRegion({ column, row }) ? chosenRegion() : { column, row, width: 1, height: 1 };
}

async function pickTile(tile) {
  const output = outputOf(tile);
  if (page.carried !== null) return put(page.carried, placeAt(tile));
  // Outputs are chosen: what is missing is a source.
  if (isInRegion(output)) return document.querySelector("#sources button")?.focus();
  // A touch switches nothing by itself: the display blinks only when that is asked for.
  const values = await ask(word("tile", { number: output.number }), [], word("identify"), () => factsOf(output.number));
  if (values) send("/api/wall/identify", { output: output.number, seconds: 10 });
}

// A hand has drawn over several tiles.
function drawn() {
  if (page.carried !== null) put(page.carried, chosenRegion());
}

const numbersIn = (cells) => live.view.outputs.filter((output) => output.column >= cells.column && output.column < cells.column + cells.width && output.row >= cells.row && output.row < cells.row + cells.height).map((output) => output.number).join(", ");

async function put(source, cells) {
  page.carried = null;
  const known = live.view.sources.find((item) => item.id === source);
  if (!known) return;
  const fields = { source, at: `${cells.column},${cells.row}`, size: `${cells.width}x${cells.height}` };
  if (known.kind === "camera" || known.sensitive) {
    const title = word("putUpAt", { source: sourceName(live.view, source), number: numbersIn(cells) });
    const values = await ask(title, [{ name: "reason", label: word("reason"), kind: "text", required: true }], word("putUp"));
    if (!values) return show();
    fields.reason = values.reason;
  }
  const said = await send("/api/wall/pin", fields);
  if (said) leaveRegion();
  show();
}

// MARK: - Beginning

function begin() {
  byId("language").addEventListener("click", switchLanguage);
  byId("start-form").addEventListener("submit", (event) => {
    event.preventDefault();
    page.post = document.querySelector("input[name=post]:checked")?.value;
    try {
      localStorage.setItem(key, page.post);
    } catch {
      // It holds for this page only.
    }
    page.started = page.post !== undefined;
    unlockSound();
    show();
    byId("grid-title").focus();
  });
  byId("post-choices").addEventListener("change", show);
  byId("change-post").addEventListener("click", () => {
    page.started = false;
    show();
  });
  byId("by-clock").addEventListener("click", () => send("/api/wall/scene", { scene: "" }));
  byId("end-meeting").addEventListener("click", () => send("/api/wall/end-meeting"));
  byId("visitors").addEventListener("click", () => switchVisitors(live.view, page));
  byId("hand-over").addEventListener("click", () => handOver(live, page));
  byId("arm").addEventListener("click", () => send("/api/wall/arm", { on: live.view.armed ? "no" : "yes" }));
  byId("open-editor").addEventListener("click", () => openEditor(live.view));
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || dialogIsOpen() || (page.carried === null && !chosenRegion())) return;
    page.carried = null;
    leaveRegion();
    show();
  });
  byId("sound-banner").addEventListener("click", unlockSound);
  onSoundChange(() => showRinging(page));
  followRegion(byId("grid"), show, drawn);
  followSearch(show);
  for (const kind of ["pointerover", "focusin"]) byId("grid").addEventListener(kind, look);
  addEventListener("resize", show);
  onLanguage(() => {
    // They were written in the other one.
    setHidden(byId("rehearsal"), true);
    setText(byId("announcements"), "");
    if (live) show();
  });
  // Ages go on between two views.
  setInterval(() => live.view && show(), 1000);
}

await loadWords();
page.staff = await logInFirst();
// Where the browser lets a page sound without a hand on it, it does so from the beginning.
unlockSound();
connectAsking(page, () => live.liveness());
live = follow(show, leaveWhenEnded);
begin();
show();
