// The self-service terminal. It knows nothing but what the station told it last, asks no name, and forgets every visit.
import { clock, setHidden, setText } from "./dom.js";
import "./kiosk-keys.js";
import { askForStaff, ownCard, staffText } from "./kiosk-help.js";
import { isHeld, letGo } from "./kiosk-hold.js";
import { stay, tickLeaving, touched } from "./kiosk-leaving.js";
import { home, idle, lost } from "./kiosk-screens.js";
import { tickSeen } from "./kiosk-seen.js";
import { back, connect, isIdle, kiosk, renew, show, topScreen } from "./kiosk-session.js";
import { offlineText } from "./kiosk-ticket.js";
import { draw, say } from "./kiosk-view.js";
import { learn } from "./spoken.js";
import { follow, timeText } from "./station.js";
import { loadWords, onLanguage, setLanguage, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const aliveEvery = 2000;
const lostScreen = lost();

// What needs the station gives way while there is none; what is to be read stays.
function screen() {
  const top = topScreen();
  return kiosk.link.liveness() === "live" || top.keeps ? top : lostScreen;
}

// Names of the site file can be spoken by their ids.
function learnNames(view) {
  for (const service of view.services) learn(service.name, `service/${service.id}`);
  for (const kind of view.hazardKinds) learn(kind.name, `hazard/${kind.id}`);
  for (const place of view.places) learn(place.name, `place/${place.id}`);
}

function drawAll() {
  if (kiosk.link.view) learnNames(kiosk.link.view);
  sizeTargets();
  const state = kiosk.link.liveness();
  if (kiosk.link.view && state !== "live" && !isIdle()) kiosk.visit.wasCut = true;
  setText(byId("site"), kiosk.link.view?.site ?? "");
  strip("lost", state !== "live" ? `⚠ ${word(`${state}Long`)}` : unknownText());
  strip("interrupted", interruptedText());
  strip("offline", [offlineText(), kiosk.link.view?.recorded === false ? word("notRecordedNow") : ""].filter(Boolean).join(" "));
  strip("staff-strip", staffText());
  setHidden(byId("held"), !isHeld());
  draw(screen(), stripTexts());
  setHidden(byId("back"), isIdle() || kiosk.visit.screens.length === 2);
  setHidden(byId("restart"), isIdle());
  for (const name of ["large", "contrast", "low"]) byId(name).setAttribute("aria-pressed", document.body.classList.contains(name));
  byId("bar").setAttribute("aria-label", word("bar"));
  byId("tools").setAttribute("aria-label", word("tools"));
}

function unknownText() {
  return kiosk.link.view && !ownCard() ? `⚠ ${word("unknownKiosk", { id: kiosk.id })}` : "";
}

// An old finger needs 15 mm: how many pixels those are is known only where somebody has measured the screen. The page fills it.
const leastMillimetres = 15;
const leastPixels = 72;

function sizeTargets() {
  const width = ownCard()?.screenWidth;
  const least = width ? Math.max(leastPixels, Math.ceil((leastMillimetres * innerWidth) / width)) : leastPixels;
  document.documentElement.style.setProperty("--least", `${least}px`);
}
addEventListener("resize", sizeTargets);

// For whoever stood here as the power failed.
function interruptedText() {
  const numbers = (kiosk.link.liveness() === "live" && ownCard()?.interrupted) || [];
  return numbers.length ? word("interrupted", { numbers: numbers.join(word("listComma")) }) : "";
}

const stripTexts = () => [...document.querySelectorAll(".strip:not([hidden])")].map((node) => node.textContent);

function strip(id, text) {
  setHidden(byId(id), !text);
  setText(byId(id), text);
}

// MARK: - Hands

byId("staff").addEventListener("click", askForStaff);
byId("repeat").addEventListener("click", () => say(true));
byId("back").addEventListener("click", back);
byId("held").addEventListener("click", () => {
  letGo(true);
  drawAll();
});
byId("restart").addEventListener("click", () => renew(home()));
for (const name of ["large", "contrast", "low"]) {
  byId(name).addEventListener("click", () => {
    document.body.classList.toggle(name);
    kiosk.visit.hasChangedDisplay = true;
    drawAll();
  });
}
byId("language").addEventListener("click", () => {
  kiosk.visit.hasChangedDisplay = true;
  setLanguage(document.documentElement.lang === "en" ? 0 : 1);
  say();
});

// Touched anywhere, the idle screen gives way.
byId("upper").addEventListener("click", () => {
  if (isIdle() && kiosk.link.liveness() === "live") show(home());
});

const dialogIsOpen = () => byId("leaving").open;
for (const kind of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(kind, () => dialogIsOpen() || touched(), { capture: true, passive: true });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (dialogIsOpen()) return event.key === "Escape" || stay();
  if (screen().key?.(event)) return event.preventDefault();
  const isChoice = /^[1-3]$/.test(event.key);
  if (isChoice) byId("choices").children[Number(event.key) - 1]?.click();
  else if (event.key === "Escape") back();
});

// MARK: - The page's own pulse

let aliveAt = -aliveEvery;
let isTelling = false;
// Whoever opened the page to watch over it knows it by this.
const mark = /^#[a-z0-9]{1,32}$/.test(location.hash) ? `/${location.hash.slice(1)}` : "";

// Only a page that still draws says that it is alive.
async function tellAlive() {
  if (isTelling || clock() - aliveAt < aliveEvery) return;
  isTelling = true;
  aliveAt = clock();
  try {
    await fetch(`/api/kiosk/${encodeURIComponent(kiosk.id)}/alive${mark}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: "{}", signal: AbortSignal.timeout(aliveEvery),
    });
  } catch {
    // Whoever watches over the page sees that.
  }
  isTelling = false;
}

function frame() {
  tellAlive();
  tickLeaving();
  tickSeen();
  setText(byId("time"), timeText(new Date()));
  setTimeout(() => requestAnimationFrame(frame), 100);
}

// MARK: - Start

// Not drawn before the words are there.
let hasWords = false;
connect(idle, () => hasWords && drawAll());
setLanguage(0);
onLanguage(() => kiosk.draw());
await loadWords();
hasWords = true;
kiosk.link = follow(() => kiosk.draw());
kiosk.draw();
requestAnimationFrame(frame);
