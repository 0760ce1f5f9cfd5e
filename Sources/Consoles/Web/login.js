// Where the staff's pages ask who is there. Without any account nobody is asked.
import { element } from "./dom.js";
import { api, onLanguage, pick, word } from "./words.js";

let session = {};

// Waits until somebody is logged in who may look at this page. Gives {staff, roles, posts, mayAct}, or {} where nobody is asked.
export async function logInFirst() {
  session = await who();
  if (!session.guarded || session.mayLook) return begin();
  const refused = session.staff !== undefined;
  await new Promise((resolve) => document.body.append(form(resolve, refused)));
  session = await who();
  return begin();
}

// To be called when the stream breaks: a session that has ended leaves nothing on the screen.
export async function leaveWhenEnded() {
  if (!session.guarded) return;
  const now = await who();
  if (now.guarded && !now.mayLook) location.reload();
}

export async function logOut() {
  await fetch(`${api}/logout`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  location.reload();
}

// Where nobody is asked who he is the page says so, beside its title.
function begin() {
  if (!session.guarded) document.querySelector("header .titles")?.append(element("span", { id: "no-accounts", "data-word": "noAccounts" }, word("noAccounts")));
  const button = document.getElementById("log-out");
  if (!session.guarded || !button) return session;
  button.hidden = false;
  const name = () => (button.textContent = `${session.staff} · ${word("logOut")}`);
  name();
  onLanguage(name);
  button.addEventListener("click", logOut);
  return session;
}

async function who() {
  for (;;) {
    try {
      const answer = await fetch(`${api}/session`);
      if (answer.ok) return await answer.json();
    } catch {
      // The station is away: ask again.
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

// Asks for half a minute. Whoever lays a card down meanwhile is logged in; one that lay there before has to be lifted first.
async function waitForCard(say) {
  let ask = 0;
  say(word("layCard"));
  try {
    for (let round = 0; round < 5; round++) {
      const answer = await fetch(`${api}/login/card`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ask }),
      });
      const text = await answer.json();
      if (!answer.ok) return { text: pick(text) };
      if (text.answer === "done") return { mayLook: text.mayLook, text: word("roleMayNot") };
      ask = text.ask;
      say(word(text.lift ? "liftCard" : "layCard"));
    }
  } catch {
    return { text: word("noAnswer") };
  }
  return { text: "" };
}

function form(done, isRefused) {
  const id = element("input", { name: "id", autocomplete: "username", required: true, maxlength: 12, "aria-label": word("staffID") });
  const pin = element("input", { name: "pin", type: "password", autocomplete: "current-password", required: true, maxlength: 32, "aria-label": word("staffPIN") });
  const said = element("p", { role: "alert", class: "said" }, isRefused ? word("roleMayNot") : "");
  const button = element("button", { type: "submit", class: "primary" }, word("logIn"));
  const card = element("button", { type: "button", id: "log-in-by-card", hidden: !session.card }, word("logInByCard"));
  const made = element("form", { id: "login", "aria-labelledby": "login-title" },
    element("h2", { id: "login-title" }, word("logInTitle")), element("label", {}, word("staffID"), id), element("label", {}, word("staffPIN"), pin), said, button, card);
  // A reader may come and go while nobody is there.
  const look = async () => {
    if (!made.isConnected) return;
    const now = await who();
    if (!card.disabled) card.hidden = !now.card;
    setTimeout(look, 5000);
  };
  setTimeout(look, 5000);
  const leave = () => {
    made.remove();
    done();
  };
  card.addEventListener("click", async () => {
    card.disabled = true;
    const answer = await waitForCard((text) => (said.textContent = text));
    card.disabled = false;
    if (answer.mayLook) return leave();
    said.textContent = answer.text;
  });
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const answer = await fetch(`${api}/login`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ id: id.value, pin: pin.value }),
      });
      const text = await answer.json();
      if (answer.ok && text.mayLook) {
        return leave();
      }
      said.textContent = answer.ok ? word("roleMayNot") : pick(text);
    } catch {
      said.textContent = word("noAnswer");
    }
    pin.value = "";
    button.disabled = false;
    pin.focus();
  });
  setTimeout(() => id.focus());
  return made;
}
