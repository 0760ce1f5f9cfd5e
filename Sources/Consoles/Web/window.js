// The page of a window, and of a post behind the windows: who is called, what becomes of his matter.
import { connectAsking, send, toast } from "./asking.js";
import { ask, closeDialog, dialogIsOpen, enableDialogs, tell } from "./dialogs.js";
import { clock, duration, element, keepingFocus, reconcile, setClass, setHidden, setText, timeOfDay } from "./dom.js";
import { leaveWhenEnded, logInFirst } from "./login.js";
import { showLate } from "./late.js";
import { createMatter, isOwn, updateMatter } from "./matters.js";
import { listenToScanner } from "./scanner.js";
import { follow } from "./station.js";
import { loadWords, name, onLanguage, switchLanguage, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const key = "linli-seat";
// As long as a printer may take for a slip.
const slipMilliseconds = 15000;
// seat: "w3" for window 3, "p:mediation" for a post without a window.
const page = { seat: remembered(), post: undefined, window: undefined, started: false, helps: null, staff: {} };
let live;

function remembered() {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

// MARK: - Showing

const show = () => keepingFocus(showAll);

function showAll() {
  const state = live.liveness();
  const view = live.view;
  setClass(document.body, "lost", state === "lost");
  setClass(document.body, "not-started", !page.started);
  for (const part of [byId("desk"), byId("helps")]) part.disabled = state !== "live" || !page.started;
  enableDialogs(state === "live");
  setText(byId("link"), { live: `● ${name("health", "online")}`, lost: `✕ ${name("health", "stale")}` }[state] ?? word(state));
  setClass(byId("link"), "bad", state !== "live");
  setHidden(byId("lost-banner"), state === "live");
  setText(byId("lost-banner"), word(state === "lost" ? "windowLost" : state));
  setHidden(byId("start"), page.started);
  setHidden(byId("change-seat"), !page.started);
  setHidden(byId("my-seat"), !page.started);
  document.title = word("windowTitle");
  if (!view) return;
  setText(byId("site"), view.site);
  setHidden(byId("record-banner"), view.recorded);
  setHidden(byId("parent-banner"), view.parentLostMilliseconds === undefined);
  if (view.parentLostMilliseconds !== undefined) setText(byId("parent-banner"), word("parentLost", { time: timeOfDay(view.parentLostMilliseconds) }));
  showSeats(view);
  if (!page.started) return;
  setText(byId("my-seat"), seatName(view));
  showHelps(view);
  showCurrent(view);
  showTickets(view);
  showLate(byId("late-section"), view, page);
  showMatters(view);
  showKiosks(view);
  showHazards(view);
}

function seats(view) {
  const windows = view.windows.filter((window) => mayBe(window.post)).map((window) => ({ id: `w${window.number}`, text: windowText(window), post: window.post, window: window.number }));
  const posts = view.posts.filter((post) => mayBe(post.id) && !view.windows.some((window) => window.post === post.id)).map((post) => ({ id: `p:${post.id}`, text: post.name, post: post.id }));
  return [...windows, ...posts];
}

const mayBe = (post) => !page.staff.posts?.length || page.staff.posts.includes(post);
const windowText = (window) => `${word("windowNumber", { number: window.number })} ${window.name}`;
const seatName = (view) => seats(view).find((seat) => seat.id === page.seat)?.text ?? page.post ?? "";

function showSeats(view) {
  reconcile(byId("seat-choices"), seats(view), (seat) => seat.id,
    (seat) => element("label", { class: "choice" }, element("input", { type: "radio", name: "seat", value: seat.id, checked: seat.id === page.seat }), element("span")),
    (label, seat) => setText(label.querySelector("span"), seat.text));
  byId("start-button").disabled = !document.querySelector("input[name=seat]:checked");
}

function showHelps(view) {
  setHidden(byId("helps"), view.helps.length === 0);
  reconcile(byId("help-list"), view.helps, (help) => help.kiosk,
    (help) => element("button", { type: "button", onclick: () => send(`/api/helps/${encodeURIComponent(help.kiosk)}/given`) }),
    (button, help) => setText(button, `${placeName(view, help.place)} · ${timeOfDay(help.sinceMilliseconds)} · ${word("helpGiven")}`));
  const fresh = page.helps ? view.helps.filter((help) => !page.helps.includes(help.kiosk)) : [];
  page.helps = view.helps.map((help) => help.kiosk);
  if (fresh.length) byId("announcements").textContent = fresh.map((help) => `${word("helpAtKiosk")} ${placeName(view, help.place)}`).join(" ");
}

const placeName = (view, id) => view.places.find((place) => place.id === id)?.name ?? id;
const serviceName = (view, id) => view.services.find((service) => service.id === id)?.name ?? id;

// MARK: - The window

function showCurrent(view) {
  setHidden(byId("seat-section"), page.window === undefined);
  if (page.window === undefined) return;
  const current = view.windows.find((window) => window.number === page.window)?.current;
  const shown = JSON.stringify([current, isOwn(view, current?.matter, page), page.window, document.documentElement.lang, view.services]);
  if (byId("current").dataset.shown === shown) return;
  byId("current").dataset.shown = shown;
  byId("current").replaceChildren(...(current ? atWindow(view, current) : [button("next", "callNext", "primary next")]));
}

function button(verb, label, classes = "", fields) {
  return element("button", { type: "button", class: `${classes} ${verb}`, onclick: () => act(verb, fields) }, word(label));
}

const act = (verb, fields) => send(`/api/windows/${page.window}/${verb}`, fields);

function atWindow(view, ticket) {
  const facts = element("div", { class: "facts" },
    element("span", { class: "tag" }, name("ticket", ticket.phase)), element("span", {}, serviceName(view, ticket.service)));
  if (ticket.priority) facts.append(element("span", { class: "tag" }, word("priority")));
  if (ticket.calls > 1) facts.append(element("span", {}, word("calledTimes", { count: ticket.calls })));
  if (ticket.matter !== undefined) facts.append(element("span", {}, word("matterNumber", { number: ticket.matter })));
  if (ticket.slip === "unknown") facts.append(element("span", { class: "tag bad" }, name("slip", "unknown")));
  const actions = element("div", { class: "actions" });
  if (ticket.phase === "called") actions.append(button("serve", "serve", "primary"), button("recall", "recall"), button("skip", "skip"));
  if (ticket.phase === "serving") {
    actions.append(button("finish", "finish", "primary"));
    if (ticket.matter === undefined) actions.append(button("open", "openMatter"));
    else if (view.sealTo !== undefined && isOwn(view, ticket.matter, page)) actions.append(element("button", { type: "button", class: "contact", onclick: () => giveContact(view) }, word("giveContact")));
    actions.append(button("park", "park"));
  }
  if (ticket.hasContact && ticket.phase === "serving") actions.append(element("button", { type: "button", class: "look", onclick: look }, word("look")));
  actions.append(
    element("button", { type: "button", class: "transfer", onclick: () => transfer(view) }, word("transfer")));
  // Who is only called may not have come: a new slip is for who stands here.
  if (ticket.phase === "serving") actions.append(element("button", { type: "button", class: "reissue", onclick: () => reissue(ticket) }, word("reissue")));
  return [element("p", { class: "big" }, ticket.number), facts, actions];
}

async function transfer(view) {
  const choices = view.services.map((service) => [service.id, service.name]);
  const values = await ask(word("transfer"), [{ name: "service", label: word("toService"), kind: "choice", choices, required: true }], word("transfer"));
  if (values) act("transfer", values);
}

// What was opened stands in the dialog and nowhere else, and goes with it.
async function look() {
  const said = await send(`/api/windows/${page.window}/look`);
  if (said?.answer !== "fields") return;
  const shown = said.fields.flatMap((fields) => Object.entries(fields).map(([kind, text]) => ({ kind: "shown", label: word(`field-${kind}`), text })));
  if (said.closed > 0) shown.push({ kind: "shown", label: "", text: word("lookClosed", { count: said.closed }) });
  shown.push({ kind: "shown", label: "", text: word("lookNote") });
  const closing = setTimeout(closeDialog, 60_000);
  await tell(word("look"), shown, word("lookDone"));
  clearTimeout(closing);
}

async function giveContact(view) {
  const fields = [
    { kind: "shown", label: "", text: word("giveContactTo", { body: view.sealTo }) },
    { name: "name", label: word("field-name"), kind: "line", limit: 40 },
    { name: "phone", label: word("field-phone"), kind: "line", limit: 24, required: true },
  ];
  const values = await ask(word("giveContact"), fields, word("seal"));
  if (values) act("contact", values);
}

// The code is shown once, to be written down or printed for the visitor, and is kept nowhere.
async function reissue(ticket) {
  if (!(await ask(`${word("reissue")} · ${ticket.number}`, [], word("reissue")))) return;
  const said = await send(`/api/tickets/${ticket.id}/reissue`);
  if (said?.slip === "printed") toast(() => word("slipPrinted"), false);
  else if (said?.code) await tell(word("newCode", { number: said.number, code: said.code }), [], word("codeNoted"));
}

// MARK: - Slips

// A hand types a slip's number, its code behind it or not.
byId("scan").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("scan-text").value.trim().toUpperCase();
  byId("scan-text").value = "";
  if (text) callSlip(text);
});

