// Questions before an action. One dialog at a time; Escape takes it back.
import { element, focusSpot, spotOf } from "./dom.js";
import { word } from "./words.js";

let open = null;

export function dialogIsOpen() {
  return open !== null;
}

export function closeDialog() {
  open?.close();
  // The browser tells of it with the next frame only: until then its words would stay in the page.
  open?.remove();
}

// While the station is lost nothing can be confirmed; what was typed stays.
export function enableDialogs(enabled) {
  if (open && !open.dataset.told) open.querySelector(".primary").disabled = !enabled;
}

// What a dialog only shows is drawn anew, with what the page knows by now.
export function followDialog() {
  open?.follow();
}

// fields: [{name, label, kind: "text" | "line" | "number" | "choice" | "shown", value, choices: [[value, text]], required}]. Gives the values,
// or null. What is only shown has a text, or pieces of one, and no name. shown(): such fields that go with the time, above the others.
export const ask = (title, fields = [], confirm = word("confirm"), shown = undefined) => put(title, fields, confirm, false, shown);

// Nothing is asked: there is one way out, also while the station is lost.
export const tell = (title, fields, over) => put(title, fields, over, true);

function put(title, fields, confirm, isTold, shown) {
  return new Promise((resolve) => {
    const spot = spotOf(document.activeElement ?? document.body);
    const form = element("form", { method: "dialog" }, element("h2", { id: "dialog-title" }, title));
    const facts = element("div", { class: "facts" });
    if (shown) form.append(facts);
    for (const field of fields) form.append(row(field));
    const cancel = element("button", { type: "button", onclick: () => dialog.close() }, word("cancel"));
    form.append(element("div", { class: "buttons" }, element("button", { type: "submit", class: "primary" }, confirm), ...(isTold ? [] : [cancel])));
    const dialog = element("dialog", { "aria-labelledby": "dialog-title", "data-told": isTold ? "yes" : undefined }, form);
    dialog.follow = () => {
      const now = element("div", { class: "facts" }, ...(shown?.() ?? []).map(row));
      if (!now.isEqualNode(facts)) facts.replaceChildren(...now.childNodes);
    };
    dialog.follow();
    let values = null;
    form.addEventListener("submit", () => (values = Object.fromEntries(new FormData(form))));
    dialog.addEventListener("close", () => {
      if (open === dialog) open = null;
      dialog.remove();
      // The browser gives the focus back without scrolling there, unless what had it is gone or disabled by now.
      if (document.activeElement === document.body) focusSpot(spot);
      else document.activeElement.scrollIntoView({ block: "nearest" });
      resolve(values);
    });
    if (form.querySelector("textarea")) form.append(element("p", { class: "small" }, word("dialogKeys")));
    document.body.append(dialog);
    open = dialog;
    dialog.showModal();
    (form.querySelector("textarea, input, select") ?? form.querySelector("button")).focus();
  });
}

function row(field) {
  if (field.kind === "shown") return element("p", { class: "shown", role: field.role }, ...(field.label ? [element("b", {}, `${field.label}: `)] : []), ...[field.text].flat());
  const common = { name: field.name, required: field.required ?? false };
  let input;
  if (field.kind === "choice") {
    input = element("select", common, ...field.choices.map(([value, text]) => element("option", { value }, text)));
  } else if (field.kind === "number") {
    input = element("input", { ...common, type: "number", min: field.min, max: field.max, step: 1, value: field.value });
  } else if (field.kind === "password") {
    input = element("input", { ...common, type: "password", maxlength: 32, autocomplete: "current-password" });
  } else if (field.kind === "line") {
    input = element("input", { ...common, type: "text", value: field.value, maxlength: field.limit, autocomplete: "off", spellcheck: "false" });
  } else {
    input = element("textarea", { ...common, rows: 3, maxlength: 500 });
    // Enter makes a new line here; with Control it confirms, and must not press what gets the focus next.
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.ctrlKey) return;
      event.preventDefault();
      input.form.requestSubmit();
    });
    input.addEventListener("input", () => input.setCustomValidity(field.required && !input.value.trim() ? field.label : ""));
  }
  return element("label", {}, element("span", {}, field.label), input);
}
