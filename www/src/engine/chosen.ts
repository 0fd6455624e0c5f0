import type { ModelSource } from "wgslm";

/** A model to load, and the name by which the page calls it; that is empty where the model's own has to do. */
export interface Chosen {
  source: ModelSource;
  name: string;
  /** The source to take where the first isn't served. */
  elsewhere?: ModelSource;
}

/** The model at an address, named after its file or folder. */
export function atAddress(address: string): Chosen {
  const pathname = URL.canParse(address, location.href) ? new URL(address, location.href).pathname : address;
  // Hugging Face's addresses of a folder end in the revision.
  const segments = pathname.replace(/\/resolve\/[^/]+\/?$/, "").split("/");
  return { source: address, name: readable(segments.findLast(Boolean) ?? "") };
}

/** The model in these files, which may be those of a folder. One file may have any name, of several the engine finds the first. */
export function inFiles(files: readonly File[], folder = ""): Chosen | undefined {
  const [first] = files;
  if (!first) return undefined;
  const described = files.find(({ name }) => name.endsWith(".gguf"))?.name;
  const parent = folder || first.webkitRelativePath.split("/")[0];
  const only = files.length === 1 ? first : undefined;
  return { source: only ?? files, name: readable(described ?? (parent || only?.name || "")) };
}

/** The model that was dropped, in files or a folder. To be called while the drop is handled. */
export async function inDrop(data: DataTransfer): Promise<Chosen | undefined> {
  const files = [...data.files];
  const folder = [...data.items].map((item) => item.webkitGetAsEntry()).find(isDirectory);
  return folder ? inFiles(await filesIn(folder), folder.name) : inFiles(files);
}

/** A file's name without its ending and without the number of a part. */
function readable(name: string): string {
  const stem = name.replace(/(-\d{5}-of-\d{5})?\.(gguf|safetensors)$/, "");
  try {
    return decodeURIComponent(stem);
  } catch {
    return stem;
  }
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  // A reader gives its entries in batches; an empty one is the last.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    files.push(...(await Promise.all(entries.filter(isFile).map(fileOf))));
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

function isDirectory(entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory ?? false;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
