// A question and its answer.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ToolCall } from "wgslm";
import { writer } from "../engine/runners.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { Icon } from "../ui/icon.tsx";
import { askAgain } from "./answering.ts";
import { type Step, type Turn, textOf } from "./chats.ts";
import { scrollIfFollowing } from "./follow.ts";
import { Markdown } from "./markdown.tsx";
import { markdown } from "./settings.ts";

export function TurnView({ turn, index, last, busy }: { turn: Turn; index: number; last: boolean; busy: boolean }) {
  const [editing, setEditing] = useState(false);
  const live = turn.ending === "running" && busy && last;
  const free = !busy && writer.state.value === "ready";
  useLayoutEffect(() => {
    if (last) scrollIfFollowing();
  }, [turn, last]);
  return (
    <article class="turn">
      {editing ? (
        <EditQuestion turn={turn} index={index} onDone={() => setEditing(false)} />
      ) : (
        <div class="question-row">
          <div class="question">{turn.question}</div>
          {free && (
            <div class="actions">
              <CopyButton label="Copy the question" text={() => turn.question} />
              <button type="button" class="plain compact icon" aria-label="Edit the question" title="Edit" onClick={() => setEditing(true)}>
                <Icon name="edit" />
              </button>
            </div>
          )}
        </div>
      )}
      {/* Screen readers read the answer when it is complete, not every token of it. */}
      <div class="answer" aria-busy={live} data-finish-reason={turn.ending === "running" ? undefined : turn.ending}>
        {live && turn.steps.length === 0 && <p class="waiting muted">Reading the prompt</p>}
        {turn.steps.map((step, at) => (
          <StepView key={at} step={step} live={live && at === turn.steps.length - 1} />
        ))}
        <div class="answer-foot">
          {!live && turn.steps.length > 0 && <CopyButton label="Copy the answer" text={() => textOf(turn)} />}
          {free && (
            <button type="button" class="plain compact icon" aria-label="Answer again" title="Answer again" onClick={() => void askAgain(index)}>
              <Icon name="again" />
            </button>
          )}
          <p class="figures small muted">{turn.figures}</p>
        </div>
      </div>
    </article>
  );
}

function EditQuestion({ turn, index, onDone }: { turn: Turn; index: number; onDone: () => void }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(turn.question.length, turn.question.length);
  }, []);
  const send = (): void => {
    const text = field.current?.value ?? "";
    if (!text.trim()) return;
    onDone();
    void askAgain(index, text);
  };
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        aria-label="The question, changed"
        defaultValue={turn.question}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Escape") onDone();
          if (event.key !== "Enter" || event.shiftKey) return;
          event.preventDefault();
          send();
        }}
      />
      <div class="row">
        <button type="submit" class="primary">
          Ask
        </button>
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <p class="small muted">What came after it goes.</p>
      </div>
    </form>
  );
}

function StepView({ step, live }: { step: Step; live: boolean }) {
  const thinking = live && step.text === "" && step.calls.length === 0;
  return (
    <>
      {step.reasoning && (
        <details class="reasoning">
          <summary>{thinking ? "Thinking" : "Thoughts"}</summary>
          <div class="reasoning-text">{step.reasoning.trim()}</div>
        </details>
      )}
      {step.text && (
        <div class="generated" data-live={live || undefined}>
          {markdown.value ? <Markdown text={step.text} /> : <p class="plain-text">{step.text}</p>}
        </div>
      )}
      {step.calls.map((call, at) => (
        <CallView key={at} call={call} result={step.results[at]} />
      ))}
    </>
  );
}

function CallView({ call, result }: { call: ToolCall; result: string | undefined }) {
  return (
    <details class="call">
      <summary>
        <Icon name="tool" />
        Called <code>{call.function.name}</code>
        {result === undefined && <span class="muted"> and waits</span>}
      </summary>
      <dl>
        <dt>Arguments</dt>
        <dd>
          <pre tabIndex={0}>{call.function.arguments}</pre>
        </dd>
        {result !== undefined && (
          <>
            <dt>Result</dt>
            <dd>
              <pre tabIndex={0}>{result}</pre>
            </dd>
          </>
        )}
      </dl>
    </details>
  );
}
