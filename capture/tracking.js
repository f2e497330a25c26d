/* Tells Handoff what a visitor of this site looks at. No cookie and no request before consent where the site
   waits for it, none at all under Global Privacy Control, and nothing out of a form that is not marked. */
(() => {
  "use strict";
  const waits = "WAITS", to = document.currentScript.src.replace(/\.js(\?.*)?$/, "");
  const here = location;
  const early = (window.handoff && window.handoff.q) || [];
  if (navigator.globalPrivacyControl) { window.handoff = () => {}; return; }

  const ID = "handoff_id", KEPT = "handoff_kept", OURS = "handoff_ours";
  const TAGS = /^(utm_(source|medium|campaign|term|content)|gclid|[gw]braid|msclkid|li_fat_id|t[tw]clid)$/;
  const FILES = /\.(pdf|docx?|xlsx?|pptx?|od[tsp]|csv|zip|epub|mp[34]|dmg|exe|msi|deb)$/i;
  const SECRET = /pass|card|cvv|cvc|iban|ssn|token|secret/i;
  let on, id, who = "", waiting = [], timer, pause = 1000, until = 0, path = "", since = 0, seen = 0, depth = 0;

  const cookie = (name) => (document.cookie.match("(?:^|; )" + name + "=([^;]*)") || [])[1] || "";
  // For a year and for all hosts of the company: the browser refuses what is too wide, so the widest that it takes is right.
  const keep = (name, value, age = 31536000) => {
    const parts = here.hostname.split("."), tail = `; path=/; max-age=${age}; samesite=lax` + (here.protocol === "https:" ? "; secure" : "");
    for (let from = parts.length - 2; from >= 0; from--) {
      document.cookie = `${name}=${value}; domain=${parts.slice(from).join(".")}${tail}`;
      if (cookie(name) === value) return;
    }
    document.cookie = `${name}=${value}${tail}`;
  };
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const mark = (text) => [...text.trim().toLowerCase()].reduce((sum, sign) => (Math.imul(sum, 31) + sign.charCodeAt(0)) | 0, 7).toString(36);
  const address = (url) => url.origin + url.pathname;
  const stash = () => { try { waiting.length ? sessionStorage.setItem(KEPT, JSON.stringify(waiting)) : sessionStorage.removeItem(KEPT); } catch { /* full or forbidden */ } };

  const send = (leaving) => {
    clearTimeout(timer); timer = 0;
    // Told to wait: nobody can read what a beacon is answered, so what it takes is kept, too, and stored once.
    const rest = until - Date.now(), kept = rest > 0 && waiting.slice();
    while (on && waiting.length && (leaving || !kept)) {
      // One browser in a batch: who says another name has another id from then on.
      const own = waiting[0].by, count = waiting.findIndex((event, n) => event.by !== own || n >= 50);
      const batch = waiting.splice(0, count < 0 ? waiting.length : count);
      const body = JSON.stringify({ anonymous_id: own, sent_at: new Date().toISOString(), events: batch });
      if (leaving) {
        if (!navigator.sendBeacon?.(to, body)) { waiting = batch.concat(waiting); stash(); break; }
      } else {
        fetch(to, { method: "POST", body, keepalive: body.length < 60000, credentials: "omit" }).then((answer) => {
          if (answer.status >= 500 || answer.status === 429) throw answer;
          pause = 1000; stash();
        }).catch((answer) => {
          waiting = batch.concat(waiting).slice(-500); stash();
          pause = Math.min(pause * 2, 60000);
          until = Date.now() + Math.max(pause, answer.headers?.get("Retry-After") * 1000 || 0);
          clearTimeout(timer); timer = setTimeout(send, until - Date.now());
        });
      }
    }
    if (kept) { waiting = kept; stash(); timer = setTimeout(send, rest); }
  };
  const say = (kind, more, at) => {
    if (!on) return;
    waiting.push({ id: random(), kind, by: id, at: (at || new Date()).toISOString(), url: address(here), ...more });
    if (!timer) timer = setTimeout(send, 300);
  };

  const look = () => {
    const tags = {};
    new URLSearchParams(here.search).forEach((value, name) => { if (TAGS.test(name)) tags[name] = value.slice(0, 200); });
    let referrer = "";
    try { referrer = path ? here.origin : new URL(document.referrer).origin; } catch { /* none */ }
    path = here.pathname; since = document.hidden ? 0 : Date.now(); seen = 0; depth = 0;
    say("page", { title: document.title.slice(0, 200), referrer, tags });
  };
  const watch = () => {
    if (since) seen += Date.now() - since;
    since = document.hidden ? 0 : Date.now();
  };
  const leave = () => {
    watch();
    if (path && seen >= 5000) say("left", { url: here.origin + path, seconds: Math.round(seen / 1000), depth });
    seen = 0;
  };
  const moved = () => { if (on && here.pathname !== path) { leave(); look(); } };

  const start = () => {
    if (on) return;
    on = true;
    const [known, name] = cookie(ID).split(".");
    id = /^[0-9a-f]{32}$/.test(known) ? known : random();
    who = name || "";
    keep(ID, who ? `${id}.${who}` : id);
    try { waiting = JSON.parse(sessionStorage.getItem(KEPT)) || []; } catch { /* none */ }
    // Who followed a link in a mail to them. The key goes, so that nobody hands it on with the address.
    const mail = here.search.match(/[?&]handoff_mail=([^&]*)/);
    if (mail) {
      history.replaceState(history.state, "", here.pathname + here.search.replace(mail[0], "").replace(/^&/, "?") + here.hash);
      is(mail[1].split(".")[1]);
      say("identify", { mail: mail[1] });
    }
    look();
  };
  const stop = () => {
    on = false; waiting = []; clearTimeout(timer);
    if (cookie(ID)) keep(ID, "", 0);
    try { sessionStorage.removeItem(KEPT); } catch { /* forbidden */ }
  };
  // A second person at this computer gets an id of their own; what came before stays with the first.
  const is = (name) => {
    if (!on || !/^-?[0-9a-z]{1,8}$/.test(name)) return;
    if (who && who !== name) id = random();
    who = name;
    keep(ID, `${id}.${who}`);
  };
  const identify = (email, properties) => {
    is(mark(email));
    say("identify", { email, properties });
  };
  const verbs = {
    consent(yes) { keep("handoff_consent", yes ? "1" : "0"); yes ? start() : stop(); },
    identify(email, properties) { if (on && typeof email === "string" && email) identify(email, properties); },
    track(name, properties) { say("track", { name, properties }); },
    page: look, is,
  };
  const held = [];
  window.handoff = (verb, ...rest) => {
    if (!verbs[verb]) return;
    if (on || verb === "consent") verbs[verb](...rest); else if (held.length < 50) held.push([verb, ...rest]);
    if (on) held.splice(0).forEach((call) => window.handoff(...call));
  };

  document.addEventListener("click", (event) => {
    const link = on && event.target.closest?.("a[href]");
    if (!link || !/^https?:$/.test(link.protocol)) return;
    if (FILES.test(link.pathname) || link.hasAttribute("download")) say("download", { url: address(link), title: link.textContent.trim().slice(0, 200) });
    else if (link.host !== here.host) say("outbound", { properties: { to: address(link) } });
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target, name = form.dataset.handoff;
    if (!on || name === undefined) return;
    const properties = {};
    let email = "";
    for (const field of form.elements) {
      const hints = field.name + " " + field.autocomplete;
      if (!field.name || /^(password|hidden|file|submit|button|image|reset|fieldset)$/.test(field.type) || /(^| )cc-/.test(hints) || SECRET.test(hints)) continue;
      if ((field.type === "checkbox" || field.type === "radio") && !field.checked) continue;
      if (!email && (field.type === "email" || /e-?mail/i.test(field.name)) && field.value.includes("@")) email = field.value.trim();
      else properties[field.name] = field.value.slice(0, 500);
    }
    if (email) identify(email, properties);
    say("form", { name: name || form.getAttribute("name") || form.getAttribute("id"), email, properties });
    send(true);
  });
  addEventListener("scroll", () => {
    const page = document.documentElement;
    depth = Math.max(depth, Math.min(100, Math.round((100 * (scrollY + innerHeight)) / page.scrollHeight)));
  }, { passive: true });
  document.addEventListener("visibilitychange", () => { watch(); if (document.hidden) send(true); });
  addEventListener("pagehide", () => { leave(); send(true); });
  addEventListener("pageshow", (event) => { if (event.persisted && on) look(); });
  addEventListener("popstate", () => setTimeout(moved));
  const push = history.pushState;
  history.pushState = function (...state) { push.apply(this, state); setTimeout(moved); };

  // Somebody of ours opened the link for it: this browser is not counted, and what it did so far is theirs.
  const choice = cookie("handoff_consent"), asked = here.hash.match(/^#handoff-(not-)?ours$/);
  let ours;
  try {
    if (asked) asked[1] ? localStorage.removeItem(OURS) : localStorage.setItem(OURS, "1");
    ours = localStorage.getItem(OURS);
  } catch { ours = asked && !asked[1]; }
  if (ours) {
    const [known] = cookie(ID).split(".");
    if (known) { on = true; id = known; say("ours"); send(true); stop(); }
    window.handoff = () => {};
    return;
  }
  if (choice === "1" || (!waits && choice !== "0")) start();
  early.forEach((call) => window.handoff(...call));
})();
