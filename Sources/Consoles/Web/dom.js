// Small helpers over the DOM. Text always goes in as text, never as markup.

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// Touches the document only when something changed: screen readers and the keyboard focus are left in peace.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setClass(node, name, on) {
  if (node.classList.contains(name) !== on) node.classList.toggle(name, on);
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

// Keeps one child per item, by key, in the order of the items. What stays keeps its element, and with it the focus.
export function reconcile(container, items, keyOf, create, update) {
  const known = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let place = container.firstElementChild;
  for (const [index, item] of items.entries()) {
    const key = String(keyOf(item));
    let child = known.get(key);
    known.delete(key);
    if (!child) {
      child = create(item);
      child.dataset.key = key;
    }
    if (child === place) place = place.nextElementSibling;
    else container.insertBefore(child, place);
    update(child, item, index);
  }
  for (const gone of known.values()) gone.remove();
}

// Runs what changes the document. When that takes the element with the focus away, or disables it, the focus goes to what it stood in; when
// it only pushes it out of sight, the page follows.
export function keepingFocus(change) {
  const focused = document.activeElement ?? document.body;
  const spot = spotOf(focused);
  const seen = isInSight(focused);
  change();
  const kept = focused === document.body || (focused.isConnected && !focused.matches(":disabled") && focused.checkVisibility());
  if (!kept) focusSpot(spot);
  else if (seen && !isInSight(focused)) focused.scrollIntoView({ block: "nearest" });
}

function isInSight(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

// Where in which list an element stands; `focusSpot` goes there, or to what has taken that place, or to the heading of the section.
export function spotOf(node) {
  const item = node.closest("[data-key]");
  const list = item?.parentElement;
  return { item, list, index: list ? [...list.children].indexOf(item) : 0, heading: node.closest("section")?.querySelector("h2") };
}

export function focusSpot({ item, list, index, heading }) {
  const stand = item?.isConnected ? item : (list?.children[Math.min(index, list.children.length - 1)] ?? heading);
  stand?.focus();
}

// Milliseconds that only go forward.
export function clock() {
  return performance.now();
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

export function timeOfDay(milliseconds) {
  const then = new Date(milliseconds);
  const sameDay = then.toDateString() === new Date().toDateString();
  const time = then.toLocaleTimeString("zh-CN", { hour12: false });
  return sameDay ? time : `${then.getMonth() + 1}-${String(then.getDate()).padStart(2, "0")} ${time}`;
}
