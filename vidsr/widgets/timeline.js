// A report over time: one small plot a measure, one line a version; click, drag or arrow keys go to a frame.
// mount(el, io) draws into `el` and returns what cleans up. io: get(name), set(name, value, save), on(name, fn) -> off.
// Traits: frame (place from 0), frames [absolute numbers], times [seconds], versions [names],
// plots [{name, unit, better, worst: {place, version}, lines: [[number | "inf" | null ...] a version]}], twin (length of the still's base64).

const STYLE = `
.vt { font: 13px/1.35 system-ui, sans-serif; color: var(--jp-ui-font-color1, #1b1b1b); padding: 4px; outline-offset: 2px; }
.vt-head { display: flex; flex-wrap: wrap; gap: 2px 14px; align-items: baseline; }
.vt-head b { font-variant-numeric: tabular-nums; }
.vt-key svg { width: 26px; height: 8px; margin-right: 4px; }
.vt-name { display: flex; flex-wrap: wrap; gap: 2px 10px; align-items: baseline; margin-top: 6px; font-variant-numeric: tabular-nums; }
.vt-figures { white-space: pre; }
.vt-name small { opacity: .8; }
.vt-name button { font: inherit; font-size: 12px; padding: 0 6px; cursor: pointer; }
.vt-plot { position: relative; height: 64px; background: var(--jp-layout-color2, #f3f3f3); cursor: crosshair; touch-action: pan-y; }
.vt-plot svg { position: absolute; inset: 3px 0; width: 100%; height: calc(100% - 6px); overflow: visible; pointer-events: none; }
.vt path { fill: none; stroke-width: 1.6; vector-effect: non-scaling-stroke; }
.vt-now { position: absolute; top: 0; bottom: 0; width: 0; border-left: 1.5px solid currentColor; pointer-events: none; }
.vt-worst { position: absolute; top: 0; width: 0; border: 5px solid transparent; border-top-color: #c62828; transform: translateX(-5px); pointer-events: none; }
.vt-scale { position: absolute; right: 2px; font-size: 11px; opacity: .8; pointer-events: none; }`;
const INKS = ["#0b62a8", "#b4540a", "#2b7a2b", "#8a2be2", "#a0114b", "#555555"];
const DASHES = ["", "5 3", "1.5 2.5", "8 3 1.5 3"];

const make = (tag, name, parent, text = "") => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  node.textContent = text;
  parent?.append(node);
  return node;
};
const svg = (tag, about, parent) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(about)) node.setAttribute(key, value);
  parent.append(node);
  return node;
};
const pen = (k) => ({ stroke: INKS[k % INKS.length], "stroke-dasharray": DASHES[Math.floor(k / INKS.length) % DASHES.length] || DASHES[k % DASHES.length] });
const worded = (v) => v === "inf" ? "∞" : v === null || v === undefined ? "–" : Math.abs(v) >= 100 ? v.toFixed(1) : v.toPrecision(4);

/** An SVG path of one line in a box of 1000 x 100; gaps where there is no figure, the top for infinity. */
function path(values, low, high) {
  let out = "", pen = "M";
  values.forEach((v, k) => {
    if (v === null) { pen = "M"; return; }
    const x = values.length > 1 ? (1000 * k) / (values.length - 1) : 500;
    const y = v === "inf" ? 0 : 100 - (100 * (v - low)) / (high - low);
    out += `${pen}${x.toFixed(1)} ${y.toFixed(2)}`;
    if (pen === "M") out += "h0";  // so that a lone figure is a dot
    pen = "L";
  });
  return out;
}

/** Hide the picture that an earlier output shows to readers without widgets. Returns what shows it again. */
function hideTwin(el, length) {
  const hidden = [];
  for (const image of el.closest(".jp-OutputArea")?.querySelectorAll("img") ?? []) {
    const data = (image.src.split(",")[1] ?? "").replace(/\s|%0A/g, "");
    const output = image.closest(".jp-OutputArea-child");
    if (length && data.length === length && output && !output.contains(el)) { hidden.push(output); output.style.display = "none"; }
  }
  return () => hidden.forEach((output) => { output.style.display = ""; });
}

