// What the suggestions have cost so far.
import type { AutocompleteCounters } from "wgslm";
import { count } from "../ui/format.ts";

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

export function Counters({ counters }: { counters: AutocompleteCounters }) {
  const { requests, withoutGpu, rowsRead, rowsReused, generatedTokens, accepted, acceptedCharacters } = counters;
  const share = (part: number, whole: number): string => percent.format(whole > 0 ? part / whole : 0);
  const facts: [string, string, string][] = [
    ["Requests", count(requests), `${share(withoutGpu, requests)} answered without the GPU`],
    ["Tokens read", count(rowsRead), `${share(rowsReused, rowsRead + rowsReused)} were read before`],
    ["Tokens written", count(generatedTokens), "for suggestions"],
    ["Accepted", count(accepted), `${count(acceptedCharacters)} characters not typed`],
  ];
  return (
    <dl class="counters figures">
      {facts.map(([term, value, detail]) => (
        <div key={term}>
          <dt class="small muted">{term}</dt>
          <dd>
            <strong>{value}</strong> <span class="small muted">{detail}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
