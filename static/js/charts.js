// Series drawn by uPlot: <div id class="chart" data-chart="its kind">, with its values beside it in
// <div data-chart-values="its id" data-values="[[seconds…], [values…], …]">. A chart stays, and its values follow each refresh.

import { ink, onSchemeChange } from "./colours.js";

const HEIGHT = 190;
const drawn = new Map();
// uPlot writes its times as Americans do.
const CLOCK = [["{h}:{mm}{aa}", "{HH}:{mm}"], ["{h}{aa}", "{HH}:00"], ["{M}/{D}/{YY}", "{D} {MMM}"], ["{M}/{D}", "{D} {MMM}"]];

const axis = (more, filter) => ({
  stroke: ink("--quiet"),
  font: `12px ${getComputedStyle(document.body).fontFamily}`,
  grid: { stroke: ink("--line"), width: 1, ...(filter && { filter }) },
  ticks: { show: false },
  ...more,
});

const whole = (self, splits) => splits.map((value) => (Number.isInteger(value) ? value.toLocaleString("en") : ""));
const duration = (value) => (value >= 1000 ? `${value / 1000} s` : `${value} ms`);
const decades = (self, splits) => splits.map((value) => (Number.isInteger(Math.log10(value)) ? value : null));
const clock = uPlot.fmtDate("{YYYY}-{MM}-{DD} {HH}:{mm}");
const time = { label: "Time", value: (self, at) => (at == null ? "–" : clock(new Date(at * 1000))) };
const milliseconds = (self, value) => (value == null ? "–" : duration(value));

// uPlot draws no line to a value that stands alone, as an installation's first ones do.
const lone = (self, series) =>
  self.data[series].flatMap((value, at, values) => (value != null && values[at - 1] == null && values[at + 1] == null ? [at] : []));

const KINDS = {
  operations: () => {
    const counted = (self, value) => value ?? "–";
    const paths = uPlot.paths.bars({ size: [0.8, 24], align: 1 });
    const bar = (label, name) => ({ label, fill: ink(name), stroke: ink(name), width: 0, points: { show: false }, paths, value: counted });
    return {
      // Refused operations stand on the allowed ones: the bar behind is as high as both.
      series: [time, { ...bar("Refused", "--bad"), value: (self, value, series, index) => self.refused?.[index] ?? "–" }, bar("Allowed", "--accent")],
      axes: [axis(), axis({ values: whole, size: 44 })],
      y: { range: (self, least, most) => [0, Math.max(most ?? 0, 4) * 1.1] },
      values: ([at, allowed, refused]) => [at, allowed.map((count, index) => count + refused[index]), allowed],
    };
  },
  latency: () => {
    const line = (label, name) => ({ label, stroke: ink(name), width: 1.5, spanGaps: false, points: { size: 5, fill: ink(name), filter: lone }, value: milliseconds });
    return {
      series: [time, line("Half within", "--accent"), line("95 % within", "--hot")],
      axes: [axis(), axis({ values: (self, splits) => splits.map((value) => (value ? duration(value) : "")), filter: decades, size: 64 }, decades)],
      // From a look-up to a batch there are decades: only a logarithmic scale shows both.
      y: { distr: 3, range: (self, least, most) => uPlot.rangeLog(Math.max(least ?? 1, 0.1), Math.max(most ?? 100, 1), 10, true) },
      values: (values) => values,
    };
  },
};

function draw(element, given) {
  const kind = KINDS[element.dataset.chart]();
  const chart = new uPlot(
    {
      width: element.clientWidth,
      height: HEIGHT,
      series: kind.series,
      axes: kind.axes,
      // The last step may still run, and has its width.
      scales: {
        x: { range: ({ data: [at] }, first, last) => [first, last + at[1] - at[0]] },
        y: kind.y,
      },
      cursor: { drag: { x: false, y: false }, y: false },
      fmtDate: (template) => uPlot.fmtDate(CLOCK.reduce((text, [american, ours]) => text.replace(american, ours), template)),
    },
    null,
    element,
  );
  drawn.set(element, { chart, kind });
  fill(element, given);
}

function fill(element, given) {
  const { chart, kind } = drawn.get(element);
  const values = JSON.parse(given);
  if (element.dataset.chart === "operations") chart.refused = values[2];
  chart.setData(kind.values(values));
}

function showCharts(root) {
  for (const beside of root.querySelectorAll("[data-chart-values]")) {
    const element = document.getElementById(beside.dataset.chartValues);
    if (drawn.has(element)) fill(element, beside.dataset.values);
    else draw(element, beside.dataset.values);
  }
}

function redraw() {
  for (const { chart } of drawn.values()) chart.destroy();
  drawn.clear();
  showCharts(document);
}

addEventListener("resize", () => {
  for (const [element, { chart }] of drawn) chart.setSize({ width: element.clientWidth, height: HEIGHT });
});
onSchemeChange(redraw);
document.addEventListener("htmx:afterSwap", (event) => showCharts(event.target));
showCharts(document);
