// A small picture of how fast tokens came: a column of dots for each depth, a bar at the median.
import { count, rate } from "../ui/format.ts";
import { niceMaximum } from "../ui/scale.ts";
import type { DepthReport } from "./figures.ts";

// Narrow, so that its text stays legible on a small screen.
const WIDTH = 480;
const HEIGHT = 200;
const MARGIN = { top: 12, right: 12, bottom: 34, left: 52 };

/** The decode rates of each repeat, by depth. */
export function RatePlot({ depths }: { depths: readonly DepthReport[] }) {
  const most = niceMaximum(Math.max(...depths.map((depth) => depth.decode_tokens_per_s.max)));
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const y = (value: number): number => bottom - (value / most) * (bottom - top);
  const column = (right - left) / depths.length;
  const reach = Math.min(column * 0.35, 80);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} class="plot" role="img" aria-label={describe(depths)}>
      {[0, most / 2, most].map((value) => (
        <g key={value}>
          <line x1={left} x2={right} y1={y(value)} y2={y(value)} class="grid" />
          <text x={left - 8} y={y(value) + 4} text-anchor="end">
            {value === 0 ? "0" : rate(value)}
          </text>
        </g>
      ))}
      {depths.map(({ depth, decode_tokens_per_s: { median, samples } }, index) => {
        const middle = left + column * (index + 0.5);
        return (
          <g key={depth}>
            <line x1={middle - reach} x2={middle + reach} y1={y(median)} y2={y(median)} class="median" />
            {samples.map((sample, run) => (
              <circle key={run} cx={middle + offset(run, samples.length) * reach * 0.8} cy={y(sample)} r={4} class="sample">
                <title>{rate(sample)} tokens/s</title>
              </circle>
            ))}
            <text x={middle} y={HEIGHT - 10} text-anchor="middle">
              depth {count(depth)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

/** The place of a run among others, from -1 to 1. */
function offset(run: number, runs: number): number {
  return runs > 1 ? (run / (runs - 1)) * 2 - 1 : 0;
}

/** For those who don't see it. */
function describe(depths: readonly DepthReport[]): string {
  const each = depths.map(
    ({ depth, decode_tokens_per_s: { median, min, max } }) =>
      `${rate(median)} at depth ${count(depth)}, from ${rate(min)} to ${rate(max)}`,
  );
  return `Tokens generated a second: ${each.join("; ")}`;
}
