// Search over the visitor's own text, by meaning.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { DEFAULT_EMBEDDER } from "../engine/catalog.ts";
import { embedder } from "../engine/runners.ts";
import { ErrorPanel } from "../ui/error-panel.tsx";
import { count } from "../ui/format.ts";
import { LoadPanel } from "../ui/load-panel.tsx";
import { failure, hits, index, indexing, makeIndex, search, text } from "./library.ts";
import "./page.css";
import { passagesOf } from "./passages.ts";

const QUESTIONS = ["Can I get my money back?", "Why do we hear a storm?", "My espresso is too acidic", "animals with unusual organs"];

export function Page() {
  const loaded = embedder.loaded.value;
  return (
    <div class="page search">
      <header class="page-head">
        <h1>Search</h1>
        <p>Finds passages of your own text by what they mean, not by their words. The text never leaves this page.</p>
      </header>
      {!loaded && <LoadPanel runner={embedder} offer={DEFAULT_EMBEDDER} />}
      <div class="search-two">
        <div class="section">
          <Question ready={loaded !== undefined} />
          <ErrorPanel failure={failure.value} />
          <Results ready={loaded !== undefined} />
        </div>
        <Library />
      </div>
    </div>
  );
}

function Question({ ready }: { ready: boolean }) {
  const question = useSignal("");
  const timer = useRef(0);
  useEffect(() => {
    if (ready) void makeIndex().then(() => search(question.value));
  }, [ready]);
  const ask = (text: string, wait = 0): void => {
    question.value = text;
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void search(text), wait);
  };
  return (
    <form
      role="search"
      class="section"
      onSubmit={(event) => {
        event.preventDefault();
        ask(question.value);
      }}
    >
      <input
        id="question"
        type="search"
        aria-label="What to find"
        placeholder="Ask in your own words"
        value={question}
        disabled={!ready}
        onInput={({ currentTarget }) => ask(currentTarget.value, 200)}
      />
      <div class="row" role="group" aria-label="Examples">
        {QUESTIONS.map((each) => (
          <button key={each} type="button" class="compact" disabled={!ready} onClick={() => ask(each)}>
            {each}
          </button>
        ))}
      </div>
    </form>
  );
}

function Results({ ready }: { ready: boolean }) {
  if (indexing.value !== undefined) {
    return (
      <div class="section">
        <label for="indexing" class="small muted">
          Reading the passages
        </label>
        <progress id="indexing" max={1} value={indexing.value} />
      </div>
    );
  }
  if (!hits.value) return <p class="empty">{ready ? "Ask something, and the nearest passages appear here." : "Load the model to search."}</p>;
  return (
    <ol class="hits" id="hits" aria-label="Passages found">
      {hits.value.map(({ passage, score }) => (
        <li key={passage} class="card">
          <div class="score" title="Similarity">
            <meter min={0} max={1} value={Math.max(score, 0)} aria-label="Similarity" />
            <span class="small muted figures">{score.toFixed(2)}</span>
          </div>
          <p>{passage}</p>
        </li>
      ))}
    </ol>
  );
}

function Library() {
  const passages = passagesOf(text.value).length;
  const stale = index.value !== undefined && index.value.of !== text.value;
  const add = async (files: FileList | null): Promise<void> => {
    const texts = await Promise.all([...(files ?? [])].map((file) => file.text()));
    if (texts.length > 0) text.value = texts.join("\n\n");
    void makeIndex();
  };
  return (
    <section
      class="section"
      aria-labelledby="library-title"
      onDrop={(event) => {
        const files = event.dataTransfer?.files;
        if (!files?.length || [...files].some(({ name }) => name.endsWith(".gguf"))) return;
        event.preventDefault();
        void add(files);
      }}
    >
      <div class="section-head">
        <h2 id="library-title">Your text</h2>
        <span class="small muted figures">{count(passages)} passages</span>
      </div>
      <textarea
        id="library"
        rows={18}
        aria-labelledby="library-title"
        placeholder="Paste a text: notes, an article, a manual"
        value={text}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
      <div class="row">
        <label class="button compact-button">
          Open text files
          <input
            type="file"
            class="visually-hidden"
            multiple
            accept=".txt,.md,.csv,.json,text/*"
            onChange={({ currentTarget }) => void add(currentTarget.files)}
          />
        </label>
        {stale && <p class="small muted">It has changed; the next search reads it again.</p>}
      </div>
    </section>
  );
}
