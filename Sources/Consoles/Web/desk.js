// The duty desk's page: what it shows, what it asks, what it plays. It knows nothing but what the station told it last, and how long ago.
import { actOnFault, actOnIncident, actOnPoint, connectActions, sendNotice } from "./actions.js";
import { toast } from "./asking.js";
import { createCard, tickCard, updateCard } from "./cards.js";
import { showChildren, tickChildren } from "./children.js";
import { dialogIsOpen, enableDialogs } from "./dialogs.js";
import { clock, element, keepingFocus, reconcile, setClass, setHidden, setText } from "./dom.js";
import { showHandOvers, tickHandOvers } from "./handovers.js";
import { showClosed, showFaults, showPoints, showStatistics, tickPoints } from "./lists.js";
import { showReadings, tickReadings } from "./readings.js";
import { onSoundChange, sound, soundStatus, unlockSound } from "./sound.js";
import { leaveWhenEnded, logInFirst } from "./login.js";
import { listen } from "./stream.js";
import { freshNotices, showUplink } from "./uplink.js";
import { callsThatWait, cardOf, shownCalls, showWaiting, tickWaiting } from "./waiting.js";
import { allowed, placeOf, postName } from "./who.js";
import { loadWords, name, onLanguage, switchLanguage, word } from "./words.js";

// Heartbeats come every 2 s: after two missed ones, and within 5 s, the station counts as lost; after one when the connection broke, too.
const lostAfter = 4300;
const lostAfterBreak = 2500;

const byId = (id) => document.getElementById(id);
const page = { view: null, viewAt: 0, station: "connecting", heardAt: clock(), heardTime: null, broken: false, post: remembered(), started: false, calls: null };

function remembered() {
  try {
    return localStorage.getItem("linli-post");
  } catch {
    return null;
  }
}

// MARK: - What the station says

function receive(message) {
  page.broken = message.kind === "broken";
  if (page.broken) return leaveWhenEnded();
  page.heardAt = message.at;
  page.heardTime = new Date(Date.now() - (clock() - message.at));
  if (message.kind === "view") {
    page.view = message.view;
    page.viewAt = message.at;
    announceNews();
  } else {
    page.station = message.heartbeat.station;
    // The view may have been made long before this page came: its ages go on from then.
    const madeAt = message.at - message.heartbeat.viewAge;
    if (page.view && message.heartbeat.revision === page.view.revision && Math.abs(madeAt - page.viewAt) > 500) page.viewAt = madeAt;
  }
  show();
}

function liveness() {
  if (clock() - page.heardAt > (page.broken ? lostAfterBreak : lostAfter)) return page.view ? "lost" : "connecting";
  return page.station;
}

function announceNews() {
  const fresh = page.calls ? callsThatWait(page).filter((card) => !page.calls.has(card.key)) : [];
  // A call that was taken and waits again is news as well.
  page.calls = new Set(callsThatWait(page).map((card) => card.key));
  const news = [...fresh.map((card) => word("newCall", { place: placeOf(card) })), ...freshNotices(page.view)];
  if (news.length) byId("announcements").textContent = news.join(" ");
}

// MARK: - Showing

function show() {
  keepingFocus(showAll);
}

function showAll() {
  const live = liveness() === "live";
  showFrame(live);
  if (page.view) {
    showWaiting(callsThatWait(page));
    showPosts();
    // The station has put them in the order in which they need somebody.
    const cards = shownCalls(page);
    reconcile(byId("incidents"), cards, (card) => card.key, (card) => createCard(card, actOnIncident), (node, card, index) => updateCard(node, card, index, page));
    setText(byId("incident-count"), String(cards.length));
    setHidden(byId("no-incidents"), cards.length > 0);
    showUplink(page.view);
    showChildren(page.view, sendNotice);
    showHandOvers(page.view, (key) => cardOf(key)?.focus());
    showReadings();
    showFaults(page.view, actOnFault);
    showPoints(page.view, actOnPoint);
    showStatistics(page.view);
    showClosed(page.view, page.post);
  }
  tick();
  // What is scrolled to must not come to lie under the banners.
  document.documentElement.style.scrollPaddingTop = `${byId("banners").offsetHeight + 12}px`;
}

function showFrame(live) {
  const state = liveness();
  setClass(document.body, "lost", state === "lost");
  setClass(document.body, "not-started", !page.started);
  const disabled = !live || !page.started;
  for (const part of [byId("desk"), byId("waiting")]) if (part.disabled !== disabled) part.disabled = disabled;
  enableDialogs(live);
  setText(byId("site"), page.view ? page.view.site : "");
  setText(byId("link"), { live: `● ${name("health", "online")}`, lost: `✕ ${name("health", "stale")}` }[state] ?? word(state));
  setClass(byId("link"), "bad", state !== "live");
  setText(byId("my-post"), page.started && page.view ? `${word("post")}: ${postName(page.view, page.post)}` : "");
  setHidden(byId("my-post"), !page.started);
  setHidden(byId("change-post"), !page.started);
  setHidden(byId("start"), page.started);
  showBanners(state);
  document.title = titleText(state);
}

