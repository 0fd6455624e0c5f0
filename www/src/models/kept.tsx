// The models that this browser keeps.
import { signal } from "@preact/signals";
import { Engine } from "wgslm";
import { ErrorPanel, type Failure, failureOf } from "../ui/error-panel.tsx";
import { size } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { announce } from "../ui/status.tsx";
import { kept, refreshKept, usage } from "./kept-files.ts";
import { type KeptModel, modelsOf } from "./kept-models.ts";

const failure = signal<Failure | undefined>(undefined);
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

async function remove({ name, files }: KeptModel): Promise<void> {
  failure.value = undefined;
  try {
    let freed = 0;
    for (const { id } of files) freed += await Engine.cache.delete(id);
    announce(`${name} is deleted, ${size(freed)} are free`);
  } catch (error) {
    failure.value = failureOf(error);
  }
  await refreshKept();
}

async function persist(): Promise<void> {
  const granted = await Engine.cache.persist();
  announce(granted ? "The browser will keep these files" : "The browser did not agree; it may evict files when room gets short");
  await refreshKept();
}

export function Kept() {
  const files = kept.value;
  return (
    <section class="section" aria-labelledby="kept-title">
      <div class="section-head">
        <h2 id="kept-title">Kept on this device</h2>
        <Room />
      </div>
      <ErrorPanel failure={failure.value} />
      {files === undefined ? (
        <p class="muted">Looking</p>
      ) : files.length === 0 ? (
        <p class="empty">Nothing yet. A model that you load from an address is kept here, and from then on it loads without a network.</p>
      ) : (
        <ul class="kept" id="kept">
          {modelsOf(files).map((model) => (
            <li key={model.files[0]!.id}>
              <div class="kept-name">
                <span>{model.name}</span>
                <span class="small muted">{model.origin}</span>
              </div>
              <span class="small muted figures">
                {amount(model)} · used {day.format(model.usedAt)}
              </span>
              <button type="button" class="plain compact icon danger" aria-label={`Delete ${model.name}`} onClick={() => void remove(model)}>
                <Icon name="trash" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {usage.value && !usage.value.persisted && files !== undefined && files.length > 0 && (
        <div class="row">
          <button type="button" class="compact" onClick={() => void persist()}>
            Ask the browser to keep them
          </button>
          <p class="small muted">Otherwise it may evict them when room gets short.</p>
        </div>
      )}
    </section>
  );
}

function Room() {
  const { bytes, quotaBytes } = usage.value ?? {};
  if (bytes === undefined || !quotaBytes) return null;
  return (
    <div class="room">
      <span class="small muted figures">
        {size(bytes)} of {size(quotaBytes)}
      </span>
      <progress max={quotaBytes} value={bytes} aria-label="Room in use" />
    </div>
  );
}

function amount({ storedBytes, size: whole, complete }: KeptModel): string {
  return complete ? size(storedBytes) : `${size(storedBytes)}${whole ? ` of ${size(whole)}` : ""}, unfinished`;
}
