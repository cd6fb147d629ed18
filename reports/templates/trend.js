"use strict";
// One tab stop per chart; arrow keys go on from take to take.
(() => {
  for (const chart of document.querySelectorAll("[data-trend]")) {
    const place = (item) => parseFloat((item.querySelector("circle") || item.querySelector("text")).getAttribute(item.querySelector("circle") ? "cx" : "x"));
    const items = [...chart.querySelectorAll(".trend-dot, .trend-gap")].sort((a, b) => place(a) - place(b));
    if (!items.length) continue;
    if (!items.some((item) => item.getAttribute("tabindex") === "0")) items[items.length - 1].setAttribute("tabindex", "0");
    chart.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const at = items.indexOf(event.target.closest(".trend-dot, .trend-gap"));
      if (at < 0) return;
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: items.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const target = items[Math.max(0, Math.min(to, items.length - 1))];
      items.forEach((item) => item.setAttribute("tabindex", item === target ? "0" : "-1"));
      target.focus();
    });
  }
})();
