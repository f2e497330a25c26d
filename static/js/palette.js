// Ctrl K: jump to a lead, a company or a page, or do something. The server finds; this shows and chooses.
// Without this file the entry in the rail is a link to the same search as a page.

const PAUSE_MS = 80; // between two letters
const VERBS = ["a", "r", "s", "l", "z", "x", "/", "?"];

const palette = document.getElementById("palette");
const input = palette?.querySelector("input");
const results = palette?.querySelector("[role=listbox]");
const found = palette?.querySelector("[data-found]");

let waiting = 0;
let loading = null;
let finding = null; // what was asked for last
let able = new Set(); // keys that have a control on this page
let opener = null;

const options = () => [...results.querySelectorAll("[role=option]")];
const chosen = () => results.querySelector("[aria-selected=true]");

function choose(option) {
  for (const each of options()) each.setAttribute("aria-selected", String(each === option));
  if (option) input.setAttribute("aria-activedescendant", option.id);
  else input.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = options();
  const from = all.indexOf(chosen());
  if (all.length) choose(all[(from + by + all.length) % all.length]);
}

/** Said aloud within the dialog, since what is outside of it is silent while it is open. With results it is not
 *  shown: they are. */
function say(words, many = 0) {
  found.textContent = words;
  found.classList.toggle("vh", many > 0 || !words);
  results.hidden = !many; // an empty list of options is none
  input.setAttribute("aria-expanded", String(many > 0));
}

async function find() {
  loading?.abort();
  loading = new AbortController();
  const url = `${palette.dataset.search}?q=${encodeURIComponent(input.value)}`;
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, {
      headers: { "HX-Request": "true", "HX-Target": "palette-results" },
      signal: loading.signal,
    });
    if (answer.redirected) return location.reload(); // signed out meanwhile
    if (!answer.ok) throw new Error(answer.statusText);
    results.innerHTML = await answer.text();
    for (const verb of results.querySelectorAll("[data-presses]")) {
      if (!able.has(verb.dataset.presses)) verb.remove();
    }
    for (const title of results.querySelectorAll(".pal__g")) {
      if (!title.nextElementSibling?.matches("[role=option]")) title.remove();
    }
    const all = options();
    all.forEach((option, place) => (option.id = `found-${place}`));
    if (all.length) say(`${all.length} result${all.length === 1 ? "" : "s"}`, all.length);
    else say(`Nothing found for “${input.value.trim()}”. Try fewer letters.`);
    choose(all[0]);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    results.replaceChildren(); // what was found for fewer letters is not what is asked for now
    choose(undefined);
    say("Could not reach the server. Another letter tries again.");
  } finally {
    results.removeAttribute("aria-busy");
  }
}

function ask() {
  clearTimeout(waiting);
  waiting = 0;
  finding = find();
}

function open() {
  if (!palette || palette.open) return;
  able = new Set(
    VERBS.filter((key) => {
      const detail = { key, found: false };
      document.dispatchEvent(new CustomEvent("handoff:can-press", { detail }));
      return detail.found;
    }),
  );
  opener = document.activeElement;
  document.querySelector("#side:popover-open")?.hidePopover();
  palette.showModal();
  input.value = "";
  results.replaceChildren();
  say("");
  ask();
}

document.addEventListener("handoff:palette", open);

palette?.addEventListener("close", () => opener?.focus?.({ preventScroll: true }));

input?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE_MS);
});

input?.addEventListener("keydown", async (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) {
    event.preventDefault();
    return step(by);
  }
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  event.stopPropagation();
  if (waiting) ask(); // letters and Enter in one breath: what they find, not what was there before
  await finding;
  chosen()?.click();
});

results?.addEventListener("click", (event) => {
  const verb = event.target.closest("[data-presses]");
  if (!verb) return;
  palette.close();
  document.dispatchEvent(new CustomEvent("handoff:press", { detail: { key: verb.dataset.presses } }));
});
