// Which word of the catalogue a text on the page is: the machine's own voice is told keys and numbers, never text.

const limit = 1000;
const known = new Map();
const number = /^([A-Z]?\d{1,5}([,、]\s*[A-Z]?\d{1,5}){0,8}|\d{1,2}(:\d{2}){1,2})$/;

// template: the word before its places were filled. What holds anything but numbers is not said.
export function remember(text, key, template, values) {
  if (!text || template === key) return;
  const fields = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, String(values[name] ?? "")]);
  if (!fields.every(([, value]) => number.test(value))) return;
  learn(text, [key, ...fields.map(([name, value]) => `${name}=${value.replace(/[,、]\s*/g, ",")}`)].join(" "));
}

// A name of the site file, by its id.
export function learn(text, part) {
  known.delete(text);
  known.set(text, part);
  if (known.size > limit) known.delete(known.keys().next().value);
}

// What a visitor's numbers were is over with his visit.
export function forget() {
  known.clear();
}

// The parts of a text, in order; what is none of the catalogue's is left out.
export function partsOf(text) {
  const texts = [...known.keys()].sort((left, right) => right.length - left.length);
  const parts = [];
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const found = texts.find((one) => rest.startsWith(one));
    const digits = /[\w]/.test(text[at - 1] ?? "") ? null : rest.match(/^(\d( \d){1,5}|[A-Z]?\d{1,5})(?!\w)/);
    if (found) parts.push(known.get(found));
    else if (digits) parts.push(...digits[0].split(" ").map((digit) => `#${digit}`));
    at += found?.length ?? digits?.[0].length ?? 1;
  }
  return parts.slice(0, 120);
}
