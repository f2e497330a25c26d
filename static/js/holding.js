// A lead that nobody has is held while its page or preview is open: a sign of life now and then, and a word on
// leaving. Without this file the hold runs out by itself.

const RENEW_MS = 4 * 60_000; // a lease is at least a minute, and a quarter of an hour as it comes

let held = null;

const token = () => JSON.parse(document.body.getAttribute("hx-headers:inherited") ?? "{}")["X-CSRFToken"] ?? "";

function say(url) {
  const form = new FormData();
  form.set("csrfmiddlewaretoken", token());
  form.set("quietly", "1");
  return form && { url, form };
}

function letGo() {
  if (!held) return;
  const { url, form } = say(held);
  held = null;
  navigator.sendBeacon(url, form);
}

/** Whichever lead the page shows now; the one it showed before is let go of. */
function look() {
  const place = document.querySelector("[data-holds]");
  const url = place?.dataset.letsGo ?? null;
  // The form of a verdict hides the words about the hold, not the hold.
  if (!url && document.querySelector("#peek .decide")) return;
  if (held && held !== url) letGo();
  held = url;
}

setInterval(() => {
  const place = document.querySelector("[data-holds]");
  if (!place || document.hidden) return;
  const { url, form } = say(place.dataset.holds);
  fetch(url, { method: "POST", body: form }).catch(() => {});
}, RENEW_MS);

for (const name of ["handoff:drawn", "htmx:after:settle"]) document.addEventListener(name, look);
// A link or a form that comes back to this page keeps the hold: a word on leaving might arrive after the page.
let staying = false;

addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  staying = Boolean(link) && !event.defaultPrevented && link.host === location.host && link.pathname === location.pathname;
});
addEventListener("submit", (event) => {
  staying = !event.defaultPrevented && event.target.elements.next?.value.split(/[?#]/)[0] === location.pathname;
});
addEventListener("pagehide", () => {
  if (!staying) letGo();
  staying = false;
});
addEventListener("pageshow", look);
look();
