// Prompts of the Prompt API as messages of a conversation.
import type { ChatMessage } from "../types.js";
import { LanguageModelToolCall, LanguageModelToolError, LanguageModelToolSuccess, textOfResponse } from "./tools.js";
import type { LanguageModelMessage, LanguageModelMessageContent, LanguageModelPrompt } from "./types.js";

/** A prompt that was checked: its messages, and the beginning of the answer where it has one. */
export interface CheckedPrompt {
  messages: ChatMessage[];
  prefix: string | undefined;
}

/** Checks a prompt; `isFirst` says that nothing comes before it, so that it may begin with a system's message. */
export function checkPrompt(input: LanguageModelPrompt, isFirst: boolean): CheckedPrompt {
  if (!Array.isArray(input)) return { messages: [{ role: "user", content: String(input) }], prefix: undefined };
  const given = input as readonly LanguageModelMessage[];
  const last = given.at(-1);
  given.forEach((message, index) => checkMessage(message, isFirst && index === 0, message === last));
  const isPrefixed = last?.prefix === true;
  const messages = (isPrefixed ? given.slice(0, -1) : given).flatMap(messagesOf);
  // As the browser does with an empty prompt.
  if (given.length === 0) messages.push({ role: "user", content: "" });
  return { messages, prefix: isPrefixed ? textOf(contentsOf(last)) : undefined };
}

function checkMessage(message: LanguageModelMessage, mayBeSystem: boolean, isLast: boolean): void {
  const { role, content, prefix } = Object(message) as Partial<LanguageModelMessage>;
  if (role !== "system" && role !== "user" && role !== "assistant") {
    throw new TypeError(`the role of a message is ${String(role)}; it should be system, user or assistant`);
  }
  if (role === "system" && !mayBeSystem) throw new TypeError("a message of the role system has to be the first one of the session");
  if (prefix && !(role === "assistant" && isLast)) {
    throw new DOMException("only the last message may have prefix, and only with the role assistant", "SyntaxError");
  }
  if (typeof content !== "string" && !Array.isArray(content)) {
    throw new TypeError("the content of a message should be a string or an array of { type, value }");
  }
  contentsOf(message).forEach((part) => checkContent(part, role));
}

function checkContent({ type, value }: LanguageModelMessageContent, role: LanguageModelMessage["role"]): void {
  switch (type) {
    case "text":
      if (typeof value !== "string") throw new TypeError("the value of content of the type text should be a string");
      return;
    case "tool-call":
      if (role === "assistant" && value instanceof LanguageModelToolCall) return;
      throw new TypeError("a tool-call is a LanguageModelToolCall in a message of the role assistant");
    case "tool-response":
      if (role === "user" && (value instanceof LanguageModelToolSuccess || value instanceof LanguageModelToolError)) return;
      throw new TypeError("a tool-response is a LanguageModelToolSuccess or LanguageModelToolError in a message of the role user");
    case "image":
    case "audio":
      throw new DOMException(`this model takes no content of the type ${type}; give text`, "NotSupportedError");
    default:
      throw new TypeError(`there is no content of the type ${String(type)}`);
  }
}

/** The messages that one of the API's becomes: each result of a tool is one of its own. */
function messagesOf(message: LanguageModelMessage): ChatMessage[] {
  const contents = contentsOf(message);
  const values = contents.map(({ value }) => value);
  const responses = values.filter((value) => value instanceof LanguageModelToolSuccess || value instanceof LanguageModelToolError);
  const calls = values.filter((value) => value instanceof LanguageModelToolCall);
  const results = responses.map((response): ChatMessage => {
    return { role: "tool", tool_call_id: response.callId, name: response.name, content: textOfResponse(response) };
  });
  const text = textOf(contents);
  if (results.length > 0 && text === "") return results;
  const spoken: ChatMessage = {
    role: message.role,
    content: text === "" && calls.length > 0 ? null : text,
    ...(calls.length > 0 && {
      tool_calls: calls.map((call) => ({
        id: call.callId,
        type: "function" as const,
        function: { name: call.name, arguments: JSON.stringify(call.arguments) },
      })),
    }),
  };
  return [...results, spoken];
}

function contentsOf({ content }: LanguageModelMessage): readonly LanguageModelMessageContent[] {
  return typeof content === "string" ? [{ type: "text", value: content }] : content;
}

function textOf(contents: readonly LanguageModelMessageContent[]): string {
  return contents.flatMap(({ type, value }) => (type === "text" ? [value as string] : [])).join("");
}
