// The technician's page: every device of this site as the station knows it, what to do about it, and a re-test.
import { connectAsking, send } from "./asking.js";
import { clock, duration, element, keepingFocus, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { logInFirst } from "./login.js";
import { api, faultPlace, loadWords, name, onLanguage, pick, switchLanguage, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const askEvery = 2000;
const patience = 2500;
const lostAfter = 5000;
const key = "linli-tech-post";
const page = { post: undefined, staff: {}, view: null, answerAt: -Infinity, answerTime: null, isRefused: false };

// "connecting", "live" or "lost".
function liveness() {
  if (!page.view) return "connecting";
  return page.isRefused || clock() - page.answerAt > lostAfter ? "lost" : "live";
}

// MARK: - Showing

const show = () => keepingFocus(showAll);
let shown = "";

function showAll() {
  const state = (shown = liveness());
  document.title = word("techTitle");
  setClass(document.body, "lost", state === "lost");
  setText(byId("link"), { live: `● ${name("health", "online")}`, lost: `✕ ${name("health", "stale")}` }[state] ?? word(state));
  setClass(byId("link"), "bad", state !== "live");
  setHidden(byId("lost-banner"), state !== "lost");
  setText(byId("lost-banner"), state === "lost" ? word("techLost", { time: page.answerTime.toLocaleTimeString("zh-CN", { hour12: false }) }) : "");
  const view = page.view;
  if (!view) return;
  setText(byId("site"), view.site);
  showPosts(view);
  const isWrong = (device) => device.level !== "good" || device.faults.length > 0;
  const count = (level) => view.devices.filter((device) => device.level === level).length;
  setText(byId("summary"), word("techSummary", { all: view.devices.length, bad: count("bad"), unknown: count("unknown") }));
  const devices = byId("only-bad").checked ? view.devices.filter(isWrong) : view.devices;
  setHidden(byId("nothing-bad"), devices.length > 0);
  const kinds = [...new Set(devices.map((device) => device.kind))];
  reconcile(byId("kinds"), kinds, (kind) => kind, createKind, (section, kind) => {
    setText(section.heading, word(`kind.${kind}`));
    reconcile(section.list, devices.filter((device) => device.kind === kind), (device) => device.id, createDevice, updateDevice);
  });
  tick();
}

function createKind(kind) {
  const section = element("section", { class: "kind", "aria-labelledby": `kind-${kind}` });
  section.append((section.heading = element("h2", { id: `kind-${kind}`, tabindex: -1 })), (section.list = element("ul")));
  return section;
}

function createDevice() {
  const part = {};
  const item = element("li", { class: "device" },
    element("div", { class: "device-head" }, (part.name = element("h3")), (part.state = element("span", { class: "state" }))),
    (part.at = element("p", { class: "at" })), (part.facts = element("dl")), (part.faults = element("div")));
  item.parts = part;
  return item;
}

function updateDevice(item, device) {
  const part = item.parts;
  item.device = device;
  item.className = `device ${device.level}`;
  // What has only a card is called by where that says it is.
  const name = device.kind === "other" ? faultPlace(device.faults[0]?.key ?? "", device.name) : device.name;
  setText(part.name, name || word(`kind.${device.kind}`));
  setText(part.state, `${word(`level.${device.level}`)} ${pick(device)}`);
  setText(part.at, device.at);
  setHidden(part.at, !device.at);
  const facts = [
    ...(device.sinceMilliseconds === undefined ? [] : [{ label: word("since"), value: timeOfDay(device.sinceMilliseconds) }]),
    ...(device.heard || device.heardMilliseconds !== undefined ? [{ label: word("heard"), isHeard: true }] : []),
    ...device.facts.map((fact) => ({ ...fact, label: word(`fact.${fact.label}`) })),
  ];
  reconcile(part.facts, facts, (fact) => fact.label, () => element("div", { class: "fact" }, element("dt"), element("dd")), (row, fact) => {
    setText(row.querySelector("dt"), fact.label);
    setClass(row, "heard", fact.isHeard === true);
    row.fact = fact;
    if (!fact.isHeard && fact.ageMilliseconds === undefined) setText(row.querySelector("dd"), fact.value);
  });
  reconcile(part.faults, device.faults, (fault) => fault.key, createFault, updateFault);
}

function createFault(fault) {
  const part = {};
  const row = (label) => element("p", {}, (part[`${label}Label`] = element("b")), " ", (part[label] = element("span")));
  const node = element("div", { class: "fault" },
    element("div", { class: "fault-head" }, (part.what = element("h4")), (part.state = element("span", { class: "tag" }))),
    (part.sinceRow = row("since")), row("advice"), (part.detailRow = row("detail")),
    element("div", { class: "actions" }, (part.retest = element("button", { type: "button", onclick: () => retest(fault.key) }))));
  node.parts = part;
  return node;
}

function updateFault(node, fault) {
  const part = node.parts;
  setClass(node, "gone", !fault.present);
  for (const label of ["since", "advice", "detail"]) setText(part[`${label}Label`], word(label));
  setText(part.what, `⚠ ${pick(fault, "whatChinese", "whatEnglish")}`);
  const failed = fault.retestFailedMilliseconds && word("retestFailed", { time: timeOfDay(fault.retestFailedMilliseconds) });
  setText(part.state, fault.retesting ? word("underWay") : [failed, word(fault.present ? "stillPresent" : "causeGone")].filter(Boolean).join(" · "));
  setText(part.since, timeOfDay(fault.sinceMilliseconds));
  setText(part.advice, pick(fault, "adviceChinese", "adviceEnglish"));
  setText(part.detail, fault.detail);
  setHidden(part.detailRow, !fault.detail);
  setText(part.retest, word("retest"));
  part.retest.setAttribute("aria-label", word("retestOf", { what: pick(fault, "whatChinese", "whatEnglish") }));
  setHidden(part.retest, !mayAct());
  part.retest.disabled = fault.retesting || !page.post || liveness() !== "live";
}

// Ages go on between two answers.
function tick() {
  const ago = (milliseconds) => duration((milliseconds + clock() - page.answerAt) / 1000);
  for (const item of document.querySelectorAll(".device")) {
    const said = item.querySelector(".heard dd");
    const { heard, heardMilliseconds } = item.device;
    if (said) setText(said, heard === "never" ? word("heardNever") : word("heardAgo", { time: ago(heardMilliseconds) }));
    for (const { fact, lastChild } of item.parts.facts.children) {
      if (fact.ageMilliseconds !== undefined) setText(lastChild, word("valueAgo", { value: fact.value, time: ago(fact.ageMilliseconds) }));
    }
  }
}

// MARK: - Acting

const mayAct = () => !page.staff.guarded || page.staff.mayAct;
const mayBe = (post) => !page.staff.posts?.length || page.staff.posts.includes(post.id);

function showPosts(view) {
  setHidden(byId("as"), !mayAct());
  setHidden(byId("read-only"), mayAct());
  const posts = view.posts.filter(mayBe);
  reconcile(byId("post"), posts, (post) => post.id, (post) => element("option", { value: post.id }), (option, post) => setText(option, post.name));
  page.post = posts.find((post) => post.id === page.post)?.id ?? posts[0]?.id;
  byId("post").value = page.post ?? "";
}

async function retest(fault) {
  await send(`${api}/faults/${fault.split("/").map(encodeURIComponent).join("/")}/retest`);
  await ask();
}

// MARK: - Following

async function ask() {
  const asked = clock();
  try {
    const answer = await fetch(`${api}/devices`, { signal: AbortSignal.timeout(patience) });
    // Logged out meanwhile, or the right was taken away: nothing stays on the screen.
    if (answer.status === 401 || answer.status === 403) return location.reload();
    page.isRefused = !answer.ok;
    if (answer.ok) [page.view, page.answerAt, page.answerTime] = [await answer.json(), asked, new Date()];
  } catch {
    // Asked again; meanwhile the page says how old it is.
  }
  show();
}

async function keepAsking() {
  for (;;) {
    await ask();
    await new Promise((resolve) => setTimeout(resolve, askEvery));
  }
}

try {
  page.post = localStorage.getItem(key) ?? undefined;
} catch {
  // Private mode: the first post.
}
byId("post").addEventListener("change", () => {
  page.post = byId("post").value;
  try {
    localStorage.setItem(key, page.post);
  } catch {
    // It holds for this page only.
  }
});
byId("only-bad").addEventListener("change", show);
byId("language").addEventListener("click", switchLanguage);
onLanguage(show);
connectAsking(page, liveness);
await loadWords();
page.staff = await logInFirst();
setInterval(() => (liveness() === shown ? page.view && tick() : show()), 500);
keepAsking();