function callSlip(text) {
  const wanted = text.split("-")[0];
  const known = [...live.view.waiting, ...live.view.aside].find((ticket) => ticket.number === wanted);
  if (!known) return toast(() => word("noSuchTicket", { number: wanted }), true);
  act("call", { ticket: known.id });
}

// A scan comes whenever the slip is held out. Nobody is called by it while a question stands open, or where nobody sits.
function scanned(text) {
  if (!page.started || page.window === undefined) return toast(() => word("scanAtWindow"), true);
  if (dialogIsOpen()) return toast(() => word("scanAfterDialog"), true);
  callSlip(text);
}

// MARK: - The queue

function showTickets(view) {
  const own = view.windows.find((window) => window.number === page.window)?.services;
  const waiting = view.waiting.filter((ticket) => !own || own.includes(ticket.service));
  const aside = view.aside.filter((ticket) => !own || own.includes(ticket.service));
  const total = view.services.filter((service) => !own || own.includes(service.id)).reduce((sum, service) => sum + service.waiting, 0);
  setText(byId("waiting-count"), String(total));
  setHidden(byId("nobody"), total > 0);
  showRows(byId("tickets"), waiting, view);
  setHidden(byId("aside-section"), aside.length === 0);
  showRows(byId("aside"), aside, view);
}

