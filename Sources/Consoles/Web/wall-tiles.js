// One tile of the wall: drawn from what was read back, and from nothing else.
import { duration, element, setText } from "./dom.js";
import { callText, layerOf } from "./wall-calls.js";
import { inLanguage, word } from "./words.js";

// A colour for each source, so that one is found again at a glance; the name always stands beside it. From cyan to magenta: green says that
// something is proved, red that somebody calls or something failed, and yellow that it is being switched.
export function shade(view, id) {
  const index = view.sources.findIndex((source) => source.id === id);
  return index < 0 ? "#39424f" : `hsl(${195 + ((index * 47) % 120)} 38% ${index % 2 ? 36 : 27}%)`;
}

// While visitors are here the station does not tell the names of what is not for them.
export function sourceName(view, id) {
  const source = view.sources.find((known) => known.id === id);
  return source ? (source.name ?? word("concealed")) : id;
}

// pick(tile): the tile was chosen; drop(tile, source): a source was dropped there.
export function createTile(pick, drop) {
  const tile = element("button", { type: "button", class: "tile" },
    element("span", { class: "top" }, element("b", { class: "number" }), element("span", { class: "state" }), element("span", { class: "layer" }), element("span", { class: "trouble" })),
    element("span", { class: "caller" }), element("span", { class: "middle" }), element("span", { class: "bottom" }));
  tile.addEventListener("click", () => pick(tile));
  tile.addEventListener("dragover", (event) => {
    event.preventDefault();
    tile.classList.add("target");
  });
  tile.addEventListener("dragleave", () => tile.classList.remove("target"));
  tile.addEventListener("drop", (event) => {
    event.preventDefault();
    tile.classList.remove("target");
    const source = event.dataTransfer.getData("text/plain");
    if (source) drop(tile, source);
  });
  return tile;
}

const ageOf = (output, sinceView) => (output.ageMilliseconds === undefined ? undefined : Math.floor((output.ageMilliseconds + sinceView) / 1000));

const isRead = (proof) => ["verified", "notSwitched", "switching", "poweringOn"].includes(proof);

// What it was read to show; without a reading that counts nobody knows.
function shownText(output, proof, view) {
  if (!isRead(proof)) return word("showsUnknown");
  return output.off ? word("displayOff") : output.shown ? sourceName(view, output.shown) : word("showsNothing");
}

// A measured value is said with its age, and greyed when it is older than it may be.
function careTexts(output, sinceView) {
  const troubles = output.troubles.map((trouble) => `⚠ ${word(`trouble-${trouble}`)}`);
  const measured = output.measured.map((item) => {
    const milliseconds = item.ageMilliseconds + sinceView;
    const isOld = milliseconds > item.timeToLiveMilliseconds;
    const text = word(`measured-${item.quantity}`, { value: item.value });
    return element("span", { class: isOld ? "measured aged" : "measured" }, word(isOld ? "measuredOld" : "measuredAge", { measured: text, age: ago(milliseconds / 1000) }));
  });
  return [...troubles, ...measured].flatMap((item, index) => (index ? [" · ", item] : [item]));
}

export function ago(seconds) {
  return seconds < 120 ? word("ageSeconds", { age: Math.floor(seconds) }) : word("ageMinutes", { age: Math.floor(seconds / 60) });
}

// For so long, as one says it.
export function lasting(seconds) {
  if (seconds < 120) return word("lastingSeconds", { count: Math.floor(seconds) });
  if (seconds < 7200) return word("lastingMinutes", { count: Math.floor(seconds / 60) });
  return word("lastingHours", { count: Math.floor(seconds / 3600) });
}

