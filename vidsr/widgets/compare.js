// The video comparer: what runs in the browser, in a notebook and in an exported page alike.
//
// mount(el, io) draws two pictures of one moment into one canvas. They come from three places, best first:
//   stills    lossless pictures of the originals, asked for on pause and after a seek ("exact");
//   the film  one stacked video, A on top of B, so that both always share a time stamp ("preview");
//   passing   of a live player: pictures as they are computed ("preview");
//   a poster  one small JPEG, until anything else is there.
// io = { get(name), set(name, value, save), on(name, fn) -> off, send(content), onmsg(fn) -> off, live }.
// Small state travels in named values, bytes in messages. Nothing is sent while the pointer drags.
//
// Units: a reference pixel is a pixel of the reference picture (size [H, W]); zoom is device pixels per reference
// pixel, 0 means fit; frames count from 0; wipe is a fraction of the visible part of the picture, A left of it.

const NAMES = `frame n fps mode wipe zoom center roi gain luma heat nearest playing loop rate info names sizes pair scales
  boxes size preview metric metric_name metric_better metric_a roi_metric notes poster status progress offset live`.split(/\s+/);
const MODES = [
  ["wipe", "Wipe", "1"], ["side", "Side", "2"], ["triple", "Triple", "3"], ["difference", "Diff", "d"],
  ["blink", "Blink", "4"],
];
const PANES = { side: ["a", "b"], triple: ["a", "b", "d"], difference: ["d"], a: ["a"], b: ["b"] };
const RATES = [0.25, 0.5, 1, 2];
const LARGEST_ZOOM = 64; // device pixels per reference pixel
const BLINK = 500; // ms a picture stays: two changes a second
const REST = 120; // ms without a new seek before stills are asked for
const PATIENCE = 3000; // ms without an answer to hello: no kernel
const CODECS = ['video/mp4; codecs="avc1.64001f"', 'video/webm; codecs="vp09.00.10.08"'];

const HELP = [
  ["Views", [["1", "wipe"], ["2", "side by side"], ["3", "A, B and difference"], ["d", "difference alone"],
    ["4", "blink"], ["b", "hold to see B"], ["c", "next B (Shift: previous)"], ["x", "swap A and B"],
    ["[ ]", "move the wipe (Shift: finely)"], ["i", "names on the picture"]]],
  ["Time", [["Space", "play or pause"], ["← →", "one frame (Shift: ten)"], ["Home End", "first, last frame"],
    [", .", "slower, faster"], ["l", "loop"], ["w", "worst frame (Shift: next worst)"],
    ["< >", "shift B by one frame"]]],
  ["Zoom", [["+ −", "zoom at the cursor (or Ctrl wheel)"], ["z", "1:1, then 2, 4, 8"], ["f", "fit"],
    ["Alt arrows", "pan (or Space drag, right drag)"], ["n", "square pixels"]]],
  ["Measure", [["p", "pixel values; arrows move the cross"], ["r", "region; arrows move, Shift sizes, Enter keeps"],
    ["Del", "remove the region"], ["g", "more gain (Shift: less)"], ["h", "heat map or signed grey"],
    ["y", "luma only"], ["s", "save the view (Shift: both originals)"], ["?", "this list"]]],
];

const PAIRWISE = new Set("1234dbcCx[]{}<>gGhy"); // keys that mean nothing for one clip

const ICONS = {
  play: '<path d="M5 3.2v9.6l7.6-4.8z" fill="currentColor"/>',
  pause: '<path d="M5.2 3.5v9M10.8 3.5v9" stroke-width="2.4"/>',
  back: '<path d="M11 4v8L5.6 8z" fill="currentColor"/><path d="M4 4v8"/>',
  forward: '<path d="M5 4v8l5.4-4z" fill="currentColor"/><path d="M12 4v8"/>',
  loop: '<path d="M3 7.2A5 5 0 0 1 12.2 5M13 2.6v3h-3M13 8.8A5 5 0 0 1 3.8 11M3 13.4v-3h3"/>',
  swap: '<path d="M2.5 5.2h10M10 2.6l2.6 2.6L10 7.8M13.5 10.8h-10M6 8.2l-2.6 2.6L6 13.4"/>',
  minus: '<path d="M4 8h8"/>',
  plus: '<path d="M4 8h8M8 4v8"/>',
  nearest: '<path d="M3 3h10v10H3zM8 3v10M3 8h10"/><path d="M3 3h5v5H3zM8 8h5v5H8z" fill="currentColor" stroke="none" opacity=".45"/>',
  region: '<path d="M3 5V3h2M7 3h2M11 3h2v2M13 7v2M13 11v2h-2M9 13H7M5 13H3v-2M3 9V7"/>',
  pixel: '<circle cx="8" cy="8" r="3.6"/><path d="M8 1.6v3M8 11.4v3M1.6 8h3M11.4 8h3"/>',
  worst: '<path d="M2.5 4l3.6 4.2 2.3-1.8 4.8 6M13.2 8.8v3.6H9.6"/>',
  save: '<path d="M8 2.6v7M5 6.8l3 3 3-3M3 13.2h10"/>',
  help: '<path d="M5.8 6a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.7"/><circle cx="8" cy="12.2" r=".9" fill="currentColor" stroke="none"/>',
  full: '<path d="M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3"/>',
};

