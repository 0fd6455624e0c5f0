// Messages of LangChain as those of conversations, and answers as its messages.
import { AIMessage, AIMessageChunk, type BaseMessage, type InvalidToolCall, type UsageMetadata } from "@langchain/core/messages";
import type { AssistantMessage, ChatDelta, ChatMessage, ChatPart, ChatResult, ToolCall } from "../types.js";

/** The roles of the messages that have a type of their own; a `generic` one says it by itself. */
const ROLES: Partial<Record<string, ChatMessage["role"]>> = { human: "user", ai: "assistant", system: "system", tool: "tool" };

/** A message in OpenAI's form. */
export function messageOf(message: BaseMessage): ChatMessage {
  const type = message.getType();
  const role = ROLES[type] ?? (message as BaseMessage & { role?: string }).role ?? type;
  const base = { role, content: contentOf(message.content), ...(message.name !== undefined && { name: message.name }) };
  if (AIMessage.isInstance(message) || AIMessageChunk.isInstance(message)) {
    const calls = (message.tool_calls ?? []).map(({ id, name, args }): ToolCall => {
      return { id: id ?? name, type: "function", function: { name, arguments: JSON.stringify(args) } };
    });
    const reasoning = message.additional_kwargs["reasoning_content"];
    return {
      ...base,
      content: calls.length > 0 && base.content.length === 0 ? null : base.content,
      ...(typeof reasoning === "string" && { reasoning_content: reasoning }),
      ...(calls.length > 0 && { tool_calls: calls }),
    };
  }
  const { tool_call_id: id } = message as BaseMessage & { tool_call_id?: string };
  return id === undefined ? base : { ...base, tool_call_id: id };
}

/** A text, or its parts; the engine refuses those that aren't text by their kind. */
function contentOf(content: BaseMessage["content"]): string | ChatPart[] {
  if (typeof content === "string") return content;
  return content.flatMap((part): ChatPart[] => {
    // Calls stand beside the content too.
    if (part.type === "tool_call" || part.type === "tool_use") return [];
    return [typeof part["text"] === "string" ? { type: "text", text: part["text"] } : { type: part.type }];
  });
}

/** The message of a whole answer. */
export function answerOf(result: ChatResult, model: string): AIMessage {
  const { message } = result;
  const calls = (message.tool_calls ?? []).map(callOf);
  return new AIMessage({
    content: message.content ?? "",
    tool_calls: calls.filter((call) => call.type === "tool_call"),
    invalid_tool_calls: calls.filter((call) => call.type === "invalid_tool_call"),
    additional_kwargs: reasoningOf(message),
    usage_metadata: usageOf(result),
    response_metadata: { finish_reason: result.finishReason, model_name: model },
  });
}

/** A piece of an answer. */
export function chunkOf({ content, reasoning_content, tool_calls = [] }: ChatDelta): AIMessageChunk {
  return new AIMessageChunk({
    content: content ?? "",
    additional_kwargs: reasoning_content ? { reasoning_content } : {},
    tool_call_chunks: tool_calls.map(({ index, id, function: piece }) => ({
      type: "tool_call_chunk",
      index,
      args: piece.arguments,
      ...(id !== undefined && { id }),
      ...(piece.name !== undefined && { name: piece.name }),
    })),
  });
}

/** The last piece of an answer: its counts and the reason of its end. */
export function lastChunkOf(result: ChatResult, model: string): AIMessageChunk {
  const response_metadata = { finish_reason: result.finishReason, model_name: model };
  return new AIMessageChunk({ content: "", usage_metadata: usageOf(result), response_metadata });
}

type ParsedCall = { type: "tool_call"; id: string; name: string; args: Record<string, unknown> };

function callOf({ id, function: { name, arguments: text } }: ToolCall): ParsedCall | (InvalidToolCall & { type: "invalid_tool_call" }) {
  try {
    return { type: "tool_call", id, name, args: JSON.parse(text) as Record<string, unknown> };
  } catch (error) {
    return { type: "invalid_tool_call", id, name, args: text, error: String(error) };
  }
}

function reasoningOf({ reasoning_content }: AssistantMessage): Record<string, string> {
  return reasoning_content ? { reasoning_content } : {};
}

/** The counts; LangChain's types have none for messages of no known structure. */
function usageOf({ promptTokens, cachedTokens, tokens }: ChatResult): never {
  const usage: UsageMetadata = {
    input_tokens: promptTokens,
    output_tokens: tokens,
    total_tokens: promptTokens + tokens,
    input_token_details: { cache_read: cachedTokens },
  };
  return usage as never;
}
