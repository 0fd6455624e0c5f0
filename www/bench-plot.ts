// A small picture of how fast tokens came: a column of dots for each depth, a bar at the median.
import type { DepthReport } from "./bench-figures.js";
import { count, rate } from "./format.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
// Narrow, so that its text stays legible on a small screen.
const WIDTH = 480;
const HEIGHT = 200;
const MARGIN = { top: 12, right: 12, bottom: 34, left: 52 };

/** Draws the decode rates of each repeat, by depth. */
export function plot(depths: readonly DepthReport[]): SVGElement {
  const most = niceMaximum(Math.max(...depths.map((depth) => depth.decode_tokens_per_s.max)));
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const y = (value: number): number => bottom - (value / most) * (bottom - top);
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "plot", role: "img" });
  svg.setAttribute("aria-label", describe(depths));
  for (const value of [0, most / 2, most]) {
    svg.append(draw("line", { x1: left, x2: right, y1: y(value), y2: y(value), class: "grid" }));
    svg.append(text(value === 0 ? "0" : rate(value), { x: left - 8, y: y(value) + 4, "text-anchor": "end" }));
  }
  const column = (right - left) / depths.length;
  depths.forEach(({ depth, decode_tokens_per_s: rates }, index) => {
    const middle = left + column * (index + 0.5);
    const reach = Math.min(column * 0.35, 80);
    const median = y(rates.median);
    svg.append(draw("line", { x1: middle - reach, x2: middle + reach, y1: median, y2: median, class: "median" }));
    rates.samples.forEach((sample, run) => {
      const offset = rates.samples.length > 1 ? (run / (rates.samples.length - 1)) * 2 - 1 : 0;
      const dot = draw("circle", { cx: middle + offset * reach * 0.8, cy: y(sample), r: 4, class: "sample" });
      dot.append(draw("title", {}, `${rate(sample)} tokens/s`));
      svg.append(dot);
    });
    svg.append(text(`depth ${count(depth)}`, { x: middle, y: HEIGHT - 10, "text-anchor": "middle" }));
  });
  return svg;
}

/** For those who don't see it. */
function describe(depths: readonly DepthReport[]): string {
  const each = depths.map(
    ({ depth, decode_tokens_per_s: { median, min, max } }) =>
      `${rate(median)} at depth ${count(depth)}, from ${rate(min)} to ${rate(max)}`,
  );
  return `Tokens generated a second: ${each.join("; ")}`;
}

/** The next of 1, 2, 3, 4, 6, 8, 10, 20, ... at or above a value: half of it is short too. */
function niceMaximum(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 3, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}

function text(content: string, attributes: Record<string, string | number>): SVGElement {
  return draw("text", attributes, content);
}

function draw(tag: string, attributes: Record<string, string | number>, content = ""): SVGElement {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.textContent = content;
  return made;
}
