// Somebody of the staff stands beside the visitor and has held the time-out: until that is let go nobody is asked whether he is still there. It
// is for this visit alone: its end ends it, and so does a terminal that stands idle.
import { clock } from "./dom.js";
import { ownCard } from "./kiosk-help.js";
import { isIdle, kiosk, send } from "./kiosk-session.js";
import { speak } from "./speech.js";
import { word } from "./words.js";

const againAfter = 2000;
// The hold that was seen last, and since when; the one that this page has let go of, and what it said of that.
let seen;
let seenAt = 0;
let over;
let toldAt = -againAfter;
let hasLooked = false;

const since = () => (kiosk.link?.liveness() === "live" ? ownCard()?.heldSince : undefined);

export function isHeld() {
  const now = since();
  return now !== undefined && now !== over?.since;
}

// For this page it is over at once; the station hears of it until it has.
export function letGo(isTouch) {
  if (!isHeld()) return;
  over = { since: since(), touch: isTouch ? "yes" : "no" };
  toldAt = -againAfter;
}

// Several times a second.
export function tickHold(idleLimit) {
  const now = since();
  if (kiosk.link?.view && kiosk.link.liveness() === "live" && !hasLooked) {
    hasLooked = true;
    // What was held before this page came up was of a visit that is gone.
    letGo(false);
    kiosk.draw();
  }
  if (now !== seen) {
    seen = now;
    seenAt = clock();
    if (isHeld()) speak(word("heldNow"));
  }
  if (isHeld() && isIdle() && (clock() - Math.max(seenAt, kiosk.visit.touchedAt)) / 1000 >= idleLimit) {
    letGo(false);
    kiosk.draw();
  }
  if (now === undefined || isHeld() || clock() - toldAt < againAfter) return;
  toldAt = clock();
  send("let-go", over);
}

kiosk.atEnd = () => letGo(false);
