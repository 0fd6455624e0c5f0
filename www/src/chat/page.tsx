// The chat page.
import { DEFAULT } from "../engine/catalog.ts";
import { atAddress } from "../engine/chosen.ts";
import { answering, writer } from "../engine/runners.ts";
import { LoadPanel } from "../ui/load-panel.tsx";
import { ErrorPanel } from "../ui/error-panel.tsx";
import { ask, failure, running } from "./answering.ts";
import { open, openId, titleOf } from "./chats.ts";
import { Composer } from "./composer.tsx";
import "./page.css";
import { Settings } from "./settings-panel.tsx";
import { BEGINNINGS, QUESTIONS } from "./suggestions.ts";
import { TurnView } from "./turn.tsx";

const address = new URLSearchParams(location.search).get("model");

export function Page() {
  const chat = open.value;
  const begun = chat !== undefined && chat.turns.length > 0;
  const ready = writer.state.value === "ready";
  return (
    <div class="chat" data-begun={begun || undefined}>
      <div class="chat-head">
        <h1 class={begun ? "chat-title" : "visually-hidden"}>{begun ? titleOf(chat) : "Chat"}</h1>
        <Settings />
      </div>
      {begun ? <Transcript /> : ready ? <Begin /> : <Welcome />}
      <div class="chat-foot">
        {begun && !ready && <LoadPanel runner={writer} offer={address ? atAddress(address) : DEFAULT} />}
        <ErrorPanel failure={failure.value} />
        {ready && <Composer />}
      </div>
    </div>
  );
}

function Welcome() {
  return (
    <section class="welcome">
      <h2 class="display">A language model on your own GPU</h2>
      <p class="lead">
        It runs in this page, through WebGPU. No server, no account: what you type stays on this device, and once the model is here it works
        without a network.
      </p>
      <LoadPanel runner={writer} offer={address ? atAddress(address) : DEFAULT} />
      {!address && <p class="small muted">For a first try: it answers in short, simple English on any device, and is often wrong about facts.</p>}
    </section>
  );
}

function Begin() {
  const chats = writer.loaded.value?.engine.info.hasChatTemplate;
  return (
    <section class="welcome">
      <h2 class="display">{chats ? "What would you like to know?" : "Begin a text"}</h2>
      {!chats && <p class="lead">This model has no chat template, so it goes on with the text that you give it.</p>}
      <ul class="suggestions" aria-label="Suggestions">
        {(chats ? QUESTIONS : BEGINNINGS).map((text) => (
          <li key={text}>
            <button type="button" onClick={() => void ask(text)}>
              {text.trim()}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Transcript() {
  const chat = open.value!;
  const live = running.value?.chat === chat.id ? running.value.turn : undefined;
  return (
    <div class="transcript" id="transcript" role="log" aria-label="Conversation" aria-live="off" key={openId.value}>
      {chat.turns.map((turn, index) => {
        const last = index === chat.turns.length - 1;
        return <TurnView key={index} index={index} turn={(last && live) || turn} last={last} busy={answering.value} />;
      })}
    </div>
  );
}
