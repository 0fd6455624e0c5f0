// The editor that suggests how the text goes on.
import { useEffect, useRef, useState } from "preact/hooks";
import type { AutocompleteCounters } from "wgslm";
import { attachGhostText, type GhostText } from "wgslm/ghost-text";
import { DEFAULT } from "../engine/catalog.ts";
import { writer } from "../engine/runners.ts";
import { ErrorPanel, type Failure } from "../ui/error-panel.tsx";
import { LoadPanel } from "../ui/load-panel.tsx";
import { Segments } from "../ui/segments.tsx";
import { isText, stored } from "../ui/stored.ts";
import { Counters } from "./counters.tsx";
import "./page.css";

type Length = "word" | "line" | "more";
const LENGTHS: Record<Length, { maxTokens: number; stopAtLine: boolean }> = {
  word: { maxTokens: 6, stopAtLine: true },
  line: { maxTokens: 16, stopAtLine: true },
  more: { maxTokens: 48, stopAtLine: false },
};

const SAMPLE = "The best thing about a small town in the morning is the quiet. The baker opens the door, and the smell of ";
const text = stored("draft", SAMPLE, isText);
const length = stored<Length>("suggestion", "line", (value): value is Length => isText(value) && Object.hasOwn(LENGTHS, value));

export function Page() {
  const loaded = writer.loaded.value;
  const field = useRef<HTMLTextAreaElement>(null);
  const ghost = useRef<GhostText | undefined>(undefined);
  const [counters, setCounters] = useState<AutocompleteCounters | undefined>(undefined);
  const [failure, setFailure] = useState<Failure | undefined>(undefined);
  const chosen = length.value;
  useEffect(() => {
    if (!loaded || !field.current) return;
    const autocomplete = loaded.engine.autocomplete({ ...LENGTHS[chosen], debounceMs: 30, acceptance: 0.15 });
    const attached = attachGhostText(field.current, autocomplete, { onError: (error) => setFailure(writer.fail(error)) });
    ghost.current = attached;
    const timer = setInterval(() => setCounters(autocomplete.counters), 400);
    return () => {
      clearInterval(timer);
      ghost.current = undefined;
      attached.detach();
      autocomplete.close();
    };
  }, [loaded, chosen]);
  const press = (part: "all" | "word"): void => {
    ghost.current?.accept(part);
    field.current?.focus();
  };
  return (
    <div class="page write">
      <header class="page-head">
        <h1>Write</h1>
        <p>The model suggests how your text goes on, at each key. The text stays in this browser, and so does the model.</p>
      </header>
      {!loaded && <LoadPanel runner={writer} offer={DEFAULT} />}
      <ErrorPanel failure={failure} />
      <div class="editor">
        <textarea
          ref={field}
          id="editor"
          rows={12}
          spellcheck={false}
          aria-label="Your text"
          aria-describedby="keys"
          placeholder="Begin to write"
          value={text}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
        <div class="editor-foot">
          <p id="keys" class="small muted">
            <kbd>Tab</kbd> accepts, <kbd>Ctrl →</kbd> takes a word, <kbd>Esc</kbd> dismisses
          </p>
          <div class="touch row">
            {/* A touch keyboard has none of these keys; pressing a button must not take the focus from the text. */}
            <button type="button" class="compact" onPointerDown={(event) => event.preventDefault()} onClick={() => press("word")}>
              Word
            </button>
            <button type="button" class="compact primary" onPointerDown={(event) => event.preventDefault()} onClick={() => press("all")}>
              Accept
            </button>
          </div>
          <Segments
            legend="Length of suggestions"
            name="length"
            value={chosen}
            options={[
              ["word", "A few words"],
              ["line", "A line"],
              ["more", "More"],
            ]}
            onChange={(value) => (length.value = value)}
          />
        </div>
      </div>
      {loaded && counters && <Counters counters={counters} />}
    </div>
  );
}
