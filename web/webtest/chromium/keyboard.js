// What has the focus, and whether somebody who has no pointer sees that.
"use strict";
var keyboardStop, keyboardExpect, keyboardMissed;
(() => {
  const name = (el) => {
    const text = (el.getAttribute("aria-label") || el.name || el.innerText || el.textContent || "").trim().replace(/\s+/g, " ").slice(0, 60);
    return `<${el.tagName.toLowerCase()}${el.id ? " #" + el.id : ""}${el.getAttribute("href") ? " " + el.getAttribute("href") : ""}> ${text}`;
  };
  // A part of it that nothing lies upon.
  const uncovered = (el) => [...el.getClientRects()].some((r) => {
    const left = Math.max(r.left, 0), right = Math.min(r.right, innerWidth), top = Math.max(r.top, 0), bottom = Math.min(r.bottom, innerHeight);
    if (right - left < 1 || bottom - top < 1) return false;
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return hit && (el.contains(hit) || hit.contains(el) && hit.tagName !== "BODY" && hit.tagName !== "HTML" || [...(el.labels || [])].some((l) => l.contains(hit)));
  });
  // Whether what is drawn within it looks otherwise with the focus than without: shapes of drawings have no outline.
  const looks = (el) => [...el.querySelectorAll("*")].map((x) => { const s = getComputedStyle(x); return [s.stroke, s.strokeWidth, s.outline].join(); }).join(";");
  const changes = (el) => {
    const focused = looks(el);
    el.blur();
    const without = looks(el);
    el.focus({preventScroll: true});
    return focused !== without;
  };
  let expected = [], reached = new Set();
  keyboardStop = (selector) => {
    const el = document.activeElement;
    if (!el || el === document.body || el === document.documentElement) return {name: "", wrong: [], index: -1, on: false};
    reached.add(el);
    const wrong = [], style = getComputedStyle(el);
    if ((style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2) && !changes(el)) wrong.push("it looks as it does without");
    if (!uncovered(el)) wrong.push(`nothing of it is to be seen (${JSON.stringify(el.getBoundingClientRect())} in ${innerWidth}x${innerHeight})`);
    if (el.tabIndex > 0) wrong.push("it has an order of its own");
    return {name: name(el), wrong, index: [...document.querySelectorAll("*")].indexOf(el), on: Boolean(selector) && el.matches(selector)};
  };
  // What a pointer could use: links, buttons, fields, and what opens. Of radio buttons of one name one is a stop.
  keyboardExpect = (root) => {
    const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const radios = new Set();
    expected = [...document.querySelector(root).querySelectorAll(usable)].filter((el) => {
      if (el.disabled || !el.checkVisibility({visibilityProperty: true})) return false;
      if (el.type !== "radio") return true;
      const seen = radios.has(el.name);
      radios.add(el.name);
      return !seen;
    });
    reached = new Set();
    return expected.length;
  };
  keyboardMissed = () => expected.filter((el) => el.isConnected && !reached.has(el) && !(el.type === "radio" && [...reached].some((r) => r.name === el.name))).map(name);
})();
