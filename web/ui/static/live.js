// Runs in a SharedWorker: one connection for all tabs of a browser, which may have only six to a host.
"use strict";
const ports = new Set();
let source = null, up = false, lost = false;

function tell(message) { for (const p of ports) p.postMessage(message); }

function connect(url) {
  source = new EventSource(url);
  source.onopen = () => { up = true; tell({up: true}); if (lost) tell({topics: ["*"]}); lost = false; };
  source.addEventListener("topics", (e) => tell({topics: e.data.split(" ")}));
  source.addEventListener("all", () => tell({topics: ["*"]}));
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
    if (!source) connect(m.data.url); else port.postMessage({up: up});
  };
};
