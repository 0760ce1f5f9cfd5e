// Asks the station for something by POST, and says what it answered.
import { setClass, setText } from "./dom.js";
import { onLanguage, pick, word } from "./words.js";

let page;
let liveness;

// page.post: in whose name; liveness(): "live" when the station is there.
export function connectAsking(thePage, theLiveness) {
  page = thePage;
  liveness = theLiveness;
}

// underWay: what is said when the answer comes later. refused(said): it said no, and that is told already. Gives what the station said, or null.
export async function send(path, fields = {}, underWay = "underWay", refused = () => {}) {
  if (liveness() !== "live") return toast(() => word("noAnswer"), true);
  try {
    const answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ post: page.post, ...fields }), signal: AbortSignal.timeout(12000),
    });
    const said = await answer.json();
    // The wall is so already: whoever asked has what he wants. At the desk it was another's step, with another's words.
    if (said.code === "alreadyDone" && path.startsWith("/api/wall/")) return toast(() => pick(said), false);
    if (!answer.ok) refused(said);
    if (["unrecorded", "late"].includes(said.answer) || !answer.ok) return toast(() => pick(said), true);
    if (said.answer === "done" || said.answer === "underWay") toast(() => word(said.answer === "underWay" ? underWay : said.answer), false);
    return said;
  } catch {
    return toast(() => word("noAnswer"), true);
  }
}

let toastTimer;
let say = () => {};

// text(): what it says in the language that the page has by then.
export function toast(text, isBad) {
  clearTimeout(toastTimer);
  const node = document.getElementById("toast");
  say = () => setText(node, isBad ? `⚠ ${text()}` : `✓ ${text()}`);
  say();
  setClass(node, "bad", isBad);
  node.hidden = false;
  toastTimer = setTimeout(() => (node.hidden = true), isBad ? 8000 : 3000);
  return null;
}

onLanguage(() => say());
