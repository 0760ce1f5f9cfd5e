// The screens that lead somewhere: idle, three choices, the three questions (前台分流), services, hazards, what is kept.
import { element } from "./dom.js";
import { cardConsent, hasReader } from "./kiosk-card.js";
import { callForHelp, askForStaff } from "./kiosk-help.js";
import { ask, conclude, kiosk, show, wipe } from "./kiosk-session.js";
import { askNumber } from "./kiosk-status.js";
import { takeTicket } from "./kiosk-ticket.js";
import { keptRows, keptTable } from "./kept-table.js";
import { pick, timeOf, word } from "./words.js";

const view = () => kiosk.link.view;
const services = (kind) => view().services.filter((service) => service.kind === kind);

export const idle = () => ({
  name: "idle",
  heading: () => word("welcome"),
  lines: () => [word("noCardNeeded")],
  choices: () => [{ key: "touch", label: word("touchMe"), style: "start", act: () => show(home()) }],
  after: keptLink,
});

function keptLink() {
  return [element("button", { type: "button", class: "link", id: "kept-link", onclick: () => show(kept()) }, word("keptLink"))];
}

export const home = () => ({
  name: "home",
  heading: () => word("whatFor"),
  choices: () => [
    { key: "help", label: word("help"), note: word("helpNote"), style: "danger", act: () => show(whichHelp()) },
    { key: "business", label: word("business"), note: word("businessNote"), act: () => show(whichBusiness()) },
    { key: "report", label: word("report"), note: word("reportNote"), act: () => show(whichHazard()) },
  ],
  after: keptLink,
});

// In place of any screen that needs the station while there is none. What had been begun comes back with it.
export const lost = () => ({
  name: "lost",
  heading: () => word(`${kiosk.link.liveness()}Long`),
  lines: () => [word("lostWhatToDo")],
  choices: () => [{ key: "help", label: word("help"), style: "danger", act: () => callForHelp() }],
});

// MARK: - Three questions

const whichHelp = () => ({
  name: "which-help",
  heading: () => word("whichHelp"),
  choices: () => [
    { key: "danger", label: word("dangerYes"), style: "danger", act: () => callForHelp() },
    { key: "dispute", label: word("dangerDispute"), act: () => showServices("dispute") },
    { key: "unsure", label: word("dangerUnsure"), act: () => askForStaff() },
  ],
});

const whichBusiness = () => ({
  name: "which-business",
  heading: () => word("whichBusiness"),
  choices: () => [
    { key: "dispute", label: word("dispute"), act: () => showServices("dispute") },
    { key: "service", label: word("oneService"), act: () => showServices("service") },
    { key: "mine", label: word("myNumber"), act: () => askNumber() },
  ],
});

function showServices(kind) {
  const all = services(kind);
  // One is no choice.
  show(all.length === 1 ? whatToBring(all[0].id) : whichService(kind));
}

const whichService = (kind) => ({
  name: "which-service",
  heading: () => word(services(kind).length === 0 ? "noServices" : kind === "dispute" ? "whichDispute" : "whichService"),
  choices: () => services(kind).map((service) => ({
    key: service.id, label: service.name, note: word("waitingNow", { count: service.waiting }), act: () => show(whatToBring(service.id)),
  })),
});

const whatToBring = (id) => {
  const service = () => view().services.find((service) => service.id === id);
  return {
    name: "bring",
    heading: () => service()?.name ?? word("noServices"),
    lines: () => (service() ? [word("waitingNow", { count: service().waiting }), windowsText("atWindows", id), word("promise", { time: timeOf(service().limitHours) })] : []),
    mark: () => service()?.bring,
    body: () => (service() ? [bringList(service().bring)] : []),
    choices: () => (service() ? [
      { key: "take", label: word("takeNumber"), style: "main", act: () => takeTicket(id, false) },
      { key: "priority", label: word("takePriority"), note: word("priorityNote"), act: () => takeTicket(id, true) },
      ...(hasReader() ? [{ key: "card", label: word("takeWithCard"), note: word("takeWithCardNote"), act: () => show(cardConsent(id)) }] : []),
    ] : []),
  };
};

function bringList(things) {
  if (!things.length) return element("p", { class: "spoken" }, word("bringNothing"));
  return element("div", { class: "bring" }, element("h2", { class: "spoken" }, word("bring")), element("ul", {}, ...things.map((thing) => element("li", { class: "spoken" }, thing))));
}

export function windowsText(key, service) {
  const numbers = view().windows.filter((window) => window.services.includes(service)).map((window) => window.number);
  return word(key, { windows: numbers.join(word("listComma")) });
}

// MARK: - Hazards: a thing, a place, and nobody

const whichHazard = () => ({
  name: "which-hazard",
  heading: () => word(view().hazardKinds.length ? "whichHazard" : "noHazards"),
  lines: () => [word("aboutThings")],
  choices: () => view().hazardKinds.map((kind) => ({ key: kind.id, label: kind.name, act: () => show(whichPlace(kind)) })),
});

const whichPlace = (kind) => ({
  name: "which-place",
  heading: () => word("whichPlace"),
  lines: () => [kind.name],
  choices: () => view().places.map((place) => ({ key: place.id, label: place.name, act: () => report(kind, place) })),
});

function report(kind, place) {
  ask("hazard", { kind: kind.id, place: place.id }, (said) => {
    if (said.answer !== "done") return show(failure(said));
    conclude(message("hazard-thanks", () => word("hazardThanks"), () => [word("hazardNoted", { kind: kind.name, place: place.name })]));
  });
}

// MARK: - What was said, and how to go on

export const message = (name, heading, lines) => ({
  name, heading, lines, keeps: true,
  choices: () => [{ key: "start", label: word("toStart"), act: wipe }],
});

// What the station refused with its reason; what did not get there, or perhaps not.
export const failure = (said) => ({
  name: "failure",
  heading: () => word(kiosk.visit.wasCut && ["undelivered", "uncertain"].includes(said.answer) ? "cutOff" : "didNotWork"),
  lines: () => [{ undelivered: word("notDelivered"), uncertain: word("uncertain") }[said.answer] ?? pick(said)],
  choices: () => [],
  keeps: true,
});

const kept = () => ({
  name: "kept",
  heading: () => word("keptTitle"),
  mark: () => keptRows(view()),
  body: () => keptTable(view()),
});
