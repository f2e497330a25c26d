// The page of a form that visitors fill in. Everything works without this file: it tells that a person typed, and in
// a frame it tells the page around how high it is and learns, where the visitor agreed, whose browser this is.

const form = document.querySelector("[data-web-form]");
const field = (name) => form?.elements.namedItem(name);
const framed = window.parent !== window;
const tell = (said) => framed && window.parent.postMessage({ handoff: "form", ...said }, "*");
let touched = false;

// The sum that the server makes of the stamp, too: only a script that ran in this page has it.
const proof = (stamp) => [...stamp].reduce((sum, sign) => (Math.imul(sum, 31) + sign.charCodeAt(0)) >>> 0, 7).toString(36);
// The same sum over an address as in tracking.js: tells one person at a computer from another, and no more.
const mark = (text) => [...text.trim().toLowerCase()].reduce((sum, sign) => (Math.imul(sum, 31) + sign.charCodeAt(0)) | 0, 7).toString(36);

// By keyboard, too: nobody presses a pointer who walks through the fields.
form?.addEventListener("focusin", () => tell({ ready: wanted() }));
for (const kind of ["input", "pointerdown", "keydown"])
  form?.addEventListener(kind, (event) => {
    if (!event.isTrusted) return;
    field("_proof").value = proof(field("_stamp").value);
    if (kind === "input") touched = true;
    if (kind === "pointerdown") tell({ ready: wanted() }); // consent may have come meanwhile
  });

form?.addEventListener("submit", (event) => {
  const button = form.querySelector("button");
  if (button.getAttribute("aria-busy") === "true") return event.preventDefault();
  button.setAttribute("aria-busy", "true");
  const email = field("email")?.value;
  if (email) tell({ who: mark(email) });
});
addEventListener("pageshow", () => form?.querySelector("button").removeAttribute("aria-busy"));
document.querySelector("[data-focus]")?.focus();

// In a frame

const wanted = () => [...(form?.querySelectorAll("[data-parameter]") ?? [])].map((each) => each.dataset.parameter);

addEventListener("message", (event) => {
  const said = event.data;
  // Only pages that the form allows can frame it, so whoever stands around it may speak.
  if (!framed || event.source !== window.parent || said?.handoff !== "page" || !form) return;
  for (const each of form.querySelectorAll("[data-parameter]")) {
    const value = said.parameters?.[each.dataset.parameter];
    if (typeof value === "string") each.value = value.slice(0, 300);
  }
  for (const name of ["visitor", "page", "referrer"]) if (typeof said[name] === "string") field(`_${name}`).value = said[name];
  if (said.tags) field("_tags").value = JSON.stringify(said.tags);
  if (said.visitor && "asksAnew" in document.body.dataset && !touched) location.replace(`?visitor=${said.visitor}`);
});

if (framed) {
  new ResizeObserver(() => tell({ height: Math.ceil(document.body.getBoundingClientRect().height) })).observe(document.body);
  if (form) tell({ ready: wanted() });
  if ("sent" in document.body.dataset) tell({ sent: true, to: document.body.dataset.goesTo ?? "" });
}
