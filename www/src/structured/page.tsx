// The playground of answers that follow a rule.
import { signal } from "@preact/signals";
import { Highlighted } from "../chat/code-block.tsx";
import { DEFAULT } from "../engine/catalog.ts";
import { writer } from "../engine/runners.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { ErrorPanel } from "../ui/error-panel.tsx";
import { LoadPanel } from "../ui/load-panel.tsx";
import { Segments } from "../ui/segments.tsx";
import { type Kind, PRESETS } from "./presets.ts";
import "./page.css";
import { failure, generate, result, running, stop } from "./generate.ts";

const FIRST = PRESETS[0]!;
const kind = signal<Kind>(FIRST.kind);
const rule = signal(FIRST.rule);
const prompt = signal(FIRST.prompt);

const LABELS: Record<Kind, string> = { schema: "JSON Schema", regex: "Regular expression", choice: "Choices, one a line" };

export function Page() {
  return (
    <div class="page structured">
      <header class="page-head">
        <h1>Structured output</h1>
        <p>An answer that follows a rule from its first character to its last: no parsing twice, no asking again.</p>
      </header>
      {!writer.loaded.value && <LoadPanel runner={writer} offer={DEFAULT} />}
      <div class="row" role="group" aria-label="Examples">
        <span class="label">Try</span>
        {PRESETS.map((preset) => (
          <button
            key={preset.title}
            type="button"
            class="compact"
            onClick={() => {
              kind.value = preset.kind;
              rule.value = preset.rule;
              prompt.value = preset.prompt;
            }}
          >
            {preset.title}
          </button>
        ))}
      </div>
      <div class="two">
        <Question />
        <Answer />
      </div>
    </div>
  );
}

function Question() {
  return (
    <form
      class="section"
      onSubmit={(event) => {
        event.preventDefault();
        void generate(kind.value, rule.value, prompt.value);
      }}
    >
      <label class="field">
        <span>What to answer</span>
        <textarea id="task" rows={3} value={prompt} onInput={({ currentTarget }) => (prompt.value = currentTarget.value)} />
      </label>
      <div class="field">
        <Segments
          legend="Kind of rule"
          name="kind"
          value={kind.value}
          options={[
            ["schema", "JSON Schema"],
            ["regex", "Regular expression"],
            ["choice", "Choices"],
          ]}
          onChange={(value) => {
            kind.value = value;
            rule.value = PRESETS.find((preset) => preset.kind === value)?.rule ?? "";
          }}
        />
      </div>
      <label class="field">
        <span>{LABELS[kind.value]}</span>
        <textarea
          id="rule"
          class="mono"
          rows={kind.value === "schema" ? 16 : 4}
          spellcheck={false}
          value={rule}
          onInput={({ currentTarget }) => (rule.value = currentTarget.value)}
        />
      </label>
      <div class="row">
        {running.value ? (
          <button key="stop" type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button key="run" type="submit" class="primary" id="generate" disabled={!writer.loaded.value}>
            Generate
          </button>
        )}
      </div>
    </form>
  );
}

function Answer() {
  const { text, ending, figures } = result.value;
  return (
    <section class="section" aria-labelledby="answer-title">
      <div class="section-head">
        <h2 id="answer-title">Answer</h2>
        {text && <CopyButton label="Copy the answer" text={() => text} />}
      </div>
      <ErrorPanel failure={failure.value} />
      {text || running.value ? (
        <pre class="result block" tabIndex={0} id="result" aria-busy={running.value}>
          <code>
            <Highlighted code={pretty(text)} language={kind.value === "schema" ? "json" : ""} />
          </code>
        </pre>
      ) : (
        <p class="empty">{writer.loaded.value ? "Nothing yet. Take an example, change it, and generate." : "Load a model, and generate."}</p>
      )}
      {ending && (
        <p class="small figures" id="verdict" data-ending={ending}>
          {ending === "stop" ? <strong>It follows the rule.</strong> : <strong>It was cut off.</strong>} <span class="muted">{figures}</span>
        </p>
      )}
    </section>
  );
}

/** JSON that is whole, with lines; anything else as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
