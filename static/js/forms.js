// Forms and what answers them: toasts, focus on errors and new forms, the reject date, saving as one goes.

const TOAST_MS = 8_000;
const TOASTS = 3;

const toasts = document.getElementById("toasts");

// Toasts: eight seconds, longer while somebody is on them.

function time(toast) {
  let left = setTimeout(() => toast.remove(), TOAST_MS);
  const stay = () => clearTimeout(left);
  const leave = () => {
    clearTimeout(left);
    left = setTimeout(() => toast.remove(), TOAST_MS);
  };
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, stay);
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, leave);
}

function tidyToasts() {
  const shown = [...(toasts?.children ?? [])];
  shown.slice(0, -TOASTS).forEach((toast) => toast.remove());
  for (const toast of shown) {
    if (toast.dataset.timed) continue;
    toast.dataset.timed = "yes";
    time(toast);
  }
}

// An undo that was used is gone: Z goes on to the verdict before it.
document.addEventListener("htmx:after:swap", (event) => event.detail.ctx.sourceElement?.closest?.("[data-toast]")?.remove());

/** `link`: where to go on, in another tab, so that this one keeps what was typed. */
function complain(text, link = null) {
  const template = document.getElementById("toast-error");
  if (!template || !toasts || toasts.lastElementChild?.querySelector("span")?.textContent === text) return;
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.querySelector("span").textContent = text;
  if (link) toast.append(Object.assign(document.createElement("a"), { className: "btn", target: "_blank", href: link.url, textContent: link.text }));
  toasts.append(toast);
}

if (toasts) {
  new MutationObserver(tidyToasts).observe(toasts, { childList: true });
  tidyToasts();
}

// What came into the page

function drawn(root) {
  const form = root.matches?.("#reject") ? root : root.querySelector?.("#reject");
  const focus = root.matches?.("[data-focus]") ? root : root.querySelector?.("[data-focus]");
  if (focus?.closest("[data-still]") ?? form?.closest("[data-still]")) return; // the gallery only shows them
  if (focus) focus.focus();
  else if (form) (form.querySelector("[name=reason]:checked") ?? form.querySelector("[name=reason]"))?.focus();
}

document.addEventListener("htmx:after:settle", (event) => drawn(event.detail.task?.target ?? event.target));
document.addEventListener("handoff:drawn", (event) => drawn(event.detail.element));
// Not before the browser has gone to the address's own #reject, which would take the focus back.
addEventListener("load", () => setTimeout(() => drawn(document)));

for (const form of document.querySelectorAll("form[data-reshapes]")) {
  form.querySelector("[data-reshape]").hidden = true;
  const named = form.querySelector("[data-focus-on]")?.dataset.focusOn;
  if (named) document.getElementById(named)?.focus();
}

// The return date follows the reason until somebody types one; a reason that closes the lead has none.

document.addEventListener("input", (event) => {
  if (event.target.name === "return_on") event.target.dataset.typed = "yes";
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (!form) return;
  if (event.target.name === "reason") {
    const field = form.querySelector("[data-return]");
    const date = field?.querySelector("[name=return_on]");
    const own = event.target.dataset.returnOn;
    if (!date) return;
    field.hidden = !own;
    if (!own) date.value = "";
    else if (!date.dataset.typed) date.value = own;
  }
  if (form.matches("[data-autosubmit], [data-autosave]")) form.requestSubmit();
  // What was chosen changes the form itself: its own button draws it anew.
  if (form.matches("[data-reshapes]") && event.target.matches("[data-shape]")) {
    form.requestSubmit(form.querySelector("[data-reshape]"));
  }
  if (form.matches("[data-switch]")) save(form);
});

async function save(form) {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (!answer?.ok) return complain("Not saved: the server could not be reached.");
  const on = form.querySelector("[type=checkbox]").checked;
  document.documentElement.dataset.keys = on ? "on" : "off";
}

// Sending: a button pressed once is busy until the answer is there, and what went wrong is said.

// In the capture phase, before htmx hears of it.
document.addEventListener(
  "submit",
  (event) => {
    const button = event.submitter;
    if (!button || event.target.method !== "post") return;
    if (button.getAttribute("aria-busy") !== "true") return button.setAttribute("aria-busy", "true");
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

const rest = () => document.querySelectorAll("button[aria-busy=true]").forEach((each) => each.removeAttribute("aria-busy"));
document.addEventListener("htmx:finally:request", rest);
addEventListener("pageshow", rest);

document.addEventListener("htmx:after:request", (event) => {
  const answer = event.detail.ctx.response.raw;
  if (answer?.redirected && new URL(answer.url).pathname.startsWith("/accounts/")) {
    event.preventDefault(); // signed out meanwhile: the whole page asks for the password, and then has what was sent
    if (event.detail.ctx.request?.method === "POST") location.assign(answer.url);
    else location.reload();
  }
});

document.addEventListener("htmx:response:error", (event) => {
  const { status } = event.detail.ctx.response;
  if (status === 403) complain("Not allowed. Perhaps you were signed out; load the page again.");
  else if (status === 404) complain("This is no longer here. Load the page again to see what changed.");
  else if (status >= 500) complain("Something went wrong on our side. Nothing was changed; please try again.");
});

const unreachable = () => complain("Could not reach the server. Nothing was changed; what you typed is kept.");
document.addEventListener("htmx:error", (event) => {
  if (event.detail.error?.name !== "AbortError" && event.detail.ctx?.request?.method !== "GET") unreachable();
});
document.addEventListener("handoff:unreachable", unreachable);
document.addEventListener("handoff:trouble", (event) => complain(event.detail.text, event.detail.link));

// A long form is not left by accident with what is not saved. Whatever sends it keeps what was typed.

for (const form of document.querySelectorAll("form[data-keeps]")) {
  const said = () => new URLSearchParams(new FormData(form)).toString();
  let clean = null;
  // The browser fills in again what stood there before it went back: that is what the page began with, too.
  addEventListener("pageshow", () => setTimeout(() => (clean = form.hasAttribute("data-unsaved") ? "" : said())));
  form.addEventListener("submit", () => (clean = null));
  addEventListener("beforeunload", (event) => {
    if (clean !== null && clean !== said()) event.preventDefault();
  });
}

// Copying: the button needs scripts and shows once they run; the text can be selected without.

for (const each of document.querySelectorAll("[data-needs-scripts]")) each.hidden = false;
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copies);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source); // not allowed here: Ctrl C takes it
    button.textContent = "Selected: press Ctrl C";
  }
});
