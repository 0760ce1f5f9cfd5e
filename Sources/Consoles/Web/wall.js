// The operator's console: what the wall shows, what can be put up, and one action for each.
import { connectAsking, send } from "./asking.js";
import { ask, enableDialogs } from "./dialogs.js";
import { clock, duration, element, keepingFocus, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { leaveWhenEnded, logInFirst } from "./login.js";
import { follow } from "./station.js";
import { openEditor } from "./wall-editor.js";
import { createTile, inLanguage, shade, sourceName, tileFacts, updateTile } from "./wall-tiles.js";
import { loadWords, name, onLanguage, pick, switchLanguage, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const key = "linli-wall-post";
const page = { post: undefined, started: false, carried: null, staff: {}, calls: null };
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
  if (!view) return;
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
  showGrid(view, isLost);
  showCalls(view);
  showScenes(view);
  showSources(view);
  showPins(view);
  setHidden(byId("hand-over"), !page.staff.guarded);
  setHidden(byId("shift"), view.shift === undefined);
  if (view.shift) setText(byId("shift"), word("shiftSigned", { time: timeOfDay(view.shift.atMilliseconds), from: view.shift.from, to: view.shift.to }));
  setText(byId("visitors"), word(view.visitors ? "visitorsOff" : "visitorsOn"));
  setText(byId("arm"), word(view.armed ? "armOff" : "armOn"));
  setHidden(byId("sound"), view.sound === undefined);
  if (view.sound) setText(byId("sound"), soundText(view));
  setHidden(byId("end-meeting"), view.meeting === undefined);
  setHidden(byId("carrying"), page.carried === null);
  if (page.carried !== null) setText(byId("carrying"), word("selectedSource", { source: sourceName(view, page.carried) }));
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

function showGrid(view, isLost) {
  const grid = byId("grid");
  grid.style.gridTemplateColumns = `repeat(${view.columns}, minmax(0, 1fr))`;
  grid.style.setProperty("--bezel", `${view.bezelThousandths / 10}px`);
  reconcile(grid, view.outputs, (output) => output.number, () => createTile(pickTile, (tile, source) => put(source, outputOf(tile))),
    (tile, output) => updateTile(tile, output, view, clock() - live.viewAt, isLost));
}

const outputOf = (tile) => live.view.outputs.find((output) => String(output.number) === tile.dataset.output);

function showCalls(view) {
  setText(byId("call-count"), String(view.calls.length));
  setHidden(byId("no-calls"), view.calls.length > 0);
  const keyOf = (card) => `${card.call.station ?? ""}/${card.call.id}`;
  const isLeft = (card) => view.left.some((call) => call.id === card.call.id && call.station === card.call.station);
  reconcile(byId("call-list"), view.calls, keyOf, () => element("li", {}, element("span", { class: "what" }), " ", element("span", { class: "small" })),
    (item, card) => {
      setClass(item, "drill", card.drill);
      setText(item.querySelector(".what"), `${card.call.id} · ${card.place} · ${name("phase", card.phase)}`);
      setText(item.querySelector(".small"), `${timeOfDay(card.openedMilliseconds)}${isLeft(card) ? ` · ${word(view.armed ? "noRoom" : "notArmed")}` : ""}`);
    });
  const keys = view.calls.map(keyOf);
  const fresh = page.calls ? view.calls.filter((card) => !page.calls.includes(keyOf(card))) : [];
  page.calls = keys;
  if (fresh.length) setText(byId("announcements"), fresh.map((card) => `${word("calls")} ${card.place}`).join(" "));
}

function showScenes(view) {
  reconcile(byId("scenes"), view.scenes, (scene) => scene.id,
    (scene) => element("div", { class: "scene" },
      element("button", { type: "button", class: "put", onclick: () => putScene(scene) }, element("span"), element("small")),
      element("button", { type: "button", class: "rehearse", onclick: () => rehearse(scene) })),
    (node, scene) => {
      node.className = `scene ${scene.lit}`;
      setText(node.querySelector(".put span"), scene.name);
      setText(node.querySelector(".put small"), word(`lit-${scene.lit}`));
      node.querySelector(".put").setAttribute("aria-pressed", scene.lit !== "off");
      setText(node.querySelector(".rehearse"), word("rehearse"));
    });
}

function showSources(view) {
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
      button.setAttribute("aria-pressed", page.carried === source.id);
      setText(button.querySelector("b"), source.name);
      const said = [source.state ? word(`source-${source.state}`) : "", source.sensitive ? word("sensitive") : "", inLanguage(source.reason ?? "")];
      setText(button.querySelector(".state"), said.filter(Boolean).join(" · "));
    });
}

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

function putScene(scene) {
  setHidden(byId("rehearsal"), true);
  return send(scene.meeting ? "/api/wall/meeting" : "/api/wall/scene", { scene: scene.id });
}

