// The model that is loaded, and the GPU that it is on.
import { useEffect, useState } from "preact/hooks";
import type { MemoryUse } from "wgslm";
import { answering, support, writer } from "../engine/runners.ts";
import { count, parameters, size } from "../ui/format.ts";

export function Current() {
  const loaded = writer.loaded.value;
  const [memory, setMemory] = useState<MemoryUse | undefined>(undefined);
  useEffect(() => void loaded?.engine.memory().then(setMemory, () => undefined), [loaded]);
  const info = loaded?.engine.info;
  return (
    <div class="pair">
      <section class="card section" aria-labelledby="loaded-title">
        <div class="section-head">
          <h2 id="loaded-title">{loaded ? loaded.name : "No model loaded"}</h2>
          {loaded && (
            <button type="button" id="unload" class="compact" disabled={answering.value} onClick={() => void writer.unload()}>
              Unload
            </button>
          )}
        </div>
        {info ? (
          <Facts
            facts={[
              ["Weights", `${parameters(info.parameters)}, ${size(info.weightBytes)}`],
              ["Architecture", `${info.architecture}, ${info.layers} layers`],
              ["Context", `${count(info.contextLength)} tokens of ${count(info.trainedContextLength)}`],
              ["KV cache", size(info.kvCacheBytes)],
              ["GPU memory", memory ? size(memory.gpuBytes) : "…"],
              ["Kept offline", info.cache.kept ? "yes" : info.cache.warning?.message ?? "no, it came from this device"],
            ]}
          />
        ) : (
          <p class="muted">Choose one below, or open a file.</p>
        )}
      </section>
      <Gpu />
    </div>
  );
}

function Gpu() {
  const known = support.value;
  if (!known) return <section class="card section" />;
  if (!known.available) {
    return (
      <section class="card section" aria-labelledby="gpu-title">
        <h2 id="gpu-title">No usable GPU</h2>
        <p class="muted">{known.reason}</p>
      </section>
    );
  }
  const { adapter, features, limits } = known;
  return (
    <section class="card section" aria-labelledby="gpu-title">
      <h2 id="gpu-title">This GPU</h2>
      <Facts
        facts={[
          ["Adapter", adapter.software ? `${adapter.name}, in software` : adapter.name || "WebGPU adapter"],
          ["Largest buffer", size(limits["maxBufferSize"] ?? 0)],
          ["Largest binding", size(limits["maxStorageBufferBindingSize"] ?? 0)],
          ["Features in use", features.join(", ") || "none"],
        ]}
      />
      <p class="small muted">Browsers don't tell how much memory a GPU has, so whether a large model fits shows only when it is loaded.</p>
    </section>
  );
}

export function Facts({ facts }: { facts: readonly (readonly [string, string])[] }) {
  return (
    <dl class="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd class="figures">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
