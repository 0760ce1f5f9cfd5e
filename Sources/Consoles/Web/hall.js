// The display over the windows: which number is called where. Whose number it is, and what for, is not even sent here.
import { clock, element, reconcile, setClass, setHidden, setText } from "./dom.js";
import { onSpeechChange, speak, speechStatus } from "./speech.js";
import { follow, timeText } from "./station.js";
import { loadWords, onLanguage, switchLanguage, word } from "./words.js";

const byId = (id) => document.getElementById(id);
// The calls at each window as they were last seen; none before the first view, which announces nothing.
let known = null;
let link = null;
const queue = [];
let announced = null;

const seconds = () => Number(document.documentElement.dataset.announceSeconds);

function callsOf(view) {
  return view.windows.filter((window) => window.current).map((window) => ({ window: window.number, ...window.current }));
}

// A call is news when its number is, or when it is called again.
function findNews(view) {
  const calls = callsOf(view);
  if (known) {
    const news = calls.filter((call) => {
      const before = known.get(call.window);
      return before?.number !== call.number || call.calls > before.calls;
    });
    queue.push(...news.sort((left, right) => (left.calledMilliseconds ?? 0) - (right.calledMilliseconds ?? 0)));
  }
  known = new Map(calls.map((call) => [call.window, call]));
}

// One after another: two windows that call at once are both heard. Each stays for as long as it is spoken and flashes, at least.
function announceNext() {
  if (announced && (clock() < announced.until || announced.isSpoken)) return;
  const call = queue.shift();
  // What is over before its turn (called elsewhere meanwhile) is not announced.
  if (!call) return setAnnounced(null);
  if (known.get(call.window)?.number !== call.number) return announceNext();
  const next = { ...call, until: clock() + seconds() * 1000, isSpoken: true, longest: clock() + seconds() * 3000 };
  setAnnounced(next);
  speak(word("pleaseCome", call), () => (next.isSpoken = false));
}

function setAnnounced(call) {
  if (announced === call) return;
  announced = call;
  show();
}

function newestCall(view) {
  return callsOf(view).reduce((newest, call) => ((call.calledMilliseconds ?? 0) >= (newest?.calledMilliseconds ?? 0) ? call : newest), null);
}

function show() {
  const state = link.liveness();
  setClass(document.body, "lost", state !== "live");
  setHidden(byId("lost"), state === "live");
  setText(byId("lost"), state === "lost" ? word("hallLost", { time: timeText(link.heardTime) }) : state === "live" ? "" : word("hallConnecting"));
  const view = link.view;
  if (!view) return;
  setText(byId("site"), view.site);
  const call = announced ?? newestCall(view);
  setClass(byId("newest"), "news", Boolean(announced));
  setText(byId("call"), call ? word("pleaseCome", call) : word("nobodyCalled"));
  setText(byId("call-number"), call?.number ?? "");
  setText(byId("call-window"), call ? word("windowNumber", call) : "");
  reconcile(byId("windows"), view.windows, (window) => window.number, windowRow, (row, window) => {
    setText(row.children[0], word("windowNumber", { window: window.number }));
    setText(row.children[1], window.current?.number ?? word("windowFree"));
    setClass(row, "news", announced?.window === window.number);
  });
  reconcile(byId("services"), view.services, (service) => service.id, () => element("li", {}, element("span"), element("b")), (row, service) => {
    setText(row.children[0], service.name);
    setText(row.children[1], word("people", { count: service.waiting }));
  });
  showVoice();
}

function windowRow() {
  return element("li", {}, element("span"), element("b", { class: "number" }));
}

function showVoice() {
  const status = speechStatus();
  setHidden(byId("sound"), status !== "blocked");
  setText(byId("voice"), status === "none" ? word("noVoice") : "");
}

byId("language").addEventListener("click", switchLanguage);
byId("sound").addEventListener("click", () => speak(byId("call").textContent));
onLanguage(() => link && show());
onSpeechChange(() => link && showVoice());
await loadWords();
link = follow(() => {
  if (link.view && link.liveness() === "live") findNews(link.view);
  show();
});
setInterval(() => {
  setText(byId("time"), timeText(new Date()));
  // A voice that never says that it has ended does not hold up the next call.
  if (announced && clock() > announced.longest) announced.isSpoken = false;
  if (queue.length || announced) announceNext();
}, 200);
