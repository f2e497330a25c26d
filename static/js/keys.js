// Single keys click the visible control: there is nothing a key can do that a pointer cannot.
// Markup says which: data-key="a" on a control, data-go="q" on a link of the rail. Lists are moved by worklist.js.

const TYPING = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";
const CHORD_MS = 1500; // how long G waits for its second key

const html = document.documentElement;
const tell = (name, detail = {}) => document.dispatchEvent(new CustomEvent(`handoff:${name}`, { detail }));
const visible = (element) => element?.checkVisibility() ?? false;
/** A field that has just been closed with its dialog keeps the focus until the next frame: nobody types there. */
const typesIn = (element) => element.matches?.(TYPING) && visible(element);

/** Where a key looks for its control, nearest to the work first. */
function scopes(key) {
  const dialog = document.querySelector("dialog[open]");
  if (dialog) return [dialog];
  const near = [".decide", "#worklist :is(.row, .mrow, .brow)[aria-current=true]", "#peek", "body"];
  return (key === "z" ? ["#toasts", ...near] : near).flatMap((selector) => document.querySelector(selector) ?? []);
}

function control(key) {
  for (const scope of scopes(key)) {
    const found = [...scope.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter((element) => {
      if (element.disabled) return false;
      // A row's buttons show on hover or focus only; those of the current row count as shown.
      return visible(element) || element.closest("[aria-current=true]") || visible(element.closest("details")?.querySelector("summary"));
    });
    if (found.length) return scope.id === "toasts" ? found.at(-1) : found[0];
  }
  return null;
}

function press(element, key) {
  const fold = element.closest("details");
  if (element.matches("summary")) {
    fold.open = true;
    fold.querySelector("button, select, input:not([type=hidden])")?.focus();
    return;
  }
  if (fold) fold.open = true;
  if (element.type === "radio" && !/\d/.test(key)) {
    // A letter leads to the group and leaves the choice to arrows or a click.
    (element.form?.querySelector(`[name="${element.name}"]:checked`) ?? element).focus();
    return;
  }
  if (element.matches("input[type=search], input[type=text]")) {
    element.focus();
    element.select();
    return;
  }
  element.click();
  if (element.type === "radio") element.focus();
}

// R, 1, Ctrl Enter in one breath: keys that come before the form they are meant for wait for it.
const WAITS_MS = 4000;
let rejectedAt = 0;
let typed = [];

const formIsComing = () => Date.now() - rejectedAt < WAITS_MS && !document.querySelector(".decide");

function pressWaiting() {
  if (!typed.length || !document.querySelector(".decide")) return;
  for (const key of typed) {
    const found = key === "Enter" ? null : control(key);
    if (found) press(found, key);
    else if (key === "Enter") sendOff(document.querySelector(".decide"));
  }
  typed = [];
}

for (const name of ["handoff:drawn", "htmx:after:settle"]) document.addEventListener(name, pressWaiting);

// A, Z in one breath: an undo waits for the verdict that is under way, and takes back no other.
let deciding = null;
let undoing = false;

document.addEventListener(
  "submit",
  (event) => {
    if (event.target.matches("[data-row], [data-returns]")) deciding = event.target;
  },
  true,
);

document.addEventListener("htmx:finally:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (sourceElement !== deciding) return;
  deciding = null;
  if (undoing && response?.status < 400) control("z")?.click();
  undoing = false;
});

let chord = 0;

function go(key) {
  chord = 0;
  document.querySelector(`[data-go="${CSS.escape(key)}"]`)?.click();
}

/** Ctrl Enter: the form one is in, else the one that waits to be sent. */
function send(event) {
  const found = event.target.closest?.("form") ?? [...document.querySelectorAll("form[data-sends]")].find(visible);
  if (!found && !formIsComing()) return;
  event.preventDefault();
  if (found) sendOff(found);
  else typed.push("Enter");
}

/** As if its button were pressed, which is busy from then on. */
function sendOff(form) {
  form.requestSubmit(form.querySelector("button:not([type=button])"));
}

function leave(event) {
  if (document.querySelector("dialog[open], [popover]:popover-open:not(#side)")) return; // the browser closes these
  const open = [".decide", "#peek"].map((selector) => document.querySelector(`${selector} [data-close]`)).find(visible);
  const typing = typesIn(event.target);
  if (typing && !event.target.closest(".decide")) event.target.blur();
  else if (open) open.click();
  else tell("clear");
}

const NAMED = {
  "?": () => document.getElementById("keys")?.showModal(),
  "/": () => {
    const search = control("/") ?? [...document.querySelectorAll("input[type=search]")].find(visible);
    if (!search) document.querySelector("[popovertarget=filter]")?.click();
    (search ?? document.querySelector("#filter :is(select, input:not([type=hidden]))"))?.focus();
  },
};

// The palette asks what can be pressed here, and has it pressed.
document.addEventListener("handoff:can-press", ({ detail }) => {
  detail.found = Boolean(control(detail.key) || (detail.key !== "/" && NAMED[detail.key]) || (detail.key === "/" && document.getElementById("filter")));
});
document.addEventListener("handoff:press", ({ detail }) => {
  const found = NAMED[detail.key] ? null : control(detail.key);
  if (found) press(found, detail.key);
  else NAMED[detail.key]?.();
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    if (document.querySelector("dialog[open]")) return;
    event.preventDefault();
    return tell("palette");
  }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return send(event);
  if (event.key === "Escape") {
    typed = [];
    return leave(event);
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typesIn(event.target)) return;

  const list = document.getElementById("worklist");
  const onRow = event.target === document.body || event.target.id === "main" || event.target.matches?.("[data-row-link]");
  if (list && !document.querySelector("dialog[open]")) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && onRow) {
      event.preventDefault();
      return tell("move", { by });
    }
    if ((event.key === "Enter" || event.key === " ") && onRow) {
      event.preventDefault();
      return tell(event.key === "Enter" ? "open" : "preview");
    }
  }

  if (html.dataset.keys === "off" || event.key.length !== 1 || event.key === " ") return;
  const key = event.key.toLowerCase();
  if (event.repeat && !["j", "k"].includes(key)) return; // a held A must not accept the whole list
  if (Date.now() - chord < CHORD_MS) {
    event.preventDefault();
    return go(key);
  }
  if (key === "g") {
    chord = Date.now();
    return;
  }
  const by = { j: 1, k: -1 }[key];
  if (by && list && !document.querySelector("dialog[open]")) {
    event.preventDefault();
    typed = [];
    return tell("move", { by, extend: event.shiftKey });
  }
  if (key === "z" && deciding) {
    event.preventDefault();
    undoing = true;
    return;
  }
  let found = NAMED[key] ? null : control(key);
  if (!found && key === "m" && list) {
    tell("choose"); // nobody is chosen: it is about the row one is on
    found = control(key);
  }
  if (key === "r" || key === "s") {
    rejectedAt = Date.now();
    typed = [];
  } else if (/\d/.test(key) && !found && formIsComing()) typed.push(key);
  if (!NAMED[key] && !found) return;
  event.preventDefault();
  if (found) press(found, key);
  else NAMED[key]();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (opener?.dataset.opens === "palette" && plain) {
    event.preventDefault(); // without scripts it is a link to the search
    tell("palette");
  } else if (opener && opener.dataset.opens !== "palette") document.getElementById(opener.dataset.opens)?.showModal();
  const dialog = event.target.closest("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) dialog.close();
});
