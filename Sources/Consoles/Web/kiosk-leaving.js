// Who has gone leaves nothing behind: after a while without a touch the page asks, counts down, and wipes all.
import { clock, setText } from "./dom.js";
import { isHeld, tickHold } from "./kiosk-hold.js";
import { isIdle, kiosk, topScreen, wipe } from "./kiosk-session.js";
import { hush, speak } from "./speech.js";
import { word } from "./words.js";

const dialog = document.getElementById("leaving");
const count = document.getElementById("leaving-count");
// Standards ask for 30 s each; the page carries them so that a test need not wait.
const seconds = (name) => Number(document.documentElement.dataset[name]);

export function touched() {
  kiosk.visit.touchedAt = clock();
  kiosk.visit.onTouch?.();
}

export function stay() {
  touched();
  if (!dialog.open) return;
  dialog.close();
  hush();
}

// Several times a second.
export function tickLeaving() {
  const passed = (clock() - kiosk.visit.touchedAt) / 1000;
  const left = seconds("idleSeconds") + seconds("warningSeconds") - passed;
  tickHold(seconds("idleSeconds") + seconds("warningSeconds"));
  if (isIdle()) {
    // What somebody changed about the display on his way past is put back without asking.
    if (kiosk.visit.hasChangedDisplay && left <= 0) wipe();
    return;
  }
  // As if he had touched it: also the station's own time for a card goes on only as long as this page says so.
  if (topScreen().holds?.() || isHeld()) return stay();
  if (left <= 0) {
    if (dialog.open) dialog.close();
    return wipe();
  }
  if (passed < seconds("idleSeconds")) return;
  setText(count, word("countdown", { count: Math.ceil(left) }));
  if (dialog.open) return;
  dialog.showModal();
  speak(`${word("stillThere")} ${count.textContent}`);
}

dialog.addEventListener("click", stay);
dialog.addEventListener("cancel", stay);
