// Kept files by the model that they are of.
import type { CachedFile } from "wgslm";

export interface KeptModel {
  name: string;
  /** Where it came from. */
  origin: string;
  files: readonly CachedFile[];
  storedBytes: number;
  /** Its size where that is known. */
  size: number | undefined;
  complete: boolean;
  usedAt: Date;
}

/** A GGUF file is a model, its parts together are one, and so are the files of a folder. */
export function modelsOf(files: readonly CachedFile[]): KeptModel[] {
  const groups = new Map<string, CachedFile[]>();
  for (const file of files) {
    const key = keyOf(file);
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups].map(([key, members]) => ({
    name: nameOf(key),
    origin: originOf(key),
    files: members,
    storedBytes: members.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    size: members.every(({ size }) => size !== undefined) ? members.reduce((sum, { size = 0 }) => sum + size, 0) : undefined,
    complete: members.every(({ complete }) => complete),
    usedAt: new Date(Math.max(...members.map(({ usedAt }) => usedAt.getTime()))),
  }));
}

function keyOf({ addresses: [address = ""], name }: CachedFile): string {
  const whole = (address || name).replace(/[?#].*$/, "");
  if (/\.gguf$/i.test(whole)) return whole.replace(/-\d{5}-of-\d{5}(?=\.gguf$)/i, "");
  // A folder within, such as that of a pooling layer, is of the same model.
  return whole.replace(/(\/\d+_\w+)?\/[^/]*$/, "/");
}

function nameOf(key: string): string {
  // The addresses of Hugging Face's folders end in the revision.
  const segments = key.replace(/\/resolve\/[^/]+\/$/, "").split("/");
  return decodeURIComponent(segments.findLast(Boolean) ?? key);
}

function originOf(key: string): string {
  if (!URL.canParse(key)) return "";
  const { host, pathname } = new URL(key);
  return host + pathname.split("/").slice(0, 3).join("/").replace(/\/$/, "");
}
