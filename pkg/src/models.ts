// Models with a short name.
import { WgslmError } from "./errors.js";
import type { HuggingFaceSource } from "./sources/hugging-face.js";
import type { ModelInfo } from "./types.js";

/** A model of a list. */
export interface NamedModel {
  /** The name that `Engine.load` takes. */
  readonly id: string;
  /** The place that it comes from. */
  readonly source: string | URL | HuggingFaceSource;
  /** The size of its files in bytes, to some percent. */
  readonly bytes?: number;
  /** Its licence: an SPDX identifier, or the name of its terms. */
  readonly license?: string;
  /** What it is good for, in a sentence. */
  readonly use?: string;
  /** What `engine.info.task` will be. */
  readonly task?: ModelInfo["task"];
}

/** The models that `Engine.load` knows by their `id`; the option `models` adds others. */
export const MODELS: readonly Required<NamedModel>[] = [
  {
    id: "smollm2-135m",
    source: { hf: "bartowski/SmolLM2-135M-Instruct-GGUF", file: "SmolLM2-135M-Instruct-Q4_K_M.gguf", revision: "main" },
    bytes: 105e6,
    license: "Apache-2.0",
    use: "Trying things out, and short English texts on any device.",
    task: "generation",
  },
  {
    id: "smollm2-360m",
    source: { hf: "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF", file: "smollm2-360m-instruct-q8_0.gguf", revision: "main" },
    bytes: 386e6,
    license: "Apache-2.0",
    use: "Rewriting and summing up short English texts.",
    task: "generation",
  },
  {
    id: "lfm2-350m",
    source: { hf: "LiquidAI/LFM2-350M-GGUF", file: "LFM2-350M-Q4_K_M.gguf", revision: "main" },
    bytes: 229e6,
    license: "LFM Open License v1.0",
    use: "Fast answers and tool calls where memory is short.",
    task: "generation",
  },
  {
    id: "gemma3-270m",
    source: { hf: "ggml-org/gemma-3-270m-it-GGUF", file: "gemma-3-270m-it-Q8_0.gguf", revision: "main" },
    bytes: 292e6,
    license: "Gemma Terms of Use",
    use: "Classifying and extracting, in many languages.",
    task: "generation",
  },
  {
    id: "gemma3-1b",
    source: { hf: "ggml-org/gemma-3-1b-it-GGUF", file: "gemma-3-1b-it-Q4_K_M.gguf", revision: "main" },
    bytes: 806e6,
    license: "Gemma Terms of Use",
    use: "Chats in many languages.",
    task: "generation",
  },
  {
    id: "qwen3-0.6b",
    source: { hf: "Qwen/Qwen3-0.6B-GGUF", file: "Qwen3-0.6B-Q8_0.gguf", revision: "main" },
    bytes: 639e6,
    license: "Apache-2.0",
    use: "Chats with reasoning and tools.",
    task: "generation",
  },
  {
    id: "qwen3-4b",
    source: { hf: "Qwen/Qwen3-4B-GGUF", file: "Qwen3-4B-Q4_K_M.gguf", revision: "main" },
    bytes: 2497e6,
    license: "Apache-2.0",
    use: "Good chats with reasoning and tools, on a GPU with 4 GB.",
    task: "generation",
  },
  {
    id: "llama3.2-1b",
    source: { hf: "bartowski/Llama-3.2-1B-Instruct-GGUF", file: "Llama-3.2-1B-Instruct-Q4_0.gguf", revision: "main" },
    bytes: 773e6,
    license: "Llama 3.2 Community License",
    use: "Chats and summaries.",
    task: "generation",
  },
  {
    id: "qwen2.5-coder-0.5b",
    source: { hf: "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", file: "qwen2.5-coder-0.5b-instruct-q8_0.gguf", revision: "main" },
    bytes: 675e6,
    license: "Apache-2.0",
    use: "Completing code, with what comes after the cursor.",
    task: "generation",
  },
  {
    id: "nomic-embed-text-v1.5",
    source: { hf: "nomic-ai/nomic-embed-text-v1.5-GGUF", file: "nomic-embed-text-v1.5.Q8_0.gguf", revision: "main" },
    bytes: 146e6,
    license: "Apache-2.0",
    use: "Embeddings of English texts, for search.",
    task: "embedding",
  },
  {
    id: "all-minilm-l6-v2",
    source: { hf: "sentence-transformers/all-MiniLM-L6-v2", revision: "main" },
    bytes: 92e6,
    license: "Apache-2.0",
    use: "Embeddings of short English texts, fast.",
    task: "embedding",
  },
  {
    id: "qwen3-embedding-0.6b",
    source: { hf: "Qwen/Qwen3-Embedding-0.6B-GGUF", file: "Qwen3-Embedding-0.6B-Q8_0.gguf", revision: "main" },
    bytes: 639e6,
    license: "Apache-2.0",
    use: "Embeddings in many languages, for search.",
    task: "embedding",
  },
  {
    id: "qwen3-reranker-0.6b",
    source: { hf: "ggml-org/Qwen3-Reranker-0.6B-Q8_0-GGUF", file: "qwen3-reranker-0.6b-q8_0.gguf", revision: "main" },
    bytes: 640e6,
    license: "Apache-2.0",
    use: "Ranking what a search found, in many languages.",
    task: "ranking",
  },
];

/** The source of a model that is given by its name, of the caller's list or of the built-in one; any other source as it is. */
export function named<Source>(source: Source, models: readonly NamedModel[] = []): Source | NamedModel["source"] {
  const found = [...models, ...MODELS].find(({ id }) => id === source);
  if (found) return found.source;
  // An address of a file that has neither a folder nor an ending is rather a name that was misspelt; outside of browsers, it may be a folder.
  if (typeof source === "string" && typeof location !== "undefined" && /^[\w-]+(\.\d+[\w-]*)*$/.test(source) && !/^[0-9a-f]{32}$/.test(source)) {
    const ids = [...models, ...MODELS].map(({ id }) => id).join(", ");
    throw new WgslmError("invalid-argument", `there is no model named ${JSON.stringify(source)}; give an address, or one of ${ids}`);
  }
  return source;
}
