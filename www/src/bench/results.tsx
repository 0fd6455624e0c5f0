// What a benchmark found: the rates in a table, the rest in a list, everything as JSON.
import { CopyButton } from "../ui/copy-button.tsx";
import { count, duration, megabytes, parameters, rate } from "../ui/format.ts";
import type { BenchReport, Figure } from "./figures.ts";
import { RatePlot } from "./plot.tsx";

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export function Results({ report }: { report: BenchReport }) {
  const { model, device, settings } = report;
  const json = JSON.stringify(report, null, 2);
  return (
    <section id="results" class="section" aria-labelledby="result-title">
      <div>
        <h2 id="result-title">
          {model.name || model.file} on {device.name}
        </h2>
        <p id="result-settings" class="small muted figures">
          {parameters(model.parameters)} parameters · {count(settings.prompt_tokens)} prompt tokens, {count(settings.gen_tokens)} generated ·
          medians of {count(settings.repeat)}, with the least and the most
        </p>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label="Rates">
        <table>
          <thead>
            <tr>
              {["Depth", "Prefill, tokens/s", "Decode, tokens/s", "Read a token", "Of the bandwidth"].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody id="rates">
            {report.depths.map((depth) => (
              <tr key={depth.depth}>
                <th scope="row">{count(depth.depth)}</th>
                <Rates figure={depth.prefill_tokens_per_s} />
                <Rates figure={depth.decode_tokens_per_s} />
                <td>{megabytes(depth.bytes_per_token)}</td>
                <td>{percent.format(depth.bandwidth_share)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>Decode, tokens/s by repeat</h3>
      <div id="plot">
        <RatePlot depths={report.depths} />
      </div>
      <dl id="facts">
        {facts(report).map(([term, value]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>As JSON</summary>
        <CopyButton label="Copy the JSON" text={() => json} />
        <pre id="json" class="block" tabIndex={0}>
          {json}
        </pre>
      </details>
    </section>
  );
}

function facts({ memory, device, ...report }: BenchReport): [string, string][] {
  const rest = Math.max(memory.peak_bytes - memory.weight_bytes - memory.kv_cache_bytes, 0);
  const parts = `weights ${megabytes(memory.weight_bytes)}, KV cache ${megabytes(memory.kv_cache_bytes)}, the rest ${megabytes(rest)}`;
  return [
    ["Load, fetching included", duration(report.load_ms)],
    ["First request", duration(report.first_request_ms)],
    ["The same, warm", span(report.warm_request_ms)],
    ["First token, warm", span(report.ttft_ms)],
    ["Dispatches a token", count(report.dispatches_per_token)],
    ["GPU memory at its peak", `${megabytes(memory.peak_bytes)}: ${parts}`],
    ["WebAssembly memory", megabytes(memory.wasm_bytes)],
    ["Copy bandwidth", `${rate(report.copy_bytes_per_s / 1e9)} GB/s read and written`],
    ["Adapter", device.software ? `${device.name}, in software` : device.name],
    ["Features in use", device.features.join(", ") || "none"],
    ["Browser", report.user_agent],
  ];
}

function Rates({ figure }: { figure: Figure }) {
  return (
    <td>
      <strong>{rate(figure.median)}</strong> {rate(figure.min)}–{rate(figure.max)}
    </td>
  );
}

function span({ median, min, max }: Figure): string {
  return `${duration(median)} (${duration(min)} to ${duration(max)})`;
}
