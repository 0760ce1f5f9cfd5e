// The drawn map: each station at its place, those without one in rows below. Shape, colour and words say how it is; a ring says that a call waits.
import { element, reconcile, setText } from "./dom.js";
import { word } from "./words.js";

const mapHeight = 300;
const margin = 44;
const rowHeight = 84;
const byId = (id) => document.getElementById(id);
const states = ["up", "degraded", "lost", "unknown", "never"];
let shown = null;

function drawn(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// go(station): a person wants to see it.
export function showMap(children, go) {
  const map = byId("map");
  if (!shown) {
    new ResizeObserver(() => shown.children && draw()).observe(map);
    map.append(drawn("rect", { class: "ground", x: 1, y: 1 }), drawn("g", { id: "map-stations" }));
  }
  shown = { children, go };
  map.setAttribute("aria-label", word("map"));
  showLegend();
  draw();
}

function showLegend() {
  const items = [...states.map((state) => [state, word(`child.${state}`)]), ["waits", word("callWaits")]];
  reconcile(byId("map-legend"), items, ([key]) => key, ([key]) => {
    const text = element("span");
    const picture = drawn("svg", { class: "legend", width: 30, height: 30, viewBox: "-25 -25 50 50" });
    picture.append(...(key === "waits" ? [ring()] : [symbol(key)]));
    return Object.assign(element("li", {}, picture, text), { text });
  }, (item, [, words]) => setText(item.text, words));
}

function draw() {
  const { children, go } = shown;
  const width = byId("map").clientWidth || 600;
  const { places, groundHeight, height } = layOut(children, width);
  byId("map").setAttribute("height", height);
  const ground = byId("map").firstElementChild;
  ground.setAttribute("width", Math.max(0, width - 2));
  ground.setAttribute("height", Math.max(0, groundHeight - 2));
  const labels = labelsFor(children, places, width);
  reconcile(byId("map-stations"), children, (child) => child.station, (child) => createStation(child, go), (node, child) => {
    const { x, y } = places.get(child.station);
    updateStation(node, child, x, y, labels.get(child.station));
  });
}

function layOut(children, width) {
  const places = new Map();
  const placed = children.filter((child) => child.map);
  const loose = children.filter((child) => !child.map);
  const groundHeight = placed.length ? mapHeight : 0;
  for (const { station, map } of placed) {
    const x = margin + ((width - 2 * margin) * map.x) / 100;
    const y = margin + ((mapHeight - 2 * margin) * map.y) / 100;
    places.set(station, nearestFree(x, y, width, [...places.values()]));
  }
  const columns = Math.max(1, Math.min(loose.length, Math.floor(width / 110)));
  for (const [index, { station }] of loose.entries()) {
    const row = Math.floor(index / columns);
    places.set(station, { x: (width * ((index % columns) + 0.5)) / columns, y: groundHeight + rowHeight * row + 36 });
  }
  return { places, groundHeight, height: groundHeight + rowHeight * Math.ceil(loose.length / columns || 0) };
}

// Two symbols side by side rather than one over the other: the map shows who there is, not where to the metre.
function nearestFree(x, y, width, taken) {
  const steps = [0, 1, -1, 2, -2, 3, -3].map((step) => step * 48);
  const spots = steps.flatMap((dy) => steps.map((dx) => ({ x: x + dx, y: y + dy })));
  spots.sort((left, right) => Math.hypot(left.x - x, left.y - y) - Math.hypot(right.x - x, right.y - y));
  const inside = (spot) => spot.x >= 28 && spot.x <= width - 28 && spot.y >= 28 && spot.y <= mapHeight - 28;
  const free = (spot) => inside(spot) && taken.every((other) => Math.hypot(other.x - spot.x, other.y - spot.y) >= 46);
  return spots.find(free) ?? { x, y };
}

// Below the symbol, or where no other name or symbol stands in the way; never outside.
function labelsFor(children, places, width) {
  const taken = children.map(({ station }) => around(places.get(station), 24));
  const labels = new Map();
  for (const { station, name } of children) {
    const { x, y } = places.get(station);
    const text = name.length > 8 ? `${name.slice(0, 7)}…` : name;
    const half = widthOf(text) / 2;
    const middle = Math.max(half + 4, Math.min(width - half - 4, x));
    const spots = [[middle, y + 40], [middle, y - 30], [Math.min(width - half - 4, x + 30 + half), y + 5], [Math.max(half + 4, x - 30 - half), y + 5], [middle, y + 60], [middle, y - 50]];
    const boxOf = ([cx, cy]) => ({ left: cx - half, right: cx + half, top: cy - 14, bottom: cy + 4 });
    const free = (spot) => !taken.some((other) => overlap(other, boxOf(spot)));
    const spot = spots.find(free) ?? spots[0];
    taken.push(boxOf(spot));
    labels.set(station, { text, x: spot[0], y: spot[1] });
  }
  return labels;
}

const around = ({ x, y }, by) => ({ left: x - by, right: x + by, top: y - by, bottom: y + by });
const overlap = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
const widthOf = (text) => [...text].reduce((sum, sign) => sum + (sign.codePointAt(0) > 0x2e7f ? 15 : 9), 0);

function createStation(child, go) {
  const title = drawn("title");
  const label = drawn("text", { "text-anchor": "middle" });
  const picture = drawn("g");
  const node = drawn("g", { class: "map-station", role: "button", tabindex: 0 }, title, drawn("rect", { class: "focus", x: -24, y: -24, width: 48, height: 48, rx: 8 }), picture, label);
  const open = () => go(node.dataset.key);
  node.addEventListener("click", open);
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    open();
  });
  return Object.assign(node, { title, label, picture });
}

function updateStation(node, child, x, y, label) {
  node.setAttribute("transform", `translate(${Math.round(x)} ${Math.round(y)})`);
  const waits = child.incidents.filter((card) => card.waits && !card.bypassed).length;
  const words = [child.name, word(`child.${child.state}`), waits > 0 && `${word("callWaits")} ${waits}`].filter(Boolean).join(", ");
  node.setAttribute("aria-label", words);
  setText(node.title, words);
  setText(node.label, label.text);
  node.label.setAttribute("x", Math.round(label.x - x));
  node.label.setAttribute("y", Math.round(label.y - y));
  const wanted = `${child.state} ${waits}`;
  if (node.dataset.shown === wanted) return;
  node.dataset.shown = wanted;
  node.picture.replaceChildren(...(waits ? [ring()] : []), symbol(child.state), ...(waits ? [count(waits)] : []));
}

function symbol(state) {
  const shape = { up: () => drawn("circle", { r: 14 }), degraded: () => drawn("path", { d: "M0-16 16 13H-16Z" }), lost: () => drawn("path", { d: "M-14-14H14V14H-14Z" }), unknown: () => drawn("path", { d: "M0-17 17 0 0 17-17 0Z" }), never: () => drawn("circle", { r: 14 }) }[state]();
  const sign = { up: "", degraded: "!", lost: "✕", unknown: "?", never: "–" }[state];
  return drawn("g", { class: `symbol ${state}` }, shape, drawn("text", { "text-anchor": "middle", y: state === "degraded" ? 9 : 6 }, sign));
}

function ring() {
  return drawn("circle", { class: "ring", r: 21 });
}

function count(waits) {
  return drawn("g", { class: "waits" }, drawn("circle", { cx: 19, cy: -17, r: 10 }), drawn("text", { "text-anchor": "middle", x: 19, y: -12 }, String(waits)));
}
