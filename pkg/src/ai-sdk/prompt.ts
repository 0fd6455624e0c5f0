// Prompts of the Vercel AI SDK as conversations.
import type { LanguageModelV3CallOptions, LanguageModelV3Message, LanguageModelV3ToolResultPart } from "@ai-sdk/provider";
import type { ChatMessage, ChatPart, Conversation, Tool, ToolChoice } from "../types.js";

/** The conversation that a call is about. */
export function conversationOf({ prompt, tools, toolChoice, responseFormat }: LanguageModelV3CallOptions): Conversation {
  const functions = (tools ?? []).flatMap((tool): Tool[] => {
    if (tool.type !== "function") return [];
    const { name, description, inputSchema } = tool;
    return [{ type: "function", function: { name, ...(description !== undefined && { description }), parameters: inputSchema } }];
  });
  return {
    messages: prompt.flatMap(messagesOf),
    ...(functions.length > 0 && { tools: functions }),
    ...(toolChoice && { tool_choice: choiceOf(toolChoice) }),
    // Reasoning would have to follow the schema too.
    ...(responseFormat?.type === "json" && { enable_thinking: false }),
  };
}

function choiceOf(choice: NonNullable<LanguageModelV3CallOptions["toolChoice"]>): ToolChoice {
  return choice.type === "tool" ? { type: "function", function: { name: choice.toolName } } : choice.type;
}

/** The messages that one of the SDK's becomes: a result of a tool is a message of its own. */
function messagesOf(message: LanguageModelV3Message): ChatMessage[] {
  switch (message.role) {
    case "system":
      return [{ role: "system", content: message.content }];
    case "user":
      return [{ role: "user", content: message.content.map(partOf) }];
    case "tool":
      return message.content.flatMap((part) => (part.type === "tool-result" ? [resultOf(part)] : []));
    case "assistant":
      return assistantMessages(message.content);
  }
}

type AssistantContent = Extract<LanguageModelV3Message, { role: "assistant" }>["content"];

function assistantMessages(content: AssistantContent): ChatMessage[] {
  const textOf = (type: "text" | "reasoning"): string =>
    content.flatMap((part) => (part.type === type ? [part.text] : [])).join("");
  const [text, reasoning] = [textOf("text"), textOf("reasoning")];
  const calls = content.flatMap((part) => {
    if (part.type !== "tool-call") return [];
    const input = typeof part.input === "string" ? part.input : JSON.stringify(part.input ?? {});
    return [{ id: part.toolCallId, type: "function" as const, function: { name: part.toolName, arguments: input } }];
  });
  const results = content.flatMap((part) => (part.type === "tool-result" ? [resultOf(part)] : []));
  const spoken: ChatMessage = {
    role: "assistant",
    content: text || calls.length === 0 ? text : null,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
  return [spoken, ...results];
}

/** A part of a message; the engine refuses those that aren't text by their kind. */
function partOf(part: { type: "text"; text: string } | { type: "file"; mediaType: string }): ChatPart {
  return part.type === "text" ? { type: "text", text: part.text } : { type: part.mediaType };
}

function resultOf({ toolCallId, toolName, output }: LanguageModelV3ToolResultPart): ChatMessage {
  return { role: "tool", tool_call_id: toolCallId, name: toolName, content: textOfOutput(output) };
}

function textOfOutput(output: LanguageModelV3ToolResultPart["output"]): string | ChatPart[] {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "json":
    case "error-json":
      return JSON.stringify(output.value);
    case "execution-denied":
      return output.reason ?? "the call was denied";
    case "content":
      return output.value.map((part) => (part.type === "text" ? { type: "text", text: part.text } : { type: part.type }));
  }
}
