// The models that the site offers.
import { MODELS, type NamedModel } from "wgslm";
import type { Chosen } from "./chosen.ts";

/** A model that the site names. */
export interface Offer extends Chosen, Pick<Required<NamedModel>, "source" | "bytes" | "license" | "use" | "task"> {
  source: NamedModel["source"];
}

/** A model of the package's list, under the name that the site shows. */
function listed(id: string, name: string): Offer {
  const { source, bytes, license, use, task } = MODELS.find((model) => model.id === id)!;
  return { name, source, bytes, license, use, task };
}

/** The site's own copy of a model, or else the listed one. */
function own(source: string, bytes: number, offer: Offer): Offer {
  return { ...offer, source, bytes, elsewhere: offer.source };
}

/** The model of the first button. */
export const DEFAULT = own("models/smollm2-135m-instruct-q4_1.gguf", 98.5e6, listed("smollm2-135m", "SmolLM2 135M"));

export const DEFAULT_EMBEDDER = own("models/all-minilm-l6-v2/", 91e6, listed("all-minilm-l6-v2", "all-MiniLM-L6-v2"));

export const CATALOG: readonly Offer[] = [
  DEFAULT,
  listed("gemma3-270m", "Gemma 3 270M"),
  listed("lfm2-350m", "LFM2 350M"),
  listed("qwen3-0.6b", "Qwen3 0.6B"),
  listed("qwen2.5-coder-0.5b", "Qwen2.5 Coder 0.5B"),
  listed("llama3.2-1b", "Llama 3.2 1B"),
  listed("qwen3-4b", "Qwen3 4B"),
  DEFAULT_EMBEDDER,
  listed("nomic-embed-text-v1.5", "Nomic Embed v1.5"),
];
