"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const names = ["before", "after"];
  const otherOf = { before: "after", after: "before" };
  const media = Object.fromEntries(names.map((n) => [n, document.getElementById(`${n}-media`)]));
  const present = names.filter((n) => media[n]);
  const two = present.length === 2;
  const status = document.getElementById("status");

  // One tab stop for the sentences; up and down go on from there.
  const stamps = all(".tellings button.stamp");
  stamps.forEach((stamp, index) => stamp.setAttribute("tabindex", index ? "-1" : "0"));
  document.getElementById("text").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const at = stamps.indexOf(event.target);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: stamps.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const target = stamps[Math.max(0, Math.min(to, stamps.length - 1))];
    stamps.forEach((stamp) => stamp.setAttribute("tabindex", stamp === target ? "0" : "-1"));
    target.focus();
  });

  let printing = false;
  let unfolded = [];
  const clearMarks = () => all(".now").forEach((said) => said.classList.remove("now"));
  addEventListener("beforeprint", () => {
    printing = true;
    clearMarks();
    document.activeElement?.blur();
    // On paper nothing can be unfolded.
    unfolded = all("details:is(.more, .before):not(.sources, [open])");
    unfolded.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => {
    printing = false;
    unfolded.forEach((part) => { part.open = false; });
  });
  if (!present.length) return;

  const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value;
  const linkedBy = () => (two ? chosen("link") : "none");
  // The take that leads: the one that is heard.
  const heard = () => (two ? chosen("sound") : present[0]);
  let touched = present[present.length - 1];
  const leader = () => (names.includes(heard()) ? heard() : touched);

  // Players count from the first frame or sample, the analysis from the first sample.
  const now = (name) => media[name].currentTime + data[name].zero_s;
  const clamp = (name, time) => Math.max(0, Math.min(time, data[name].duration_s ?? Infinity, media[name].duration || Infinity));

  // Where we send a player ourselves: what comes back from there is no wish of the user's.
  const sent = { before: null, after: null };
  function send(name, time) {
    const to = Math.max(0, clamp(name, time) - data[name].zero_s);
    sent[name] = to;
    media[name].currentTime = to;
  }

  // The sentence in which a time lies: from its start to the start of the next.
  function sentenceAt(name, time) {
    const list = data[name].sentences;
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle][0] <= time + 0.0005) low = middle + 1; else high = middle;
    }
    return low - 1;
  }
  // Of each group of sentences that say the same, from when to when it is said.
  const spans = Object.fromEntries(names.map((name) => {
    const found = new Map();
    for (const [start, end, group] of data[name].sentences) {
      if (group < 0) continue;
      const old = found.get(group);
      found.set(group, old ? [Math.min(old[0], start), Math.max(old[1], end)] : [start, end]);
    }
    return [name, found];
  }));
  // Where the other take is at the same point; null: it isn't said there.
  function partner(name, time) {
    const other = otherOf[name];
    const sinceFirst = time - data[name].first_s + data[other].first_s;
    if (linkedBy() !== "meaning") return sinceFirst;
    const at = sentenceAt(name, time);
    if (at < 0) return Math.min(sinceFirst, data[other].sentences[0]?.[0] ?? Infinity);
    const group = data[name].sentences[at][2];
    if (group < 0) return null;
    const own = spans[name].get(group), its = spans[other].get(group);
    const share = own[1] > own[0] ? (time - own[0]) / (own[1] - own[0]) : 0;
    return its[0] + Math.max(0, Math.min(share, 1)) * (its[1] - its[0]);
  }

  function waits(name, waiting) {
    const line = document.getElementById(`${name}-waits`);
    line.hidden = !waiting;
    line.textContent = waiting ? data.texts.waiting : "";
  }
  const failed = (name) => () => {
    const line = document.getElementById(`${name}-error`);
    line.textContent = data.texts.cant;
    line.hidden = false;
  };
  // What we start and stop ourselves is no wish of the user's either.
  const expected = { before: null, after: null };
  function start(name) {
    if (!media[name].paused || media[name].ended) return;
    expected[name] = "play";
    media[name].play().catch((error) => {
      expected[name] = null;
      // A pause that came before the start is none of the file's faults.
      if (error.name !== "AbortError") failed(name)();
    });
  }
  function stop(name) {
    if (media[name].paused) return;
    expected[name] = "pause";
    media[name].pause();
  }
  const playing = () => present.some((n) => !media[n].paused && !media[n].ended);

  let group = null;
  // Bring the follower to where the leader is; `exactly`: also inside a sentence.
  function follow(exactly) {
    const by = linkedBy();
    if (by === "none") { names.forEach((n) => media[n] && waits(n, false)); return; }
    const first = leader(), other = otherOf[first];
    const time = now(first);
    const to = partner(first, time);
    const runs = !media[first].paused && !media[first].ended;
    if (to === null || to < 0 || (data[other].duration_s !== null && to > data[other].duration_s)) {
      stop(other);
      waits(first, false);
      waits(other, runs || exactly);
      group = null;
      return;
    }
    waits(first, false);
    if (by === "time") {
      waits(other, false);
      // A quarter of a second is seen; smaller steps would stutter.
      if (exactly || Math.abs(now(other) - to) > 0.25) send(other, to);
      if (runs) start(other); else stop(other);
      return;
    }
    const at = sentenceAt(first, time);
    const current = at < 0 ? -1 : data[first].sentences[at][2];
    // Inside a sentence each goes at its own pace; at the next one they meet again.
    if (exactly || (current !== group && Math.abs(now(other) - to) > 0.25)) send(other, to);
    group = current;
    const its = spans[other].get(current);
    const done = its !== undefined && now(other) > its[1] + 0.3;
    waits(other, false);
    if (runs && !done) start(other); else stop(other);
  }

  function mark() {
    if (printing) return;
    clearMarks();
    for (const name of present) {
      const at = sentenceAt(name, now(name));
      const list = data[name].sentences;
      if (at < 0 || now(name) > list[at][1] + 0.5) continue;
      if (media[name].paused && !(name === touched || linkedBy() !== "none")) continue;
      all(`.said[data-side="${name}"][data-n="${at}"]`).forEach((said) => said.classList.add("now"));
    }
  }
  function buttons() {
    const both = document.getElementById("both");
    if (!both) return;
    const pause = document.getElementById("pause");
    const focused = document.activeElement === both || document.activeElement === pause;
    both.hidden = playing();
    pause.hidden = !playing();
    if (focused) (playing() ? pause : both).focus();
  }

  // Seek to a moment of a take; the other one goes to the same point.
  function seek(name, time) {
    touched = name;
    send(name, time);
    meet(name);
    mark();
  }
  // A moment of the one that does not lead: the leader goes there, too.
  function meet(name) {
    if (linkedBy() === "none") return;
    if (name === leader()) { group = null; follow(true); return; }
    const to = partner(name, sent[name] === null ? now(name) : sent[name] + data[name].zero_s);
    const first = leader();
    if (to === null || to < 0) { stop(first); waits(first, true); return; }
    waits(first, false);
    send(first, to);
    const at = sentenceAt(first, to);
    group = at < 0 ? -1 : data[first].sentences[at][2];
  }
  function play() {
    if (!two) { start(present[0]); return; }
    if (linkedBy() === "none") { present.forEach(start); return; }
    group = null;
    start(leader());
    follow(false);
  }
  const pauseBoth = () => present.forEach(stop);
  const toggle = () => { if (playing()) pauseBoth(); else play(); };

  function sound() {
    for (const name of present) media[name].muted = two && heard() !== "both" && heard() !== name;
  }

  for (const name of present) {
    const player = media[name];
    const own = (what) => {
      const ours = expected[name] === what;
      if (ours) expected[name] = null;
      return ours;
    };
    player.addEventListener("play", () => {
      buttons();
      if (own("play")) return;
      touched = name;
      if (linkedBy() !== "none") {
        if (name !== leader()) start(leader());
        group = null;
        follow(false);
      }
    });
    player.addEventListener("pause", () => {
      buttons();
      if (own("pause") || player.ended) { if (player.ended && name === leader() && linkedBy() !== "none") stop(otherOf[name]); return; }
      if (linkedBy() !== "none") present.forEach(stop);
    });
    player.addEventListener("ended", buttons);
    player.addEventListener("seeked", () => {
      const ours = sent[name] !== null && Math.abs(player.currentTime - sent[name]) < 0.05;
      sent[name] = null;
      if (!ours) { touched = name; meet(name); }
      mark();
    });
    player.addEventListener("timeupdate", () => { if (name === leader() && !player.paused) follow(false); mark(); });
    player.addEventListener("error", failed(name));
    if (player.error) failed(name)();
  }
  all('input[name="link"]').forEach((input) => input.addEventListener("change", () => { group = null; follow(true); mark(); }));
  all('input[name="sound"]').forEach((input) => input.addEventListener("change", () => { sound(); group = null; }));
  document.getElementById("both")?.addEventListener("click", play);
  document.getElementById("pause")?.addEventListener("click", pauseBoth);
  sound();

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-t][data-side]");
    if (!target || !media[target.dataset.side]) return;
    event.preventDefault();
    seek(target.dataset.side, Number(target.dataset.t));
  });

  function jump(direction) {
    const name = leader();
    const time = sent[name] === null ? now(name) : sent[name] + data[name].zero_s;
    const starts = data[name].sentences.map((s) => s[0]);
    const ahead = starts.filter((s) => (s - time) * direction > 0.05);
    const to = direction > 0 ? ahead[0] : ahead[ahead.length - 1];
    if (to === undefined) { status.textContent = data.texts.none; return; }
    seek(name, to);
    const at = sentenceAt(name, to);
    status.textContent = document.querySelector(`.said[data-side="${name}"][data-n="${at}"]`)?.textContent ?? "";
  }
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    if (!document.getElementById("shortcuts").checked) return;
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (target.matches("input, select, textarea") || target.isContentEditable) return;
    // The players' own keys, and buttons that Space presses.
    const player = present.some((n) => target === media[n]);
    const own = player || target.matches("button, summary, a, [role=button]");
    const by = (step) => () => seek(leader(), now(leader()) + step);
    const actions = {
      " ": own ? undefined : toggle,
      k: toggle,
      ArrowLeft: player ? undefined : by(-5),
      ArrowRight: player ? undefined : by(5),
      n: () => jump(1),
      p: () => jump(-1),
      "?": () => { const keys = document.getElementById("keys"); keys.open = !keys.open; },
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
})();
