// Addresses of models as people have them: of a file's page, of a repository, of a file.
import type { HuggingFaceSource } from "wgslm";

const HOST = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co)\//i;

/** The source that an address means: a file or folder of Hugging Face in any notation, or any other address as it is. */
export function sourceOf(text: string): string | HuggingFaceSource | undefined {
  const given = text.trim().replace(/[?#].*$/, "");
  if (!given) return undefined;
  const path = given.replace(HOST, "").replace(/^hf:/, "");
  const isHere = path !== given || /^[\w.-]+\/[\w.-]+(\/.*)?$/.test(given);
  const [owner, name, kind, ...rest] = path.replace(/\/+$/, "").split("/");
  if (!isHere || !owner || !name || given.startsWith("models/")) return given;
  const hf = `${owner}/${name}`;
  if (kind === undefined) return { hf };
  // A file's page, its download, and the listing of a folder.
  if (["blob", "resolve", "raw", "tree"].includes(kind)) {
    const [revision = "main", ...file] = rest;
    return { hf, revision, ...(file.length > 0 && { file: file.map(decodeURIComponent).join("/") }) };
  }
  return { hf, file: [kind, ...rest].map(decodeURIComponent).join("/") };
}

/** The name by which the page calls it. */
export function nameOf(source: string | HuggingFaceSource): string {
  const last = typeof source === "string" ? source : source.file ?? source.hf;
  const segment = last.split("/").findLast(Boolean) ?? last;
  return segment.replace(/(-\d{5}-of-\d{5})?\.(gguf|safetensors)$/i, "");
}
