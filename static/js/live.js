// The list keeps itself up to date: by the event stream, and by asking every few seconds while that is off.
// Clocks and relative times go on counting between two answers.

const POLL_MS = 10_000;
const BREATH_MS = 60_000; // a list is fetched anew at least this often, so that due groups move on
const PAUSE_MS = 150; // between two refreshes, so that a burst of events makes two
const SHARE = 2; // and as many times as long as the last one took: a busy server is not asked without a break

const place = document.querySelector("[data-live]");
const list = () => document.getElementById("worklist");
const words = place?.querySelector("[data-live-words]");
const say = (text) => document.getElementById("announce")?.replaceChildren(text);

let stream = null;
let polling = 0;
let lastHeard = new Date();
let busy = false;
let again = false; // something happened while a refresh was on its way, which may not have seen it
let drawn = 0; // how often the list was drawn, by refreshes and by the answers to verdicts
let drawnBefore = 0; // as it was when the refresh under way was asked for
let refreshedAt = Date.now();

const hhmm = (at) => at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/** "Live" while streaming, "Paused, last 10:36" when that broke, "Checked 10:36" where only asking is offered. */
function show(live, reached = true) {
  if (!place) return;
  const paused = !live && (Boolean(place.dataset.live) || !reached);
  place.classList.toggle("is-paused", paused);
  words.textContent = live ? "Live" : `${paused ? "Paused, last" : "Checked"} ${hhmm(lastHeard)}`;
  place.title = live ? `Streaming; last event ${hhmm(lastHeard)}` : "The list asks for news every 10 seconds";
}

/** Fetch the list anew; whether it came. News that come meanwhile are fetched after it. */
async function refresh() {
  const url = list()?.dataset.refresh;
  if (!url || !window.htmx) return false;
  if (busy) {
    again = true;
    return false;
  }
  busy = true;
  drawnBefore = drawn;
  const began = Date.now();
  try {
    await window.htmx.ajax("GET", url, { target: "#worklist", swap: "outerMorph" });
  } finally {
    setTimeout(afterwards, Math.max(PAUSE_MS, SHARE * (Date.now() - began)));
  }
  if (drawn === drawnBefore) return false;
  refreshedAt = Date.now();
  lastHeard = new Date();
  return true;
}

function afterwards() {
  busy = false;
  if (!again) return;
  again = false;
  refresh();
}

let open = []; // menus and forms that somebody has opened: the server draws them shut

document.addEventListener("htmx:before:swap", (event) => {
  if (event.detail.ctx.sourceElement?.id !== "worklist") return;
  open = [...list().querySelectorAll("details[open]")];
  if (drawn === drawnBefore) return;
  event.preventDefault(); // a verdict's answer overtook this refresh, which would take its row back for a moment
  again = true;
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx.target?.id !== "worklist") return;
  drawn += 1;
  for (const each of open) each.open = true;
  open = [];
});

// Stream

function poll() {
  polling ||= setInterval(async () => {
    if (!stream && !document.hidden) listen();
    const reached = await refresh();
    if (polling) show(false, reached); // the stream may have come back meanwhile
  }, POLL_MS);
}

function listen() {
  const url = place?.dataset.live;
  if (!url) return list()?.dataset.refresh ? poll() : undefined;
  stream = new EventSource(url); // it remembers Last-Event-ID and reconnects by itself after a broken connection
  stream.addEventListener("open", () => {
    clearInterval(polling);
    polling = 0;
    refresh(); // what happened since the page was made, or since the last stream broke
    lastHeard = new Date();
    show(true);
  });
  stream.addEventListener("handoff", () => {
    lastHeard = new Date();
    show(true);
    refresh();
  });
  stream.addEventListener("error", () => {
    // An answer that is no stream, such as a busy server's 503, ends it for good: the next poll tries a new one.
    if (stream.readyState === EventSource.CLOSED) stream = null;
    show(false);
    poll();
  });
}

// A hidden tab gives its connection back: a browser opens only six to one address.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    stream?.close();
    stream = null;
  } else if (!stream) {
    listen();
  }
});

// Clocks and times

function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (!hours) return `${rest} min`;
  return rest ? `${hours} h ${String(rest).padStart(2, "0")} min` : `${hours} h`;
}

const announced = new Set();

function tickClock(clock) {
  const due = new Date(clock.dataset.due);
  const total = Number(clock.dataset.total);
  const left = Math.floor((due - Date.now()) / 60_000);
  const text = left < 0 ? `${duration(-left)} over` : left < 60 ? `${duration(left)} left` : duration(left);
  const label = clock.lastElementChild;
  if (label.textContent === text) return;
  label.textContent = text;
  clock.querySelector(".v")?.setAttribute("stroke-dasharray", `${Math.round((100 * Math.max(left, 0)) / total)} 100`);
  clock.classList.toggle("sla--soon", left >= 0 && left * 4 < total);
  clock.classList.toggle("sla--over", left < 0);
  // Said aloud only where it matters: the last quarter begins, the time is up.
  const state = left < 0 ? "over" : left * 4 < total ? "soon" : "";
  const row = clock.closest("li, #peek, .page");
  const mark = `${row?.id} ${state}`;
  if (state && row?.id !== "peek" && !announced.has(mark)) {
    announced.add(mark);
    say(`${row?.querySelector("a[data-row-link], h1")?.textContent.trim() ?? ""}: ${text}`);
    if (state === "over") refresh(); // the row moves to another group, and gets its alarm
  }
}

function tickTime(time) {
  const at = new Date(time.dateTime);
  const minutes = Math.floor((Date.now() - at) / 60_000);
  if (minutes < 0) return;
  const sameDay = at.toDateString() === new Date().toDateString();
  if (minutes < 1) time.textContent = "just now";
  else if (minutes < 60) time.textContent = `${minutes} min ago`;
  else if (sameDay) time.textContent = `${Math.floor(minutes / 60)} h ago`;
}

setInterval(() => {
  if (document.hidden) return;
  document.querySelectorAll(".sla[data-due]").forEach(tickClock);
  document.querySelectorAll("time[data-ago]").forEach(tickTime);
  if (list() && Date.now() - refreshedAt > BREATH_MS) refresh();
}, 15_000);

listen();
