// On the page of a problem: a sentence lights up the signals that it rests on, and a signal the sentences that rest on it.
"use strict";
(() => {
  function light(el) {
    for (const x of document.querySelectorAll(".lit")) x.classList.remove("lit");
    if (!el) return;
    el.classList.add("lit");
    if (el.dataset.rests) {
      for (const n of el.dataset.rests.split(" ")) {
        const s = document.getElementById("sig-" + n);
        if (s) s.classList.add("lit");
      }
    } else if (el.dataset.n) {
      for (const s of document.querySelectorAll(".said[data-rests]")) if (s.dataset.rests.split(" ").includes(el.dataset.n)) s.classList.add("lit");
    }
  }
  const over = (e) => light(e.target.closest ? e.target.closest(".said[data-rests], .signal") : null);
  document.addEventListener("mouseover", over);
  document.addEventListener("focusin", over);
  document.addEventListener("click", over);
})();
