// One tile of the wall: drawn from what was read back, and from nothing else.
import { element, setText } from "./dom.js";
import { word } from "./words.js";

// A colour for each source, so that one is found again at a glance; the name always stands beside it.
export function shade(view, id) {
  const index = view.sources.findIndex((source) => source.id === id);
  return index < 0 ? "#39424f" : `hsl(${(index * 67) % 360} 45% 32%)`;
}

export const sourceName = (view, id) => view.sources.find((source) => source.id === id)?.name ?? id;

// pick(tile): the tile was chosen; drop(tile, source): a source was dropped there.
export function createTile(pick, drop) {
  const tile = element("button", { type: "button", class: "tile" },
    element("span", { class: "top" }, element("b", { class: "number" }), element("span", { class: "layer" }), element("span", { class: "trouble" })),
    element("span", { class: "middle" }), element("span", { class: "bottom" }));
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

// sinceView: how long ago the view came, in milliseconds: the ages in it go on.
export function updateTile(tile, output, view, sinceView, isLost) {
  const age = output.ageMilliseconds === undefined ? undefined : Math.floor((output.ageMilliseconds + sinceView) / 1000);
  const proof = isLost ? "stale" : output.proof;
  const classes = ["tile", proof];
  if (proof === "verified" && output.picture === true) classes.push("picture");
  if (proof === "verified" && output.picture === false) classes.push("stands");
  if (tile.classList.contains("target")) classes.push("target");
  tile.className = classes.join(" ");
  tile.dataset.output = output.number;
  tile.dataset.layer = output.layer;
  tile.style.gridColumn = output.column;
  tile.style.gridRow = output.row;
  const isKnown = ["verified", "notSwitched", "switching", "poweringOn"].includes(proof);
  const shown = !isKnown ? word("showsUnknown") : output.off ? word("displayOff") : output.shown ? sourceName(view, output.shown) : word("showsNothing");
  tile.style.background = isKnown && output.shown && !isLost ? shade(view, output.shown) : "";
  setText(tile.querySelector(".number"), String(output.number));
  setText(tile.querySelector(".layer"), word(`layer-${output.layer}`));
  setText(tile.querySelector(".trouble"), output.troubles.map((trouble) => `⚠ ${word(`trouble-${trouble}`)}`).join(" "));
  setText(tile.querySelector(".middle"), shown);
  const said = [proofText(output, proof, view, age)];
  if (output.identified) said.push(word("identifiedNow"));
  if (output.hidden) said.push(word("hiddenNow"));
  if (proof === "verified" && age !== undefined) said.push(word("ageSeconds", { age }));
  for (const item of output.measured) said.push(word(`measured-${item.quantity}`, { value: item.value }));
  setText(tile.querySelector(".bottom"), said.join(" · "));
  tile.setAttribute("aria-label", [word("tile", { number: output.number }), shown, word(`layer-${output.layer}`), ...said].join(", "));
}

function proofText(output, proof, view, age) {
  const source = output.wished ? sourceName(view, output.wished) : word("showsNothing");
  switch (proof) {
    case "verified":
      if (output.off) return word("offVerified");
      return word(output.picture === undefined ? "routeVerified" : output.picture ? "pictureVerified" : "pictureStands");
    case "poweringOn":
      return word("poweringOn");
    case "switching":
      return word("switchingTo", { source });
    case "notSwitched":
      return word("notSwitchedTo", { source, reason: output.reason });
    case "unreachable":
      return word("deviceGone", { device: output.device });
    default:
      return word("proofStale", { age: age ?? "?" });
  }
}
