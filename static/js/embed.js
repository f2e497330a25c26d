// On a page that carries a form of ours in a frame: gives the frame its height and, where our tracking script runs
// with the visitor's consent, says whose browser this is and what page it is on. The frame works without this file.

(() => {
  const home = new URL(document.currentScript.src).origin;
  const TAGS = /^(utm_(source|medium|campaign|term|content)|gclid|gbraid|wbraid|msclkid|li_fat_id|ttclid|twclid)$/;
  const frames = () => [...document.querySelectorAll("iframe")].filter((it) => it.src.startsWith(`${home}/f/`));
  // The script for tracking keeps this cookie only with consent, and nothing is told under Global Privacy Control.
  const visitor = () => (!navigator.globalPrivacyControl && (document.cookie.match("(?:^|; )handoff_id=([0-9a-f]{32})") || [])[1]) || "";

  const page = (wanted) => {
    const query = new URLSearchParams(location.search), parameters = {}, tags = {};
    for (const name of wanted) if (query.has(name)) parameters[name] = query.get(name);
    const id = visitor();
    if (!id) return { handoff: "page", parameters };
    query.forEach((value, name) => { if (TAGS.test(name)) tags[name] = value; });
    return { handoff: "page", parameters, visitor: id, page: location.origin + location.pathname, referrer: document.referrer, tags };
  };

  addEventListener("message", (event) => {
    const said = event.data;
    if (event.origin !== home || !said || said.handoff !== "form") return;
    const frame = frames().find((it) => it.contentWindow === event.source);
    if (!frame) return;
    if (said.height > 0 && said.height < 10000) frame.style.height = `${said.height}px`;
    if (Array.isArray(said.ready)) event.source.postMessage(page(said.ready.filter((name) => typeof name === "string")), home);
    // A second person at this computer gets an id of their own from now on.
    if (typeof said.who === "string" && visitor() && window.handoff) window.handoff("is", said.who);
    if (said.sent) {
      frame.scrollIntoView({ block: "nearest" });
      if (/^https?:\/\//.test(said.to)) location.assign(said.to); // the address that is stored with the form
    }
  });
})();
