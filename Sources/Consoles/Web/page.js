// A page that is read and not worked with: drawn from the newest view, and said to be old when the station is gone.
import { setClass, setHidden, setText } from "./dom.js";
import { follow, timeText } from "./station.js";
import { loadWords, onLanguage, switchLanguage, word } from "./words.js";

const byId = (id) => document.getElementById(id);

// parts(view): the page's content. It is drawn anew only when it says something else, so that nobody loses his place.
export async function showPage(parts) {
  let link = null;
  const show = () => {
    const state = link.liveness();
    setClass(document.body, "lost", state === "lost");
    setHidden(byId("lost"), state === "live");
    setText(byId("lost"), state === "lost" ? word("lostPage", { time: timeText(link.heardTime) }) : state === "live" ? "" : word("hallConnecting"));
    if (!link.view) return;
    setText(byId("site"), link.view.site);
    const drawn = document.createElement("main");
    drawn.append(...parts(link.view));
    if (drawn.innerHTML !== byId("main").innerHTML) byId("main").replaceChildren(...drawn.childNodes);
  };
  byId("language").addEventListener("click", switchLanguage);
  onLanguage(() => link && show());
  await loadWords();
  link = follow(show);
  show();
}
