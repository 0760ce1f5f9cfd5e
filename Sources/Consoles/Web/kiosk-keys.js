// The terminal's keyboard and fingers reach the page and nothing around it: whatever the browser would make of a key, a drag or a second mouse
// button is stopped here. A browser on a full screen asks the page first for all of them but one (linli kiosk --help).

// What types and moves on a page. All else, and everything with Ctrl, Alt or the system key, is the browser's.
const ours = new Set([
  "Tab", "Enter", "Escape", "Backspace", "Delete", "Shift", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown",
]);

export function isOurs(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || (event.shiftKey && event.key === "Escape")) return false;
  return ours.has(event.key) || [...event.key].length === 1;
}

const stop = (event) => event.preventDefault();
const options = { capture: true, passive: false };

for (const kind of ["keydown", "keypress", "keyup"]) addEventListener(kind, (event) => isOurs(event) || stop(event), options);
// A finger that rests opens no menu, what is dragged goes nowhere, and nothing is marked, copied or put in.
for (const kind of ["contextmenu", "dragstart", "dragover", "drop", "selectstart", "copy", "cut", "paste"]) addEventListener(kind, stop, options);
// The middle button scrolls by itself, opens links elsewhere and pastes; others go back and forward.
for (const kind of ["mousedown", "mouseup", "auxclick"]) addEventListener(kind, (event) => event.button > 0 && stop(event), options);
// Ctrl and the wheel, or two fingers, make the page larger: the page has a key for that.
addEventListener("wheel", (event) => event.ctrlKey && stop(event), options);
addEventListener("touchstart", (event) => event.touches.length > 1 && stop(event), options);
addEventListener("touchmove", (event) => event.touches.length > 1 && stop(event), options);
