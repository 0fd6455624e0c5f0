// Answers as the parts of the Vercel AI SDK.
import type {
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3StreamPart,
  LanguageModelV3Usage,
} from "@ai-sdk/provider";
import type { AssistantMessage, ChatDelta, ChatFinishReason, ChatResult } from "../types.js";

/** The whole of a message. */
export function contentOf({ reasoning_content, content, tool_calls }: AssistantMessage): LanguageModelV3Content[] {
  return [
    ...(reasoning_content ? [{ type: "reasoning" as const, text: reasoning_content }] : []),
    ...(content ? [{ type: "text" as const, text: content }] : []),
    ...(tool_calls ?? []).map((call) => ({
      type: "tool-call" as const,
      toolCallId: call.id,
      toolName: call.function.name,
      input: call.function.arguments,
    })),
  ];
}

const REASONS: Record<ChatFinishReason, LanguageModelV3FinishReason["unified"]> = {
  stop: "stop",
  length: "length",
  tool_calls: "tool-calls",
};

export function finishOf({ finishReason }: ChatResult): LanguageModelV3FinishReason {
  return { unified: REASONS[finishReason], raw: finishReason };
}

export function usageOf({ promptTokens, cachedTokens, tokens }: ChatResult): LanguageModelV3Usage {
  return {
    inputTokens: { total: promptTokens, noCache: promptTokens - cachedTokens, cacheRead: cachedTokens, cacheWrite: undefined },
    outputTokens: { total: tokens, text: undefined, reasoning: undefined },
  };
}

/** Writes the pieces of an answer as the parts of a stream: of text and reasoning each stretch begins and ends, as does each call. */
export class PartWriter {
  #open: { type: "text" | "reasoning"; id: string } | undefined;
  #stretches = 0;
  readonly #calls = new Map<number, { id: string; name: string; input: string }>();

  *write({ content, reasoning_content, tool_calls }: ChatDelta): Generator<LanguageModelV3StreamPart> {
    if (reasoning_content) yield* this.#stretch("reasoning", reasoning_content);
    if (content) yield* this.#stretch("text", content);
    for (const { index, id, function: piece } of tool_calls ?? []) {
      if (id !== undefined) {
        yield* this.#close();
        this.#calls.set(index, { id, name: piece.name ?? "", input: "" });
        yield { type: "tool-input-start", id, toolName: piece.name ?? "" };
      }
      const call = this.#calls.get(index);
      if (!call || !piece.arguments) continue;
      call.input += piece.arguments;
      yield { type: "tool-input-delta", id: call.id, delta: piece.arguments };
    }
  }

  *end(): Generator<LanguageModelV3StreamPart> {
    yield* this.#close();
    for (const { id, name, input } of this.#calls.values()) {
      yield { type: "tool-input-end", id };
      yield { type: "tool-call", toolCallId: id, toolName: name, input };
    }
  }

  *#stretch(type: "text" | "reasoning", delta: string): Generator<LanguageModelV3StreamPart> {
    if (this.#open?.type !== type) {
      yield* this.#close();
      this.#open = { type, id: String(this.#stretches++) };
      yield { type: `${type}-start`, id: this.#open.id };
    }
    yield { type: `${type}-delta`, id: this.#open.id, delta };
  }

  *#close(): Generator<LanguageModelV3StreamPart> {
    if (this.#open) yield { type: `${this.#open.type}-end`, id: this.#open.id };
    this.#open = undefined;
  }
}
