// Where questions are written.
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import { answering, writer } from "../engine/runners.ts";
import { Icon } from "../ui/icon.tsx";
import { ask, stop } from "./answering.ts";
import { followEnd } from "./follow.ts";

const draft = signal(new URLSearchParams(location.search).get("prompt") ?? "");

export function Composer() {
  const field = useRef<HTMLTextAreaElement>(null);
  const chats = writer.loaded.value?.engine.info.hasChatTemplate;
  // On a touch screen the keyboard would hide the page.
  useEffect(() => void (matchMedia("(hover: hover)").matches && field.current?.focus({ preventScroll: true })), []);
  const send = (): void => {
    const text = draft.value;
    if (answering.value) return;
    if (!text.trim()) return field.current?.focus();
    draft.value = "";
    followEnd();
    void ask(text);
  };
  return (
    <form
      class="composer"
      id="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        id="prompt"
        rows={1}
        aria-label={chats ? "Your question" : "The beginning of a text"}
        placeholder={chats ? "Ask something" : "Begin a text"}
        value={draft}
        onInput={({ currentTarget }) => (draft.value = currentTarget.value)}
        onKeyDown={(event) => {
          // Enter also ends the composition of a word; Safari tells of that by the key code alone.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
          event.preventDefault();
          send();
        }}
      />
      {/* One button, so that the focus stays where it is as an answer begins and ends. */}
      <button
        type={answering.value ? "button" : "submit"}
        id={answering.value ? "stop" : "send"}
        class="primary icon"
        aria-label={answering.value ? "Stop" : "Send"}
        onClick={(event) => {
          if (!answering.value) return;
          event.preventDefault();
          stop();
        }}
      >
        <Icon name={answering.value ? "stop" : "send"} />
      </button>
    </form>
  );
}
