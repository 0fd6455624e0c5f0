// The system prompt, and how answers are drawn.
import { useRef } from "preact/hooks";
import { answering } from "../engine/runners.ts";
import { Icon } from "../ui/icon.tsx";
import { setSystem, system } from "./chats.ts";
import { DEFAULTS, markdown, sampling, type Sampling, useTools } from "./settings.ts";
import "./settings-panel.css";

const FIELDS: readonly { name: keyof Sampling; label: string; min: number; max: number; step: number }[] = [
  { name: "maxTokens", label: "Most tokens", min: 1, max: 8192, step: 1 },
  { name: "temperature", label: "Temperature", min: 0, max: 2, step: 0.05 },
  { name: "topK", label: "Top-k", min: 0, max: 1000, step: 1 },
  { name: "topP", label: "Top-p", min: 0, max: 1, step: 0.01 },
  { name: "minP", label: "Min-p", min: 0, max: 1, step: 0.01 },
  { name: "repetitionPenalty", label: "Repetition penalty", min: 1, max: 2, step: 0.01 },
];

export function Settings() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" id="options" class="plain" onClick={() => dialog.current?.showModal()}>
        <Icon name="sliders" />
        Settings
      </button>
      <dialog
        ref={dialog}
        class="settings"
        aria-labelledby="settings-title"
        onClick={({ target, currentTarget }) => target === currentTarget && currentTarget.close()}
      >
        <form method="dialog">
          <div class="settings-head">
            <h2 id="settings-title">Settings</h2>
            <button type="submit" class="plain icon" aria-label="Close">
              <Icon name="close" />
            </button>
          </div>
          <label class="field">
            <span>System prompt of this chat</span>
            <textarea
              id="system"
              rows={3}
              disabled={answering.value}
              placeholder="None. For example: Answer in one sentence."
              value={system}
              onInput={({ currentTarget }) => setSystem(currentTarget.value)}
            />
          </label>
          <fieldset>
            <legend class="label">Answers</legend>
            <div class="settings-fields">
              {FIELDS.map((field) => (
                <SamplingField key={field.name} {...field} />
              ))}
            </div>
            <p class="small muted">
              Temperature 0 takes the likeliest token each time; above it, top-k, top-p and min-p narrow what is drawn from. An answer that is
              asked for again is drawn.
            </p>
          </fieldset>
          <label class="check">
            <input type="checkbox" id="markdown" checked={markdown.value} onChange={({ currentTarget }) => (markdown.value = currentTarget.checked)} />
            Draw answers as Markdown
          </label>
          <label class="check">
            <input type="checkbox" id="tools" checked={useTools.value} onChange={({ currentTarget }) => (useTools.value = currentTarget.checked)} />
            <span>
              Let the model use a clock and a calculator <span class="muted">(for models made for tools, such as Qwen3)</span>
            </span>
          </label>
          <button type="button" onClick={() => (sampling.value = DEFAULTS)}>
            Reset
          </button>
        </form>
      </dialog>
    </>
  );
}

function SamplingField({ name, label, min, max, step }: (typeof FIELDS)[number]) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        id={name}
        type="number"
        {...{ min, max, step }}
        value={sampling.value[name]}
        onChange={({ currentTarget }) => {
          const given = currentTarget.valueAsNumber;
          const value = Number.isFinite(given) ? Math.min(Math.max(given, min), max) : DEFAULTS[name];
          currentTarget.value = String(value);
          sampling.value = { ...sampling.value, [name]: step === 1 ? Math.round(value) : value };
        }}
      />
    </label>
  );
}
