// The list: which row is current, its preview, and where focus goes after a verdict.
// Rows are real links and forms; without this file they still open and decide.

const ROWS = "#worklist :is(.row, .mrow, .brow)[id]";
const PREVIEW_PAUSE_MS = 120; // so that holding J does not load every lead on the way

const wide = matchMedia("(min-width: 75rem)");
const rows = () => [...document.querySelectorAll(ROWS)];
const linkOf = (row) => row?.querySelector("a[href]");
const peek = () => document.getElementById("peek");
const say = (words) => document.getElementById("announce")?.replaceChildren(words);

let currentId = null;
let currentPlace = 0;
let previewing = true;
let verdict = null; // the row a form decides, and the row that comes after it
let known = new Set();

// Current row

function mark(row) {
  for (const each of rows()) {
    const current = each === row;
    current ? each.setAttribute("aria-current", "true") : each.removeAttribute("aria-current");
    // One stop for Tab: only the current row's controls are in the order.
    for (const stop of each.querySelectorAll("a[href], button, input, select, summary")) {
      current ? stop.removeAttribute("tabindex") : stop.setAttribute("tabindex", "-1");
    }
    linkOf(each)?.setAttribute("data-row-link", "");
  }
  currentId = row?.id ?? null;
  currentPlace = Math.max(rows().indexOf(row), 0);
}

function select(row, { focus = true, preview = true } = {}) {
  if (!row) return;
  mark(row);
  row.scrollIntoView({ block: "nearest" });
  if (focus) linkOf(row)?.focus({ preventScroll: true });
  if (preview) showPreview(row);
}

function move({ by, extend = false }) {
  const all = rows();
  const from = all.findIndex((row) => row.id === currentId);
  const next = all[Math.min(Math.max(from + by, 0), all.length - 1)];
  if (extend) for (const row of [all[from], next]) choose(row, true);
  select(next);
}

// Several rows: chosen ones stay chosen while the list is drawn anew.

const boxOf = (row) => row?.querySelector("input[data-pick]");
let chosen = new Set();

function choose(row, on) {
  const box = boxOf(row);
  if (!box || box.checked === on) return;
  box.checked = on;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

function countChosen() {
  const boxes = rows().map(boxOf).filter(Boolean);
  for (const box of boxes) box.checked = chosen.has(box.value);
  chosen = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const bar = document.querySelector("#bulk [data-chosen]");
  if (bar) bar.textContent = `${chosen.size}${bar.dataset.words ?? " chosen"}`;
}

document.addEventListener("change", (event) => {
  if (!event.target.matches("#worklist input[data-pick]")) return;
  chosen[event.target.checked ? "add" : "delete"](event.target.value);
  countChosen();
});

function clearChosen() {
  for (const row of rows()) choose(row, false);
}

document.addEventListener("handoff:clear", clearChosen);
document.addEventListener("handoff:choose", () => choose(document.getElementById(currentId), true));
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-clear]")) return;
  event.preventDefault();
  clearChosen();
  linkOf(document.getElementById(currentId))?.focus();
});

// Preview

let waiting = 0;
let loading = null;

function showPreview(row) {
  const url = linkOf(row)?.dataset.preview;
  if (!url || !peek() || !wide.matches || !previewing) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => load(url), PREVIEW_PAUSE_MS);
}

async function load(url) {
  clearTimeout(waiting);
  loading?.abort();
  loading = new AbortController();
  const panel = peek();
  panel.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, {
      headers: { "HX-Request": "true", "HX-Target": "peek" },
      signal: loading.signal,
    });
    if (answer.redirected) return location.reload(); // signed out meanwhile
    if (!answer.ok) throw new Error(answer.statusText);
    panel.innerHTML = await answer.text();
    window.htmx?.process(panel);
    document.dispatchEvent(new CustomEvent("handoff:drawn", { detail: { element: panel } }));
    history.replaceState(history.state, "", url);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    panel.replaceChildren(); // what is shown there is another lead, and its buttons would decide that one
    document.dispatchEvent(new CustomEvent("handoff:unreachable"));
  } finally {
    panel.removeAttribute("aria-busy");
  }
}

function togglePreview(on = !previewing) {
  previewing = on;
  document.querySelector(".split")?.classList.toggle("is-alone", !on);
  const row = document.getElementById(currentId);
  if (on) showPreview(row);
  else linkOf(row)?.focus();
}

