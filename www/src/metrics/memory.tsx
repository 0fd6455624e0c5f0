// What the model takes.
import { writer } from "../engine/runners.ts";
import { size } from "../ui/format.ts";
import { snapshot } from "./snapshot.ts";

export function Memory() {
  const info = writer.loaded.value?.engine.info;
  const memory = snapshot.value?.memory;
  if (!info || !memory) return <section class="card section" />;
  const parts: [string, string, number][] = [
    ["weights", "Weights", info.weightBytes],
    ["cache", "KV cache", info.kvCacheBytes],
    ["workspace", "Workspace", Math.max(memory.gpuBytes - info.weightBytes - info.kvCacheBytes, 0)],
  ];
  return (
    <section class="card section" aria-labelledby="memory-title">
      <div class="section-head">
        <h2 id="memory-title">Memory</h2>
        <span class="muted figures">{size(memory.gpuBytes)} on the GPU</span>
      </div>
      <div class="stack tall" role="img" aria-label={parts.map(([, title, bytes]) => `${title} ${size(bytes)}`).join(", ")}>
        {parts.map(([name, , bytes]) => (
          <span key={name} data-series={name} style={{ width: `${(100 * bytes) / memory.gpuBytes}%` }} />
        ))}
      </div>
      <ul class="legend small figures">
        {parts.map(([name, title, bytes]) => (
          <li key={name} data-series={name}>
            {title} {size(bytes)}
          </li>
        ))}
      </ul>
      <p class="small muted figures" id="memory" data-wasm-bytes={memory.wasmBytes}>
        At its peak {size(memory.gpuPeakBytes)} on the GPU · {size(memory.wasmBytes)} of WebAssembly memory
      </p>
    </section>
  );
}