function showBanners(state) {
  setHidden(byId("lost-banner"), state === "live");
  setText(byId("lost-banner"), state === "lost" ? word("lost", { time: page.heardTime?.toLocaleTimeString("zh-CN", { hour12: false }) ?? "" }) : word(state));
  const status = soundStatus();
  setHidden(byId("sound-banner"), status === "on" || status === "elsewhere");
  setText(byId("sound-banner"), `⚠ ${word(status === "broken" ? "soundBroken" : "soundBlocked")}`);
  setText(byId("sound"), { on: `♪ ${word("soundOn")}`, elsewhere: `♪ ${word("soundElsewhere")}` }[status] ?? "");
  setHidden(byId("sound"), !page.started || !byId("sound").textContent);
  const journal = page.view?.journal;
  const waiting = journal?.waiting ? ` · ${word("waitingCalls", { count: journal.waiting })}` : "";
  setHidden(byId("journal-banner"), !journal || (journal.condition === "healthy" && !waiting));
  setText(byId("journal-banner"), journal ? `⚠ ${name("journal", journal.condition)}${waiting}` : "");
  setHidden(byId("clock-banner"), !page.view || page.view.clockSynchronised);
}

function titleText(state) {
  const waiting = page.view ? callsThatWait(page).length : 0;
  if (state === "lost") return `✕ ${word("title")}`;
  return waiting ? `(${waiting}) ${name("phase", "opened")} · ${word("title")}` : word("title");
}

function showPosts() {
  reconcile(byId("post-choices"), page.view.posts, (post) => post.id,
    (post) => element("label", { class: "choice" }, element("input", { type: "radio", name: "post", value: post.id }), element("span")),
    (label, post) => setText(label.querySelector("span"), post.phone ? `${post.name} · ${post.phone}` : post.name));
  const chosen = document.querySelector("input[name=post]:checked");
  if (!chosen && page.post) {
    const known = [...document.querySelectorAll("input[name=post]")].find((input) => input.value === page.post);
    if (known) known.checked = true;
  }
  const disabled = !document.querySelector("input[name=post]:checked");
  if (byId("start-button").disabled !== disabled) byId("start-button").disabled = disabled;
}

// Several times a second: ages, countdowns, and whether the station is still there.
function tick() {
  if (!page.view) return;
  const state = liveness();
  // A lost station's ages stop with the rest of its picture.
  const passed = Math.max(0, ((state === "lost" ? page.heardAt : clock()) - page.viewAt) / 1000);
  for (const card of byId("incidents").children) tickCard(card, passed, page.view);
  tickPoints(page.view, passed);
  tickChildren(passed, page.view);
  const overdue = tickHandOvers(passed);
  if (overdue.length) byId("announcements").textContent = overdue.join(" ");
  tickReadings();
  tickWaiting(passed);
  sound(wantedSound(state));
}

// Wherever the browser lets it: changing the post, or not having begun, silences nothing.
function wantedSound(state) {
  if (state === "lost") return "fault";
  if (callsThatWait(page).length) return "call";
  return page.view.faults.some((fault) => fault.present && !fault.silenced) ? "fault" : "none";
}

let shownLiveness = "";
setInterval(() => {
  if (liveness() !== shownLiveness) {
    shownLiveness = liveness();
    show();
  } else {
    tick();
  }
}, 300);

// MARK: - Keyboard

const keys = { Enter: "acknowledge", s: "onScene", r: "resolve", h: "handOver", c: "close", x: "falseAlarm" };

document.addEventListener("keydown", (event) => {
  if (dialogIsOpen() || !page.started || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (/^[1-9]$/.test(key)) byId("incidents").children[Number(key) - 1]?.focus();
  else if (key === "w") focusFirst();
  else if (key === "f") byId("faults-title").focus();
  else if (key === "p") byId("points-title").focus();
  else if (key === "z") byId("stations-title").focus();
  else if (keys[key]) actByKey(event, keys[key]);
});

// To the call that has waited longest and that this post may take, else to the one that has waited longest, else to the first card.
function focusFirst() {
  const calls = page.view ? callsThatWait(page) : [];
  const waiting = calls.find((card) => allowed(card, page.post).acknowledge) ?? calls[0];
  ((waiting && cardOf(waiting.key)) ?? document.querySelector(".card") ?? byId("incidents-title")).focus();
}

function actByKey(event, action) {
  const article = event.target.closest?.(".card");
  // Enter on a button inside the card presses that button.
  if (!article || (event.key === "Enter" && event.target !== article)) return;
  if (byId("desk").disabled) return;
  event.preventDefault();
  if (!allowed(article.card, page.post)[action]) return toast(() => word("notForThisPost"), true);
  actOnIncident(action, article.card);
}

// MARK: - Start

byId("start-form").addEventListener("change", () => (byId("start-button").disabled = false));
byId("start-form").addEventListener("submit", (event) => {
  event.preventDefault();
  page.post = document.querySelector("input[name=post]:checked")?.value ?? page.post;
  try {
    localStorage.setItem("linli-post", page.post);
  } catch {
    // Private mode: asked again next time.
  }
  page.started = true;
  unlockSound();
  show();
  focusFirst();
});
byId("change-post").addEventListener("click", () => {
  page.started = false;
  show();
  document.querySelector("input[name=post]:checked")?.focus();
});
byId("sound-banner").addEventListener("click", unlockSound);
byId("language").addEventListener("click", switchLanguage);
onLanguage(() => {
  byId("announcements").textContent = "";
  show();
});
onSoundChange(() => showBanners(liveness()));

connectActions(page, liveness);
await loadWords();
page.staff = await logInFirst();
// Where the browser lets a page sound without a hand on it, it does so from the beginning.
unlockSound();
listen(receive);
show();
