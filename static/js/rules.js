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

/** The answer as a fragment; null when it did not come. `said` is called with what went wrong. */
async function ask(url, body, signal) {
  try {
    const answer = await fetch(url, { method: "POST", body, signal, headers: { "HX-Request": "true", "HX-Target": "editor" } });
    if (answer.redirected) return location.reload(), null; // signed out meanwhile
    if (!answer.ok && answer.status !== 422) throw new Error(answer.statusText);
    const template = document.createElement("template");
    template.innerHTML = await answer.text();
    return template.content;
  } catch (problem) {
    if (problem.name !== "AbortError") document.dispatchEvent(new CustomEvent("handoff:unreachable"));
    return null;
  }
}

// The preview

let timer = 0;
let pastTimer = 0;
let asking = null;
let askingPast = null;

function put(answer) {
  for (const piece of answer.querySelectorAll("[data-piece]")) byId(piece.dataset.piece)?.replaceChildren(...piece.childNodes);
}

function follow(pause = PAUSE_MS) {
  if (!editable()) return;
  clearTimeout(timer);
  clearTimeout(pastTimer);
  asking?.abort();
  askingPast?.abort();
  timer = setTimeout(preview, pause);
}

async function preview() {
  const panel = byId("prev");
  asking = new AbortController();
  panel.setAttribute("aria-busy", "true");
  const mine = asking;
  const answer = await ask(form.dataset.preview, new FormData(form), mine.signal);
  if (mine !== asking) return;
  panel.removeAttribute("aria-busy");
  if (!answer) return;
  const past = byId("past")?.cloneNode(true); // stays until the new figures are there
  put(answer);
  if (past?.querySelector("table")) byId("past")?.replaceChildren(...past.childNodes);
  complain(answer);
  if (answer.querySelector("[data-piece=prev]")) pastTimer = setTimeout(lookBack, PAST_MS - PAUSE_MS);
}

async function lookBack() {
  askingPast = new AbortController();
  const answer = await ask(form.dataset.past, new FormData(form), askingPast.signal);
  if (answer) put(answer);
}

// Faults, where they are, but not in what nobody has filled in yet

const touched = new Set();

function complain(answer) {
  for (const old of form.querySelectorAll(".err[data-live]")) old.remove();
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  for (const fault of answer.querySelectorAll("template[data-fault]")) {
    const name = fault.dataset.fault;
    const control = byId(`id_${name}`);
    if (!control || !touched.has(name)) continue;
    const words = document.createElement("p");
    words.className = "err";
    words.id = `live-${name}`;
    words.dataset.live = "";
    words.textContent = fault.content.textContent;
    (control.closest(".cond, .then, .where, .edit__t") ?? control).append(words);
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", words.id);
  }
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
  const body = new FormData(form);
  body.set("do", action);
  const sent = values();
  const answer = await ask(form.action, body);
  if (!answer) return;
  const before = document.activeElement?.id;
  // What was typed while the answer was on its way is in the form still; a removal gives others its names.
  const typed = action.startsWith("remove") ? [] : [...values()].filter(([name, value]) => sent.has(name) && sent.get(name) !== value);
  form.replaceChildren(...answer.childNodes);
  for (const [name, value] of typed) {
    const control = form.elements.namedItem(name);
    if (control instanceof HTMLElement) control.type === "checkbox" ? (control.checked = value) : (control.value = value);
  }
  ready();
  const wanted = form.querySelector("[data-focus-on]")?.dataset.focusOn ?? before;
  const next = wanted && byId(wanted);
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
    if (event.target.name) touched.add(event.target.name);
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
  follow(0);
}
