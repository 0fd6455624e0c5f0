// Tools of the Prompt API: their calls and results as content of messages, and running them.
import type { Tool, ToolCall } from "../types.js";
import type { LanguageModelMessageContent, LanguageModelTool } from "./types.js";

/** A call of a tool, as `LanguageModelToolCall` of the Prompt API. */
export class LanguageModelToolCall {
  /** The id that the result refers to. */
  readonly callId: string;
  /** The tool's name. */
  readonly name: string;
  /** The tool's argument. */
  readonly arguments: object;

  constructor(call: { callId: string; name: string; arguments: object }) {
    this.callId = call.callId;
    this.name = call.name;
    this.arguments = call.arguments;
  }
}

/** The result of a call, as `LanguageModelToolSuccess` of the Prompt API. */
export class LanguageModelToolSuccess {
  /** The id of the call. */
  readonly callId: string;
  /** The tool's name. */
  readonly name: string;
  /** The pieces of the result: `text` with a string, `object` with what JSON can hold. */
  readonly result: readonly { type: string; value: unknown }[];

  constructor(success: { callId: string; name: string; result: readonly { type: string; value: unknown }[] }) {
    this.callId = success.callId;
    this.name = success.name;
    this.result = success.result;
  }
}

/** The failure of a call, as `LanguageModelToolError` of the Prompt API. */
export class LanguageModelToolError {
  /** The id of the call. */
  readonly callId: string;
  /** The tool's name. */
  readonly name: string;
  /** The reason, which the model gets to read. */
  readonly errorMessage: string;

  constructor(failure: { callId: string; name: string; errorMessage: string }) {
    this.callId = failure.callId;
    this.name = failure.name;
    this.errorMessage = failure.errorMessage;
  }
}

/** The tools in OpenAI's form. */
export function toolsOf(tools: readonly LanguageModelTool[]): Tool[] {
  return tools.map(({ name, description, inputSchema }) => ({
    type: "function",
    function: { name, description, parameters: inputSchema },
  }));
}

/** A call as content of a message. Arguments that are no JSON object become an empty one. */
export function contentOfCall({ id, function: called }: ToolCall): LanguageModelMessageContent {
  return { type: "tool-call", value: new LanguageModelToolCall({ callId: id, name: called.name, arguments: argumentsOf(called.arguments) }) };
}

/** The text of a result, for the model. */
export function textOfResponse(response: LanguageModelToolSuccess | LanguageModelToolError): string {
  if (response instanceof LanguageModelToolError) return JSON.stringify({ error: response.errorMessage });
  return response.result
    .map(({ type, value }) => {
      if (type === "text" && typeof value === "string") return value;
      if (type === "object") return JSON.stringify(value);
      throw new DOMException(`results of tools can't have the type ${type} here; give text or an object`, "NotSupportedError");
    })
    .join("\n");
}

/** Runs a tool for a call; the model also gets to read why one fails. */
export async function runTool(tool: LanguageModelTool, call: ToolCall): Promise<string> {
  try {
    return String(await tool.execute?.(argumentsOf(call.function.arguments) as never));
  } catch (error) {
    return textOfResponse(new LanguageModelToolError({ callId: call.id, name: tool.name, errorMessage: String(error) }));
  }
}

function argumentsOf(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
