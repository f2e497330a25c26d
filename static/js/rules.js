// The rule page: the preview follows as one types, rows come and go without loading the page anew, and what is
// not saved is not left by accident. Without this file every button sends the form and the page comes back.

const PAUSE_MS = 150; // after the last key, before the preview is asked for
const PAST_MS = 700; // and before the slower look at the past
const TYPING_MS = 400; // between two letters with which one chooses from a list
const BUILDING = /^(add|group|remove|detail|after|change)\b/;

const form = document.getElementById("editor");
const byId = (id) => document.getElementById(id);
const editable = () => form?.hasAttribute("data-editable");

// The list stands where the open rule is.
document.querySelector(".rl [aria-current]")?.scrollIntoView({ block: "nearest" });

// Asking

const BUSY_MS = 1000; // before what is still being computed is asked for again
const BUSY = Symbol("busy");
const SENTENCES = {
  403: "You may not do this any more. What you typed is still here.",
  404: "This is no longer there. What you typed is still here; Save says what can be done with it.",
};
const OURS = "Something went wrong on our side. What you typed is still here; nothing was saved.";
const UNREACHABLE = "Could not reach the server. What you typed is still here; nothing was saved.";
const SIGNED_OUT = "You were signed out. Sign in in another tab and come back: what you typed is still here.";

const trouble = (text, link = null) => document.dispatchEvent(new CustomEvent("handoff:trouble", { detail: { text, link } }));

/** The answer as a fragment; BUSY while the last question is not answered; null when it did not come, which is
 *  said. What `body()` gives is asked anew when only the form's token was old. */
async function ask(url, body, tokenIsNew = false) {
  const answer = await fetch(url, { method: "POST", body: body(), headers: { "HX-Request": "true", "HX-Target": "editor" } }).catch(() => null);
  if (!answer) return trouble(UNREACHABLE), null;
  if (answer.redirected) {
    isSignedOut = true;
    const url = new URL(answer.url); // back to this part, in the other tab
    url.searchParams.set("next", form.elements.next.value);
    return trouble(SIGNED_OUT, { text: "Sign in", url: url.href }), null;
  }
  if (answer.status === 429) return BUSY;
  if (answer.status === 403 && !tokenIsNew && (await renew())) return ask(url, body, true);
  if (!answer.ok && answer.status !== 422 && answer.status !== 409) return trouble(SENTENCES[answer.status] ?? OURS), null;
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  return template.content;
}

// Signing in gives the browser another token: the forms of this page take it over.

const TOKEN = "csrfmiddlewaretoken";
let isSignedOut = false;

async function renew() {
  const answer = await fetch(form.elements.next.value).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = page.querySelector(`[name=${TOKEN}]`)?.value;
  if (!token) return false;
  for (const each of document.querySelectorAll(`[name=${TOKEN}]`)) each.value = token;
  return true;
}

addEventListener("focus", async () => {
  if (!isSignedOut || !(await renew())) return;
  isSignedOut = false;
  follow(0);
});

// The preview: one question at a time, and the next only when its answer is there. The server computes an
// answer that nobody waits for all the same.

let timer = 0;
let pastTimer = 0;
let typed = 0; // how often something changed, to tell answers that came too late
const running = { now: false, past: false };

function put(answer) {
  for (const piece of answer.querySelectorAll("[data-piece]")) byId(piece.dataset.piece)?.replaceChildren(...piece.childNodes);
  for (const each of byId("prev").querySelectorAll("[data-without-scripts]")) each.hidden = true;
}

function follow(pause = PAUSE_MS) {
  if (!editable()) return;
  typed += 1;
  clearTimeout(pastTimer);
  again(preview, pause);
}

function again(question, pause) {
  if (question === lookBack) pastTimer = clearTimeout(pastTimer) ?? setTimeout(lookBack, pause);
  else timer = clearTimeout(timer) ?? setTimeout(preview, pause);
}

/** Ask, unless it is being asked. `null` for an answer to what was typed before. */
async function question(kind, url, asked) {
  if (running[kind]) return null; // asks again when the answer is there
  const of = typed;
  running[kind] = true;
  const answer = await ask(url, () => new FormData(form));
  running[kind] = false;
  if (answer === BUSY) return again(asked, BUSY_MS), null;
  if (of !== typed) return again(asked, 0), null;
  return answer ?? false;
}

async function preview() {
  const panel = byId("prev");
  panel.setAttribute("aria-busy", "true");
  const answer = await question("now", form.dataset.preview, preview);
  if (answer === null) return;
  panel.removeAttribute("aria-busy");
  if (!answer) return failed(panel);
  if (answer.querySelector("[data-piece=waits]")) wait(panel, answer);
  else show(panel, answer);
  complain(answer);
}

function show(panel, answer) {
  const past = byId("past")?.cloneNode(true); // stays until the new figures are there
  put(answer);
  if (past?.querySelector("table")) byId("past")?.replaceChildren(...past.childNodes);
  const big = panel.querySelector(".big")?.textContent ?? "";
  if (byId("effect-said").textContent !== big) byId("effect-said").textContent = big;
  if (big) again(lookBack, PAST_MS - PAUSE_MS);
}

