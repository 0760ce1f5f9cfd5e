// Says aloud what stands on the screen: by the browser's voice for the page's language, or else by the station's. Nothing depends on it: all of
// it can be read.
import { partsOf, remember } from "./spoken.js";
import { onWord } from "./words.js";

onWord(remember);

const synthesis = window.speechSynthesis;
// Old people need longer.
const rate = 0.85;
let blocked = false;
// Whether the station speaks for us; asked only when the browser has no voice. saying: what it says now.
let station = null;
let saying = null;
let changed = () => {};

export function onSpeechChange(listener) {
  changed = listener;
}

function voice() {
  const language = document.documentElement.lang.slice(0, 2);
  return synthesis?.getVoices().find((voice) => voice.lang.toLowerCase().startsWith(language));
}

const address = () => {
  const [, page, id] = location.pathname.split("/");
  return page === "kiosk" ? `/api/kiosk/${id}` : "/api/hall";
};

async function findStation() {
  if (station !== null) return;
  station = false;
  try {
    const answer = await fetch("/api/voice");
    station = answer.ok && (await answer.json()).voice === true;
  } catch {
    station = null;
  }
  if (station) changed();
}

async function tell(verb, fields) {
  try {
    await fetch(`${address()}/${verb}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fields) });
  } catch {
    // All of it stands on the screen.
  }
}

// over() comes when it was said, or something newer is.
async function speakByStation(text, over) {
  await findStation();
  const parts = station ? partsOf(text) : [];
  if (!parts.length) return over();
  const mine = {};
  saying = mine;
  await tell("speak", { language: document.documentElement.lang === "en" ? "en" : "zh", parts: parts.join(";") });
  if (saying === mine) saying = null;
  over();
}

// "on"; "none": there is no voice for the language; "blocked": the browser waits for a touch before it lets a page speak.
export function speechStatus() {
  if (!voice()) {
    findStation();
    return station ? "on" : "none";
  }
  return blocked ? "blocked" : "on";
}

// Says one thing; what was being said before is dropped. over(): it has been said, or cannot be.
export function speak(text, over = () => {}) {
  synthesis?.cancel();
  const chosen = voice();
  if (!text) return over();
  if (!chosen) return speakByStation(text, over);
  const saying = new SpeechSynthesisUtterance(text);
  saying.voice = chosen;
  saying.lang = chosen.lang;
  saying.rate = rate;
  saying.onstart = () => settle(false);
  saying.onend = over;
  saying.onerror = (event) => {
    if (event.error === "not-allowed") settle(true);
    over();
  };
  synthesis.speak(saying);
}

export function hush() {
  synthesis?.cancel();
  if (saying) tell("hush", {});
  saying = null;
}

function settle(next) {
  if (blocked === next) return;
  blocked = next;
  changed();
}

// Voices come late in some browsers.
synthesis?.addEventListener?.("voiceschanged", () => changed());
