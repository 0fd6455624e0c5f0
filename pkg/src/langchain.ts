// `wgslm/langchain`: engines as chat models of LangChain.
import type { CallbackManagerForLLMRun } from "@langchain/core/callbacks/manager";
import type { BaseLanguageModelInput, StructuredOutputMethodOptions } from "@langchain/core/language_models/base";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BaseChatModelParams,
  type BindToolsInput,
} from "@langchain/core/language_models/chat_models";
import { assembleStructuredOutputPipeline, createContentParser } from "@langchain/core/language_models/structured_output";
import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { ChatGenerationChunk, type ChatResult as LangChainResult } from "@langchain/core/outputs";
import type { Runnable } from "@langchain/core/runnables";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { type SerializableSchema, isSerializableSchema } from "@langchain/core/utils/standard_schema";
import { type InteropZodType, isInteropZodSchema } from "@langchain/core/utils/types";
import type { Chat } from "./chat.js";
import type { Engine } from "./engine.js";
import { answerOf, chunkOf, lastChunkOf, messageOf } from "./langchain/messages.js";
import { modelName } from "./model-name.js";
import type { Conversation, GenerateOptions, Tool, ToolChoice } from "./types.js";

/** The fields of a chat model. */
export interface ChatWgslmFields extends BaseChatModelParams {
  /** The engine that answers. */
  engine: Engine;
  /** Options of every answer, such as `temperature` and `maxTokens`. */
  options?: GenerateOptions;
}

/** The options of a call. */
export interface ChatWgslmCallOptions extends BaseChatModelCallOptions {
  /** Tools that the model may call: see `bindTools`. */
  tools?: BindToolsInput[];
  /** A JSON Schema that the answer follows: see `withStructuredOutput`. */
  jsonSchema?: object;
  /** Options of this answer, which go before those of the model. */
  options?: GenerateOptions;
}

/** A schema of LangChain: Zod's, a standard one, or a JSON Schema. */
export type StructuredSchema<Output extends Record<string, unknown>> = InteropZodType<Output> | SerializableSchema<Output> | Record<string, unknown>;

/** An engine as a chat model: `new ChatWgslm({ engine }).invoke("Hello")`. */
export class ChatWgslm extends BaseChatModel<ChatWgslmCallOptions> {
  readonly #engine: Engine;
  readonly #options: GenerateOptions;

  /** The name of the class, by which LangChain knows it. */
  static override lc_name(): string {
    return "ChatWgslm";
  }

  constructor({ engine, options = {}, ...fields }: ChatWgslmFields) {
    super(fields);
    this.#engine = engine;
    this.#options = options;
  }

  /** The name of the provider. */
  _llmType(): string {
    return "wgslm";
  }

  /** A model that may call these tools. */
  override bindTools(
    tools: BindToolsInput[],
    kwargs: Partial<ChatWgslmCallOptions> = {},
  ): Runnable<BaseLanguageModelInput, AIMessageChunk, ChatWgslmCallOptions> {
    return this.withConfig({ ...kwargs, tools });
  }

  /** A model whose answers follow a schema, token by token, and come parsed. */
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: StructuredSchema<Output>,
    config?: StructuredOutputMethodOptions<false>,
  ): Runnable<BaseLanguageModelInput, Output>;
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: StructuredSchema<Output>,
    config?: StructuredOutputMethodOptions<true>,
  ): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }>;
  override withStructuredOutput<Output extends Record<string, unknown>>(
    schema: StructuredSchema<Output>,
    { includeRaw = false }: StructuredOutputMethodOptions<boolean> = {},
  ): Runnable<BaseLanguageModelInput, Output> | Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output }> {
    const jsonSchema: object = isInteropZodSchema(schema) || isSerializableSchema(schema) ? toJsonSchema(schema) : schema;
    return assembleStructuredOutputPipeline<Output>(this.withConfig({ jsonSchema }), createContentParser<Output>(schema), includeRaw);
  }

  /** Answers messages. */
  async _generate(messages: BaseMessage[], options: this["ParsedCallOptions"]): Promise<LangChainResult> {
    const result = await this.#ask(messages, options).result;
    const message = answerOf(result, modelName(this.#engine.info));
    return { generations: [{ text: message.text, message }] };
  }

  /** Answers messages piece by piece. */
  override async *_streamResponseChunks(
    messages: BaseMessage[],
    options: this["ParsedCallOptions"],
    run?: CallbackManagerForLLMRun,
  ): AsyncGenerator<ChatGenerationChunk> {
    const answer = this.#ask(messages, options);
    for await (const delta of answer) {
      const chunk = new ChatGenerationChunk({ text: delta.content ?? "", message: chunkOf(delta) });
      yield chunk;
      await run?.handleLLMNewToken(chunk.text, undefined, undefined, undefined, undefined, { chunk });
    }
    yield new ChatGenerationChunk({ text: "", message: lastChunkOf(await answer.result, modelName(this.#engine.info)) });
  }

  #ask(messages: readonly BaseMessage[], options: this["ParsedCallOptions"]): Chat {
    const { tools = [], tool_choice, jsonSchema, stop, signal } = options;
    const conversation: Conversation = {
      messages: messages.map(messageOf),
      // Tools in OpenAI's form are taken as they are.
      ...(tools.length > 0 && { tools: tools.map((tool) => convertToOpenAITool(tool) as Tool) }),
      ...(tool_choice !== undefined && { tool_choice: choiceOf(tool_choice) }),
      // Reasoning would have to follow the schema too.
      ...(jsonSchema && { enable_thinking: false }),
    };
    return this.#engine.answer(conversation, {
      ...this.#options,
      ...options.options,
      ...(stop && { stop }),
      ...(signal && { signal }),
      ...(jsonSchema && { grammar: { jsonSchema } }),
    });
  }
}

/** The choice in OpenAI's form: LangChain's `any` is its `required`, and another word is a tool's name. */
function choiceOf(choice: NonNullable<BaseChatModelCallOptions["tool_choice"]>): ToolChoice {
  if (typeof choice !== "string") return choice as ToolChoice;
  if (choice === "any") return "required";
  return choice === "auto" || choice === "none" || choice === "required" ? choice : { type: "function", function: { name: choice } };
}