function showRows(list, tickets, view) {
  reconcile(list, tickets, (ticket) => ticket.id,
    (ticket) => element("li", {}, element("b", {}, ticket.number), element("span", { class: "grow" }), element("button", { type: "button", class: "small-button", onclick: () => act("call", { ticket: ticket.id }) })),
    (row, ticket) => {
      const waited = duration((view.asOfMilliseconds - ticket.takenMilliseconds + clock() - live.viewAt) / 1000);
      const words = [serviceName(view, ticket.service), ticket.phase === "waiting" ? word("waited", { time: waited }) : name("ticket", ticket.phase)];
      if (ticket.priority) words.push(word("priority"));
      // A printer takes its seconds: who has waited longer may stand there without a slip.
      if (ticket.slip === "unknown" && view.asOfMilliseconds - ticket.takenMilliseconds > slipMilliseconds) words.push(name("slip", "unknown"));
      setText(row.querySelector("span"), words.join(" · "));
      const call = row.querySelector("button");
      setText(call, word("callThis"));
      // Somebody is there: he comes first.
      setHidden(call, page.window === undefined || view.windows.some((window) => window.number === page.window && window.current));
    });
}

// MARK: - Matters and hazards

function showMatters(view) {
  const rank = (matter) => (matter.offeredTo === page.post ? 0 : matter.owner === page.post ? 1 : 2);
  const matters = view.matters.map((matter) => ({ ...matter, rank: rank(matter) })).sort((a, b) => a.rank - b.rank);
  setText(byId("matter-count"), word("lateCount", { own: matters.filter((matter) => matter.rank < 2).length, all: matters.length }));
  setHidden(byId("no-matters"), matters.length > 0);
  reconcile(byId("matters"), matters, (matter) => matter.id, createMatter, (node, matter) => updateMatter(node, matter, view, page));
}

