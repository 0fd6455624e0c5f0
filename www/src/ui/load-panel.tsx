// What every page shows until its model is there: an offer, the load, or why it failed.
import type { LoadProgress } from "wgslm";
import { useRef } from "preact/hooks";
import type { Chosen } from "../engine/chosen.ts";
import { inFiles } from "../engine/chosen.ts";
import type { Runner } from "../engine/runner.ts";
import { support } from "../engine/runners.ts";
import { ErrorPanel } from "./error-panel.tsx";
import { size, timeLeft } from "./format.ts";
import { Icon } from "./icon.tsx";
import "./load-panel.css";

/** A model to begin with. */
export type Offered = Chosen & { bytes?: number };

const PHASES: Record<LoadProgress["phase"], string> = {
  preparing: "Starting the GPU",
  waiting: "Another tab is downloading the model",
  loading: "Loading the model",
  finishing: "Getting ready",
};

/** Offers a model, and shows its load. */
export function LoadPanel({ runner, offer }: { runner: Runner; offer: Offered }) {
  const available = support.value?.available;
  if (support.value?.available === false) {
    const { code, reason } = support.value;
    return <ErrorPanel failure={{ code, message: reason }} />;
  }
  return (
    <div class="load-panel">
      {runner.loading.value ? <Loading runner={runner} /> : <Choice runner={runner} offer={offer} disabled={!available} />}
      <ErrorPanel failure={runner.failure.value} />
    </div>
  );
}

function Choice({ runner, offer, disabled }: { runner: Runner; offer: Offered; disabled: boolean }) {
  return (
    <div class="load-choice">
      <button type="button" id="load-default" class="primary" disabled={disabled} onClick={() => void runner.load(offer)}>
        <Icon name="download" />
        Load {offer.name || "the model"}
        {offer.bytes && <small>{size(offer.bytes)}</small>}
      </button>
      <FileButton runner={runner} disabled={disabled} />
      <a href="#/models">All models</a>
    </div>
  );
}

/** Takes a model from this device, in a file or several. */
export function FileButton({ runner, disabled = false }: { runner: Runner; disabled?: boolean }) {
  return <OpenButton runner={runner} disabled={disabled} id="file" label="Open a file" multiple />;
}

/** Takes a model from this device, in a folder. */
export function FolderButton({ runner, disabled = false }: { runner: Runner; disabled?: boolean }) {
  return <OpenButton runner={runner} disabled={disabled} id="folder" label="Open a folder" webkitdirectory />;
}

interface OpenButtonProps {
  runner: Runner;
  disabled: boolean;
  id: "file" | "folder";
  label: string;
  multiple?: boolean;
  webkitdirectory?: boolean;
}

function OpenButton({ runner, disabled, id, label, ...input }: OpenButtonProps) {
  const field = useRef<HTMLInputElement>(null);
  const take = (given: HTMLInputElement): void => {
    const chosen = inFiles([...(given.files ?? [])]);
    // So that choosing the same files again counts as a change.
    given.value = "";
    if (chosen) void runner.load(chosen);
  };
  return (
    <>
      <button type="button" disabled={disabled} onClick={() => field.current?.click()}>
        <Icon name={id} />
        {label}
      </button>
      <input ref={field} id={id} type="file" hidden aria-label={label} onChange={({ currentTarget }) => take(currentTarget)} {...input} />
    </>
  );
}

/** How a load goes on. */
export function Loading({ runner }: { runner: Runner }) {
  const progress = runner.progress.value;
  const { phase = "preparing", loadedBytes = 0, totalBytes } = progress ?? {};
  const moving = phase === "loading" || phase === "waiting";
  const done = phase === "waiting" ? progress?.elsewhereBytes ?? 0 : loadedBytes;
  const value = moving && totalBytes ? { value: done / totalBytes } : phase === "finishing" ? { value: 1 } : {};
  return (
    <div class="loading" id="loading">
      <div class="loading-head">
        <label for="progress" id="phase">
          {PHASES[phase]}
          {runner.loading.value?.name && <span class="muted"> {runner.loading.value.name}</span>}
        </label>
        <button type="button" id="cancel" class="plain compact" onClick={() => runner.cancel()}>
          Cancel
        </button>
      </div>
      <progress id="progress" max={1} {...value} />
      <p id="amount" class="small muted figures">
        {amount(progress)}
      </p>
    </div>
  );
}

function amount(progress: LoadProgress | undefined): string {
  if (!progress || progress.phase === "preparing") return "\u00a0";
  const { loadedBytes, totalBytes, cachedBytes, secondsLeft, phase } = progress;
  const parts = [totalBytes ? `${size(loadedBytes)} of ${size(totalBytes)}` : size(loadedBytes)];
  if (secondsLeft !== undefined && phase !== "finishing") parts.push(timeLeft(secondsLeft));
  if (cachedBytes > 0) parts.push(cachedBytes === loadedBytes ? "from this device" : `${size(cachedBytes)} from this device`);
  return parts.join(" · ");
}
