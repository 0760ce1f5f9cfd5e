// A station's view of the one above it: whether the line is up, what has not arrived there, and what it has to say.
import { element, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { postName } from "./who.js";
import { word } from "./words.js";

const byId = (id) => document.getElementById(id);
const signs = { connecting: "…", up: "●", degraded: "▲", down: "✕", refused: "⊘" };
let knownNotices = null;

export function parentIsLost(link) {
  return link.paths.length > 0 && link.paths.every((path) => path.state === "down" || path.state === "refused");
}

export function showUplink(view) {
  setHidden(byId("uplink"), !view.link);
  if (view.link) showLink(view.link);
  setHidden(byId("parent-notices"), view.notices.length === 0);
  // The newest is read first.
  reconcile(byId("parent-notice-list"), [...view.notices].reverse(), (notice) => notice.number, createNotice, (item, notice) => {
    setText(item.head, `${timeOfDay(notice.atMilliseconds)} ${postName(view, notice.post)}`);
    setText(item.body, notice.text);
  });
}

function createNotice() {
  const head = element("b");
  const body = element("span");
  return Object.assign(element("li", {}, head, " ", body), { head, body });
}

// What is to be read out: notices that came since the page was opened.
export function freshNotices(view) {
  const fresh = knownNotices ? view.notices.filter((notice) => !knownNotices.has(notice.number)) : [];
  knownNotices = new Set(view.notices.map((notice) => notice.number));
  return fresh.map((notice) => word("newNotice", { text: notice.text }));
}

function showLink(link) {
  const lost = parentIsLost(link);
  setClass(byId("uplink"), "bad", lost);
  setHidden(byId("uplink-lost"), !lost);
  setText(byId("uplink-lost"), lost ? `⚠ ${word("parentLost")}` : "");
  setText(byId("uplink-title"), `${word("parent")} ${link.parent}`.trim());
  const paths = link.paths.length ? link.paths : [{ name: "", state: "connecting", reason: "" }];
  reconcile(byId("uplink-paths"), paths, (path) => path.name, () => element("li"), (item, path) => {
    item.dataset.state = path.state;
    setText(item, pathText(path, link));
  });
  setText(byId("uplink-waiting"), link.waiting ? word("toSend", { count: link.waiting, calls: link.waitingCalls }) : word("allSent"));
  setClass(byId("uplink-waiting"), "late", link.waitingCalls > 0);
  setText(byId("uplink-proof"), proofText(link));
}

function pathText(path, link) {
  const proof = path.lastProofMilliseconds === undefined ? word("noProof") : word("lastProof", { time: timeOfDay(path.lastProofMilliseconds) });
  const state = `${signs[path.state]} ${path.name} ${word(`path.${path.state}`)}`.replace("  ", " ");
  return [state, link.paths.length && proof, path.reason].filter(Boolean).join(" · ");
}

function proofText(link) {
  const took = link.proofTookMilliseconds === undefined ? "" : (link.proofTookMilliseconds / 1000).toFixed(1);
  const last = link.proofLastMilliseconds === undefined ? word("noDailyProof") : word("proofTook", { time: timeOfDay(link.proofLastMilliseconds), took });
  const available = link.availabilityPerMille === undefined ? "" : word("availability", { percent: (link.availabilityPerMille / 10).toFixed(1) });
  return [`${word("dailyProof")} ${last}`, available].filter(Boolean).join(" · ");
}
