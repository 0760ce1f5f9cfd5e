// How a matter stands: number and code from the slip, by keys large enough for any finger; then one touch of one of three faces.
import { element } from "./dom.js";
import { failure, message } from "./kiosk-screens.js";
import { ask, conclude, kiosk, show } from "./kiosk-session.js";
import { facePicture } from "./pictures.js";
import { pick, word } from "./words.js";

const digits = [..."1234567890"];
const mostDigits = 5;
const codeDigits = 4;

const letters = () => [...new Set(kiosk.link.view.services.map((service) => service.letter))].sort();

export function askNumber() {
  const typed = { number: "", code: "" };
  show(keypad(typed, "number", {
    heading: () => word("typeNumber", { example: `${letters()[0] ?? "A"}001` }),
    rows: () => [letters(), digits],
    next: { key: "next", label: () => word("next"), act: () => show(askCode(typed)) },
    takes: (text) => new RegExp(`^[A-Z]\\d{0,${mostDigits}}$`).test(text),
    isWhole: (text) => text.length > 1,
  }));
}

const askCode = (typed) => {
  typed.code = "";
  return keypad(typed, "code", {
    heading: () => word("typeCode"),
    rows: () => [digits],
    next: { key: "look", label: () => word("look"), act: () => look(typed) },
    takes: (text) => new RegExp(`^\\d{0,${codeDigits}}$`).test(text),
    isWhole: (text) => text.length === codeDigits,
  });
};

function keypad(typed, field, pad) {
  const type = (key) => {
    const text = key === "delete" ? typed[field].slice(0, -1) : typed[field] + key;
    if (text !== "" && !pad.takes(text)) return;
    typed[field] = text;
    kiosk.draw();
  };
  const key = (label, name) => element("button", { type: "button", class: name === "delete" ? "key wide" : "key", "data-key": `key-${name}`, onclick: () => type(name) }, label);
  return {
    name: `type-${field}`,
    heading: pad.heading,
    lines: () => (field === "code" && typed.refusal ? [pick(typed.refusal)] : []),
    mark: () => typed[field],
    body: () => [element("p", { class: "typed spoken quiet" }, `${word("typed")} `, element("output", {}, typed[field] || word("nothingTyped")))],
    pad: () => [element("div", { class: "keypad", role: "group", "aria-label": word("keypad") }, ...rowsOf(pad).map((row) => element("div", {}, ...row.map((name) => key(name === "delete" ? word("delete") : name, name)))))],
    choices: () => (pad.isWhole(typed[field]) ? [{ key: pad.next.key, label: pad.next.label(), style: "main", act: pad.next.act }] : []),
    // A keyboard types as well.
    key: (event) => {
      const name = event.key === "Backspace" ? "delete" : event.key.toUpperCase();
      if (name !== "delete" && !pad.rows().flat().includes(name)) return false;
      type(name);
      return true;
    },
  };
}

// The last row ends with the key that takes one back.
function rowsOf(pad) {
  const rows = pad.rows();
  return [...rows.slice(0, -1), [...rows.at(-1), "delete"]];
}

function look(typed) {
  ask("status", { number: typed.number, code: typed.code }, (said) => {
    if (said.answer === "standing") return conclude(standing(typed, said));
    if (said.answer !== "refused") return show(failure(said));
    typed.refusal = said;
    typed.code = "";
  });
}

const standing = (typed, said) => ({
  name: "standing",
  keeps: true,
  heading: () => pick(said),
  lines: () => [`${word("standingOf", { number: said.number })} · ${said.service}`, ...(canRate(said) ? [word("rateAsk")] : [])],
  choices: () => (canRate(said) ? [3, 2, 1].map((faces) => ({
    key: `face-${faces}`, label: word(`face.${faces}`), style: "rating", picture: facePicture(faces), act: () => rate(typed, faces),
  })) : []),
});

const canRate = (said) => said.matter?.canRate === true;

function rate(typed, faces) {
  ask("rate", { number: typed.number, code: typed.code, faces }, (said) => {
    if (said.answer === "done") conclude(message("rated", () => word("rated"), () => []));
    else show(failure(said));
  });
}
