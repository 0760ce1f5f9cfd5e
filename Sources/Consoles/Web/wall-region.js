// Several outputs chosen together for one picture: drawn over them by mouse or finger, or with Shift and the arrows.

let grid;
let changed;
let region = null;
let drag = null;
let anchor = null;

// theChanged(): another region is chosen, or none; drawn(): a hand has finished drawing one.
export function followRegion(theGrid, theChanged, drawn) {
  [grid, changed] = [theGrid, theChanged];
  grid.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    drag = { from: event.target.closest(".tile"), hasMoved: false };
    anchor = null;
    if (region && !isInRegion(cellOf(drag.from))) choose(null);
  });
  grid.addEventListener("pointermove", (event) => {
    if (!drag?.from) return;
    const tile = under(event);
    if (!tile || (tile === drag.from && !drag.hasMoved)) return;
    drag.hasMoved = true;
    choose(around(drag.from, tile));
  });
  addEventListener("pointerup", () => {
    const hasMoved = drag?.hasMoved;
    drag = null;
    if (hasMoved && region) drawn();
  });
  // The finger scrolls the page, or a source is being dragged.
  addEventListener("pointercancel", () => {
    if (drag?.hasMoved) choose(null);
    drag = null;
  });
  grid.addEventListener("keydown", walk);
}

export const chosenRegion = () => region;

export function leaveRegion() {
  anchor = null;
  choose(null);
}

export function isInRegion(cell) {
  return region !== null && cell !== null && cell.column >= region.column && cell.column < region.column + region.width && cell.row >= region.row && cell.row < region.row + region.height;
}

const cellOf = (tile) => (tile ? { column: Number(tile.dataset.column), row: Number(tile.dataset.row) } : null);

const under = (event) => document.elementFromPoint(event.clientX, event.clientY)?.closest("#grid .tile");

function around(from, to) {
  const [a, b] = [cellOf(from), cellOf(to)];
  const made = { column: Math.min(a.column, b.column), row: Math.min(a.row, b.row), width: Math.abs(a.column - b.column) + 1, height: Math.abs(a.row - b.row) + 1 };
  return made.width * made.height > 1 ? made : null;
}

function choose(next) {
  if (JSON.stringify(next) === JSON.stringify(region)) return;
  region = next;
  changed();
}

const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function walk(event) {
  const step = steps[event.key];
  const tile = event.target.closest(".tile");
  if (!step || !tile || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const { column, row } = cellOf(tile);
  const next = grid.querySelector(`.tile[data-column="${column + step[0]}"][data-row="${row + step[1]}"]`);
  if (!next) return;
  next.focus();
  if (!event.shiftKey) {
    anchor = null;
    return choose(null);
  }
  anchor ??= tile;
  choose(around(anchor, next));
}