// Who stands beside a visitor holds the terminal's time-out, until he or anybody else lets it run again.
function showKiosks(view) {
  setHidden(byId("kiosks-section"), view.kiosks.length === 0);
  reconcile(byId("kiosks"), view.kiosks, (kiosk) => kiosk.id,
    (kiosk) => element("li", {}, element("span", { class: "grow" }), element("button", { type: "button", class: "small-button", onclick: () => turnHold(kiosk.id) })),
    (row, kiosk) => {
      const isHeld = kiosk.heldSince !== undefined;
      const post = view.posts.find((post) => post.id === kiosk.heldBy)?.name ?? kiosk.heldBy;
      const name = `${placeName(view, kiosk.place)}${view.kiosks.length > 1 ? ` ${kiosk.id}` : ""}`;
      setText(row.querySelector("span"), `${name} · ${isHeld ? word("heldBy", { post, time: timeOfDay(kiosk.heldSince) }) : word("notHeld")}`);
      setText(row.querySelector("button"), word(isHeld ? "letGo" : "hold"));
      setClass(row, "held", isHeld);
    });
}

function turnHold(id) {
  const isHeld = live.view.kiosks.find((kiosk) => kiosk.id === id)?.heldSince !== undefined;
  send(`/api/kiosks/${encodeURIComponent(id)}/${isHeld ? "let-go" : "hold"}`);
}

function showHazards(view) {
  setHidden(byId("hazards-section"), view.hazards.length === 0);
  reconcile(byId("hazards"), view.hazards, (hazard) => hazard.id,
    (hazard) => element("li", {}, element("span", { class: "grow" }), element("button", { type: "button", class: "small-button", onclick: () => send(`/api/hazards/${hazard.id}/handled`) })),
    (row, hazard) => {
      const kind = view.hazardKinds.find((each) => each.id === hazard.kind)?.name ?? hazard.kind;
      setText(row.querySelector("span"), `${placeName(view, hazard.place)} · ${kind} · ${timeOfDay(hazard.atMilliseconds)}`);
      setText(row.querySelector("button"), word("hazardHandled"));
    });
}

// MARK: - Start

byId("start-form").addEventListener("change", () => (byId("start-button").disabled = false));
byId("start-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const seat = seats(live.view).find((each) => each.id === document.querySelector("input[name=seat]:checked")?.value);
  if (!seat) return;
  page.seat = seat.id;
  page.post = seat.post;
  page.window = seat.window;
  try {
    localStorage.setItem(key, page.seat);
  } catch {
    // Private mode: asked again next time.
  }
  page.started = true;
  show();
  (document.querySelector("#current button") ?? byId("matters-title")).focus();
});
byId("change-seat").addEventListener("click", () => {
  page.started = false;
  show();
  document.querySelector("input[name=seat]:checked")?.focus();
});
byId("language").addEventListener("click", switchLanguage);

await loadWords();
page.staff = await logInFirst();
live = follow(show, leaveWhenEnded);
connectAsking(page, () => live.liveness());
listenToScanner(scanned);
onLanguage(show);
show();
setInterval(() => page.started && live.view && showTickets(live.view), 5000);
