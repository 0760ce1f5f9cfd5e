// The notice board (信息公开): what is done here, what to bring, how it goes, what is promised, who has signed it off. Of hazards the numbers only.
import { element } from "./dom.js";
import { turnPage } from "./notice-scroll.js";
import { showPage } from "./page.js";
import { timeOf, word } from "./words.js";

setInterval(turnPage, 200);
showPage((view) => [
  element("p", { class: "signed" }, view.signedOff ? word("signedOff", view.signedOff) : word("notSignedOff")),
  element("h2", {}, word("servicesTitle")),
  element("div", { class: "services" }, ...view.services.map((service) => article(service, view.windows))),
  element("h2", {}, word("hazardsTitle")),
  element("ul", { class: "counts" }, ...[["hazardsReported", view.counts.hazards], ["hazardsHandled", view.counts.hazardsHandled], ["hazardsOpen", view.kept.hazards]]
    .map(([key, count]) => element("li", { id: key }, word(key, { count })))),
  element("p", { class: "contact" }, element("b", {}, `${word("contactTitle")}: `), view.kept.contact || word("noContact")),
]);

function article(service, windows) {
  const at = windows.filter((window) => window.services.includes(service.id)).map((window) => word("windowNumber", { window: window.number }));
  const rows = [
    ["bringTitle", service.bring.length ? list(service.bring) : word("nothingListed")],
    ...(service.flow.length ? [["flowTitle", list(service.flow, "ol")]] : []), ...(service.duties.length ? [["dutiesTitle", list(service.duties)]] : []),
    ["limitTitle", timeOf(service.limitHours).trim()], ["windowsTitle", at.join(word("listComma"))],
  ];
  return element("article", { "data-service": service.id }, element("h3", {}, service.name),
    element("dl", {}, ...rows.flatMap(([key, value]) => [element("dt", {}, word(key)), element("dd", { class: key }, value)])));
}

function list(items, tag = "ul") {
  return element(tag, {}, ...items.map((item) => element("li", {}, item)));
}
