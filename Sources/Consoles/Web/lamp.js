// Draws a lamp with the pattern of an indicator (0 off ... 5 fault). The pattern and the words beside it say the same: colour is never alone.
import { element } from "./dom.js";

export function makeLamp() {
  return element("span", { class: "lamp lamp-unknown", "aria-hidden": "true" }, element("i"));
}

export function setLamp(lamp, indicator) {
  const wanted = `lamp lamp-${indicator ?? "unknown"}`;
  if (lamp.className !== wanted) lamp.className = wanted;
}
