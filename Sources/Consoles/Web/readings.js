// The newest readings of a station below, in its card. They are no part of the view, which goes to every page after each commit: they are
// asked for while somebody looks at them.
import { clock, duration, element, reconcile, setClass, setHidden, setText } from "./dom.js";
import { name, word } from "./words.js";

const everyMilliseconds = 5000;

const stations = () => document.querySelectorAll("#stations > .station");
const address = (article) => `/api/children/${encodeURIComponent(article.dataset.key)}/readings`;

export function showReadings() {
  for (const article of stations()) {
    const part = (article.readings ??= createReadings(article));
    setText(part.summary, word("readings"));
    showAnswer(part);
  }
}

// Several times a second: ages go on, and an open list is asked for anew now and then.
export function tickReadings() {
  for (const { readings } of stations()) {
    if (!readings?.details.open) continue;
    if (clock() - readings.askedAt >= everyMilliseconds) ask(readings);
    for (const row of readings.list.children) showAge(row, readings.answerAt);
  }
}

function createReadings(article) {
  const part = { article, askedAt: -Infinity, answer: undefined };
  part.details = element("details", { class: "readings", ontoggle: tickReadings },
    (part.summary = element("summary")), (part.note = element("p")), (part.list = element("dl")));
  article.append(part.details);
  return part;
}

async function ask(part) {
  part.askedAt = clock();
  const asked = part.askedAt;
  let answer = null;
  try {
    const reply = await fetch(address(part.article));
    if (reply.ok) answer = (await reply.json()).readings;
  } catch {
    // The station is lost: the page says so by itself, and claims no values.
  }
  if (asked !== part.askedAt) return;
  // As old as when it was asked: what the answer took is not forgotten.
  part.answerAt = asked;
  part.answer = answer;
  showAnswer(part);
}

function showAnswer(part) {
  const { answer } = part;
  setHidden(part.note, answer === undefined || answer?.length > 0);
  setText(part.note, word(answer ? "noReading" : "readingsUnknown"));
  reconcile(part.list, answer ?? [], (item) => `${item.device} ${item.quantity}`, createRow, (row, item) => {
    row.item = item;
    setText(row.label, `${item.device} ${name("quantity", item.quantity)}`);
    setText(row.value, valueText(item));
    showAge(row, part.answerAt);
  });
}

function createRow() {
  const row = element("div", { class: "fact" });
  row.label = element("dt");
  row.value = element("b");
  row.age = element("span", { class: "small" });
  row.append(row.label, element("dd", {}, row.value, " ", row.age));
  return row;
}

function showAge(row, answerAt) {
  const age = row.item.ageMilliseconds + clock() - answerAt;
  const stale = age > row.item.timeToLiveMilliseconds;
  setClass(row, "stale", stale);
  setText(row.age, `${stale ? "⚠ " : ""}${word(stale ? "readingStale" : "readingAge", { time: duration(age / 1000) })}`);
}

function valueText({ value, unit }) {
  switch (unit) {
    case "mV": return `${(value / 1000).toFixed(2)} V`;
    case "dCel": return `${(value / 10).toFixed(1)} °C`;
    case "us": return `${(value / 1000).toFixed(1)} ms`;
    case "[ppth]": return `${value} ‰`;
    case "s": return duration(value);
    default: return `${value} ${unit}`;
  }
}