/** Nothing can be computed yet: what is shown is said to be of before, or what is missing is said. */
function wait(panel, answer) {
  const words = answer.querySelector("[data-piece=waits]");
  put(answer);
  if (!panel.querySelector(".big")) panel.replaceChildren(...words.childNodes);
  for (const each of document.querySelectorAll("[data-stale]")) each.hidden = false;
}

function failed(place) {
  for (const each of place.querySelectorAll("[data-looking]")) each.hidden = true;
  for (const each of place.querySelectorAll("[data-failed]")) each.hidden = false;
}

async function lookBack() {
  const answer = await question("past", form.dataset.past, lookBack);
  if (answer === null) return;
  if (answer) put(answer);
  else if (byId("past")) failed(byId("past"));
}

// Faults, where they are, but not in what nobody has filled in yet. Those that the server wrote go when they
// are mended, like those written here.

const touched = new Set();

function complain(answer) {
  const found = new Map([...answer.querySelectorAll("template[data-fault]")].map((it) => [it.dataset.fault, it.content.textContent]));
  for (const words of form.querySelectorAll("[data-fault-at]")) {
    const name = words.dataset.faultAt;
    if (found.has(name)) words.querySelector("span").textContent = found.get(name);
    else {
      mark(name, false);
      words.remove();
    }
  }
  for (const [name, text] of found) {
    const control = byId(`id_${name}`);
    if (!control || !touched.has(name) || byId(`err-${name}`)) continue;
    const words = document.createElement("p");
    words.className = "err";
    words.id = `err-${name}`;
    words.dataset.faultAt = name;
    words.append(Object.assign(document.createElement("span"), { textContent: text }));
    (control.closest(".where, .cond, .then, td, .field") ?? control.parentElement).append(words);
    mark(name, true);
  }
}

/** Say of a control that it is wrong, or take that back; what else describes it stays. */
function mark(name, isWrong) {
  const control = byId(`id_${name}`);
  if (!control) return;
  const others = (control.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== `err-${name}`);
  const described = [...others, ...(isWrong ? [`err-${name}`] : [])].join(" ");
  if (described) control.setAttribute("aria-describedby", described);
  else control.removeAttribute("aria-describedby");
  if (isWrong) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
}

// Building: the server says what the form looks like after a button or a choice

let building = Promise.resolve();
let shaping = 0;
let lastKey = 0;

/** A choice changes which controls there are. One made by typing is complete when the typing ends: a list that
 *  is drawn anew in between forgets the letters before. */
function shape() {
  clearTimeout(shaping);
  const wait = performance.now() - lastKey < TYPING_MS ? TYPING_MS : 0;
  shaping = setTimeout(() => rebuild("change"), wait);
}

/** One after the other: each is asked for what the form says once the one before has come. */
function rebuild(action) {
  shaping = clearTimeout(shaping) ?? 0; // whatever is asked for takes the form as it is, a new choice included
  building = building.then(() => build(action));
}

const values = () => new Map([...form.elements].filter((it) => it.name && it.type !== "radio").map((it) => [it.name, it.type === "checkbox" ? it.checked : it.value]));

async function build(action) {
  const body = () => {
    const said = new FormData(form);
    said.set("do", action);
    return said;
  };
  const sent = values();
  const answer = await ask(form.action, body);
  if (!answer || answer === BUSY) return;
  const before = document.activeElement?.id;
  // What was typed while the answer was on its way is in the form still; a removal gives others its names.
  const changed = action.startsWith("remove") ? [] : [...values()].filter(([name, value]) => sent.has(name) && sent.get(name) !== value);
  form.replaceChildren(...answer.childNodes);
  for (const [name, value] of changed) {
    const control = form.elements.namedItem(name);
    if (control instanceof HTMLElement) control.type === "checkbox" ? (control.checked = value) : (control.value = value);
  }
  ready();
  const wanted = form.querySelector("[data-focus-on]")?.dataset.focusOn ?? before;
  const next = wanted ? byId(wanted) : null; // nothing has the focus where a choice was made by voice
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "nearest" });
  follow(0);
}

function ready() {
  for (const each of document.querySelectorAll("[data-without-scripts]")) each.hidden = true;
  if (editable()) for (const each of document.querySelectorAll("[data-with-scripts]")) each.hidden = false;
}

// What is not saved

let clean = "";
const said = () => new URLSearchParams(new FormData(form)).toString();

if (form) {
  ready();
  clean = form.hasAttribute("data-unsaved") ? "" : said();

  form.addEventListener("input", (event) => {
    if (event.target.name) touched.add(event.target.name).add(event.target.id.slice("id_".length));
    follow();
  });
  form.addEventListener("change", (event) => {
    if (editable() && event.target.matches("[data-shape]")) shape();
  });
  form.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-shape]")) return;
    lastKey = performance.now();
    if (shaping) shape();
  });
  // In the capture phase: forms.js would call the button busy and wait for a page.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target !== form) return;
      const action = event.submitter?.value ?? "save";
      if (BUILDING.test(action)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        rebuild(action);
      } else clean = null;
    },
    true,
  );
  addEventListener("beforeunload", (event) => {
    if (editable() && clean !== null && clean !== said()) event.preventDefault();
  });
  // A draft that says what is live would move nobody: nobody is scored to find that out.
  if (!form.hasAttribute("data-as-live")) follow(0);
}
