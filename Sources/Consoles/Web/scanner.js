// A scanner of slips is a keyboard: it types what stands on the slip, and Enter, wherever the focus happens to be. What it types finds the number
// that was scanned, and never presses the key that has the focus.

// As it stands in the slip's code: the number, and behind it the visitor's code or not. Whatever came before it was not the scanner's.
const slip = /([A-Z]\d{3,5})(-\d{4})?$/i;
const takes = /^[A-Z0-9-]$/i;
// Milliseconds. Scanners send a character every 1 to 30; nobody's hand types four in a row as fast as this.
const scannerGap = 60;
const fewest = 4;
// What was typed so long ago belongs to nothing any more.
const forgetAfter = 10_000;
const longest = 40;
const tail = 500;

// scanned(text): a scan is over; what it typed stands in no field.
export function listenToScanner(scanned) {
  let typed = "";
  let quick = 0;
  let at = 0;
  let field = null;
  let before = "";
  let overAt = -tail;

  function forget() {
    typed = "";
    quick = 0;
    field = null;
  }

  function take(event) {
    const passed = event.timeStamp - at;
    if (passed > forgetAfter || event.target !== field) forget();
    if (typed === "" || passed > scannerGap) {
      quick = 0;
      before = event.target.value;
    }
    field = event.target;
    typed = (typed + event.key).slice(-longest);
    quick += 1;
    at = event.timeStamp;
  }

  // Some scanners end a line twice.
  const isTail = (event) => event.timeStamp - overAt < tail;

  function end(event) {
    const isQuick = quick >= fewest;
    const found = typed.match(slip);
    const text = isQuick ? typed.slice(-quick) : (found?.[0] ?? "");
    // What a hand types into a field is meant for that field.
    const isInField = isField(event.target);
    const isScan = event.timeStamp - at < forgetAfter && (isInField ? isQuick && slip.test(text) : isQuick || found);
    forget();
    if (!isScan && !isTail(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!isScan) return;
    overAt = event.timeStamp;
    if (isInField) event.target.value = before;
    scanned((text.match(slip)?.[0] ?? text).toUpperCase());
  }

  addEventListener("keydown", (event) => {
    if (event.key === "Shift" || event.key === "CapsLock") return;
    if (event.ctrlKey || event.altKey || event.metaKey || (event.repeat && event.key !== "Enter")) return forget();
    if (event.key === "Enter") return end(event);
    if (takes.test(event.key)) return take(event);
    forget();
  }, true);
  addEventListener("pointerdown", forget, true);
}

const isField = (node) => node instanceof HTMLElement && node.matches("input:not([type=radio], [type=checkbox]), textarea, select");
