// Where the time of each answer went: a stacked bar an answer.
import { duration } from "../ui/format.ts";
import { type AnswerTimes, history } from "./history.ts";

const PHASES: readonly [keyof AnswerTimes["phases"], string][] = [
  ["queue", "Waiting"],
  ["prefill", "Prefill"],
  ["decode", "Decode"],
  ["detokenise", "Text"],
];
/** The most answers that have a bar. */
const MOST = 8;

export function Phases() {
  const shown = history.value.slice(-MOST).reverse();
  const longest = Math.max(...shown.map(total), 1);
  return (
    <section class="card section" aria-labelledby="phases-title">
      <div class="section-head">
        <h2 id="phases-title">Phases</h2>
        <ul class="legend small">
          {PHASES.map(([name, title]) => (
            <li key={name} data-series={name}>
              {title}
            </li>
          ))}
        </ul>
      </div>
      <ol class="bars" reversed aria-label="The last answers, the newest first">
        {shown.map((times, index) => (
          <li key={history.value.length - index}>
            <div class="stack" role="img" aria-label={PHASES.map(([name, title]) => `${title} ${duration(times.phases[name])}`).join(", ")}>
              {PHASES.map(([name, title]) => (
                <span key={name} data-series={name} title={`${title}: ${duration(times.phases[name])}`} style={{ width: `${(100 * times.phases[name]) / longest}%` }} />
              ))}
            </div>
            <span class="small muted figures">{duration(total(times))}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function total({ phases }: AnswerTimes): number {
  return Object.values(phases).reduce((sum, each) => sum + each, 0);
}
