// `wgslm/ai-sdk`: engines as models of the Vercel AI SDK, versions 6 and 7.
import type {
  EmbeddingModelV3,
  LanguageModelV3,
  LanguageModelV3CallOptions,
  LanguageModelV3StreamPart,
  SharedV3Warning,
} from "@ai-sdk/provider";
import { PartWriter, contentOf, finishOf, usageOf } from "./ai-sdk/parts.js";
import { conversationOf } from "./ai-sdk/prompt.js";
import type { Chat } from "./chat.js";
import type { Engine } from "./engine.js";
import { modelName } from "./model-name.js";
import { streamOf } from "./readable.js";
import type { GenerateOptions } from "./types.js";

const PROVIDER = "wgslm";

/**
 * An engine as a language model: `generateText({ model: languageModel(engine), prompt })`. Options of `engine.generate` that the SDK has no
 * names for go into `providerOptions: { wgslm: { minP: 0.1 } }`.
 */
export function languageModel(engine: Engine): LanguageModelV3 {
  const ask = (options: LanguageModelV3CallOptions): Chat => engine.answer(conversationOf(options), optionsOf(options));
  return {
    specificationVersion: "v3",
    provider: PROVIDER,
    modelId: modelName(engine.info),
    supportedUrls: {},
    async doGenerate(options) {
      const result = await ask(options).result;
      return {
        content: contentOf(result.message),
        finishReason: finishOf(result),
        usage: usageOf(result),
        warnings: warningsOf(options),
      };
    },
    async doStream(options) {
      return { stream: streamOf(parts(ask(options), options)) };
    },
  };
}

/** An engine as an embedding model: `embed({ model: embeddingModel(engine), value })`. */
export function embeddingModel(engine: Engine): EmbeddingModelV3 {
  return {
    specificationVersion: "v3",
    provider: PROVIDER,
    modelId: modelName(engine.info),
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    async doEmbed({ values, abortSignal }) {
      const options = abortSignal ? { signal: abortSignal } : {};
      const { data, usage } = await engine.embeddings.create({ input: values }, options);
      return { embeddings: data.map(({ embedding }) => embedding), usage: { tokens: usage.prompt_tokens }, warnings: [] };
    },
  };
}

function optionsOf(options: LanguageModelV3CallOptions): GenerateOptions {
  const { responseFormat: format, abortSignal, providerOptions } = options;
  const given: { [Name in keyof GenerateOptions]: GenerateOptions[Name] | undefined } = {
    maxTokens: options.maxOutputTokens,
    temperature: options.temperature,
    stop: options.stopSequences,
    topP: options.topP,
    topK: options.topK,
    presencePenalty: options.presencePenalty,
    frequencyPenalty: options.frequencyPenalty,
    seed: options.seed,
    signal: abortSignal,
    grammar: format?.type === "json" ? (format.schema ? { jsonSchema: format.schema } : { json: true }) : undefined,
  };
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...(Object.fromEntries(present) as GenerateOptions), ...(providerOptions?.[PROVIDER] as GenerateOptions | undefined) };
}

function warningsOf({ tools }: LanguageModelV3CallOptions): SharedV3Warning[] {
  return (tools ?? []).flatMap((tool): SharedV3Warning[] =>
    tool.type === "function" ? [] : [{ type: "unsupported", feature: `the tool ${tool.id} of a provider` }],
  );
}

/** The parts of a streamed answer. Leaving it ends the answer. */
async function* parts(answer: Chat, options: LanguageModelV3CallOptions): AsyncGenerator<LanguageModelV3StreamPart> {
  yield { type: "stream-start", warnings: warningsOf(options) };
  const writer = new PartWriter();
  try {
    for await (const piece of answer) yield* writer.write(piece);
    yield* writer.end();
    const result = await answer.result;
    yield { type: "finish", finishReason: finishOf(result), usage: usageOf(result) };
  } catch (error) {
    yield { type: "error", error };
  }
}
