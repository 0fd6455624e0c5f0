// A figure of each answer, with the percentiles of all.
import type { Distribution } from "wgslm";
import { duration, rate } from "../ui/format.ts";
import { niceMaximum } from "../ui/scale.ts";
import { percentile } from "./percentiles.ts";

const WIDTH = 320;
const HEIGHT = 180;
const MARGIN = { top: 10, right: 6, bottom: 12, left: 46 };
const LINES = ["p50", "p95", "p99"] as const;

/** Plots `values` by answer; the lines are those of `among`, or else of the values themselves. */
export function TimesPlot({
  title,
  unit,
  values,
  among,
}: {
  title: string;
  unit: "ms" | "tokens/s";
  values: readonly (number | undefined)[];
  among?: Distribution | undefined;
}) {
  const known = values.filter((value) => value !== undefined);
  const lines = among?.count ? among : { p50: percentile(known, 0.5), p95: percentile(known, 0.95), p99: percentile(known, 0.99) };
  const most = niceMaximum(Math.max(...known, lines.p99, 0) * 1.05);
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const y = (value: number): number => bottom - (value / most) * (bottom - MARGIN.top);
  const x = (index: number): number => (values.length < 2 ? (MARGIN.left + right) / 2 : MARGIN.left + 6 + (index / (values.length - 1)) * (right - MARGIN.left - 12));
  const shown = (value: number): string => (unit === "ms" ? duration(value) : rate(value));
  const path = values.map((value, index) => (value === undefined ? "" : `${x(index)},${y(value)}`)).filter(Boolean);
  return (
    <figure class="card times">
      <figcaption>
        <h2>{title}</h2>
        <ul class="percentiles small figures">
          {LINES.map((name) => (
            <li key={name} class={name}>
              <span class="muted">{name}</span> {shown(lines[name])}
            </li>
          ))}
        </ul>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${title} of the last ${known.length} answers, ${LINES.map((name) => `${name} ${shown(lines[name])}`).join(", ")}`}>
        {[0, most / 2, most].map((value) => (
          <g key={value}>
            <line class="grid" x1={MARGIN.left} x2={right} y1={y(value)} y2={y(value)} />
            <text x={MARGIN.left - 6} y={y(value) + 4} text-anchor="end">
              {value === 0 ? "0" : shown(value)}
            </text>
          </g>
        ))}
        {LINES.map((name) => (
          <line key={name} class={`line ${name}`} x1={MARGIN.left} x2={right} y1={y(lines[name])} y2={y(lines[name])} />
        ))}
        {path.length > 1 && <polyline class="trace" points={path.join(" ")} />}
        {values.map(
          (value, index) =>
            value !== undefined && (
              <circle key={index} cx={x(index)} cy={y(value)} r={3}>
                <title>{shown(value)}</title>
              </circle>
            ),
        )}
      </svg>
    </figure>
  );
}
