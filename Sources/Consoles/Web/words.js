// The words of the page, all from the station. Chinese first; the other language is remembered.

// Where this page's own addresses begin: a page that shares its server with another says so.
export const api = document.documentElement.dataset.api ?? "/api";

let catalogue = {};
let language = remembered();
const listeners = [];
let noted = () => {};

function remembered() {
  try {
    return localStorage.getItem("linli-language") === "en" ? 1 : 0;
  } catch {
    return 0;
  }
}

export async function loadWords() {
  for (;;) {
    try {
      const answer = await fetch(`${api}/texts`);
      if (answer.ok) {
        catalogue = await answer.json();
        return apply();
      }
    } catch {
      // The station is not up yet: ask again.
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

// A word of the page; `{name}` in it is replaced by values.name.
export function word(key, values = {}) {
  const text = catalogue.page?.[key]?.[language] ?? key;
  const filled = text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
  noted(filled, key, text, values);
  return filled;
}

// The name of a value, for instance name("phase", "opened").
export function name(kind, value) {
  return catalogue[kind]?.[String(value)]?.[language] ?? String(value);
}

// Promised hours, as one says them.
export function timeOf(hours) {
  return hours >= 48 && hours % 24 === 0 ? word("days", { count: hours / 24 }) : word("hours", { count: hours });
}

// Picks from an object with a Chinese and an English field.
export function pick(object, chinese = "chinese", english = "english") {
  return language === 0 ? object[chinese] : object[english];
}

// What the station says in both languages, as "中文 / English", in that of the page.
export function inLanguage(text) {
  const [chinese, ...english] = text.split(" / ");
  return english.length ? pick({ chinese, english: english.join(" / ") }) : text;
}

// Where a fault is. Places, buses and panels have the names that the site gave them; of these the station says it in both languages.
const saidInBoth = /^(receiver|pages|printer|staff|wall [^:]*|output \d+):/;

export const faultPlace = (key, text) => (saidInBoth.test(key) ? inLanguage(text) : text);

// listener(text, key, template, values) is told of every word that the page takes.
export function onWord(listener) {
  noted = listener;
}

export function onLanguage(listener) {
  listeners.push(listener);
}

// For a page of which every visitor begins anew: 0 is Chinese, and nothing is remembered.
export function setLanguage(next) {
  language = next;
  if (catalogue.page) apply();
}

export function switchLanguage() {
  language = 1 - language;
  try {
    localStorage.setItem("linli-language", language === 1 ? "en" : "zh");
  } catch {
    // Private mode: it holds for this page only.
  }
  apply();
}

function apply() {
  document.documentElement.lang = language === 0 ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const listener of listeners) listener();
}
