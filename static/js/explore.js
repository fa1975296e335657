// The graph of a recall: memories on rings, a ring for each hop from what the cue found; cytoscape.js draws it.

import { ink, onSchemeChange } from "./colours.js";

const MOST = 1_000;
const RING = 90;
// Room for each memory of a ring: less where there are many.
const GAP = { few: 48, many: 24, from: 60 };
const section = document.querySelector(".graph");
const words = document.getElementById("graph-words");
const panel = document.getElementById("node");
let graph = null;
let newest = 0;

// Sliders say their value.
function showValue(slider) {
  const output = document.querySelector(`output[for="${slider.id}"]`);
  if (output) output.value = slider.value;
}
document.querySelectorAll('input[type="range"]').forEach(showValue);
document.addEventListener("input", (event) => event.target.matches('input[type="range"]') && showValue(event.target));

const style = () => {
  const named = { label: "data(name)", color: ink("--ink"), "text-valign": "bottom", "text-margin-y": 3, "text-background-opacity": 0.8 };
  return styled(named);
};

const styled = (named) => [
  {
    selector: "node[text]",
    style: {
      width: "data(size)",
      height: "data(size)",
      "background-color": (node) => ink(`--${node.data("tier")}`),
      "background-opacity": (node) => 0.45 + 0.55 * node.data("activation"),
      label: "data(label)",
      color: ink("--ink"),
      "font-size": 11,
      "font-family": getComputedStyle(document.body).fontFamily,
      "text-valign": "bottom",
      "text-margin-y": 3,
      "text-wrap": "ellipsis",
      "text-max-width": 130,
      "text-background-color": ink("--surface"),
      "text-background-opacity": 0.8,
      "min-zoomed-font-size": 7,
    },
  },
  {
    selector: "node.hit",
    style: { "border-width": 3, "border-color": ink("--accent"), "font-weight": 600, "z-index": 2, color: ink("--surface"), "text-valign": "center", "text-margin-y": 0, "text-background-opacity": 0 },
  },
  {
    selector: "edge",
    style: { width: "mapData(weight, 0, 1, 0.75, 2.5)", "line-color": ink("--line-strong"), opacity: 0.35, "curve-style": "haystack" },
  },
  {
    selector: "#cue",
    style: { width: 30, height: 30, label: "Cue", "font-size": 11, color: ink("--quiet"), "text-valign": "center", "background-color": ink("--surface"), "border-width": 1.5, "border-style": "dashed", "border-color": ink("--line-strong"), events: "no" },
  },
  { selector: "edge.likeness", style: { width: 1, "curve-style": "straight", "line-style": "dashed", opacity: 0.45 } },
  { selector: ".faded", style: { opacity: 0.12, label: "" } },
  { selector: "node[text].on-path", style: { "border-width": 4, "border-color": ink("--accent"), ...named, "z-index": 3 } },
  {
    selector: "edge.on-path",
    style: { width: 4, opacity: 1, "line-color": ink("--accent"), "curve-style": "straight", "target-arrow-shape": "triangle", "target-arrow-color": ink("--accent"), "z-index": 3 },
  },
  { selector: "node:selected", style: { "overlay-color": ink("--accent"), "overlay-opacity": 0.25, ...named, "z-index": 4 } },
];