export function mount(el, io) {
  const off = [];
  const root = make("div", "vt", el);
  make("style", "", root, STYLE);
  root.tabIndex = 0;
  root.dataset.lmSuppressShortcuts = "true";  // else a key would act on the notebook
  root.setAttribute("role", "slider");
  root.setAttribute("aria-label", "frame of the report; arrow keys, Home, End; w for the worst");
  const head = make("div", "vt-head", root);
  const place = make("b", "", head);
  const n = () => io.get("frames").length;
  const seek = (k) => {
    k = Math.min(Math.max(Math.round(k), 0), n() - 1);
    if (k !== io.get("frame")) io.set("frame", k, true);
    show();
  };
  io.get("versions").forEach((name, k) => {
    const key = make("span", "vt-key", head);
    svg("path", { d: "M0 4H26", ...pen(k) }, svg("svg", { "aria-hidden": "true" }, key));
    key.append(name);
  });

  const plots = io.get("plots").map((plot) => {
    const name = make("div", "vt-name", root);
    make("b", "", name, plot.unit ? `${plot.name} [${plot.unit}]` : plot.name);
    make("small", "", name, plot.better);
    const figures = make("span", "vt-figures", name);
    const box = make("div", "vt-plot", root);
    const known = plot.lines.flat().filter((v) => typeof v === "number");
    let [low, high] = [Math.min(...known), Math.max(...known)];
    if (!(high > low)) [low, high] = [(known[0] ?? 0) - 1, (known[0] ?? 0) + 1];
    const sheet = svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", "aria-hidden": "true" }, box);
    plot.lines.forEach((values, k) => svg("path", { d: path(values, low, high), ...pen(k) }, sheet));
    make("span", "vt-scale", box, worded(high)).style.top = "0";
    make("span", "vt-scale", box, worded(low)).style.bottom = "0";
    if (plot.worst) {
      make("div", "vt-worst", box).style.left = at(plot.worst.place);
      const button = make("button", "vt-to-worst", name, `worst: ${io.get("frames")[plot.worst.place]}`);
      button.title = `go to the worst frame of ${plot.worst.version}`;
      button.addEventListener("click", () => seek(plot.worst.place));
    }
    const now = make("div", "vt-now", box);
    const drag = (event) => {
      const edge = box.getBoundingClientRect();
      seek(((event.clientX - edge.left) / edge.width) * (n() - 1));
    };
    box.addEventListener("pointerdown", (event) => { box.setPointerCapture(event.pointerId); drag(event); });
    box.addEventListener("pointermove", (event) => { if (box.hasPointerCapture(event.pointerId)) drag(event); });
    return { plot, now, figures };
  });

  function at(k) { return `${n() > 1 ? (100 * k) / (n() - 1) : 50}%`; }
  function show() {
    const k = io.get("frame"), number = io.get("frames")[k], seconds = io.get("times")[k];
    place.textContent = `frame ${number}, ${seconds.toFixed(3)} s`;
    for (const { plot, now, figures } of plots) {
      now.style.left = at(k);
      figures.textContent = plot.lines.map((values) => worded(values[k])).join("   ");
    }
    const about = { valuemin: 0, valuemax: n() - 1, valuenow: k, valuetext: place.textContent };
    for (const [key, value] of Object.entries(about)) root.setAttribute(`aria-${key}`, value);
  }

  let turn = 0;
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target !== root) return;
    const k = io.get("frame"), step = event.shiftKey ? 10 : 1;
    const worsts = io.get("plots").filter((plot) => plot.worst);
    const to = { ArrowLeft: k - step, ArrowRight: k + step, Home: 0, End: n() - 1 }[event.key] ??
      (event.key === "w" && worsts.length ? worsts[turn++ % worsts.length].worst.place : undefined);
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    seek(to);
  });
  off.push(io.on("frame", show));
  show();
  let showTwin = () => {};
  const later = setTimeout(() => { showTwin = hideTwin(el, io.get("twin")); }, 300);
  return () => { clearTimeout(later); showTwin(); off.forEach((stop) => stop()); root.remove(); };
}

export default {
  render({ model, el }) {
    return mount(el, {
      get: (name) => model.get(name),
      set: (name, value, save) => { model.set(name, value); if (save) model.save_changes(); },
      on: (name, fn) => { model.on(`change:${name}`, fn); return () => model.off(`change:${name}`, fn); },
    });
  },
};
