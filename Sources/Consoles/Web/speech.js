// Says aloud what stands on the screen, where the browser has a voice for the page's language. Nothing depends on it: all of it can be read.

const synthesis = window.speechSynthesis;
// Old people need longer.
const rate = 0.85;
let blocked = false;
let changed = () => {};

export function onSpeechChange(listener) {
  changed = listener;
}

function voice() {
  const language = document.documentElement.lang.slice(0, 2);
  return synthesis?.getVoices().find((voice) => voice.lang.toLowerCase().startsWith(language));
}

// "on"; "none": there is no voice for the language; "blocked": the browser waits for a touch before it lets a page speak.
export function speechStatus() {
  if (!voice()) return "none";
  return blocked ? "blocked" : "on";
}

// Says one thing; what was being said before is dropped. over(): it has been said, or cannot be.
export function speak(text, over = () => {}) {
  hush();
  const chosen = voice();
  if (!chosen || !text) return over();
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
}

function settle(next) {
  if (blocked === next) return;
  blocked = next;
  changed();
}

// Voices come late in some browsers.
synthesis?.addEventListener?.("voiceschanged", () => changed());
