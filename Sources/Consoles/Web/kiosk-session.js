// Whose turn it is at the terminal, and what he sees. Nothing outlives a visit: no history, no storage, no address; `wipe` forgets all of it.
import { clock } from "./dom.js";
import { hush } from "./speech.js";
import { forget } from "./spoken.js";
import { setLanguage } from "./words.js";

export const kiosk = { id: decodeURIComponent(location.pathname.split("/")[2] ?? ""), link: null, visit: null, draw: () => {}, begin: () => null, atEnd: () => {} };

function newVisit() {
  return { screens: [kiosk.begin()], touchedAt: clock(), isBusy: false, hasChangedDisplay: false };
}

// begin(): the first screen. draw(): shows what is there now.
export function connect(begin, draw) {
  kiosk.begin = begin;
  kiosk.draw = draw;
  kiosk.visit = newVisit();
}

export function topScreen() {
  return kiosk.visit.screens.at(-1);
}

export function isIdle() {
  return kiosk.visit.screens.length === 1;
}

export function show(screen) {
  kiosk.visit.screens.push(screen);
  kiosk.draw();
}

// In place of the screen that is there; back leads to what was before it.
export function swap(screen) {
  kiosk.visit.screens[kiosk.visit.screens.length - 1] = screen;
  kiosk.draw();
}

// In place of the screen that is there, which one cannot come back to: what was done stays done.
export function conclude(screen) {
  kiosk.visit.screens = [kiosk.visit.screens[0], screen];
  kiosk.draw();
}

export function back() {
  if (!isIdle()) kiosk.visit.screens.pop();
  kiosk.draw();
}

// Nothing of the visit is said any more, and neither the station nor the voice keeps anything of it.
function endVisit() {
  hush();
  kiosk.visit.forget?.();
  forget();
}

// The same person begins again: all is forgotten but how he wants it shown.
export function renew(screen) {
  endVisit();
  kiosk.visit = { ...newVisit(), hasChangedDisplay: kiosk.visit.hasChangedDisplay };
  show(screen);
}

export function wipe() {
  endVisit();
  kiosk.atEnd();
  kiosk.visit = newVisit();
  for (const name of ["large", "contrast", "low"]) document.body.classList.remove(name);
  setLanguage(0);
  kiosk.draw();
}

const patience = 12000;

// Asks the station for something and answers what it said: {answer: …, chinese, english, …}; "undelivered" when it certainly did not get
// there, "uncertain" when nobody knows. After the visit is over nothing is answered: `then` is not called.
export async function ask(verb, fields, then) {
  const visit = kiosk.visit;
  if (visit.isBusy) return;
  visit.isBusy = true;
  kiosk.draw();
  const said = await send(verb, fields);
  visit.isBusy = false;
  if (visit !== kiosk.visit) return;
  then(said);
  kiosk.draw();
}

export async function send(verb, fields) {
  const path = `/api/kiosk/${encodeURIComponent(kiosk.id)}/${verb}`;
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields), signal: AbortSignal.timeout(patience),
    });
    const said = await answer.json();
    if (said.answer !== "error") return said;
    // The server was there but not the station: nothing was asked of it. 504 is the one case in which it may have been.
    return { ...said, answer: answer.status === 504 ? "uncertain" : "undelivered" };
  } catch (error) {
    // A connection to a station that is gone carried nothing. Otherwise it may have arrived, and only the answer is missing.
    const isGone = !answer && error.name !== "TimeoutError" && kiosk.link.liveness() !== "live";
    return { answer: isGone ? "undelivered" : "uncertain" };
  }
}