const LIGHT = "color-scheme:light;--bg:#fff;--fg:#1c2127;--dim:#5a6470;--rule:#d9dee4;--hover:#eef1f5;--on:#e2ecfb;--blue:#1a5fc4;--warn:#8a5300";
const DARK = "color-scheme:dark;--bg:#17191d;--fg:#e7eaee;--dim:#a2abb6;--rule:#343a42;--hover:#252a31;--on:#1f3556;--blue:#7fb2ff;--warn:#f0b45c";
const STYLE = `
.vc{${LIGHT};position:relative;display:flex;flex-direction:column;width:100%;min-width:0;font:12px/1.35 system-ui,sans-serif;
  font-variant-numeric:tabular-nums;color:var(--fg);background:var(--bg);border:1px solid var(--rule);border-radius:8px;overflow:hidden;outline:0}
@media(prefers-color-scheme:dark){.vc{${DARK}}}
[data-jp-theme-light=true] .vc,.vscode-light .vc{${LIGHT}}
[data-jp-theme-light=false] .vc,.vscode-dark .vc{${DARK}}
.vc,.vc *{box-sizing:border-box}
.vc [hidden]{display:none!important}
.vc:focus-visible{border-color:var(--blue);box-shadow:0 0 0 1px var(--blue)}
.vc-stage{position:relative;width:100%;min-height:160px;max-height:max(320px,76vh);background:#0e1013;overflow:hidden}
.vc canvas{position:absolute;inset:0;width:100%;height:100%;user-select:none}
.vc video{position:absolute;width:1px;height:1px;opacity:0;pointer-events:none}
.vc-chip{position:absolute;max-width:calc(50% - 16px);padding:3px 8px;border-radius:6px;background:#0f1115cc;color:#fff;
  white-space:nowrap;overflow:hidden;text-overflow:ellipsis;pointer-events:none}
.vc-tag{top:8px;transition:opacity .12s}
.vc-tag b{display:inline-block;margin-right:6px;padding:0 4px;border-radius:4px;color:#0e1013;background:#7cc4ff}
.vc-b b{background:#ffc06e}.vc-d b{background:#d3d8de}
.vc small,.vc-word,.vc-scale,.vc-tip{font-size:11px}
.vc-tag small{color:#cbd1d8;margin-left:6px}
.vc-word{bottom:8px;padding:2px 8px}
.vc-word::before{content:"";display:inline-block;width:7px;height:7px;margin-right:6px;border-radius:50%;background:#9aa3ae}
.vc-word[data-word=preview]::before{background:#ffb648}
.vc-word[data-word=exact]::before{background:#58d68d}
.vc-handle{position:absolute;top:50%;width:30px;height:30px;margin:-15px 0 0 -15px;border-radius:50%;pointer-events:none;
  background:#0f1115b8;border:1.5px solid #fff;color:#fff;display:grid;place-items:center;outline:0}
.vc-handle:focus-visible{box-shadow:0 0 0 3px #fff,0 0 0 6px #1a5fc4}
.vc-low{position:absolute;pointer-events:none;bottom:8px;display:grid;gap:6px;justify-items:start;max-width:calc(100% - 110px)}
.vc-low .vc-chip{position:static;max-width:none}
.vc-read{display:grid;grid-template-columns:auto auto;gap:1px 10px;white-space:pre}
.vc-read i{font-style:normal;color:#cbd1d8}
.vc .vc-legend{display:flex;flex-wrap:wrap;gap:2px 5px;align-items:center;padding:2px 4px;pointer-events:auto}
.vc-scale{display:flex;gap:6px;align-items:center;padding:0 4px}
.vc-scale i{width:72px;height:9px;border-radius:2px}
.vc-say{left:50%;transform:translate(-50%,-50%);white-space:normal;text-align:center}
.vc-error{inset:38px 8px auto;max-width:none;width:fit-content;margin:0 auto;white-space:pre-wrap;background:#8c1a26;pointer-events:auto;max-height:60%;overflow:auto}
.vc-progress{height:2px;background:var(--rule)}
.vc-progress i{display:block;height:100%;background:var(--blue);transition:width .2s}
.vc-time{display:flex;gap:10px;padding:6px 10px 0}
.vc-scrub{position:relative;flex:1;min-width:80px;height:20px;cursor:pointer;outline:0;border-radius:4px;touch-action:none}
.vc-tall{height:44px}
.vc-scrub:focus-visible{box-shadow:0 0 0 2px var(--blue)}
.vc .vc-scrub svg{position:absolute;top:2px;width:100%;height:calc(100% - 12px);overflow:visible}
.vc-line{fill:none;stroke:var(--blue);stroke-width:1.25;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.vc-thin{opacity:.45}
.vc-area{fill:var(--blue);opacity:.12}
.vc-track,.vc-track i{position:absolute;left:0;right:0;bottom:4px;height:3px;border-radius:2px;background:var(--rule)}
.vc-track i{right:auto;bottom:0;background:var(--blue)}
.vc-head{position:absolute;top:0;bottom:0;width:1.5px;margin-left:-.75px}
.vc-tall .vc-head{background:var(--fg)}
.vc-head::after{content:"";position:absolute;left:-5px;bottom:0;width:11px;height:11px;border-radius:50%;background:var(--bg);border:2px solid var(--blue)}
.vc-tip{bottom:100%;padding:1px 6px;transform:translateX(-50%);max-width:none;z-index:2;background:#0f1115}
.vc-figure{display:grid;align-content:center;justify-items:end;min-width:64px;line-height:1.2}
.vc-figure b{font-size:14px;font-weight:600}
.vc-figure small,.vc-clock small,.vc-notes,.vc h4{color:var(--dim)}
.vc-bar{display:flex;flex-wrap:wrap;align-items:center;gap:2px 10px;padding:5px 8px 6px}
.vc-group{display:flex;align-items:center;gap:1px}
.vc button{all:unset;box-sizing:border-box;min-width:28px;height:28px;padding:0 5px;border-radius:6px;display:inline-flex;align-items:center;justify-content:center;cursor:pointer}
.vc .vc-legend button{min-width:22px;height:22px}
.vc svg{width:16px;height:16px}
.vc-i{fill:none;stroke:currentColor;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}
.vc-bar button:hover{background:var(--hover)}
.vc button:focus-visible{outline:2px solid;outline-offset:-2px}
.vc-bar button[aria-pressed=true]{background:var(--on);color:var(--blue)}
.vc-legend button:hover,.vc-legend button[aria-pressed=true]{background:#ffffff3d}
.vc button[aria-disabled=true]{color:var(--dim);opacity:.55;cursor:default}
.vc-modes{border:1px solid var(--rule);border-radius:7px}
.vc .vc-modes button{height:26px;padding:0 9px}
.vc-clock{min-width:96px;white-space:nowrap;padding-left:4px}
.vc .vc-clock small{font-size:12px;margin-left:7px}
.vc-alone .vc-modes,.vc-alone .vc-tag b{display:none}
.vc-end{margin-left:auto}
.vc-notes{padding:0 10px 7px;line-height:1.4}
.vc-notes:empty{display:none}
.vc p,.vc dd{margin:0}
.vc-status{color:var(--warn)}
.vc-help{position:absolute;inset:0;z-index:5;padding:14px 18px;overflow:auto;background:var(--bg);columns:4 190px;column-gap:26px}
.vc section{break-inside:avoid;margin-bottom:10px}
.vc h4{margin:0 0 5px;font-size:11px;text-transform:uppercase;letter-spacing:.06em}
.vc dl{display:grid;grid-template-columns:auto 1fr;gap:3px 10px;margin:0;align-items:baseline}
.vc dt{font:600 11px/1.5 monospace;text-align:center;min-width:22px;padding:0 5px;border:1px solid var(--rule);border-radius:4px;background:var(--hover);white-space:nowrap}
.vc-live{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.vc:fullscreen{border:0;border-radius:0}
.vc:fullscreen .vc-stage{flex:1;min-height:0;max-height:none;aspect-ratio:auto!important}
@media(prefers-reduced-motion:reduce){.vc *{transition:none!important}}
`;

// ---- small helpers

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);
const icon = (name) => `<svg class="vc-i" viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>`;

function node(parent, tag, className = "", attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent?.append(made);
  return made;
}

