// Owns: the chart of the error rate.

import { $, svg } from "./dom.js";
import { world } from "./state.js";
import { clockSeconds } from "./time.js";

const SPAN_MS = 180_000;

/** Room for the scale, left of the curve. */
const SCALE_WIDTH = 40;

/** The recovery that the chart marks already. */
let marked = null;

/** `points` are the rates to draw, `share` the newest in words or null, `recovered` the moment to mark or null. */
export function drawChart(points, share, recovered) {
  const box = $("chart");
  const [width, height] = [box.clientWidth, box.clientHeight];
  if (!width || !height) return; // Hidden behind the other tab.
  const plot = { left: SCALE_WIDTH, width, height, top: 8, bottom: height - 20, from: world.now - SPAN_MS };
  const words = `Share of 5xx answers over the last three minutes. Now ${share ?? "no traffic"}.`;
  box.replaceChildren(
    svg(
      "svg",
      {
        viewBox: `0 0 ${width} ${height}`,
        role: "img",
        "aria-label": recovered ? `${words} Recovered at ${clockSeconds(recovered)}.` : words,
      },
      toneOfCurve(plot),
      gridLines(plot),
      curves(plot, points),
      recovered ? recoveryMark(plot, recovered) : null,
    ),
  );
}

/** The curve is red where something fails and green along the bottom line. */
function toneOfCurve(plot) {
  return svg(
    "linearGradient",
    { id: "tone", gradientUnits: "userSpaceOnUse", x1: 0, x2: 0, y1: yOf(plot, 0.06), y2: yOf(plot, 0.01) },
    svg("stop", { class: "tone-bad", offset: 0 }),
    svg("stop", { class: "tone-good", offset: 1 }),
  );
}

const xOf = (plot, at) => plot.left + ((at - plot.from) / SPAN_MS) * (plot.width - plot.left);
const yOf = (plot, rate) => plot.bottom - rate * (plot.bottom - plot.top);

function gridLines(plot) {
  const level = (rate) => [
    svg("line", { class: "grid", x1: plot.left, x2: plot.width, y1: yOf(plot, rate), y2: yOf(plot, rate) }),
    svg("text", { class: "axis", x: plot.left - 8, y: yOf(plot, rate) + 4, "text-anchor": "end" }, `${rate * 100}%`),
  ];
  const edge = (x, anchor, words) =>
    svg("text", { class: "axis", x, y: plot.height - 4, "text-anchor": anchor }, words);
  return [level(1), level(0.5), level(0), edge(plot.left, "start", "3 min ago"), edge(plot.width, "end", "now")];
}

/** Runs of seconds with traffic; silence leaves a gap instead of a line that would claim something. */
function curves(plot, points) {
  const runs = [[]];
  for (const point of points) {
    if (point.at < plot.from) continue;
    if (point.rate === null) runs.push([]);
    else runs.at(-1).push(`${xOf(plot, point.at).toFixed(1)},${yOf(plot, point.rate).toFixed(1)}`);
  }
  return runs
    .filter((run) => run.length > 1)
    .map((run) => [
      svg("polygon", {
        class: "area",
        points: [`${run[0].split(",")[0]},${plot.bottom}`, ...run, `${run.at(-1).split(",")[0]},${plot.bottom}`].join(
          " ",
        ),
      }),
      svg("polyline", { class: "curve", stroke: "url(#tone)", points: run.join(" ") }),
    ]);
}

function recoveryMark(plot, at) {
  const x = xOf(plot, at);
  const isLeft = x > plot.width * 0.55;
  // The chart is drawn anew each second; only the first time may the mark fade in.
  const isNew = marked !== at;
  marked = at;
  return svg(
    "g",
    { class: isNew ? "recovery new" : "recovery" },
    svg("line", { x1: x, x2: x, y1: plot.top, y2: plot.bottom }),
    svg("circle", { cx: x, cy: plot.bottom, r: 4 }),
    svg(
      "text",
      { x: x + (isLeft ? -8 : 8), y: yOf(plot, 0.7), "text-anchor": isLeft ? "end" : "start" },
      `recovered ${clockSeconds(at)}`,
    ),
  );
}
