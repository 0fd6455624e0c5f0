// What a benchmark found, on the page.
import type { BenchReport, Figure } from "./bench-figures.js";
import { plot } from "./bench-plot.js";
import { create, element } from "./elements.js";
import { count, duration, megabytes, parameters, rate } from "./format.js";

const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

/** Shows a report: the rates in a table, the rest in a list, everything as JSON. */
export function showResults(report: BenchReport): void {
  const { model, device, settings, memory } = report;
  element("result-title", HTMLElement).textContent = `${model.name || model.file} on ${device.name}`;
  element("result-settings", HTMLElement).textContent =
    `${parameters(model.parameters)} parameters · ${count(settings.prompt_tokens)} prompt tokens, ` +
    `${count(settings.gen_tokens)} generated · medians of ${count(settings.repeat)}, with the least and the most`;
  element("rates", HTMLTableSectionElement).replaceChildren(
    ...report.depths.map((depth) => {
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = count(depth.depth);
      row.append(head, ratesOf(depth.prefill_tokens_per_s), ratesOf(depth.decode_tokens_per_s));
      row.append(create("td", "", megabytes(depth.bytes_per_token)));
      row.append(create("td", "", percent.format(depth.bandwidth_share)));
      return row;
    }),
  );
  element("plot", HTMLElement).replaceChildren(plot(report.depths));
  const rest = Math.max(memory.peak_bytes - memory.weight_bytes - memory.kv_cache_bytes, 0);
  const facts: [string, string][] = [
    ["Load, fetching included", duration(report.load_ms)],
    ["First request", duration(report.first_request_ms)],
    ["The same, warm", span(report.warm_request_ms, duration)],
    ["First token, warm", span(report.ttft_ms, duration)],
    ["Dispatches a token", count(report.dispatches_per_token)],
    [
      "GPU memory at its peak",
      `${megabytes(memory.peak_bytes)}: weights ${megabytes(memory.weight_bytes)}, ` +
        `KV cache ${megabytes(memory.kv_cache_bytes)}, the rest ${megabytes(rest)}`,
    ],
    ["WebAssembly memory", megabytes(memory.wasm_bytes)],
    ["Copy bandwidth", `${rate(report.copy_bytes_per_s / 1e9)} GB/s read and written`],
    ["Adapter", device.software ? `${device.name}, in software` : device.name],
    ["Features in use", device.features.join(", ") || "none"],
    ["Browser", report.user_agent],
  ];
  element("facts", HTMLDListElement).replaceChildren(
    ...facts.flatMap(([term, value]) => [create("dt", "", term), create("dd", "", value)]),
  );
  element("json", HTMLElement).textContent = JSON.stringify(report, null, 2);
  element("results", HTMLElement).hidden = false;
}

function ratesOf(figure: Figure): HTMLElement {
  const cell = create("td", "");
  cell.append(create("strong", "", rate(figure.median)), ` ${rate(figure.min)}–${rate(figure.max)}`);
  return cell;
}

function span(figure: Figure, shown: (value: number) => string): string {
  return `${shown(figure.median)} (${shown(figure.min)} to ${shown(figure.max)})`;
}
