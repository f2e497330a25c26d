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
addEventListener("pagehide", letGo);
addEventListener("pageshow", look);
look();
