// Files of Hugging Face's repositories, by name.
import { WgslmError } from "../errors.js";

/** A model in a repository of Hugging Face, or of a server that has the same addresses. */
export interface HuggingFaceSource {
  /** The repository: `owner/name`. */
  hf: string;
  /** A GGUF file, of a split model the first part; without it, the model is the folder of `config.json`. */
  file?: string;
  /** A branch, a tag or a commit; by default `main`. */
  revision?: string;
  /** The server; by default `https://huggingface.co`. */
  endpoint?: string | URL;
}

const ENDPOINT = "https://huggingface.co";
const PREFIX = "hf:";

/** The parts of `hf:owner/name/file` or `hf:owner/name@revision/file`; `undefined` for another text. */
export function parseHuggingFace(text: string): HuggingFaceSource | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const [, hf, revision, file] = /^([^/@]+\/[^/@]+)(?:@([^/]+))?(?:\/(.*))?$/.exec(text.slice(PREFIX.length)) ?? [];
  if (hf === undefined) {
    throw new WgslmError("invalid-argument", `${JSON.stringify(text)} names no file of a repository; give hf:owner/name/file.gguf`);
  }
  return { hf, ...(revision && { revision }), ...(file && { file }) };
}

/** The address of a model. */
export function huggingFaceAddress({ hf, file = "", revision = "main", endpoint = ENDPOINT }: HuggingFaceSource): URL {
  if (!/^[^/]+\/[^/]+$/.test(hf)) {
    throw new WgslmError("invalid-argument", `${JSON.stringify(hf)} is no repository of Hugging Face; give owner/name`);
  }
  const path = [...hf.split("/"), "resolve", revision, ...file.split("/")].map(encodeURIComponent).join("/");
  const base = String(endpoint).replace(/\/*$/, "/");
  try {
    return new URL(path, new URL(base, globalThis.document?.baseURI ?? globalThis.location?.href));
  } catch {
    throw new WgslmError("invalid-argument", `${JSON.stringify(String(endpoint))} is no address; give a URL as endpoint`);
  }
}
