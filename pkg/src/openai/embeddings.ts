// `engine.embeddings`: embeddings in the shape of OpenAI's API.
import type { Connection } from "../connection.js";
import { modelName } from "../model-name.js";
import type { SignalOptions } from "../types.js";
import type { ModelInfo } from "../wasm/wgslm.js";
import { type FieldKinds, checkFields, count, text, wrong } from "./fields.js";
import { inputs } from "./inputs.js";
import type { EmbeddingFields, EmbeddingResponse } from "./types.js";

const KINDS: FieldKinds<EmbeddingFields> = {
  model: text,
  encoding_format: { holds: (value) => value === "float" || value === "base64", expected: '"float" or "base64"' },
  dimensions: count,
};

/** Embeddings in the shape of OpenAI's API. */
export class EmbeddingsApi {
  readonly #connection: Connection;
  readonly #info: ModelInfo;

  /** @internal */
  constructor(connection: Connection, info: ModelInfo) {
    this.#connection = connection;
    this.#info = info;
  }

  /** The embeddings of texts. */
  create(
    fields: EmbeddingFields & { encoding_format: "base64" },
    options?: SignalOptions,
  ): Promise<EmbeddingResponse<string>>;
  create(
    fields: EmbeddingFields & { encoding_format?: "float" | null },
    options?: SignalOptions,
  ): Promise<EmbeddingResponse<number[]>>;
  create(fields: EmbeddingFields, options?: SignalOptions): Promise<EmbeddingResponse>;
  async create(given: EmbeddingFields, { signal }: SignalOptions = {}): Promise<EmbeddingResponse> {
    const { input, model, encoding_format, dimensions } = checkFields(given, KINDS);
    const { width } = this.#info;
    if (dimensions !== undefined && (dimensions < 1 || dimensions > width)) {
      throw wrong(`dimensions is ${dimensions}; it should be from 1 to ${width}, which this model has`);
    }
    const params = { texts: inputs("input", input) };
    const { embeddings, tokens } = await this.#connection.call("embed", params, { signal }).result;
    const data = embeddings.map((values, index) => {
      const kept = shortened(values, dimensions ?? width);
      return { object: "embedding" as const, index, embedding: encoding_format === "base64" ? base64(kept) : [...kept] };
    });
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return { object: "list", data, model: model ?? modelName(this.#info), usage };
  }
}

/** The first values of an embedding, scaled to a length of 1 again. */
function shortened(values: Float32Array, dimensions: number): Float32Array {
  if (dimensions === values.length) return values;
  const kept = values.subarray(0, dimensions);
  const length = Math.hypot(...kept) || 1;
  return kept.map((value) => value / length);
}

/** Values as the base64 of their bytes, little-endian. */
function base64(values: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, index) => bytes.setFloat32(4 * index, value, true));
  return btoa(Array.from(new Uint8Array(bytes.buffer), (byte) => String.fromCharCode(byte)).join(""));
}
