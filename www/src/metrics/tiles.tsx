// The figures at a glance.
import { count, duration, rate } from "../ui/format.ts";
import { snapshot } from "./snapshot.ts";

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });

export function Tiles() {
  const metrics = snapshot.value?.metrics;
  if (!metrics) return null;
  const { total } = metrics;
  const { timeToFirstToken, interToken } = total.latenciesMs;
  const answers = Object.values(total.requests).reduce((sum, each) => sum + each, 0);
  const tiles: [string, string, string][] = [
    ["First token", timeToFirstToken.count ? duration(timeToFirstToken.p50) : "–", "median"],
    ["Between tokens", interToken.count ? duration(interToken.p50) : "–", "median"],
    ["Generated", rate(total.generatedTokensPerSecond), "tokens/s, last minute"],
    ["Prefix cache", percent.format(total.prefixHitRate), `${count(total.cachedTokens)} tokens reused`],
    ["GPU busy", percent.format(metrics.recentGpuBusyShare), "last minute"],
    ["Requests", count(answers), metrics.queueDepth > 0 ? `${count(metrics.queueDepth)} waiting` : `${count(total.generatedTokens)} tokens in all`],
  ];
  return (
    <dl class="tiles figures">
      {tiles.map(([title, value, detail]) => (
        <div key={title} class="tile">
          <dt>{title}</dt>
          <dd>
            <strong>{value}</strong> <span class="small muted">{detail}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
