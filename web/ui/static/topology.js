// Zoom and pan of a drawing: it moves the view box, and nothing else. Without it, the drawing scrolls.
"use strict";
(() => {
  const views = new WeakMap(); // element -> {home, now, text}
  const wired = new WeakSet(); // a refresh takes attributes away, and leaves listeners

  function box(svg) { return svg.getAttribute("viewBox").split(" ").map(Number); }

  function set(el, b) {
    const v = views.get(el), [hx, hy, hw, hh] = v.home; // all boxes have the shape of the view
    const w = Math.min(Math.max(b[2], hw / 40), hw * 1.5), h = hh * w / hw;
    const x = Math.min(Math.max(b[0], hx - w * 0.8), hx + hw - w * 0.2), y = Math.min(Math.max(b[1], hy - h * 0.8), hy + hh - h * 0.2);
    v.now = [x, y, w, h];
    v.text = v.now.map((n) => n.toFixed(1)).join(" ");
    el.querySelector("svg.draw").setAttribute("viewBox", v.text);
  }

  // zoom keeps what is at fx, fy (shares of the view) where it is.
  function zoom(el, by, fx = 0.5, fy = 0.5) {
    const [x, y, w, h] = views.get(el).now, nw = w / by, nh = h / by;
    set(el, [x + (w - nw) * fx, y + (h - nh) * fy, nw, nh]);
  }

  function pan(el, dx, dy) {
    const [x, y, w, h] = views.get(el).now;
    set(el, [x + w * dx, y + h * dy, w, h]);
  }

  function tool(text, label, fn) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = text;
    b.setAttribute("aria-label", label);
    b.addEventListener("click", fn);
    return b;
  }

  const keys = {
    "+": (el) => zoom(el, 1.3), "=": (el) => zoom(el, 1.3), "-": (el) => zoom(el, 1 / 1.3), "0": (el) => set(el, views.get(el).home),
    ArrowLeft: (el) => pan(el, -0.1, 0), ArrowRight: (el) => pan(el, 0.1, 0), ArrowUp: (el) => pan(el, 0, -0.1), ArrowDown: (el) => pan(el, 0, 0.1),
  };

  function share(el, e) {
    const r = el.querySelector("svg.draw").getBoundingClientRect();
    return [(e.clientX - r.left) / r.width, (e.clientY - r.top) / r.height];
  }

  function begin(el) {
    const svg = el.querySelector("svg.draw");
    if (!svg || views.get(el)?.text === svg.getAttribute("viewBox")) return; // something else was refreshed
    // The view is as wide as its place and as high as it deserves. What is smaller isn't blown up, and stands in the middle.
    const [bx, by, bw, bh] = box(svg), wide = Math.max(el.clientWidth, 1), high = Math.min(Math.max(bh * Math.min(wide / bw, 1), 260), innerHeight * 0.7);
    const w = Math.max(bw, wide, bh * wide / high), h = w * high / wide;
    const home = [bx - (w - bw) / 2, by - (h - bh) / 2, w, h];
    svg.setAttribute("width", wide);
    svg.setAttribute("height", high);
    const before = views.get(el);
    views.set(el, {home, now: home});
    el.classList.add("zooms");
    if (before && before.home[2] === home[2] && before.home[3] === home[3]) set(el, before.now); // the same drawing, refreshed
    else if (wide / w < 0.45) set(el, [bx, by + bh / 2 - high / 1.5, wide / 0.75, high / 0.75]); // too small to read: it begins at the left
    else set(el, home);
    if (!el.querySelector(".topology-tools")) {
      const tools = document.createElement("div");
      tools.className = "topology-tools noprint";
      tools.append(tool("+", "Zoom in", () => zoom(el, 1.3)), tool("\u2212", "Zoom out", () => zoom(el, 1 / 1.3)), tool("Fit", "Fit: show all of it", () => set(el, views.get(el).home)));
      el.append(tools);
    }
    if (wired.has(el)) return;
    wired.add(el);
    const fingers = new Map();
    let moved = 0;
    el.addEventListener("keydown", (e) => {
      if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
      e.preventDefault();
      keys[e.key](el);
    });
    el.addEventListener("wheel", (e) => { // the page scrolls with the wheel; with Control, or by a pinch on a pad, the drawing zooms
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      zoom(el, Math.exp(-e.deltaY / 300), ...share(el, e));
    }, {passive: false});
    el.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || e.target.closest(".topology-tools")) return;
      fingers.set(e.pointerId, [e.clientX, e.clientY]);
      moved = 0;
    });
    el.addEventListener("pointermove", (e) => {
      const was = fingers.get(e.pointerId);
      if (!was) return;
      const r = el.querySelector("svg.draw").getBoundingClientRect(), dx = e.clientX - was[0], dy = e.clientY - was[1];
      if (fingers.size === 2) {
        const [other] = [...fingers].filter(([id]) => id !== e.pointerId).map(([, p]) => p);
        const then = Math.hypot(was[0] - other[0], was[1] - other[1]), now = Math.hypot(e.clientX - other[0], e.clientY - other[1]);
        if (then > 0 && now > 0) zoom(el, now / then, ...share(el, {clientX: (e.clientX + other[0]) / 2, clientY: (e.clientY + other[1]) / 2}));
      } else {
        pan(el, -dx / r.width, -dy / r.height);
      }
      moved += Math.abs(dx) + Math.abs(dy);
      if (moved > 5) {
        el.classList.add("moving");
        if (!el.hasPointerCapture(e.pointerId)) el.setPointerCapture(e.pointerId);
      }
      fingers.set(e.pointerId, [e.clientX, e.clientY]);
    });
    const end = (e) => { fingers.delete(e.pointerId); el.classList.remove("moving"); };
    el.addEventListener("pointerup", end);
    el.addEventListener("pointercancel", end);
    el.addEventListener("click", (e) => { if (moved > 5) { e.preventDefault(); e.stopPropagation(); } }, true);
    el.addEventListener("dragstart", (e) => e.preventDefault());
  }

  const all = () => document.querySelectorAll("[data-zoom]").forEach(begin);
  all();
  document.addEventListener("corax:refreshed", all);
  document.addEventListener("htmx:afterSettle", all);
})();
