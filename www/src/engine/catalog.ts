// The models that the site offers.
import type { HuggingFaceSource } from "wgslm";
import type { Chosen } from "./chosen.ts";

/** A model that the site names. */
export interface Offer extends Chosen {
  source: string | HuggingFaceSource;
  /** The size of its files. */
  bytes: number;
  license: string;
  use: string;
  task: "generation" | "embedding";
}

const SMOLLM: HuggingFaceSource = { hf: "bartowski/SmolLM2-135M-Instruct-GGUF", file: "SmolLM2-135M-Instruct-Q4_K_M.gguf" };
const MINILM: HuggingFaceSource = { hf: "sentence-transformers/all-MiniLM-L6-v2" };

/** The model of the first button: the site's own copy, or else the one of Hugging Face. */
export const DEFAULT: Offer = {
  name: "SmolLM2 135M",
  source: "models/smollm2-135m-instruct-q4_1.gguf",
  elsewhere: SMOLLM,
  bytes: 98.5e6,
  license: "Apache-2.0",
  use: "Trying things out: short, simple English on any device.",
  task: "generation",
};

export const DEFAULT_EMBEDDER: Offer = {
  name: "all-MiniLM-L6-v2",
  source: "models/all-minilm-l6-v2/",
  elsewhere: MINILM,
  bytes: 91e6,
  license: "Apache-2.0",
  use: "Embeddings of short English texts, fast.",
  task: "embedding",
};

const gguf = (hf: string, file: string): HuggingFaceSource => ({ hf, file });

export const CATALOG: readonly Offer[] = [
  DEFAULT,
  {
    name: "Gemma 3 270M",
    source: gguf("ggml-org/gemma-3-270m-it-GGUF", "gemma-3-270m-it-Q8_0.gguf"),
    bytes: 292e6,
    license: "Gemma Terms of Use",
    use: "Classifying and extracting, in many languages.",
    task: "generation",
  },
  {
    name: "LFM2 350M",
    source: gguf("LiquidAI/LFM2-350M-GGUF", "LFM2-350M-Q4_K_M.gguf"),
    bytes: 229e6,
    license: "LFM Open License",
    use: "Fast answers and tool calls where memory is short.",
    task: "generation",
  },
  {
    name: "Qwen3 0.6B",
    source: gguf("Qwen/Qwen3-0.6B-GGUF", "Qwen3-0.6B-Q8_0.gguf"),
    bytes: 639e6,
    license: "Apache-2.0",
    use: "Chats with reasoning and tools.",
    task: "generation",
  },
  {
    name: "Qwen2.5 Coder 0.5B",
    source: gguf("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q8_0.gguf"),
    bytes: 675e6,
    license: "Apache-2.0",
    use: "Completing code, with what comes after the cursor.",
    task: "generation",
  },
  {
    name: "Llama 3.2 1B",
    source: gguf("bartowski/Llama-3.2-1B-Instruct-GGUF", "Llama-3.2-1B-Instruct-Q4_0.gguf"),
    bytes: 773e6,
    license: "Llama 3.2 Community License",
    use: "Chats and summaries.",
    task: "generation",
  },
  {
    name: "Qwen3 4B",
    source: gguf("Qwen/Qwen3-4B-GGUF", "Qwen3-4B-Q4_K_M.gguf"),
    bytes: 2497e6,
    license: "Apache-2.0",
    use: "Good chats with reasoning and tools, on a GPU with 4 GB.",
    task: "generation",
  },
  DEFAULT_EMBEDDER,
  {
    name: "Nomic Embed v1.5",
    source: gguf("nomic-ai/nomic-embed-text-v1.5-GGUF", "nomic-embed-text-v1.5.Q8_0.gguf"),
    bytes: 146e6,
    license: "Apache-2.0",
    use: "Embeddings of English texts, for search.",
    task: "embedding",
  },
];