/** Set the text and the attributes that changed; true and false hide, disable or press. */
function set(element, text, attributes = {}) {
  if (text !== null && element.textContent !== text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

function clock(frame, fps) {
  const seconds = frame / fps;
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;
}

function zoomName(zoom) {
  if (!zoom) return "Fit";
  return zoom >= 1 && Number.isInteger(zoom) ? `${zoom}:1` : `${Math.round(zoom * 100)} %`;
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function bytesOf(buffer) {
  return ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
}

/** Frames from worst to best, one for each dip of the line: a bad second is one entry, not twenty-five. */
function dips(metric, better) {
  const sign = better === "low" ? -1 : 1;
  const at = (i) => (metric[i] === null || metric[i] === undefined ? Infinity : sign * metric[i]);
  const found = [];
  for (let i = 0; i < metric.length; i++) {
    if (at(i) < Infinity && at(i) < at(i - 1) && at(i) <= at(i + 1)) found.push(i);
  }
  return found.sort((i, j) => at(i) - at(j) || i - j);
}

// ---- the film: one hidden video, each new picture copied once

class Film {
  /** heard: { picture(frame), ended(), failed(text) } */
  constructor(host, heard) {
    this.heard = heard;
    this.count = 0;
    this.video = node(host, "video", "", { muted: "", playsinline: "", preload: "auto", "aria-hidden": "true", tabindex: "-1" });
    this.video.muted = true;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.video.addEventListener("seeked", () => this.settle());
    this.video.addEventListener("ended", () => heard.ended());
    this.video.addEventListener("error", () => this.url && heard.failed(this.video.error?.message || "unknown format"));
    this.clear();
    const onPicture = (_, meta) => {
      this.copy(this.first + Math.floor(meta.mediaTime * this.fps + 0.5));
      this.video.requestVideoFrameCallback(onPicture);
    };
    this.video.requestVideoFrameCallback?.(onPicture);
  }

  get playable() { return "requestVideoFrameCallback" in this.video; }

  load(bytes, { mime, pair, first = 0, frames }, fps) {
    this.clear();
    Object.assign(this, { pair, fps, first, frames });
    this.url = URL.createObjectURL(new Blob([bytes], { type: mime }));
    this.video.src = this.url;
    this.video.load();
    this.video.addEventListener("loadeddata", () => { this.ready = true; this.go(); }, { once: true });
  }

  clear() {
    clearTimeout(this.nudge);
    this.video.pause();
    if (this.url) URL.revokeObjectURL(this.url);
    Object.assign(this, { url: null, pair: null, fps: 25, first: 0, frames: 0, ready: false, usable: false, frame: null, want: null, sought: null });
    this.video.removeAttribute("src");
    this.video.load();
  }

  copy(frame) {
    if (!this.ready && this.video.readyState < 2) return;
    const { videoWidth: width, videoHeight: height } = this.video;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.context.drawImage(this.video, 0, 0);
    this.frame = frame;
    this.count += 1;
    this.heard.picture(frame);
  }

  /** One seek in flight; of those asked for meanwhile only the newest is made. */
  seek(frame) {
    if (!this.covers(frame)) return;
    this.want = frame;
    this.go();
  }

  covers(frame) { return Boolean(this.url) && frame >= this.first && frame < this.first + this.frames; }

  go() {
    if (!this.ready || this.want === null || this.video.seeking) return;
    this.sought = this.want;
    this.want = null;
    if (this.frame === this.sought && this.video.paused) return;
    this.video.currentTime = (this.sought - this.first + 0.5) / this.fps;
  }

  settle() {
    if (this.want !== null) return this.go();
    clearTimeout(this.nudge); // the picture is judged by its media time; a hidden page may never have told it
    const place = this.sought;
    this.nudge = setTimeout(() => {
      if (this.video.paused && !this.video.seeking && this.frame !== place && this.sought === place && place !== null) {
        this.video.currentTime = (place - this.first + 0.4) / this.fps;
      }
    }, 300);
  }

  /** Where stack k lies on the canvas, or null when the film does not show it. */
  source(k, preview) {
    const row = this.pair?.indexOf(k) ?? -1;
    if (row < 0 || this.frame === null) return null;
    const [w, h] = preview.pane;
    return { image: this.canvas, x: 0, y: row * (h + preview.gap), w, h, key: `film ${this.count} ${row}` };
  }
}

// ---- stills: lossless pictures of the originals

class Stills {
  constructor() {
    this.now = null;
    this.serial = 0;
    this.kept = new Map(); // bytes of those that came unasked (an exported page), by frame and pair
  }

  /** Decode one answer; give back whether it became the newest. */
  async take(message, buffers) {
    const serial = ++this.serial;
    const made = await Promise.all(buffers.map((bytes, i) =>
      createImageBitmap(new Blob([bytesOf(bytes)], { type: message.mimes?.[i] }), { colorSpaceConversion: "none" })));
    if (serial !== this.serial) {
      made.forEach((image) => image.close());
      return false;
    }
    this.clear();
    const { frame, pair, gain, luma, heat, legend, passing } = message;
    this.now = { frame, pair, gain, luma, heat, legend, passing, serial, images: made.slice(0, 2), difference: made[2] ?? null };
    return true;
  }

  clear() {
    this.now?.images.forEach((image) => image.close());
    this.now?.difference?.close();
    this.now = null;
  }

  shows(frame, pair) {
    return this.now?.frame === frame && !this.now.passing && pair.every((k) => this.now.pair.includes(k));
  }

  differs(frame, pair, gain, luma, heat) {
    const now = this.now;
    return now?.difference && now.frame === frame && same(now.pair, pair) && now.gain === gain && now.luma === luma && now.heat === heat;
  }

  source(k) {
    const row = this.now?.pair.indexOf(k) ?? -1;
    return row < 0 ? null : this.whole(this.now.images[row], `still ${this.now.serial} ${row}`);
  }

  whole(image, key) { return { image, x: 0, y: 0, w: image.width, h: image.height, key }; }
}

// ---- the elements

function build(el, alone) {
  node(el, "style").textContent = STYLE;
  const root = node(el, "div", alone ? "vc vc-alone" : "vc", {
    tabindex: "0", role: "group", "aria-label": `Video ${alone ? "player" : "comparer"}. Press ? for the keys`, "data-lm-suppress-shortcuts": "true",
  });
  const stage = node(root, "div", "vc-stage");
  const ui = { root, stage, canvas: node(stage, "canvas", "vc-canvas", { role: "img" }) };
  ui.tags = Object.fromEntries(["a", "b", "d"].map((side) => [side, node(stage, "div", `vc-chip vc-tag vc-${side}`)]));
  ui.handle = node(stage, "div", "vc-handle", {
    role: "slider", tabindex: "0", "aria-label": "Wipe between A and B", "aria-valuemin": "0", "aria-valuemax": "100", "aria-orientation": "horizontal",
  });
  ui.handle.innerHTML = '<svg class="vc-i" viewBox="0 0 16 16"><path d="M5.6 5L2.6 8l3 3M10.4 5l3 3-3 3"/></svg>';
  ui.roi = node(stage, "div", "vc-chip vc-roi");
  ui.low = node(stage, "div", "vc-low");
  ui.read = node(ui.low, "div", "vc-chip vc-read", { role: "status" });
  ui.legend = node(ui.low, "div", "vc-chip vc-legend", { role: "group", "aria-label": "Difference" });
  ui.word = node(stage, "div", "vc-chip vc-word");
  ui.say = node(stage, "div", "vc-chip vc-say", { role: "status" });
  ui.error = node(stage, "div", "vc-chip vc-error", { role: "alert" });
  ui.progress = node(node(root, "div", "vc-progress", { role: "progressbar", "aria-label": "Work in the kernel" }), "i");
  const time = node(root, "div", "vc-time");
  ui.scrub = node(time, "div", "vc-scrub", { role: "slider", tabindex: "0", "aria-label": "Frame", "aria-valuemin": "0" });
  ui.line = node(ui.scrub, "div");
  ui.done = node(node(ui.scrub, "div", "vc-track"), "i");
  ui.head = node(ui.scrub, "div", "vc-head");
  ui.tip = node(ui.scrub, "div", "vc-chip vc-tip");
  ui.figure = node(time, "div", "vc-figure");
  ui.bar = node(root, "div", "vc-bar", { role: "toolbar", "aria-label": "Controls" });
  ui.notes = node(root, "div", "vc-notes");
  ui.help = node(root, "div", "vc-help", { role: "dialog", "aria-label": "Keys" });
  ui.help.innerHTML = HELP.map(([title, rows]) =>
    `<section><h4>${title}</h4><dl>${rows.filter(([key]) => !alone || !PAIRWISE.has(key[0])).map(([key, what]) => `<dt>${key.replace("<", "&lt;")}</dt><dd>${what}</dd>`).join("")}</dl></section>`).join("");
  ui.live = node(root, "div", "vc-live", { "aria-live": "polite" });
  for (const name of ["read", "legend", "say", "error", "roi", "tip", "help"]) ui[name].hidden = true;
  return ui;
}

/** Hide the static picture that a notebook shows above the widget for readers without a kernel. */
function hideTwin(el, poster) {
  const area = el.closest(".jp-OutputArea");
  if (!area || !poster) return () => {};
  const length = Math.ceil(bytesOf(poster).length / 3) * 4;
  for (const image of area.querySelectorAll("img[src^='data:image/jpeg;base64,']")) {
    if (image.src.replace(/\s|%0A/g, "").length !== "data:image/jpeg;base64,".length + length) continue;
    const output = image.closest(".jp-OutputArea-child") ?? image;
    output.style.display = "none";
    return () => { output.style.display = ""; };
  }
  return () => {};
}

// ---- the comparer

export function mount(el, io) {
  const alone = io.get("names").length < 2; // a player: one clip, nothing to compare it with
  const ui = build(el, alone);
  const context = ui.canvas.getContext("2d", { alpha: false });
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const ended = new AbortController();
  const listen = (target, type, fn, options = {}) => target.addEventListener(type, fn, { signal: ended.signal, ...options });
  const offs = [];
  const timers = {};
  const later = (name, ms, fn) => { clearTimeout(timers[name]); timers[name] = setTimeout(fn, ms); };

  const m = new Proxy({}, { get: (_, name) => io.get(name) }); // the named values
  const stills = new Stills();
  const film = new Film(ui.stage, { picture: onPicture, ended: onEnded, failed: onFilmFailed });
  const codecs = CODECS.filter((mime) => film.playable && film.video.canPlayType(mime));
  const passing = io.live && m.live; // Python plays
  let frame = clamp(m.frame, 0, m.n - 1); // the frame wanted; what is drawn is view.shown
  let playing = false;
  let poster = null;
  let answered = false, orphan = false; // whether anything came from a kernel; whether none seems to be there
  let chosen = null; // "still" or "film": where the pictures drawn now come from
  let tool = null; // "pixel" or "region"
  let cross = null; // [x, y] of the cross-hair in reference pixels
  let draft = null; // region being drawn, [x0, y0, x1, y1] in reference pixels
  let holdB = false, blinkB = false, space = null, pointer = null, worstAt = -1;
  const layers = new Map();
  const errors = new Map(); // kind -> text
  const ids = { view: Math.random().toString(36).slice(2, 8), next: 0 }; // Python keeps the newest request of each view
  const view = { panes: [], shown: null, word: "waiting" };

  // -- state out: set now, hand over when the hand rests

  const dirty = new Set();
  function put(name, value, when = "soon") {
    if (!same(io.get(name), value)) {
      io.set(name, value, false);
      dirty.add(name);
    }
    refresh();
    if (when === "soon") later("flush", 150, flush);
    if (when === "now") flush();
  }
  function flush() {
    clearTimeout(timers.flush);
    const names = [...dirty];
    dirty.clear();
    for (const name of names) io.set(name, io.get(name), true);
  }
  function send(content) {
    try {
      io.send(content);
    } catch {
      fail("kernel", "The kernel is gone. What is loaded stays viewable.");
    }
  }
  function fresh(kind) {
    ids[kind] = `${ids.view}:${ids.next++}`;
    return ids[kind];
  }
  function fail(kind, text) {
    errors.set(kind, text);
    refresh();
  }

  // -- geometry, all in device pixels of the canvas

  const density = () => ui.canvas.width / (ui.canvas.clientWidth || 1);
  const side = (letter) => m.pair[letter === "a" ? 0 : 1];
  const boxOf = (k) => m.boxes[k];

  function shownSides() {
    if (holdB) return ["b"];
    if (m.mode === "blink") return [blinkB ? "b" : "a"];
    return PANES[m.mode] ?? ["wipe"];
  }

  function layout() {
    const sides = shownSides();
    const { width, height } = ui.canvas;
    const gap = sides.length > 1 ? Math.round(2 * density()) : 0;
    const wide = Math.floor((width - gap * (sides.length - 1)) / sides.length);
    const [H, W] = m.size;
    const scale = m.zoom || fit(wide, height);
    const center = m.center.length === 2 ? m.center : [W / 2, H / 2];
    const middle = clampCenter(center, scale, { w: wide, h: height });
    const tx = Math.round(wide / 2 - middle[0] * scale), ty = Math.round(height / 2 - middle[1] * scale);
    return sides.map((shows, i) => ({
      shows, x: i * (wide + gap), y: 0, w: wide, h: height, scale, tx, ty, middle,
      left: Math.max(tx, 0), right: Math.min(tx + W * scale, wide), // the visible part of the picture
    }));
  }

  function fit(w, h) { // a rest of less than two pixels is filled rather than left as a dark line
    const [H, W] = m.size, [least, most] = [w / W, h / H].sort((a, b) => a - b);
    return W * most < w + 2 && H * most < h + 2 ? most : least;
  }
  const fitOf = (pane) => fit(pane.w, pane.h);
  const wipeAt = (pane) => Math.round(pane.left + clamp(m.wipe, 0, 1) * (pane.right - pane.left));
  const toScreen = (pane, x, y) => [pane.x + pane.tx + x * pane.scale, pane.y + pane.ty + y * pane.scale];

  function under(event) {
    const box = ui.canvas.getBoundingClientRect();
    const px = (event.clientX - box.left) * (ui.canvas.width / box.width);
    const py = (event.clientY - box.top) * (ui.canvas.height / box.height);
    const panes = layout();
    const pane = panes.find((p) => px < p.x + p.w) ?? panes.at(-1);
    return { pane, px: px - pane.x, py: py - pane.y, x: (px - pane.x - pane.tx) / pane.scale, y: (py - pane.y - pane.ty) / pane.scale };
  }

  /** Zoom while the picture stays put under the cursor, or in the middle. */
  function zoomTo(scale, at = pointer ?? middleOf()) {
    const { pane, px, py, x, y } = under(at);
    const target = Math.min(scale, LARGEST_ZOOM);
    if (target <= fitOf(pane) * 1.001 && target !== 1) return put("zoom", 0);
    put("center", clampCenter([x - (px - pane.w / 2) / target, y - (py - pane.h / 2) / target], target, pane));
    put("zoom", target);
  }
  function middleOf() {
    const box = ui.canvas.getBoundingClientRect(), pane = layout()[0];
    return { clientX: box.left + pane.w / 2 / density(), clientY: box.top + box.height / 2 };
  }
  function clampCenter([x, y], scale, { w, h }) {
    const hold = (c, size, room) => (size * scale < room + 2 ? size / 2 : clamp(c, room / 2 / scale, size - room / 2 / scale));
    return [hold(x, m.size[1], w), hold(y, m.size[0], h)];
  }
  function pan(dx, dy, [x, y] = layout()[0].middle, when = "soon") {
    const pane = layout()[0];
    put("center", clampCenter([x + dx / pane.scale, y + dy / pane.scale], pane.scale, pane), when);
  }

  // -- drawing

  let frameAsked = 0;
  function refresh() {
    if (!frameAsked) frameAsked = requestAnimationFrame(draw);
  }

  function choose() {
    const at = stills.shows(frame, m.pair), old = chosen;
    const held = { still: stills.now, film: film.usable && film.frame !== null };
    chosen = at && !playing ? "still" : playing || film.frame === frame || !stills.now ? "film" : old;
    if (!held[chosen]) chosen = ["film", "still"].find((name) => held[name]) ?? null;
    view.shown = chosen && (chosen === "still" ? stills.now.frame : film.frame);
    const there = shownSides().every((s) => s === "d" || (s === "wipe" ? source("a") && source("b") : source(s)));
    view.word = view.shown === null ? (poster ? "preview" : "waiting") : !there ? "waiting" : chosen === "film" || stills.now?.passing ? "preview" : at ? "exact" : "waiting";
  }

  function source(letter) {
    if (letter === "d") return stills.now?.difference ? stills.whole(stills.now.difference, `still ${stills.now.serial} d`) : null;
    const k = side(letter);
    const usable = film.usable ? film.source(k, m.preview) : null;
    return chosen === "still" ? stills.source(k) ?? usable : usable ?? stills.source(k);
  }

  const differenceNow = () => stills.differs(frame, m.pair, m.gain, m.luma, m.heat);

  /** Draw one picture into [x0, x1) of a pane. Pictures at rest are scaled once and then copied. */
  function paint(pane, letter, x0 = 0, x1 = pane.w) {
    const from = source(letter);
    if (!from || x1 <= x0) return Boolean(from);
    const box = letter === "d" ? [0, 0, m.size[1], m.size[0]] : boxOf(side(letter));
    const place = [pane.tx + box[0] * pane.scale, pane.ty + box[1] * pane.scale, (box[2] - box[0]) * pane.scale, (box[3] - box[1]) * pane.scale];
    const smooth = !m.nearest;
    const render = (target) => {
      target.imageSmoothingEnabled = smooth;
      target.imageSmoothingQuality = playing ? "low" : "high";
      target.drawImage(from.image, from.x, from.y, from.w, from.h, ...place);
    };
    context.save();
    context.beginPath();
    context.rect(pane.x + x0, pane.y, x1 - x0, pane.h);
    context.clip();
    if (playing && letter !== "d") {
      context.translate(pane.x, pane.y);
      render(context);
    } else {
      context.drawImage(layer(letter, [from.key, ...place, smooth, pane.w, pane.h].join(" "), pane, render), pane.x, pane.y);
    }
    context.restore();
    return true;
  }
  function layer(letter, key, pane, render) {
    const kept = layers.get(letter) ?? { canvas: document.createElement("canvas"), key: "" };
    if (kept.key !== key) {
      Object.assign(kept.canvas, { width: pane.w, height: pane.h });
      render(kept.canvas.getContext("2d", { alpha: false }));
      kept.key = key;
      layers.set(letter, kept);
    }
    return kept.canvas;
  }

  function paintPictures() {
    context.fillStyle = "#0e1013";
    context.fillRect(0, 0, ui.canvas.width, ui.canvas.height);
    if (chosen === null) {
      if (poster) paintPoster();
      return;
    }
    for (const pane of view.panes) {
      if (pane.shows !== "wipe") {
        paint(pane, pane.shows);
        continue;
      }
      const cut = wipeAt(pane);
      const sides = [source("a"), source("b")];
      if (sides[0]) paint(pane, "a", 0, sides[1] ? cut : pane.w); // while one is on its way the other fills the picture
      if (sides[1]) paint(pane, "b", sides[0] ? cut : 0, pane.w);
    }
  }
  function paintPoster() {
    const { width, height } = ui.canvas;
    const scale = Math.min(width / poster.width, height / poster.height);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(poster, (width - poster.width * scale) / 2, (height - poster.height * scale) / 2, poster.width * scale, poster.height * scale);
  }

  function paintMarks() {
    const unit = density();
    const region = draft ?? regionInReference();
    for (const pane of view.panes) {
      context.save();
      context.beginPath();
      context.rect(pane.x, pane.y, pane.w, pane.h);
      context.clip();
      if (pane.shows === "wipe" && chosen) {
        const x = pane.x + wipeAt(pane);
        context.fillStyle = "rgba(0,0,0,.45)";
        context.fillRect(x - 2 * unit, pane.y, 4 * unit, pane.h);
        context.fillStyle = "#fff";
        context.fillRect(x - 0.75 * unit, pane.y, 1.5 * unit, pane.h);
      }
      if (region) {
        const [x0, y0] = toScreen(pane, region[0], region[1]), [x1, y1] = toScreen(pane, region[2], region[3]);
        outline(() => context.rect(x0, y0, x1 - x0, y1 - y0), unit, [5 * unit, 4 * unit]);
      }
      if (cross && tool === "pixel") {
        const [x, y] = toScreen(pane, cross[0] + 0.5, cross[1] + 0.5), reach = Math.max(pane.scale / 2, 4 * unit) + unit;
        outline(() => {
          context.rect(x - reach, y - reach, 2 * reach, 2 * reach);
          for (const [dx, dy] of Object.values(ARROWS)) {
            context.moveTo(x + dx * reach, y + dy * reach);
            context.lineTo(x + dx * (reach + 7 * unit), y + dy * (reach + 7 * unit));
          }
        }, unit, []);
      }
      context.restore();
    }
  }
  function outline(path, unit, dash) {
    context.beginPath();
    path();
    for (const [colour, width, pattern] of [["rgba(0,0,0,.65)", 3, []], ["#fff", 1.25, dash]]) {
      context.setLineDash(pattern);
      context.strokeStyle = colour;
      context.lineWidth = width * unit;
      context.stroke();
    }
  }

  function draw() {
    cancelAnimationFrame(frameAsked);
    frameAsked = 0;
    if (!ui.canvas.width || ended.signal.aborted) return;
    choose();
    view.panes = layout();
    paintPictures();
    paintMarks();
    describe();
  }

  // -- words and controls

  function describe() {
    const now = m.mode, count = m.n;
    const sides = view.panes.map((pane) => pane.shows);
    const [H, W] = m.size;
    ui.stage.style.aspectRatio = `${W * (now === "side" ? 2 : now === "triple" ? 3 : 1)} / ${H}`;
    for (const [name, value] of Object.entries({ mode: now, shown: view.shown ?? "", word: view.word, frame })) {
      if (ui.root.dataset[name] !== String(value)) ui.root.dataset[name] = value;
    }
    describeTags(sides);
    describeDifference(sides);
    describeRegion();
    const wiping = sides[0] === "wipe" && chosen !== null;
    ui.handle.style.display = wiping ? "" : "none";
    if (wiping) {
      const percent = Math.round(m.wipe * 100);
      ui.handle.style.left = `${(view.panes[0].x + wipeAt(view.panes[0])) / density()}px`;
      set(ui.handle, null, { "aria-valuenow": percent });
      set(ui.handle, null, { "aria-valuetext": `${percent} percent A` });
    }
    set(ui.word, view.word);
    set(ui.word, null, { "data-word": view.word });
    ui.word.style.right = sides.length === 3 ? "calc(33.4% + 8px)" : "8px";
    const place = count > 1 ? (100 * frame) / (count - 1) : 0;
    ui.head.style.left = `${place}%`;
    ui.done.style.width = `${place}%`;
    set(ui.scrub, null, { "aria-valuemax": count - 1 });
    set(ui.scrub, null, { "aria-valuenow": frame });
    set(ui.scrub, null, { "aria-valuetext": `frame ${frame} of ${count - 1}, ${clock(frame, m.fps)}` });
    set(ui.frame, `${frame} / ${count - 1}`);
    set(ui.clock, clock(frame, m.fps));
    describeFigure();
    describeButtons(now);
    describeNotes();
    set(ui.canvas, null, { "aria-label": `${[...new Set(m.pair)].map((k) => m.names[k]).join(" against ")}, frame ${frame}, ${view.word}` });
    const zoomed = view.panes[0].scale > fitOf(view.panes[0]) * 1.001;
    ui.canvas.style.touchAction = zoomed || tool ? "none" : "pan-y pinch-zoom";
    ui.canvas.style.cursor = tool ? "crosshair" : dragging?.kind === "pan" ? "grabbing" : sides[0] === "wipe" ? "ew-resize" : zoomed ? "grab" : "default";
  }

  function describeTags(sides) {
    const wiped = sides[0] === "wipe", letters = wiped ? ["a", "b"] : sides;
    const cut = wiped ? wipeAt(view.panes[0]) / density() : 0;
    for (const [letter, tag] of Object.entries(ui.tags)) {
      const i = letters.indexOf(letter), html = i < 0 ? "" : tagText(letter), right = wiped && i === 1;
      tag.hidden = i < 0 || !m.info;
      if (tag.hidden) continue;
      if (tag.html !== html) {
        tag.html = tag.innerHTML = html;
        tag.wide = tag.offsetWidth + 12;
      }
      const room = i ? ui.canvas.clientWidth - cut : cut; // in a wipe a name goes with its picture
      Object.assign(tag.style, {
        left: right ? "auto" : `calc(${(100 * i) / sides.length}% + 8px)`, right: right ? "8px" : "auto",
        maxWidth: `calc(${100 / letters.length}% - 16px)`, opacity: wiped && room < tag.wide ? 0 : 1,
      });
    }
  }
  function tagText(letter) {
    const text = document.createElement("i");
    const safe = (value) => { text.textContent = value; return text.innerHTML; };
    if (letter === "d") return `<b>Δ</b>${stills.now && !differenceNow() ? `frame ${stills.now.frame}` : "B − A"}`;
    const k = side(letter), size = m.sizes[k], total = m.names.length;
    const more = [size ? `${size[1]} × ${size[0]}` : "", letter === "b" && total > 2 ? `${k + 1} of ${total}` : "",
      letter === "b" && m.offset ? `${m.offset > 0 ? "+" : "−"}${Math.abs(m.offset)} frames` : ""].filter(Boolean);
    return `<b>${letter.toUpperCase()}</b>${safe(m.names[k] ?? "")}<small>${more.join(" · ")}</small>`;
  }

  function describeDifference(sides) {
    const there = sides.includes("d");
    ui.legend.hidden = !there || !stills.now?.difference;
    ui.low.style.left = sides.length === 3 ? "calc(66.7% + 8px)" : "8px";
    ui.low.hidden = !there && ui.read.hidden;
    let say = "";
    if (there) {
      const legend = stills.now?.legend;
      set(ui.gain, `× ${+m.gain.toPrecision(3)}`);
      set(ui.heat, null, { "aria-pressed": m.heat });
      set(ui.luma, null, { "aria-pressed": m.luma });
      const narrow = view.panes[0].w / density() < 240;
      ui.heat.hidden = ui.luma.hidden = narrow;
      ui.scale.hidden = !legend || narrow;
      if (legend) {
        set(ui.scale.children[0], String(legend.low));
        ui.scale.children[1].style.background = `linear-gradient(90deg,${legend.colours.join(",")})`;
        set(ui.scale.children[2], `${legend.high} ${legend.unit ?? ""}`);
      }
      const able = io.live && !orphan;
      if (playing) say = "Pause to see the difference: it is made from the originals";
      else if (!stills.now?.difference) say = able ? "Computing the difference from the originals …" : "The difference needs the originals: run the cell";
    }
    if (orphan && (m.playing || !film.ready)) say = "Run the cell to play";
    else if (m.mode === "blink" && still.matches) say = "Blinking is off (reduced motion): hold b for B";
    ui.say.hidden = !say;
    set(ui.say, say);
    const third = sides.length === 3 && !orphan;
    Object.assign(ui.say.style, { left: third ? "83.3%" : "50%", top: there ? "50%" : "calc(100% - 30px)", maxWidth: third ? "30%" : "80%" });
  }

  function describeRegion() {
    const region = draft ?? regionInReference(), pane = view.panes[0];
    const roi = m.roi;
    const text = draft ? `${Math.round(Math.abs(draft[2] - draft[0]))} × ${Math.round(Math.abs(draft[3] - draft[1]))}`
      : region ? [`${roi[3] - roi[1]} × ${roi[2] - roi[0]}`, m.roi_metric].filter(Boolean).join(" · ") : "";
    ui.roi.hidden = !text || !chosen;
    if (ui.roi.hidden) return;
    set(ui.roi, text);
    const [x, y] = toScreen(pane, Math.min(region[0], region[2]), Math.max(region[1], region[3]));
    ui.roi.style.left = `${clamp(x / density(), 4, ui.canvas.clientWidth - 60)}px`;
    ui.roi.style.top = `${clamp(y / density() + 5, 4, ui.canvas.clientHeight - 28)}px`;
  }

  function describeFigure() {
    const value = m.metric[frame];
    ui.figure.hidden = !m.metric.length;
    const [, name, unit, rest] = /^(.*?)(?: \((.*?)\))?( against .*)?$/.exec(m.metric_name); // "PSNR (dB) against reference"
    set(ui.figure.children[0], Number.isFinite(value) ? `${value.toFixed(Math.abs(value) < 10 ? 3 : 2)} ${unit ?? ""}`.trim() : "–");
    set(ui.figure.children[1], name + (rest ?? ""));
  }

  function describeButtons(now) {
    const b = ui.buttons;
    const moving = playing || (m.playing && !orphan);
    if (b.play.dataset.shows !== String(moving)) {
      b.play.dataset.shows = moving;
      b.play.innerHTML = icon(moving ? "pause" : "play");
      set(b.play, null, { "aria-label": moving ? "Pause" : "Play" });
    }
    const able = playable();
    set(b.play, null, { "aria-disabled": !able });
    b.play.title = able ? "Play or pause (Space)" : orphan ? "Run the cell to play" : "This browser plays none of the film's formats";
    set(b.loop, null, { "aria-pressed": m.loop });
    set(b.nearest, null, { "aria-pressed": m.nearest });
    set(b.region, null, { "aria-pressed": tool === "region" });
    set(b.pixel, null, { "aria-pressed": tool === "pixel" });
    for (const [name] of MODES) set(b[name], null, { "aria-pressed": now === name });
    set(b.rate, { 0.25: "¼×", 0.5: "½×" }[m.rate] ?? `${m.rate}×`);
    set(b.zoom, zoomName(m.zoom));
    b.swap.hidden = alone;
    b.next.hidden = m.names.length < 3;
    b.worst.hidden = !m.metric.length;
  }

  function describeNotes() {
    const working = m.progress >= 0 && m.progress < 1;
    ui.progress.style.width = working ? `${Math.max(m.progress, 0.02) * 100}%` : "0";
    set(ui.progress.parentNode, null, { "aria-valuenow": working ? Math.round(m.progress * 100) : 0 });
    const lines = [...m.notes, ...(m.status ? [m.status] : [])];
    const text = lines.join("\n");
    if (ui.notes.dataset.text !== text) {
      ui.notes.dataset.text = text;
      ui.notes.replaceChildren();
      lines.forEach((line, i) => set(node(ui.notes, "p", i < m.notes.length ? "" : "vc-status"), line));
    }
    const wrong = [...errors.values()].join("\n");
    ui.error.hidden = !wrong;
    set(ui.error, wrong);
  }

  function drawLine() {
    const lines = [m.metric_a ?? [], m.metric], finite = lines.flat().filter(Number.isFinite), last = m.metric.length - 1;
    ui.scrub.classList.toggle("vc-tall", last > 0);
    const low = Math.min(...finite), room = Math.max(...finite) - low || 1;
    const paths = lines.map((line, which) => {
      let path = "", area = "";
      line.forEach((value, i) => {
        if (!Number.isFinite(value)) return;
        const x = ((1000 * i) / last).toFixed(1), point = `${x} ${(96 - (92 * (value - low)) / room).toFixed(1)}`;
        const goesOn = Number.isFinite(line[i - 1]);
        path += (goesOn ? "L" : "M") + point;
        area += (goesOn ? "L" : `M${x} 100L`) + point + (Number.isFinite(line[i + 1]) ? "" : `L${x} 100Z`);
      });
      return path && `<path class="vc-line${which ? "" : " vc-thin"}" d="${path}"/>${which ? `<path class="vc-area" d="${area}"/>` : ""}`;
    });
    ui.line.innerHTML = last > 0 ? `<svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true">${paths.join("")}</svg>` : "";
  }

  // -- time

  function goTo(place, when = "soon") {
    const wanted = clamp(Math.round(place), 0, m.n - 1);
    const moved = wanted !== frame;
    frame = wanted;
    put("frame", frame, when);
    film.seek(frame);
    if (moved) later("told", 400, () => set(ui.live, `frame ${frame}`));
    ask();
  }
  function step(by) {
    if (playing || m.playing) play(false);
    goTo(frame + by);
  }
  function play(on) {
    if (on && !playable()) return refresh();
    put("playing", on, "now");
    follow();
  }
  const playable = () => film.ready || (!orphan && (passing || codecs.length > 0));
  function order() { // a film that shows this frame, when none is at hand
    if (io.live && !orphan && m.playing && !film.covers(frame)) send({ type: "film", frame });
  }
  /** Make the video do what `playing` says; a film not ready yet starts when it is. */
  function follow() {
    if (passing) return followLive();
    const on = Boolean(m.playing) && film.ready && film.covers(frame);
    film.video.playbackRate = m.rate;
    film.video.loop = m.loop && film.frames >= m.n;
    if (!on) order();
    if (on === playing) return refresh();
    playing = on;
    if (on) {
      clearTimeout(timers.still);
      film.want = null;
      if (frame >= m.n - 1) film.video.currentTime = 0;
      film.video.play().catch((error) => { if (error.name !== "AbortError") onFilmFailed(error.message); });
    } else {
      film.video.pause();
      put("frame", frame, "now");
      film.seek(frame);
      ask();
    }
    refresh();
  }
  function followLive() {
    const stops = playing && !m.playing;
    playing = Boolean(m.playing);
    if (playing) clearTimeout(timers.still);
    if (stops) {
      put("frame", frame, "now");
      ask();
    }
    refresh();
  }
  async function pass(message, buffers) {
    if (!playing) return;
    try {
      if (!(await stills.take({ ...message, pair: m.pair, passing: true }, buffers))) return;
    } catch {
      return; // a newer one took its place
    }
    if (playing) {
      frame = clamp(message.frame, 0, m.n - 1);
      put("frame", frame, "later");
    }
    refresh();
  }
  function onPicture(number) {
    if (playing) {
      frame = clamp(number, 0, m.n - 1);
      put("frame", frame, "later");
    }
    if (playing || number === frame) film.usable = true;
    refresh();
  }
  function onEnded() {
    if (!playing) return;
    const more = film.first + film.frames < m.n, around = m.loop && film.frames < m.n;
    if (!more && !around) return play(false);
    playing = false; // on to the next window of a long clip
    frame = more ? film.first + film.frames : 0;
    put("frame", frame, "now");
    order();
  }
  function onFilmFailed(text) {
    film.clear();
    if (playing || m.playing) { playing = false; put("playing", false, "now"); }
    fail("film", `The film does not play here (${text}). Frames are shown as stills.`);
    ask(0);
  }

  // -- stills

  const wantsDifference = () => shownSides().includes("d");
  const satisfied = () => stills.shows(frame, m.pair) && (!wantsDifference() || differenceNow());

  function ask(rest = REST) {
    clearTimeout(timers.still);
    if (playing || satisfied()) return;
    later("still", rest, () => {
      if (playing || satisfied()) return;
      const kept = stills.kept.get(`${frame} ${[...m.pair].sort()}`);
      if (kept) takeStill(...kept);
      else if (io.live) {
        send({
          type: "still", id: fresh("still"), frame, pair: m.pair, difference: wantsDifference(),
          gain: m.gain, luma: m.luma, heat: m.heat,
        });
      }
    });
  }
  async function takeStill(message, buffers) {
    try {
      if (!(await stills.take(message, buffers)) || ended.signal.aborted) return;
      errors.delete("still");
    } catch (error) {
      fail("still", `The still of frame ${message.frame} cannot be read: ${error.message}`);
    }
    if (tool === "pixel" && cross) readPixel();
    refresh();
  }

  // -- messages

  function onMessage(message, buffers = []) {
    heard();
    const { type, id } = message;
    if (type === "video") {
      if (film.serial === message.serial && film.url && message.serial !== undefined) return;
      errors.delete("film");
      film.load(bytesOf(buffers[0]), { frames: m.n, ...message }, m.fps);
      film.serial = message.serial;
      film.video.addEventListener("loadeddata", follow, { once: true });
      film.seek(frame);
    } else if (type === "still") {
      if (!io.live || id === undefined) {
        stills.kept.set(`${message.frame} ${[...message.pair].sort()}`, [message, buffers]);
        ask(0);
      } else if (id === ids.still) takeStill(message, buffers);
    } else if (type === "live") {
      pass(message, buffers);
    } else if (type === "pixel" && id === ids.pixel) {
      errors.delete("pixel");
      pixelBusy = false;
      showPixel(message);
      if (pixelAgain) askPixel();
    } else if (type === "file" && id === ids.save) {
      errors.delete("save");
      download(new Blob([bytesOf(buffers[0])], { type: "image/png" }), message.name);
    } else if (type === "error") {
      const kind = id === undefined || id === null ? "film" : ["still", "pixel", "save"].find((name) => ids[name] === id);
      if (kind === "pixel") pixelBusy = false;
      if (kind) fail(kind, message.text);
    } else if (type === "bye") {
      orphan = true;
    }
    refresh();
  }
  function heard() {
    answered = true;
    if (orphan) orphan = false;
    clearTimeout(timers.hello);
  }

  // -- pixel read-out

  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let pixelBusy = false, pixelAgain = false, pixelText = null;

  /** 8-bit levels of one stack under a reference pixel, from the exact still; null while there is none. */
  function levels(letter) {
    const from = view.word === "exact" ? stills.source(side(letter)) : null;
    if (!from) return null;
    const box = boxOf(side(letter));
    const place = [0, 1].map((axis) => Math.floor(((cross[axis] + 0.5 - box[axis]) / (box[axis + 2] - box[axis])) * (axis ? from.h : from.w)));
    if (place[0] < 0 || place[1] < 0 || place[0] >= from.w || place[1] >= from.h) return null;
    probe.drawImage(from.image, place[0], place[1], 1, 1, 0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  }
  function readPixel() {
    const [H, W] = m.size;
    cross = [clamp(Math.floor(cross[0]), 0, W - 1), clamp(Math.floor(cross[1]), 0, H - 1)];
    if (pixelText && !(pixelText.x === cross[0] && pixelText.y === cross[1] && pixelText.frame === frame)) pixelText = null;
    const a = levels("a"), b = levels("b"), said = pixelText?.text ?? {};
    const local = (values) => (values ? `${values.join(" ")} of 255` : "…");
    const rows = [["x, y", `${cross[0]}, ${cross[1]}${view.word === "exact" ? "" : `  (${view.word})`}`], [alone ? "value" : "A", said.a ?? local(a)], ["B", said.b ?? local(b)],
      ["B − A", said.difference ?? local(a && b && b.map((v, i) => v - a[i]))]];
    ui.read.replaceChildren();
    for (const row of alone ? rows.slice(0, 2) : rows) row.forEach((text, i) => set(node(ui.read, i ? "span" : "i"), text));
    ui.read.hidden = false;
    refresh();
    if (!pixelText) later("pixel", 60, askPixel);
  }
  function askPixel() {
    pixelAgain = pixelBusy;
    if (!io.live || orphan || pixelBusy || playing || dragging || !cross || tool !== "pixel") return;
    pixelBusy = true;
    later("pixelLost", 2000, () => { pixelBusy = false; if (pixelAgain) askPixel(); });
    send({ type: "pixel", id: fresh("pixel"), frame, pair: m.pair, x: cross[0], y: cross[1] });
  }
  function showPixel(message) {
    if (!cross || message.x !== cross[0] || message.y !== cross[1]) return;
    pixelText = { ...message, frame };
    if (tool === "pixel") readPixel();
  }

  function take(name) {
    tool = tool === name ? null : name;
    draft = null;
    const pane = layout()[0];
    if (tool === "pixel") {
      const at = pointer && under(pointer);
      cross = at ? [at.x, at.y] : [...pane.middle];
      readPixel();
    } else {
      cross = null;
      ui.read.hidden = true;
    }
    if (tool === "region" && !m.roi.length) {
      const across = pane.w / pane.scale / 8, down = pane.h / pane.scale / 8;
      draft = inPicture([pane.middle[0] - across, pane.middle[1] - down, pane.middle[0] + across, pane.middle[1] + down]);
    } else if (tool === "region") draft = regionInReference();
    refresh();
  }

  // -- region: in pixels of A outside, in reference pixels here

  function regionInReference() {
    const roi = m.roi;
    if (roi.length !== 4) return null;
    const box = boxOf(side("a")), scale = m.scales[side("a")];
    return [box[0] + roi[1] / scale, box[1] + roi[0] / scale, box[0] + roi[3] / scale, box[1] + roi[2] / scale];
  }
  function inPicture(region) {
    const box = boxOf(side("a"));
    return region.map((value, i) => clamp(value, box[i % 2], box[(i % 2) + 2]));
  }
  function keepRegion() {
    const box = boxOf(side("a")), scale = m.scales[side("a")];
    const [x0, y0, x1, y1] = inPicture(draft).map((value, i) => (value - box[i % 2]) * scale);
    const round = (low, high) => [Math.floor(Math.min(low, high) + 1e-6), Math.ceil(Math.max(low, high) - 1e-6)];
    const [left, right] = round(x0, x1), [top, bottom] = round(y0, y1);
    draft = null;
    tool = null;
    put("roi", right - left < 2 || bottom - top < 2 ? [] : [top, left, bottom, right], "now");
  }
  function dropRegion() {
    draft = null;
    put("roi", [], "now");
  }
  function nudgeRegion(dx, dy, size) {
    const one = 1 / m.scales[side("a")];
    const by = [dx * one, dy * one, dx * one, dy * one].map((v, i) => (size && i < 2 ? 0 : v));
    const moved = draft.map((value, i) => value + by[i]);
    if (same(moved, inPicture(moved)) && moved[2] - moved[0] >= 2 * one && moved[3] - moved[1] >= 2 * one) draft = moved;
    refresh();
  }

  // -- actions

  function setMode(name) {
    put("mode", name, "now");
    set(ui.live, name);
    ask(0);
  }
  function toggle(name) {
    put(name, !m[name], "now");
  }
  function swap() {
    put("pair", [...m.pair].reverse(), "now");
  }
  function cycle(by) {
    const [i, j] = m.pair, total = m.names.length;
    if (total < 3) return;
    let k = j;
    do k = (k + by + total) % total; while (k === i);
    put("pair", [i, k], "now");
    set(ui.live, `B is ${m.names[k]}`);
  }
  function setGain(factor) {
    put("gain", clamp(m.gain * factor, 0.25, 64));
  }
  function setRate(by) {
    const at = RATES.findIndex((rate) => rate >= m.rate);
    put("rate", RATES[clamp((at < 0 ? 2 : at) + by, 0, RATES.length - 1)], "now");
    follow();
  }
  function zoomStep(by) {
    const pane = layout()[0];
    zoomTo(by > 0 ? pane.scale * Math.SQRT2 : pane.scale / Math.SQRT2);
  }
  function zoomCycle() {
    const at = [1, 2, 4, 8].indexOf(m.zoom);
    zoomTo([1, 2, 4, 8][(at + 1) % 4]);
  }
  function moveWipe(by) {
    put("wipe", clamp(Math.round((m.wipe + by) * 1000) / 1000, 0, 1));
  }
  function goWorst(next) {
    const order = dips(m.metric, m.metric_better);
    if (!order.length) return;
    worstAt = next ? (worstAt + 1) % order.length : 0;
    if (playing) play(false);
    goTo(order[worstAt], "now");
  }
  function shift(by) {
    put("offset", m.offset + by, "now");
  }
  function save(originals) {
    if (originals && io.live && !orphan) {
      send({ type: "save", id: fresh("save"), frame, pair: m.pair, what: "pair" });
      return;
    }
    view.panes = layout();
    paintPictures();
    const plain = (k) => (m.names[k] ?? "").replace(/[^\w.-]+/g, "_");
    const name = `${alone ? plain(0) : `${plain(side("a"))}-${plain(side("b"))}-${m.mode}`}-frame${String(view.shown ?? frame).padStart(6, "0")}.png`;
    ui.canvas.toBlob((blob) => {
      if (blob) download(blob, name);
      else fail("save", "The browser made no picture of the view.");
    });
    draw();
  }
  function fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else ui.root.requestFullscreen?.().catch((error) => fail("screen", `No full screen here: ${error.message}`));
  }
  function toggleHelp() {
    ui.help.hidden = !ui.help.hidden;
  }
  function blink() {
    clearTimeout(timers.blink);
    if (m.mode !== "blink") blinkB = false;
    else later("blink", BLINK, () => {
      if (!still.matches) blinkB = !blinkB;
      refresh();
      blink();
    });
  }

  // -- controls

  function button(parent, name, face, label, fn, toggle = false) {
    const made = node(parent, "button", "", { type: "button", title: label, "aria-label": label.replace(/ \(.*\)$/, "") });
    if (ICONS[face]) made.innerHTML = icon(face);
    else made.textContent = face;
    if (toggle) made.setAttribute("aria-pressed", "false");
    listen(made, "click", (event) => {
      if (made.getAttribute("aria-disabled") !== "true") fn(event);
      if (event.detail) ui.root.focus({ preventScroll: true }); // a mouse click leaves the keys with the comparer
    });
    ui.buttons[name] = made;
    return made;
  }
  function buildControls() {
    ui.buttons = {};
    const group = (extra = "") => node(ui.bar, "div", `vc-group ${extra}`);
    const time = group();
    button(time, "back", "back", "One frame back (←)", () => step(-1));
    button(time, "play", "play", "Play or pause (Space)", () => play(!m.playing));
    button(time, "forward", "forward", "One frame on (→)", () => step(1));
    button(time, "loop", "loop", "Loop (l)", () => toggle("loop"), true);
    button(time, "rate", "1×", "Speed (, .)", () => setRate(m.rate > 0.25 ? -1 : 2));
    const read = node(time, "div", "vc-clock");
    ui.frame = node(read, "b");
    ui.clock = node(read, "small");
    const views = group("vc-modes");
    views.setAttribute("role", "group");
    views.setAttribute("aria-label", "View");
    for (const [name, label, key] of MODES) button(views, name, label, `${label} (${key})`, () => setMode(name), true);
    const look = group();
    button(look, "swap", "swap", "Swap A and B (x)", swap);
    button(look, "next", "Next B", "Next B (c)", () => cycle(1));
    button(look, "out", "minus", "Zoom out (−)", () => zoomStep(-1));
    button(look, "zoom", "Fit", "Fit, or one pixel to one (f, z)", () => (m.zoom ? put("zoom", 0) : zoomTo(1, middleOf()))).style.minWidth = "40px";
    button(look, "in", "plus", "Zoom in (+)", () => zoomStep(1));
    button(look, "nearest", "nearest", "Square pixels (n)", () => toggle("nearest"), true);
    const measure = group();
    button(measure, "pixel", "pixel", "Pixel values (p)", () => take("pixel"), true);
    button(measure, "region", "region", "Region (r)", () => take("region"), true);
    button(measure, "worst", "worst", "Worst frame (w; Shift: next worst)", (event) => goWorst(event.shiftKey));
    const end = group("vc-end");
    button(end, "save", "save", "Save the view (s; Shift: both originals)", (event) => save(event.shiftKey));
    button(end, "help", "help", "Keys (?)", toggleHelp);
    button(end, "full", "full", "Full screen", fullScreen);
    button(ui.legend, "less", "−", "Less gain (Shift g)", () => setGain(0.5));
    ui.gain = node(ui.legend, "span");
    button(ui.legend, "more", "+", "More gain (g)", () => setGain(2));
    ui.heat = button(ui.legend, "heat", "Heat", "Heat map or signed grey (h)", () => toggle("heat"), true);
    ui.luma = button(ui.legend, "luma", "Luma", "Luma only (y)", () => toggle("luma"), true);
    ui.scale = node(ui.legend, "span", "vc-scale");
    for (const tag of ["span", "i", "span"]) node(ui.scale, tag);
    node(ui.figure, "b");
    node(ui.figure, "small");
    listen(ui.help, "click", toggleHelp);
  }

  // -- keys

  const KEYS = {
    1: () => setMode("wipe"), 2: () => setMode("side"), 3: () => setMode("triple"), 4: () => setMode("blink"),
    d: () => setMode("difference"), c: () => cycle(1), C: () => cycle(-1), x: swap,
    "[": () => moveWipe(-0.05), "]": () => moveWipe(0.05), "{": () => moveWipe(-0.01), "}": () => moveWipe(0.01),
    i: () => toggle("info"), Home: () => goTo(0), End: () => goTo(m.n - 1),
    ",": () => setRate(-1), ".": () => setRate(1), l: () => toggle("loop"),
    w: () => goWorst(false), W: () => goWorst(true), "<": () => shift(-1), ">": () => shift(1),
    "+": () => zoomStep(1), "=": () => zoomStep(1), "-": () => zoomStep(-1), z: zoomCycle, f: () => put("zoom", 0),
    n: () => toggle("nearest"), p: () => take("pixel"),
    r: () => (tool === "region" && draft ? keepRegion() : take("region")),
    Delete: dropRegion, Backspace: dropRegion,
    g: () => setGain(2), G: () => setGain(0.5), h: () => toggle("heat"), y: () => toggle("luma"),
    s: () => save(false), S: () => save(true), "?": toggleHelp,
  };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  function onArrow(event) {
    const [dx, dy] = ARROWS[event.key], shifted = event.shiftKey;
    if (event.altKey) pan(dx * 40 * density(), dy * 40 * density());
    else if (event.target === ui.handle) moveWipe((dx - dy) * (shifted ? 0.1 : 0.01));
    else if (tool === "region" && draft) nudgeRegion(dx, dy, shifted);
    else if (tool === "pixel" && cross) {
      cross = [cross[0] + dx * (shifted ? 10 : 1), cross[1] + dy * (shifted ? 10 : 1)];
      readPixel();
    } else if (dx) step(dx * (shifted ? 10 : 1));
    else return event.target === ui.scrub ? (step(-dy), true) : false; // up and down scroll the page
    return true;
  }
  function onKey(event) {
    const { key, target } = event;
    if (key === "Tab" || event.metaKey || (event.ctrlKey && !event.getModifierState("AltGraph"))) return;
    if (key === "Escape") { // never swallowed: full screen and dialogs need it too
      ui.help.hidden = true;
      if (tool) take(tool);
      return;
    }
    let done = true;
    if (alone && PAIRWISE.has(key)) return;
    if (ARROWS[key]) done = onArrow(event);
    else if (target.tagName === "BUTTON" && (key === " " || key === "Enter")) done = false;
    else if (key === "Enter" && tool === "region" && draft) keepRegion();
    else if (target === ui.handle && (key === "Home" || key === "End")) put("wipe", key === "Home" ? 0 : 1);
    else if (key === " ") space ??= { used: false };
    else if (key === "b") { holdB = true; refresh(); }
    else if (KEYS[key] && !event.altKey) KEYS[key](event);
    else done = false;
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  }
  function onKeyUp(event) {
    if (event.key === "b") { holdB = false; refresh(); }
    if (event.key === " " && space) {
      if (!space.used) play(!m.playing);
      space = null;
      event.preventDefault();
    }
  }

  // -- pointer

  let dragging = null;
  function onDown(event) {
    if (dragging) return;
    ui.root.focus({ preventScroll: true });
    const point = under(event);
    const main = event.button === 0 && !space;
    const kind = main && tool === "region" ? "region" : main && tool !== "pixel" && point.pane.shows === "wipe" && chosen ? "wipe" : "pan";
    if (space) space.used = true;
    if (event.button === 1) event.preventDefault();
    dragging = { kind, point, moved: false, id: event.pointerId, from: [event.clientX, event.clientY] };
    ui.canvas.setPointerCapture(event.pointerId);
    if (kind === "region") draft = [point.x, point.y, point.x, point.y];
    if (kind === "wipe" && event.pointerType !== "touch") dragWipe(point);
    refresh();
  }
  function dragWipe({ pane, px }) {
    put("wipe", pane.right > pane.left ? clamp((px - pane.left) / (pane.right - pane.left), 0, 1) : 0.5, "later");
  }
  function onMove(event) {
    pointer = { clientX: event.clientX, clientY: event.clientY };
    const point = under(event);
    if (dragging && event.pointerId === dragging.id) {
      const [dx, dy] = [event.clientX - dragging.from[0], event.clientY - dragging.from[1]];
      if (Math.hypot(dx, dy) > 3) dragging.moved = true;
      if (dragging.kind === "wipe") dragWipe(point);
      if (dragging.kind === "region") { draft = inPicture([dragging.point.x, dragging.point.y, point.x, point.y]); refresh(); }
      if (dragging.kind === "pan") pan(-dx * density(), -dy * density(), dragging.point.pane.middle, "later");
      return;
    }
    if (tool === "pixel") {
      cross = [point.x, point.y];
      readPixel();
    }
  }
  function onUp(event) {
    if (!dragging || event.pointerId !== dragging.id) return;
    if (dragging.kind === "region" && event.type === "pointerup") keepRegion();
    if (dragging.kind === "region" && event.type !== "pointerup") draft = null;
    if (dragging.kind === "pan" && dragging.moved && event.button === 2) menuOff = true;
    dragging = null;
    flush();
    refresh();
  }
  let menuOff = false;
  function onWheel(event) {
    if (!event.ctrlKey && !ui.root.contains(document.activeElement)) return; // the page scrolls until it is clicked
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    zoomTo(layout()[0].scale * Math.exp(-clamp(event.deltaY * lines, -240, 240) * (event.ctrlKey ? 0.006 : 0.003)), event);
  }

  function scrubAt(event) {
    const box = ui.scrub.getBoundingClientRect();
    return clamp(Math.round(((event.clientX - box.left) / box.width) * (m.n - 1)), 0, m.n - 1);
  }
  function onScrub(event) {
    const place = scrubAt(event), value = m.metric[place];
    const box = ui.scrub.getBoundingClientRect();
    ui.tip.hidden = event.type === "pointerleave";
    ui.tip.style.left = `${clamp(event.clientX - box.left, 30, box.width - 30)}px`;
    set(ui.tip, [place, Number.isFinite(value) ? value.toFixed(2) : ""].filter((t) => t !== "").join(" · "));
    if (event.type === "pointerdown") {
      if (playing || m.playing) play(false);
      ui.scrub.setPointerCapture(event.pointerId);
      ui.scrub.held = true;
    }
    if (ui.scrub.held && place !== frame) goTo(place, "later");
    if (event.type === "pointerup" || event.type === "pointercancel") {
      ui.scrub.held = false;
      flush();
    }
  }

  // -- start

  function loadPoster() {
    const bytes = m.poster;
    if (!bytes || !bytes.byteLength) return;
    createImageBitmap(new Blob([bytesOf(bytes)], { type: "image/jpeg" })).then((image) => {
      poster?.close();
      poster = image;
      if (ended.signal.aborted) poster.close();
      refresh();
    }, () => {});
  }
  function dropPictures() {
    film.clear();
    stills.clear();
    pixelText = null;
  }

  const WATCH = {
    frame: () => { if (m.frame !== frame) { if (playing) play(false); goTo(m.frame, "now"); } },
    playing: follow, rate: follow, loop: follow, metric: drawLine, metric_a: drawLine, poster: loadPoster,
    mode: () => { blink(); ask(0); }, gain: ask, luma: () => ask(0), heat: () => ask(0),
    pair: () => { pixelText = null; if (tool === "pixel") readPixel(); ask(0); },
    offset: () => { dropPictures(); ask(0); }, progress: heard, status: heard,
  };
  buildControls();
  drawLine();
  for (const name of NAMES) {
    offs.push(io.on(name, () => { WATCH[name]?.(); refresh(); }));
  }
  offs.push(io.onmsg(onMessage));
  listen(ui.root, "keydown", onKey);
  listen(ui.root, "keyup", onKeyUp);
  listen(ui.root, "focusout", () => { holdB = false; space = null; refresh(); });
  for (const [type, fn] of [["down", onDown], ["move", onMove], ["up", onUp], ["cancel", onUp]]) listen(ui.canvas, `pointer${type}`, fn);
  listen(ui.canvas, "pointerleave", () => { if (!dragging) pointer = null; });
  listen(ui.canvas, "contextmenu", (event) => { if (menuOff) event.preventDefault(); menuOff = false; });
  listen(ui.stage, "wheel", onWheel, { passive: false });
  for (const type of ["down", "move", "up", "cancel", "leave"]) listen(ui.scrub, `pointer${type}`, onScrub);
  listen(still, "change", refresh);
  const sizes = new ResizeObserver(([entry]) => {
    const told = entry.devicePixelContentBoxSize?.[0]; // whole device pixels; some emulations tell CSS pixels
    const exact = (css, device) => (Math.abs(device - css * devicePixelRatio) < 2 ? device : Math.round(css * devicePixelRatio));
    const width = exact(entry.contentRect.width, told?.inlineSize), height = exact(entry.contentRect.height, told?.blockSize);
    if (ui.canvas.width !== width || ui.canvas.height !== height) Object.assign(ui.canvas, { width, height });
    draw(); // before the page is painted, so nothing flashes
  });
  try {
    sizes.observe(ui.canvas, { box: "device-pixel-content-box" });
  } catch {
    sizes.observe(ui.canvas);
  }
  const [H, W] = m.size;
  ui.stage.style.aspectRatio = `${W} / ${H}`;
  loadPoster();
  blink();
  let showTwin = hideTwin(el, m.poster);
  later("twin", 300, () => { showTwin(); showTwin = hideTwin(el, m.poster); });
  if (io.live) {
    later("hello", PATIENCE, () => { if (!answered) { orphan = true; refresh(); } });
    send({ type: "hello", codecs, dpr: devicePixelRatio });
    ask(0);
    if (passing && m.playing) follow();
  }
  refresh();

  return () => {
    ended.abort();
    cancelAnimationFrame(frameAsked);
    Object.values(timers).forEach(clearTimeout);
    offs.forEach((off) => off());
    sizes.disconnect();
    stills.serial += 1;
    if (io.live && answered) send({ type: "gone", view: ids.view });
    dropPictures();
    poster?.close();
    showTwin();
    el.replaceChildren();
  };
}

/** anywidget calls this once a view. */
function render({ model, el }) {
  el.style.minWidth = "0";
  const heardOn = (event, fn) => {
    model.on(event, fn);
    return () => model.off(event, fn);
  };
  return mount(el, {
    live: true,
    get: (name) => model.get(name),
    set(name, value, save = false) {
      model.set(name, value);
      if (save) model.save_changes();
    },
    on: (name, fn) => heardOn(`change:${name}`, fn),
    onmsg: (fn) => heardOn("msg:custom", fn),
    send: (content) => model.send(content),
  });
}

export default { render };