// What keys ask for

document.addEventListener("handoff:move", (event) => move(event.detail));
document.addEventListener("handoff:preview", () => togglePreview());
document.addEventListener("handoff:open", () => {
  const link = linkOf(document.getElementById(currentId));
  if (link) location.assign(link.href);
});

document.addEventListener("click", (event) => {
  const close = event.target.closest("#peek [data-close]");
  if (close && !close.closest(".decide")) {
    event.preventDefault();
    history.replaceState(history.state, "", close.href);
    togglePreview(false);
  } else if (close) {
    event.preventDefault(); // the form of a verdict gives way to the lead it was about, or to the list
    if (!wide.matches) peek().replaceChildren();
    select(document.getElementById(currentId));
  }
  const link = event.target.closest("a[data-preview], a[data-peek]");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!link || !plain || !wide.matches || !peek()) return; // the link itself leads to the lead's page
  event.preventDefault();
  togglePreview(true);
  select(link.closest(ROWS), { focus: !link.dataset.peek, preview: !link.dataset.peek });
  if (link.dataset.peek) load(link.dataset.peek);
});

// Verdicts: the next row takes focus; after an undo the returned row does.

document.addEventListener("htmx:before:request", (event) => {
  const form = event.detail.ctx.sourceElement?.closest?.("[data-row], [data-returns]");
  if (!form) return;
  const all = rows();
  const place = all.findIndex((row) => row.id === form.dataset.row);
  verdict = {
    form,
    returns: form.dataset.returns,
    decided: form.dataset.row,
    next: place < 0 ? null : (all[place + 1] ?? all[place - 1])?.id,
  };
});

document.addEventListener("htmx:after:swap", (event) => {
  const { target, sourceElement, response } = event.detail.ctx;
  // A refresh may arrive between a verdict and its answer; it must not be taken for the answer.
  if (target?.id !== "worklist") return;
  const status = response?.status ?? 200;
  if (sourceElement?.matches?.("#bulk, #peek [data-moves]") && status < 400) letGo();
  settle(status, verdict?.form === sourceElement ? verdict : null);
});

/** What was moved is no longer chosen: the next press would move it once more. */
function letGo() {
  chosen.clear();
  document.getElementById("bulk")?.reset();
  if (!wide.matches) peek()?.replaceChildren();
  select(document.getElementById(currentId) ?? rows()[0]);
}

function settle(status, asked) {
  const all = rows();
  countChosen();
  const fresh = all.filter((row) => !known.has(row.id));
  if (asked) verdict = null;
  known = new Set(all.map((row) => row.id));
  const byId = (id) => all.find((row) => row.id === id);
  if (asked && status < 400) {
    if (!wide.matches) peek()?.replaceChildren(); // no preview takes the place of the form that was sent
    const target = byId(asked.returns ?? asked.next) ?? all.find((row) => row.id !== asked.decided) ?? all[0];
    if (target) select(target);
    else {
      peek()?.replaceChildren();
      document.getElementById("main")?.focus();
    }
    return;
  }
  const held = document.activeElement === document.body ? all[currentPlace] : null;
  const still = byId(currentId);
  if (still) mark(still);
  else if (all.length) {
    // Somebody else decided this one. A form being filled in stays: sending it says who was first.
    const typing = Boolean(document.querySelector("#peek .decide"));
    select(all[Math.min(currentPlace, all.length - 1)], { focus: Boolean(held), preview: !typing });
  }
  if (fresh.length) say(`New in the list: ${fresh.map((row) => linkOf(row)?.textContent.trim()).join(", ")}`);
}

// Start

function begin() {
  const all = rows();
  chosen = new Set(all.map(boxOf).filter((box) => box?.checked).map((box) => box.value)); // the browser remembers them
  countChosen();
  known = new Set(all.map((row) => row.id));
  if (!all.length) return;
  const current = all.find((row) => row.getAttribute("aria-current") === "true");
  const empty = peek() && !peek().firstElementChild;
  // One that a colleague holds may stand first: there is nothing to press on it. The page previews the same one.
  const first = all.find((row) => row.querySelector("[data-key=a]")) ?? all[0];
  select(current ?? first, { focus: false, preview: Boolean(empty) });
}

begin();