// Everything that is known of one output, as fields that are only shown.
export function tileFacts(output, view, page, sinceView, isLost) {
  const age = ageOf(output, sinceView);
  const proof = isLost ? "stale" : output.proof;
  const facts = [
    ["factShows", shownText(output, proof, view)], ["factWished", output.wished ? sourceName(view, output.wished) : word("showsNothing")],
    ["factWhy", `${word(`layer-${layerOf(output, view, page)}`)} ${callText(output, view, page)}`],
    ["factSpan", output.region.width * output.region.height > 1 ? word("spans", { columns: output.region.width, rows: output.region.height }) : ""],
    ["factProof", proofText(output, proof, view, age) + (proof === "verified" && age !== undefined ? ` · ${word("ageSeconds", { age })}` : "")],
    ["factCare", careTexts(output, sinceView)],
  ];
  if (output.hidden) facts.push(["factVisitors", word("hiddenNow")]);
  return facts.filter(([, text]) => text.length).map(([label, text]) => ({ kind: "shown", label: word(label), text }));
}

// sinceView: how long ago the view came, in milliseconds: the ages in it go on.
export function updateTile(tile, output, view, page, sinceView, isLost, isChosen) {
  const age = ageOf(output, sinceView);
  const proof = isLost ? "stale" : output.proof;
  const classes = ["tile", proof];
  if (proof === "verified" && output.picture === true) classes.push("picture");
  if (proof === "verified" && output.picture === false) classes.push("stands");
  if (tile.classList.contains("target")) classes.push("target");
  if (isChosen) classes.push("chosen");
  tile.className = classes.join(" ");
  tile.dataset.output = output.number;
  const layer = layerOf(output, view, page);
  tile.dataset.layer = layer;
  tile.dataset.column = output.column;
  tile.dataset.row = output.row;
  tile.style.gridColumn = output.column;
  tile.style.gridRow = output.row;
  const isKnown = isRead(proof);
  const shown = shownText(output, proof, view);
  tile.style.background = isKnown && output.shown && !isLost ? shade(view, output.shown) : "";
  setText(tile.querySelector(".number"), String(output.number));
  setText(tile.querySelector(".state"), shortText(output, proof));
  const caller = callText(output, view, page);
  setText(tile.querySelector(".caller"), caller);
  setText(tile.querySelector(".layer"), word(`layer-${layer}`));
  setText(tile.querySelector(".trouble"), output.troubles.map((trouble) => `⚠ ${word(`trouble-${trouble}`)}`).join(" "));
  setText(tile.querySelector(".middle"), shown);
  const said = [proofText(output, proof, view, age)];
  if (output.identified) said.push(word("identifiedNow"));
  if (output.hidden) said.push(word("hiddenNow"));
  if (proof === "verified" && age !== undefined) said.push(word("ageSeconds", { age }));
  setText(tile.querySelector(".bottom"), said.join(" · "));
  const label = [word("tile", { number: output.number }), shown, `${word(`layer-${layer}`)} ${caller}`.trim(), ...said];
  if (isChosen) label.push(word("chosen"));
  tile.setAttribute("aria-label", label.join(", "));
}

// A sign and a word or two, for a tile that has no room for more.
function shortText(output, proof) {
  const isProved = proof === "verified";
  const key = !isProved ? proof : output.off ? "off" : output.picture === undefined ? "verified" : output.picture ? "picture" : "stands";
  return word(`short-${key}`);
}

function proofText(output, proof, view, age) {
  const source = output.wished ? sourceName(view, output.wished) : word("showsNothing");
  switch (proof) {
    case "verified":
      if (output.off) return word("offVerified");
      if (output.picture === false) return word("pictureTrouble", { reason: inLanguage(output.reason ?? "") });
      return word(output.picture === undefined ? "routeVerified" : "pictureVerified");
    case "poweringOn":
      return word("poweringOn");
    case "switching":
      return word("switchingTo", { source });
    case "notSwitched":
      return word("notSwitchedTo", { source, reason: inLanguage(output.reason) });
    case "unreachable":
      return word(output.reason ? "deviceGoneWhy" : "deviceGone", {
        device: output.device,
        reason: output.reason && inLanguage(output.reason),
        since: age === undefined ? "?" : duration(age),
      });
    default:
      return word("proofStale", { age: age ?? "?" });
  }
}
