
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const media = document.getElementById("media");
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const words = all("#transcript .w");

  // One tab stop per lane; arrow keys go on from there.
  function rove(items, event, target) {
    if (!target) return;
    event.preventDefault();
    event.stopPropagation();
    items.forEach((item) => item.setAttribute("tabindex", "-1"));
    target.setAttribute("tabindex", "0");
    target.focus();
  }
  for (const lane of all("[data-roving]")) {
    const marks = all(".mark", lane);
    if (marks.length) marks[0].setAttribute("tabindex", "0");
    lane.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const at = marks.indexOf(event.target.closest(".mark"));
      if (at < 0) return;
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: marks.length - 1 }[event.key];
      if (to !== undefined) rove(marks, event, marks[Math.max(0, Math.min(to, marks.length - 1))]);
    });
  }
  // A late event of the player must not mark a word again while the page is printed.
  let printing = false;
  addEventListener("afterprint", () => { printing = false; });
  addEventListener("beforeprint", () => {
    printing = true;
    all(".now").forEach((word) => word.classList.remove("now"));
    document.activeElement?.blur();
  });
  if (!media) return;

  const status = document.getElementById("status");
  const page = document.querySelector(".page");
  page.setAttribute("data-seek", "");

  // The player counts from the first frame or sample, the analysis from the first sample.
  const now = () => media.currentTime + data.player_zero_s;

  function show() {
    const time = now();
    page.style.setProperty("--at", Math.max(0, Math.min(1, time / data.duration_s)));
    let low = 0, high = data.words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      // Half a millisecond: players round the time they were sent to.
      if (data.words[middle][0] <= time + 0.0005) low = middle + 1; else high = middle;
    }
    const at = low - 1;
    const current = at >= 0 && time < data.words[at][1] + 0.3 ? words[at] : undefined;
    if (printing || current?.classList.contains("now")) return;
    all(".now").forEach((word) => word.classList.remove("now"));
    current?.classList.add("now");
  }
  function seek(time) {
    media.currentTime = Math.max(0, Math.min(time, data.duration_s) - data.player_zero_s);
    show();
  }
  function run() {
    show();
    if (!media.paused && !media.ended) requestAnimationFrame(run);
  }
  media.addEventListener("play", run);
  media.addEventListener("timeupdate", show);
  media.addEventListener("seeked", show);

  const failed = () => { document.getElementById("media-error").hidden = false; };
  media.addEventListener("error", failed);
  if (media.error) failed();
  const pictureless = () => {
    if (media.tagName === "VIDEO" && media.readyState >= 1 && !media.videoWidth) {
      document.getElementById("picture-error").hidden = false;
    }
  };
  media.addEventListener("loadeddata", pictureless);
  if (media.readyState >= 2) pictureless();

  function timeOf(target) {
    const marked = target.closest("[data-t]");
    if (marked) return Number(marked.dataset.t);
    const word = target.closest("#transcript .w");
    return word ? data.words[words.indexOf(word)][0] : undefined;
  }
  document.addEventListener("click", (event) => {
    const time = timeOf(event.target);
    if (time !== undefined) {
      event.preventDefault();
      seek(time);
      return;
    }
    const track = event.target.closest(".track");
    if (track) {
      const box = track.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * data.duration_s);
    }
  });

  // The transcript is one tab stop too: up and down by sentence, left and right by word.
  const transcript = document.getElementById("transcript");
  const pieces = all("button.stamp, .w, .chip", transcript);
  const stamps = all("button.stamp", transcript);
  stamps.forEach((stamp, index) => stamp.setAttribute("tabindex", index ? "-1" : "0"));
  transcript.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = pieces.indexOf(event.target);
    if (at < 0) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) return rove(pieces, event, pieces[at + step]);
    const before = stamps.filter((stamp) => pieces.indexOf(stamp) <= at).length - 1;
    const to = { ArrowUp: before - 1, ArrowDown: before + 1, Home: 0, End: stamps.length - 1 }[event.key];
    if (to !== undefined) rove(pieces, event, stamps[to]);
  });

  const marks = all(".lane:not(.lane-speech) .mark").sort((a, b) => a.dataset.t - b.dataset.t);
  function jump(direction) {
    const time = now();
    const ahead = marks.filter((mark) => (mark.dataset.t - time) * direction > 0.05);
    const mark = direction > 0 ? ahead[0] : ahead[ahead.length - 1];
    if (!mark) { status.textContent = data.texts.no_more_marks; return; }
    seek(Number(mark.dataset.t));
    status.textContent = mark.getAttribute("aria-label");
  }
  const toggle = () => { if (media.paused) media.play().catch(failed); else media.pause(); };

  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if ((event.key === "Enter" || event.key === " ") && !event.ctrlKey && !event.altKey && !event.metaKey
        && target.matches(".mark, #transcript .w, #transcript .chip")) {
      event.preventDefault();
      seek(timeOf(target));
      return;
    }
    if (!document.getElementById("shortcuts").checked) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (target.matches("input, select, textarea") || target.isContentEditable) return;
    // The player's own keys, and buttons that Space presses.
    const own = target === media || target.matches("button, summary, a, [role=button]");
    const actions = {
      " ": own ? undefined : toggle,
      k: toggle,
      ArrowLeft: target === media ? undefined : () => seek(now() - 5),
      ArrowRight: target === media ? undefined : () => seek(now() + 5),
      n: () => jump(1),
      p: () => jump(-1),
      "?": () => { const keys = document.getElementById("keys"); keys.open = !keys.open; },
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  show();
})();
