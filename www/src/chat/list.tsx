// The chats in the sidebar.
import { Icon } from "../ui/icon.tsx";
import { announce } from "../ui/status.tsx";
import { answering } from "../engine/runners.ts";
import { stop } from "./answering.ts";
import { chats, deleteChat, openChat, openId, titleOf } from "./chats.ts";
import "./list.css";

export function ChatList({ onChoose }: { onChoose?: (() => void) | undefined }) {
  const choose = (id: string | undefined): void => {
    openChat(id);
    onChoose?.();
    document.getElementById("prompt")?.focus();
  };
  const remove = (id: string): void => {
    if (answering.value && openId.value === id) stop();
    deleteChat(id);
    announce("The chat is deleted");
  };
  return (
    <section aria-label="Chats" class="chats">
      <div class="chats-head">
        <h2 class="label">Chats</h2>
        <button type="button" class="plain compact icon" id="new-chat" aria-label="New chat" title="New chat" onClick={() => choose(undefined)}>
          <Icon name="plus" />
        </button>
      </div>
      {chats.value.length === 0 && <p class="small muted chats-none">They stay in this browser.</p>}
      <ul>
        {chats.value.map((chat) => (
          <li key={chat.id} data-open={chat.id === openId.value || undefined}>
            <button type="button" class="chat-name" aria-current={chat.id === openId.value ? "true" : undefined} onClick={() => choose(chat.id)}>
              <span>{titleOf(chat)}</span>
            </button>
            <button type="button" class="plain compact icon danger" aria-label={`Delete ${titleOf(chat)}`} onClick={() => remove(chat.id)}>
              <Icon name="trash" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
