// Runs in a SharedWorker: one connection for all tabs of a browser, which may have only six to a host.
"use strict";
const ports = new Set();
let source = null, up = false, lost = false;
let from = "", recent = []; // what was heard since an id, for pages that were made before they listen

function tell(message) { for (const p of ports) p.postMessage(message); }

function parts(id) { const dot = id.lastIndexOf("."); return [id.slice(0, dot), Number(id.slice(dot + 1))]; }

function heard(id, topics) {
  recent.push({n: parts(id)[1], id: id, topics: topics});
  if (recent.length > 256) from = recent.shift().id;
  tell({topics: topics});
}

// forget begins anew at an id: what came before can't be told apart any more.
function forget(id) { from = id; recent = []; tell({topics: ["*"]}); }

// since is what a page that was made at an id has not heard.
function since(at) {
  const [epoch, n] = parts(at), [ours, first] = parts(from);
  if (epoch !== ours || n < first) return ["*"];
  return [...new Set(recent.filter((m) => m.n > n).flatMap((m) => m.topics))];
}

function connect(url) {
  const after = new URL(url);
  after.searchParams.set("after", recent.length > 0 ? recent[recent.length - 1].id : from);
  source = new EventSource(after);
  source.onopen = () => { up = true; tell({up: true}); if (lost) tell({topics: ["*"]}); lost = false; };
  source.addEventListener("topics", (e) => heard(e.lastEventId, e.data.split(" ")));
  source.addEventListener("all", (e) => forget(e.lastEventId));
  source.onerror = () => {
    up = false; lost = true; tell({up: false});
    if (source.readyState === EventSource.CLOSED) { // refused: full, or logged out. The browser doesn't try again by itself
      const closed = source;
      setTimeout(() => { if (source === closed && ports.size > 0) connect(url); }, 3000);
    }
  };
}

self.onconnect = (e) => {
  const port = e.ports[0];
  port.onmessage = (m) => {
    if (m.data.bye) {
      ports.delete(port);
      if (ports.size === 0 && source) { source.close(); source = null; up = lost = false; }
      return;
    }
    ports.add(port);
    if (!source) { from = m.data.at; recent = []; connect(m.data.url); return; }
    port.postMessage({up: up});
    const missed = since(m.data.at);
    if (missed.length > 0) port.postMessage({topics: missed});
  };
};
