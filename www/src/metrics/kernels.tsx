// The kernels of this device.
import { support, writer } from "../engine/runners.ts";
import { count } from "../ui/format.ts";

export function Kernels() {
  const known = support.value;
  const info = writer.loaded.value?.engine.info;
  if (!known?.available || !info) return <section class="card section" />;
  const chosen = Object.entries(known.chosen);
  return (
    <section class="card section" aria-labelledby="kernels-title">
      <div class="section-head">
        <h2 id="kernels-title">Kernels</h2>
        <span class="muted figures">{count(info.dispatchesPerToken)} dispatches a token</span>
      </div>
      <dl class="facts small">
        {chosen.map(([kind, variant]) => (
          <div key={kind}>
            <dt>{kind}</dt>
            <dd class="mono">{variant}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
