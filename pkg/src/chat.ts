// Answers to conversations: messages with reasoning and tool calls.
import { AnswerStream } from "./answer-stream.js";
import type { Call } from "./connection.js";
import type { ChatPieces } from "./protocol.js";
import type { AssistantMessage, ChatDelta, ChatResult } from "./types.js";

/** Starts the call that an answer is about. */
export type StartChat = (onEvent: (pieces: ChatPieces) => void) => Call<"chat">;

/**
 * An answer to a conversation under way. Iterate over it for pieces of its text, its reasoning and its tool calls, or await it for the
 * whole message, which is ready to be added to the conversation; `result` has that together with counts and times.
 */
export class Chat extends AnswerStream<ChatDelta, ChatResult> implements PromiseLike<AssistantMessage> {
  /** @internal */
  constructor(start: StartChat) {
    super((push) => {
      const call = start(({ deltas }) => push(deltas));
      const result = call.result.then(([end]): ChatResult => {
        const { summary, ...rest } = end!;
        return { ...summary, ...rest };
      });
      return { result, cancel: () => call.cancel() };
    });
  }

  /** Settles with the message, for `await`. */
  then<Kept = AssistantMessage, Failed = never>(
    kept?: ((message: AssistantMessage) => Kept | PromiseLike<Kept>) | null,
    failed?: ((reason: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Kept | Failed> {
    return this.result.then(({ message }) => message).then(kept, failed);
  }
}
