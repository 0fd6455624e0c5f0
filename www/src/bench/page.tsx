// The benchmark page.
import { Wordmark } from "../app/sidebar.tsx";
import { ErrorPanel } from "../ui/error-panel.tsx";
import { StatusRegion } from "../ui/status.tsx";
import "../app/app.css";
import "./page.css";
import { Results } from "./results.tsx";
import { adapter, address, failure, FIELDS, type FieldName, file, progress, report, run, state, stop, values } from "./run.ts";

export function BenchPage() {
  return (
    <>
      <header class="bench-bar">
        <Wordmark />
        <a href="./">Back to the chat</a>
      </header>
      <main class="page bench">
        <header class="page-head">
          <h1>Benchmark</h1>
          <p>
            How fast a model reads a prompt and writes an answer here, and how much of the GPU's memory bandwidth that takes. The same runs as{" "}
            <code>wgslm bench</code>, timed in the engine.
          </p>
        </header>
        <Form />
        <Running />
        <ErrorPanel failure={failure.value} />
        {report.value && <Results report={report.value} />}
        <footer class="small muted">
          <p id="adapter">{adapter}</p>
        </footer>
      </main>
      <StatusRegion />
    </>
  );
}

function Form() {
  const disabled = state.value === "running" || state.value === "starting" || state.value === "unavailable";
  return (
    <form
      class="card bench-form"
      id="sizes"
      onSubmit={(event) => {
        event.preventDefault();
        // The page shows what went wrong already.
        void run().catch(() => undefined);
      }}
    >
      <fieldset id="fields" disabled={disabled}>
        <legend class="visually-hidden">What to measure</legend>
        <label class="field wide">
          <span>Model's address</span>
          <input
            id="address"
            type="text"
            spellcheck={false}
            value={address}
            onInput={({ currentTarget }) => {
              address.value = currentTarget.value;
              file.value = undefined;
            }}
          />
        </label>
        <label class="field wide">
          <span>Or a file of this device</span>
          <input id="file" type="file" accept=".gguf" onChange={({ currentTarget }) => (file.value = currentTarget.files?.[0])} />
        </label>
        {(Object.keys(FIELDS) as FieldName[]).map((name) => (
          <label key={name} class="field">
            <span>{FIELDS[name].label}</span>
            <input
              id={name}
              type="text"
              inputMode={name === "depth" ? "text" : "numeric"}
              aria-describedby={name === "depth" ? "depth-hint" : undefined}
              value={values.value[name]}
              onInput={({ currentTarget }) => (values.value = { ...values.value, [name]: currentTarget.value })}
            />
          </label>
        ))}
      </fieldset>
      <p id="depth-hint" class="small muted">
        A depth is how many tokens are there before those that are timed; several are separated by commas.
      </p>
      <div class="row">
        {state.value === "running" ? (
          <button type="button" key="stop" id="stop" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="submit" key="run" id="run" class="primary" disabled={disabled}>
            Measure
          </button>
        )}
      </div>
    </form>
  );
}

function Running() {
  if (state.value !== "running") return null;
  const { phase, done } = progress.value;
  return (
    <div class="card section" id="running">
      <label for="progress" id="phase">
        {phase}
      </label>
      <progress id="progress" max={1} {...(done !== undefined && { value: done })} />
    </div>
  );
}
