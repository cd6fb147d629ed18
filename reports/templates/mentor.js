"use strict";
(() => {
  const all = JSON.parse(document.getElementById("data").textContent);
  const data = all.mentor;
  const get = (id) => document.getElementById(id);
  const editor = get("mentor-editor");
  if (!data || !editor) return;
  const [author, text, list, status, state, save] =
    ["author", "text", "list", "status", "state", "save"].map((name) => get(`mentor-${name}`));
  const transcript = get("transcript");
  const fill = (pattern, values) => pattern.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  const clock = (time) => {
    const whole = Math.floor(Math.max(0, time));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };
  // As the importer cleans it: no control characters, nothing that turns the direction of text.
  const clean = (raw) => raw.replace(/\r\n?/g, "\n").replace(/\t/g, " ")
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");

  let comments = [];
  let saved = "[]";
  let editing = null;  // the comment that is changed; null = a new one
  let time = 0;
  let opener = null;

  const plain = () => JSON.stringify([clean(author.value).trim(), comments]);
  const unsaved = () => comments.length > 0 && plain() !== saved;
  const draft = () => !editor.hidden && text.value.trim() !== "";
  addEventListener("beforeunload", (event) => {
    if (unsaved() || draft()) event.preventDefault();
  });

  function button(label, words, action, name) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.className = label;
    if (name) made.setAttribute("aria-label", name);
    made.addEventListener("click", (event) => { event.stopPropagation(); action(made); });
    return made;
  }

  function show() {
    comments.sort((a, b) => a.time_s - b.time_s);
    list.replaceChildren(...comments.map((comment) => {
      const item = document.createElement("li");
      item.className = "mentor-comment";
      const at = clock(comment.time_s);
      const stamp = document.createElement(document.getElementById("media") ? "button" : "span");
      stamp.className = "stamp";
      stamp.textContent = at;
      if (stamp.tagName === "BUTTON") {
        stamp.type = "button";
        stamp.dataset.t = comment.time_s.toFixed(3);
        stamp.setAttribute("aria-label", fill(data.texts.go, { clock: at }));
      }
      const body = document.createElement("div");
      const said = document.createElement("p");
      said.className = "mentor-text";
      said.lang = /[\u3040-\u30ff\u3400-\u9fff]/.test(comment.text) ? "ja" : "en";
      said.textContent = comment.text;
      const own = document.createElement("div");
      own.className = "mentor-own";
      own.append(
        button("mentor-button small", data.texts.edit, (made) => open(comment.time_s, made, (box) => item.append(box), comment),
          fill(data.texts.edit_at, { clock: at })),
        button("mentor-button small", data.texts.remove, () => remove(comment),
          fill(data.texts.remove_at, { clock: at })),
      );
      body.append(said, own);
      item.append(stamp, body);
      return item;
    }));
    get("mentor-none").hidden = comments.length > 0;
    for (const adder of document.querySelectorAll(".add-comment")) {
      const count = comments.filter((c) => c.time_s.toFixed(3) === adder.dataset.at).length;
      adder.textContent = count ? `+ (${count})` : "+";
      if (count) adder.dataset.count = count; else delete adder.dataset.count;
    }
    tell();
  }
  function tell() {
    const open = unsaved();
    save.disabled = comments.length === 0;
    state.dataset.state = comments.length === 0 ? "empty" : open ? "unsaved" : "saved";
    state.textContent = comments.length === 0 ? "" : open ? data.texts.unsaved : data.texts.saved;
  }

  function open(at, from, place, comment = null) {
    const same = !editor.hidden && from === opener && comment === editing;
    if (draft() && !same && !confirm(data.texts.discard)) return;
    if (!comment && comments.length >= data.most) {
      status.textContent = fill(data.texts.enough, { n: data.most });
      return;
    }
    [time, opener, editing] = [at, from, comment];
    get("mentor-editor-title").textContent = fill(data.texts.title, { clock: clock(at) });
    get("mentor-add").textContent = comment ? data.texts.change : data.texts.add;
    if (!same) text.value = comment ? comment.text : "";
    place(editor);
    editor.hidden = false;
    text.focus();
  }
  function close() {
    text.value = "";
    editor.hidden = true;
    // Back to the section: what it lay in may be gone soon.
    status.before(editor);
    if (opener?.isConnected) opener.focus(); else get("mentor-now").focus();
    editing = null;
  }
  function add() {
    const words = clean(text.value).trim().slice(0, data.longest);
    if (!words) { text.focus(); return; }
    const [target, at] = [editing, time];
    if (target) target.text = words;
    else if (!comments.some((c) => c.time_s === at && c.text === words)) comments.push({ time_s: at, text: words });
    close();
    show();
    status.textContent = fill(target ? data.texts.changed : data.texts.added, { clock: clock(at) });
    if (document.activeElement === document.body) get("mentor-now").focus();
  }
  function remove(comment) {
    if (!confirm(data.texts.sure)) return;
    if (editing === comment) close();
    comments = comments.filter((other) => other !== comment);
    show();
    status.textContent = fill(data.texts.removed, { clock: clock(comment.time_s) });
    get("mentor-now").focus();
  }

  // A "+" behind each time: of the evidence, the delivery, and each sentence.
  document.querySelector(".page").classList.add("commented");
  const adders = [];
  for (const stamp of document.querySelectorAll(".evidence .stamp[data-t], .places .stamp[data-t], #transcript .stamp[data-t]")) {
    const at = Math.round(Number(stamp.dataset.t) * 1000) / 1000;
    const place = stamp.closest("li, p.passage, dd");
    // A paragraph holds no form: below it then.
    const put = (box) => { if (place.tagName === "P") place.after(box); else place.append(box); };
    const adder = button("add-comment", "+", (made) => open(at, made, put),
      fill(data.texts.here, { clock: clock(at) }));
    adder.dataset.at = at.toFixed(3);
    stamp.after(adder);
    if (transcript.contains(stamp)) adders.push(adder);
  }
  // Those of the transcript are one tab stop: up and down go on from there.
  adders.forEach((adder, index) => {
    adder.tabIndex = index ? -1 : 0;
    adder.addEventListener("keydown", (event) => {
      const to = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: adders.length - 1 }[event.key];
      if (to === undefined || event.ctrlKey || event.altKey || event.metaKey || !adders[to]) return;
      event.preventDefault();
      event.stopPropagation();
      adders.forEach((other) => { other.tabIndex = -1; });
      adders[to].tabIndex = 0;
      adders[to].focus();
    });
  });

  get("mentor-now").addEventListener("click", (event) => {
    const media = get("media");
    const at = media ? media.currentTime + all.player_zero_s : 0;
    media?.pause();
    open(Math.max(0, Math.round(at * 1000) / 1000), event.currentTarget, (box) => status.before(box));
  });
  get("mentor-add").addEventListener("click", add);
  get("mentor-cancel").addEventListener("click", close);
  editor.addEventListener("submit", (event) => event.preventDefault());
  // What is written here is not for the transcript's or the page's keys.
  editor.addEventListener("click", (event) => event.stopPropagation());
  editor.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) add();
  });
  author.addEventListener("input", tell);

  save.addEventListener("click", () => {
    const file = { schema: 1, take_id: data.take_id, author: clean(author.value).trim(), comments };
    const link = document.createElement("a");
    const address = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1) + "\n"], { type: "application/json" }));
    link.href = address;
    link.download = `comments-${data.take_id}.json`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    saved = plain();
    show();
    status.textContent = data.texts.sent;
  });

  get("mentor-open").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    try {
      if (file.size > data.largest) throw new Error();
      const read = JSON.parse(await file.text());
      const right = read && read.schema === 1 && read.take_id === data.take_id && Array.isArray(read.comments)
        && read.comments.length <= data.most && read.comments.every((c) => typeof c?.text === "string"
          && c.text.length <= data.longest && Number.isFinite(c.time_s) && c.time_s >= 0);
      if (!right) throw new Error();
      const clean_author = typeof read.author === "string" ? clean(read.author).trim() : "";
      const before = comments.length > 0;
      const known = new Set(comments.map((c) => `${c.time_s} ${c.text}`));
      const more = read.comments.map((c) => ({ time_s: c.time_s, text: clean(c.text).trim() }))
        .filter((c) => c.text && !known.has(`${c.time_s} ${c.text}`));
      if (comments.length + more.length > data.most) throw new Error();
      comments.push(...more);
      if (!author.value) author.value = clean_author.slice(0, author.maxLength);
      if (!before) { comments.sort((a, b) => a.time_s - b.time_s); saved = plain(); }
      show();
      status.textContent = fill(data.texts.opened, { n: more.length });
    } catch {
      status.textContent = data.texts.refused;
    }
    event.target.value = "";
  });
  show();
})();