function carry(source) {
  page.carried = page.carried === source ? null : source;
  show();
  // On an upright tablet the sources are below the wall.
  if (page.carried !== null) byId("grid").scrollIntoView({ block: "nearest" });
}

async function pickTile(tile) {
  const output = outputOf(tile);
  if (page.carried !== null) {
    const source = page.carried;
    page.carried = null;
    return put(source, output);
  }
  // A touch switches nothing by itself: the display blinks only when that is asked for.
  const values = await ask(word("tile", { number: output.number }), tileFacts(output, live.view, clock() - live.viewAt), word("identify"));
  if (values) send("/api/wall/identify", { output: output.number, seconds: 10 });
}

async function put(source, output) {
  const known = live.view.sources.find((item) => item.id === source);
  if (!known) return;
  const fields = { source, at: `${output.column},${output.row}`, size: "1x1" };
  if (known.kind === "camera" || known.sensitive) {
    const title = word("putUpAt", { source: known.name, number: output.number });
    const values = await ask(title, [{ name: "reason", label: word("reason"), kind: "text", required: true }], word("putUp"));
    if (!values) return show();
    fields.reason = values.reason;
  }
  await send("/api/wall/pin", fields);
  show();
}

async function rehearse(scene) {
  const said = await send(`/api/wall/rehearse/${scene.meeting ? "meeting" : "scene"}`, { scene: scene.id });
  if (said?.answer !== "rehearsed") return;
  const ports = said.switched.flatMap((device) => device.ports.map((port) => `${device.device}/${port}`));
  const outputs = said.outputs.map((output) => `${output.number}: ${output.source ? sourceName(live.view, output.source) : word("showsNothing")}`);
  byId("rehearsal").replaceChildren(
    element("b", {}, `${scene.name} — ${word("rehearsal")}`),
    element("p", {}, ports.length ? word("rehearsalPorts", { count: ports.length, ports: ports.join(", ") }) : word("rehearsalNothing")),
    element("p", { class: "small" }, outputs.join(" · ")),
    element("button", { type: "button", onclick: () => setHidden(byId("rehearsal"), true) }, word("editorClose")));
  setHidden(byId("rehearsal"), false);
}

async function switchVisitors() {
  if (!live.view.visitors) return send("/api/wall/visitors", { on: "yes" });
  if (!page.staff.guarded) return send("/api/wall/visitors", { on: "no" });
  const values = await ask(word("visitorsOff"), [{ name: "code", label: word("visitorsCode"), kind: "password", required: true }], word("visitorsOff"));
  if (values) send("/api/wall/visitors", { on: "no", code: values.code });
}

// Who goes is logged in, who comes signs with his PIN: then the page is his.
async function handOver() {
  const view = live.view;
  const lists = [
    ["handOverCalls", view.calls.map((card) => `${card.call.id} ${card.place} (${name("phase", card.phase)})`)],
    ["handOverFaults", view.faults.map((fault) => `${pick(fault)} ${fault.where}`)],
    ["handOverBypassed", view.bypassed.map((point) => `${point.place}: ${point.reason}`)],
    ["handOverPins", view.pins.map((pin) => `${sourceName(view, pin.source)} ${pin.reason ?? ""}`)],
  ];
  const open = lists.filter(([, items]) => items.length).map(([label, items]) => ({ kind: "shown", label: `${word(label)} (${items.length})`, text: items.join("; ") }));
  if (!open.length) open.push({ kind: "shown", label: "", text: word("handOverNothing") });
  const fields = [
    ...open, { name: "id", label: word("handOverNext"), kind: "line", limit: 12, required: true },
    { name: "pin", label: word("handOverPIN"), kind: "password", required: true },
  ];
  const values = await ask(word("handOverTitle"), fields, word("handOverSign"));
  if (!values) return;
  const said = await send("/api/wall/hand-over", { id: values.id, pin: values.pin });
  if (said?.answer === "done" || said?.answer === "unrecorded") location.reload();
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
  byId("visitors").addEventListener("click", switchVisitors);
  byId("hand-over").addEventListener("click", handOver);
  byId("arm").addEventListener("click", () => send("/api/wall/arm", { on: live.view.armed ? "no" : "yes" }));
  byId("open-editor").addEventListener("click", () => openEditor(live.view));
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || page.carried === null) return;
    page.carried = null;
    show();
  });
  onLanguage(() => {
    // It was written in the other one.
    setHidden(byId("rehearsal"), true);
    if (live) show();
  });
  // Ages go on between two views.
  setInterval(() => live.view && show(), 1000);
}

await loadWords();
page.staff = await logInFirst();
connectAsking(page, () => live.liveness());
live = follow(show, leaveWhenEnded);
begin();
show();
