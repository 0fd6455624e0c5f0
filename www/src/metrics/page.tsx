// The live metrics panel.
import { useEffect } from "preact/hooks";
import { DEFAULT } from "../engine/catalog.ts";
import { writer } from "../engine/runners.ts";
import { LoadPanel } from "../ui/load-panel.tsx";
import { history } from "./history.ts";
import { Kernels } from "./kernels.tsx";
import { Memory } from "./memory.tsx";
import "./page.css";
import { Phases } from "./phases.tsx";
import { snapshot, watch } from "./snapshot.ts";
import { Tiles } from "./tiles.tsx";
import { TimesPlot } from "./times-plot.tsx";

export function Page() {
  const loaded = writer.loaded.value;
  useEffect(() => (loaded ? watch(loaded.engine) : undefined), [loaded]);
  const latencies = snapshot.value?.metrics.total.latenciesMs;
  return (
    <div class="page metrics">
      <header class="page-head">
        <h1>Metrics</h1>
        <p>What the engine measures of every request, as it runs. Nothing of it leaves this page.</p>
      </header>
      {!loaded && <LoadPanel runner={writer} offer={DEFAULT} />}
      {loaded && <Tiles />}
      {loaded && history.value.length === 0 && (
        <p class="empty">
          Nothing was asked yet. <a href="#/chat">Ask the model something</a>, and its times appear here.
        </p>
      )}
      {history.value.length > 0 && (
        <>
          <div class="plots">
            <TimesPlot title="Time to first token" unit="ms" values={history.value.map(({ ttftMs }) => ttftMs)} among={latencies?.timeToFirstToken} />
            <TimesPlot title="Between tokens" unit="ms" values={history.value.map(({ interTokenMs }) => interTokenMs)} among={latencies?.interToken} />
            <TimesPlot title="Tokens a second" unit="tokens/s" values={history.value.map(({ tokensPerSecond }) => tokensPerSecond || undefined)} />
          </div>
          <Phases />
        </>
      )}
      {loaded && (
        <div class="pair">
          <Memory />
          <Kernels />
        </div>
      )}
    </div>
  );
}
