// What makes pages live. Every page works without it; nothing here decides anything, and no text from outside becomes markup:
// regions come from our own server, escaped, and are put in the place of what they were.
"use strict";
(() => {
  // --- regions: elements with an id and data-live="topic topic" are fetched again when the server names a topic.
  const dirty = new Set();
  let fetching = false, timer = 0, first = 0, ended = 0, cost = 0;

  function hit(topics) {
    const all = topics.includes("*");
    for (const el of document.querySelectorAll("[data-live][id]")) {
      if (all || el.dataset.live.split(/\s+/).some((t) => topics.includes(t))) dirty.add(el.id);
    }
    soon();
  }

  function soon() {
    if (dirty.size === 0 || fetching || document.hidden) return;
    const now = performance.now();
    if (!timer) first = now;
    if (timer && now - first > 100) return; // a storm of events does not put it off for ever
    clearTimeout(timer);
    timer = setTimeout(refresh, Math.max(25, ended + cost - now)); // in a storm, as long a pause as the answer took
  }

  async function refresh() {
    timer = 0;
    const ids = [...dirty].filter((id) => document.getElementById(id));
    dirty.clear();
    if (ids.length === 0) return;
    fetching = true;
    const began = performance.now();
    try {
      const url = new URL(location.href);
      url.hash = "";
      for (const id of ids) url.searchParams.append("region", id);
      const answer = await fetch(url, {headers: {"X-Corax-Region": "1"}, redirect: "manual", cache: "no-store"});
      if (answer.type === "opaqueredirect" || answer.status === 401) { location.reload(); return; }
      if (answer.ok) put(ids, await answer.text());
      else if (answer.status >= 500 || answer.status === 429) setTimeout(() => { ids.forEach((id) => dirty.add(id)); soon(); }, 2000);
    } catch { // the server is away: the connection says so, and all is fetched when it is back
    } finally {
      fetching = false;
      ended = performance.now();
      cost = Math.min(ended - began, 1000); // one that hung says nothing about the next
      soon();
    }
  }

  const keep = {
    morphStyle: "outerHTML", ignoreActiveValue: true,
    callbacks: {
      // What somebody has opened stays open, and what somebody has written stays written.
      beforeAttributeUpdated: (name, node) => !((name === "open" && node.nodeName === "DETAILS") || (name === "value" && node.dataset.touched)),
      beforeNodeMorphed: (old, next) => !(old.nodeName === "TEXTAREA" && old.dataset.touched) && !(old.isEqualNode && old.isEqualNode(next)),
    },
  };

  function put(ids, html) {
    const next = new DOMParser().parseFromString(html, "text/html");
    for (const id of ids) {
      const now = document.getElementById(id), then = next.getElementById(id);
      if (!now || !then) continue;
      Idiomorph.morph(now, then, keep);
      const el = document.getElementById(id);
      if (el && window.htmx) htmx.process(el);
      if (el) el.dispatchEvent(new CustomEvent("corax:refreshed", {bubbles: true}));
    }
  }

  document.addEventListener("input", (e) => { if (e.target.matches("input, textarea")) e.target.dataset.touched = "1"; });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });

  // --- one connection for all tabs: a SharedWorker has it; where there is none, the tab that holds a lock, which tells the others.
  const body = document.body.dataset;
  function heard(m) {
    if (m.topics) hit(m.topics);
    if (m.up !== undefined) for (const el of document.querySelectorAll(".link-state")) el.hidden = m.up;
  }

  function lead(url, tell) {
    let lost = false;
    const connect = () => {
      const s = new EventSource(url);
      s.onopen = () => { tell({up: true}); if (lost) tell({topics: ["*"]}); lost = false; };
      s.addEventListener("topics", (e) => tell({topics: e.data.split(" ")}));
      s.addEventListener("all", () => tell({topics: ["*"]}));
      s.onerror = () => { lost = true; tell({up: false}); if (s.readyState === EventSource.CLOSED) setTimeout(connect, 3000); };
    };
    connect();
  }

  function listen(url) {
    if (window.SharedWorker) {
      const start = () => {
        const w = new SharedWorker(body.liveWorker, {name: "corax-live"});
        w.port.onmessage = (m) => heard(m.data);
        w.port.postMessage({url: new URL(url, location.href).href, at: body.liveAt});
        addEventListener("pagehide", () => w.port.postMessage({bye: true}), {once: true});
      };
      start();
      addEventListener("pageshow", (e) => { if (e.persisted) { start(); hit(["*"]); } });
    } else if (window.BroadcastChannel && navigator.locks) {
      const others = new BroadcastChannel("corax-live");
      others.onmessage = (m) => heard(m.data);
      hit(["*"]); // who leads does not know what came before this page listened
      navigator.locks.request("corax-live", () => new Promise(() => lead(url, (m) => { heard(m); others.postMessage(m); })));
    } else if (!document.hidden) {
      lead(url + "?after=" + encodeURIComponent(body.liveAt), heard);
    }
  }
  if (body.liveUrl) listen(body.liveUrl);

  // --- times that are said as "3 min ago" go on.
  function took(ms) {
    const two = (a, ua, b, ub) => b ? `${a} ${ua} ${b} ${ub}` : `${a} ${ua}`;
    const s = Math.floor(ms / 1000);
    if (s < 10) return `${(ms / 1000).toFixed(1)} s`;
    if (s < 60) return `${s} s`;
    if (s < 600) return two(Math.floor(s / 60), "min", s % 60, "s");
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    if (s < 86400) return two(Math.floor(s / 3600), "h", Math.floor(s % 3600 / 60), "min");
    return two(Math.floor(s / 86400), "d", Math.floor(s % 86400 / 3600), "h");
  }
  function ago(t, now) {
    const d = now - t;
    if (d < -1000) return "in " + took(-d);
    return d < 2000 ? "just now" : took(d) + " ago";
  }
  // By the server's clock: the device's may be wrong.
  const skew = body.now ? Date.parse(body.now) - Date.now() : 0;
  setInterval(() => {
    if (document.hidden) return;
    const now = Date.now() + skew;
    for (const el of document.querySelectorAll("time[data-ago]")) {
      const text = ago(Date.parse(el.dateTime), now);
      if (el.textContent !== text) el.textContent = text;
    }
  }, 1000);

  // --- what is open closes with Escape, or when something else is touched. "/" goes to the search.
  function closeAll(but) {
    for (const d of document.querySelectorAll("details.user[open], details.more[open], details.confirm[open]")) if (!d.contains(but)) d.open = false;
  }
  document.addEventListener("click", (e) => closeAll(e.target));
  document.addEventListener("keydown", (e) => {
    const writing = e.target.closest("input, textarea, select");
    if (e.key === "Escape") {
      const open = e.target.closest("details[open]");
      closeAll(null);
      if (open) { const s = open.querySelector("summary"); if (s) s.focus(); }
    } else if (e.key === "/" && !writing && !e.ctrlKey && !e.metaKey) {
      const search = document.querySelector("input[type=search]");
      if (search) { e.preventDefault(); search.focus(); }
    }
  });

  // --- a form is sent once.
  document.addEventListener("submit", (e) => {
    if (e.target.method !== "post") return;
    if (e.target.dataset.sent) { e.preventDefault(); return; }
    e.target.dataset.sent = "1";
  });
  addEventListener("pageshow", () => { for (const f of document.forms) delete f.dataset.sent; });
})();
