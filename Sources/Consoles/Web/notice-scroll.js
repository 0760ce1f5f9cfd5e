// A notice board that is longer than its screen turns its pages by itself; whoever touches it reads in peace.
import { clock } from "./dom.js";

const seconds = (name) => Number(document.documentElement.dataset[name]);
// What stood at the lower edge stands at the upper one next.
const share = 0.8;
let turnedAt = clock();
let touchedAt = null;

for (const kind of ["pointerdown", "keydown", "wheel", "touchstart"]) addEventListener(kind, () => (touchedAt = clock()), { capture: true, passive: true });

// Several times a second.
export function turnPage() {
  const now = clock();
  if (touchedAt !== null && now - touchedAt < seconds("restSeconds") * 1000) return (turnedAt = now);
  if (now - turnedAt < seconds("pageSeconds") * 1000) return;
  turnedAt = now;
  const last = document.documentElement.scrollHeight - innerHeight;
  if (last <= 0) return;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  // The end is seen before it begins again.
  scrollTo({ top: scrollY >= last - 1 ? 0 : Math.min(last, scrollY + innerHeight * share), behavior });
}
