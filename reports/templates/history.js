"use strict";
// The calendar is one tab stop; arrow keys go from day to day.
(() => {
  for (const grid of document.querySelectorAll("[data-grid]")) {
    const rows = [...grid.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("td")]);
    const stop = (cell) => cell.querySelector("a") || cell;
    const seen = (cell) => cell && !cell.classList.contains("future") && cell.getClientRects().length > 0;
    const days = rows.flat().filter((cell) => !cell.classList.contains("future"));
    if (!days.length) continue;
    const practised = days.filter((cell) => cell.querySelector("a"));
    // The newest day with practice, by column, else the newest day.
    const column = (cell) => cell.cellIndex * 7 + cell.parentElement.rowIndex;
    const newest = (cells) => cells.reduce((a, b) => (column(b) > column(a) ? b : a));
    let current = newest(practised.filter(seen).length ? practised.filter(seen) : days);
    stop(current).setAttribute("tabindex", "0");
    const go = (cell) => {
      stop(current).setAttribute("tabindex", "-1");
      current = cell;
      stop(current).setAttribute("tabindex", "0");
      stop(current).focus();
    };
    grid.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const cell = event.target.closest("td");
      if (!cell) return;
      const r = rows.findIndex((row) => row.includes(cell));
      if (r < 0) return;
      const c = rows[r].indexOf(cell);
      const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
      let target;
      if (step) {
        // Down from Sunday is the next Monday: time goes on.
        let [row, col] = [r + step[0], c + step[1]];
        if (row < 0) [row, col] = [6, col - 1];
        if (row > 6) [row, col] = [0, col + 1];
        target = rows[row][col];
      } else if (event.key === "Home") target = rows[r].find(seen);
      else if (event.key === "End") target = rows[r].filter(seen).pop();
      else return;
      event.preventDefault();
      if (seen(target)) go(target);
    });
  }
})();
// Which measures are shown.
(() => {
  const boxes = [...document.querySelectorAll("[data-measures]")];
  const show = () => {
    for (const box of boxes) for (const id of box.dataset.measures.split(" "))
      for (const chart of document.querySelectorAll(`[data-chart="${id}"]`)) chart.hidden = !box.checked;
  };
  boxes.forEach((box) => box.addEventListener("change", show));
  show(); // a reloaded page keeps its ticks
})();
// A day leads into a folded month.
(() => {
  const open = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let e = target; e; e = e.parentElement) if (e.tagName === "DETAILS") e.open = true;
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  };
  addEventListener("hashchange", open);
  for (const link of document.querySelectorAll(".calendar a"))
    link.addEventListener("click", () => requestAnimationFrame(open));
  open();
})();
// Paper folds nothing.
addEventListener("beforeprint", () => { for (const e of document.querySelectorAll(".month-of, .session details")) e.open = true; });