// Each memory stands below the one that its activation came from, in a sector as wide as what came of it.
// In the middle stands the cue, or the memory that was the cue.
function place(nodes, start) {
  const known = new Map(nodes.map((node) => [node.id, { node, below: [] }]));
  const top = [];
  for (const entry of known.values()) {
    const above = known.get(entry.node.path.at(-2));
    if (entry.node.id !== start) (above && above !== entry ? above.below : top).push(entry);
  }
  const middle = known.get(start);
  if (middle) top.push(...middle.below);
  const rings = [];
  const leaves = (entry) => (entry.leaves = entry.below.reduce((sum, child) => sum + leaves(child), 0) || 1);
  const total = top.reduce((sum, entry) => sum + leaves(entry), 0);
  const put = (entry, from, to, ring) => {
    rings[ring] = (rings[ring] ?? 0) + 1;
    entry.angle = (from + to) / 2;
    entry.ring = ring;
    for (const child of entry.below) {
      const width = ((to - from) * child.leaves) / entry.leaves;
      put(child, from, from + width, ring + 1);
      from += width;
    }
  };
  // Half of the circle is shared out alike, so that what leads nowhere has its place, too.
  const widths = top.map((entry) => Math.PI * (entry.leaves / total + 1 / top.length));
  let from = 0;
  for (const [index, entry] of top.entries()) {
    put(entry, from, from + widths[index], 1);
    from += widths[index];
  }
  // The first ring is as wide as its narrowest sector needs, within reason.
  const radii = [0, Math.max(RING, Math.min(3 * RING, GAP.few / Math.min(...widths)))];
  for (let ring = 2; ring < rings.length; ring += 1) {
    const gap = rings[ring] > GAP.from ? GAP.many : GAP.few;
    radii[ring] = Math.max(radii[ring - 1] + RING, (rings[ring] * gap) / (2 * Math.PI));
  }
  return (id) => {
    const { angle = 0, ring = 0 } = known.get(id);
    return { x: radii[ring] * Math.cos(angle), y: radii[ring] * Math.sin(angle) };
  };
}

function elements(answers, hits, start) {
  const ranks = new Map(hits.map((hit, index) => [hit.id, index + 1]));
  const all = answers.flatMap((answer) => answer.nodes).sort((one, other) => other.activation - one.activation);
  const nodes = all.slice(0, MOST);
  const shown = new Set(nodes.map((node) => node.id));
  const position = place(nodes, start);
  const asNode = (node) => {
    const rank = ranks.get(node.id);
    const name = node.text.length > 60 ? `${node.text.slice(0, 60)}…` : node.text;
    return {
      group: "nodes",
      data: { ...node, name, label: rank ? `${rank}` : "", size: 10 + 26 * Math.sqrt(node.activation) },
      position: position(node.id),
      classes: rank ? "hit" : "",
    };
  };
  const edges = answers.flatMap((answer) => answer.edges).filter((edge) => shown.has(edge.source) && shown.has(edge.target));
  const middle = shown.has(start) ? start : "cue";
  const found = nodes.filter((node) => node.depth === 0 && node.id !== middle);
  return {
    nodes: nodes.map(asNode),
    edges: edges.map((edge) => ({ group: "edges", data: { id: `${edge.source} ${edge.target} ${edge.kind}`, ...edge } })),
    cue: middle === "cue" ? [{ group: "nodes", data: { id: "cue" }, position: { x: 0, y: 0 }, selectable: false }] : [],
    likeness: found.map((node) => ({ group: "edges", data: { id: `cue ${node.id}`, source: middle, target: node.id, weight: 0 }, classes: "likeness" })),
    isCut: all.length > MOST || answers.some((answer) => answer.is_cut),
  };
}

function count(number, word) {
  return `${number.toLocaleString("en")} ${number === 1 ? word[0] : word[1]}`;
}

function draw(answers, { hits, start }) {
  const { nodes, edges, cue, likeness, isCut } = elements(answers, JSON.parse(hits), start);
  graph?.destroy();
  section.hidden = false;
  panel.hidden = true;
  graph = cytoscape({
    container: document.getElementById("graph"),
    elements: [...nodes, ...cue, ...edges, ...likeness],
    style: style(),
    layout: { name: "preset", fit: true, padding: 36 },
    minZoom: 0.05,
    maxZoom: 3,
    hideEdgesOnViewport: edges.length > 600,
    textureOnViewport: nodes.length > 400,
    pixelRatio: nodes.length > 400 ? 1 : "auto",
    selectionType: "single",
    boxSelectionEnabled: false,
  });
  graph.on("tap", "node[text]", ({ target }) => choose(target));
  graph.on("dbltap", "node[text]", ({ target }) => location.assign(goOn(target)));
  graph.on("tap", ({ target }) => target === graph && forgetPath());
  const drawn = `${count(nodes.length, ["memory", "memories"])}, ${count(edges.length, ["association", "associations"])}.`;
  words.textContent = isCut ? `The ${MOST.toLocaleString("en")} most active memories; more were reached. ${drawn}` : drawn;
  document.getElementById("graph").dataset.drawn = nodes.length;
}

