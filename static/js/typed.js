// What was typed into a form of the lead page outlives the page: another form that is sent there, a link, a reload.
// Kept in this tab for whoever typed it, and given back by the next page that has the form. A form that was sent
// keeps its own only until an answer takes it: a redirect means it did, an error page means it did not.

const STORE = "typed";
const page = document.querySelector("[data-keeps]");
// Forms that save as one goes have nothing left to keep; in the list it is the preview's business.
const forms = () => [...(page?.querySelectorAll("form[method=post]:not([data-autosave], [data-autosubmit])") ?? [])];
const fields = (form) => [...form.elements].filter((each) => each.name && !["hidden", "submit", "button", "file"].includes(each.type));

let sent = null;

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}

function write(kept) {
  try {
    if (Object.keys(kept).length) sessionStorage.setItem(STORE, JSON.stringify(kept));
    else sessionStorage.removeItem(STORE);
  } catch {
    // no room, or not allowed: the page works as it would without this file
  }
}

function isChanged(field) {
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  if (field.options) return field.selectedIndex !== Math.max([...field.options].findIndex((each) => each.defaultSelected), 0);
  return field.value !== field.defaultValue;
}

const isTyped = (field) => field.value?.trim() && !field.options && !["radio", "checkbox"].includes(field.type);

/** What is typed into `form` and was not there when it came; null for nothing. Choices go with words alone. */
function typedInto(form) {
  const changed = fields(form).filter(isChanged);
  if (!changed.some(isTyped)) return null;
  const key = form.elements.namedItem("key"); // names one contact, one task: sent again, it is still that one
  return [...changed, ...(key ? [key] : [])].map((each) => [each.name, each.type, each.value, each.checked ?? null]);
}

const nameOf = (form) => `${page.dataset.keeps} ${form.getAttribute("action")}`;

function keep() {
  if (!page) return;
  const kept = read();
  for (const form of forms()) {
    const typed = typedInto(form);
    if (typed) kept[nameOf(form)] = { typed, sent: form === sent };
    else delete kept[nameOf(form)];
  }
  write(kept);
}

function giveBack() {
  const kept = read();
  const [arrival] = performance.getEntriesByType("navigation");
  if ((arrival?.redirectCount ?? 1) > 0) for (const name in kept) if (kept[name].sent) delete kept[name];
  for (const form of forms()) {
    for (const [name, type, value, checked] of kept[nameOf(form)]?.typed ?? []) {
      for (const field of [...form.elements].filter((each) => each.name === name && each.type === type)) {
        const isChoice = type === "radio" || type === "checkbox";
        if (!isChoice) field.value = value;
        else if (field.value === value) field.checked = checked;
      }
      form.closest("details")?.setAttribute("open", "");
    }
  }
  write(kept);
}

addEventListener("submit", (event) => {
  if (event.target.matches("[data-forgets]")) write({});
  sent = event.defaultPrevented ? null : event.target;
});
addEventListener("pagehide", keep);
addEventListener("pageshow", () => (sent = null));
giveBack();