function goOn(node) {
  const link = document.getElementById("node-go-on");
  const { depth, threshold } = document.getElementById("explore-form").elements;
  const asked = new URLSearchParams({ memory: node.id(), space: node.data("space"), depth: depth.value, threshold: threshold.value });
  return `${link.pathname}?${asked}`;
}

function choose(node) {
  const { text, space, tier, kind, activation, depth, path } = node.data();
  document.getElementById("node-text").textContent = text;
  const hops = depth ? count(depth, ["hop", "hops"]) : "found by the cue";
  document.getElementById("node-facts").textContent = `${space} · ${tier} · ${kind} · activation ${activation.toFixed(2)} · ${hops}`;
  document.getElementById("node-go-on").href = goOn(node);
  document.getElementById("node-read").href = `/memories/${encodeURIComponent(space)}/${encodeURIComponent(node.id())}/`;
  panel.hidden = false;
  showPath(path);
}

function step(by) {
  const nodes = graph.nodes("[text]");
  const chosen = nodes.toArray().findIndex((node) => node.selected());
  const next = nodes[(chosen + by + nodes.length) % nodes.length];
  graph.elements().unselect();
  next.select();
  graph.center(next);
  choose(next);
}

const KEYS = {
  ArrowRight: () => step(1),
  ArrowDown: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowUp: () => step(-1),
  Enter: () => graph.$("node:selected").forEach((node) => location.assign(goOn(node))),
  Escape: forgetPath,
};

document.getElementById("graph")?.addEventListener("keydown", (event) => {
  if (!graph || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

function forgetPath() {
  graph?.elements().removeClass("on-path faded");
  graph?.remove("edge[?made]");
  graph?.elements().unselect();
  panel.hidden = true;
}

function showPath(path) {
  graph.elements().removeClass("on-path faded");
  graph.remove("edge[?made]");
  const nodes = graph.collection(path.map((id) => graph.getElementById(id)).filter((node) => node.nonempty()));
  let onPath = nodes;
  for (let index = 1; index < path.length; index += 1) {
    const [source, target] = [path[index - 1], path[index]];
    let edge = graph.edges().filter((each) => each.data("source") === source && each.data("target") === target);
    if (edge.empty() && nodes.getElementById(source).nonempty() && nodes.getElementById(target).nonempty()) {
      edge = graph.add({ group: "edges", data: { source, target, weight: 1, made: true } });
    }
    onPath = onPath.union(edge);
  }
  onPath = onPath.union(graph.getElementById(`cue ${path[0]}`)).union(graph.getElementById("cue"));
  graph.elements().not(onPath).addClass("faded");
  onPath.addClass("on-path");
}

async function load() {
  const source = document.getElementById("graphs");
  if (!source) {
    section.hidden = true;
    return;
  }
  const asked = (newest += 1);
  const graphs = JSON.parse(source.dataset.graphs);
  const answers = await Promise.all(
    graphs.map(({ url }) => fetch(url).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null)),
  );
  // Somebody asked for something else meanwhile.
  if (asked !== newest) return;
  const arrived = answers.filter(Boolean);
  draw(arrived, source.dataset);
  if (arrived.length < graphs.length) words.textContent += " A part of the graph could not be had; try again.";
}

document.addEventListener("click", (event) => {
  const { zoom, path, fit } = event.target.closest("button")?.dataset ?? {};
  if (!graph) return;
  if (zoom) graph.zoom({ level: graph.zoom() * Number(zoom), renderedPosition: { x: graph.width() / 2, y: graph.height() / 2 } });
  if (fit !== undefined) graph.fit(undefined, 36);
  if (path) {
    const hit = JSON.parse(document.getElementById("graphs").dataset.hits).find(({ id }) => id === path);
    showPath(hit.path);
    section.scrollIntoView({ block: "nearest" });
  }
});

document.addEventListener("htmx:afterSwap", (event) => event.target.id === "found" && load());
onSchemeChange(() => graph?.style(style()));
if (section) load();
