import type { ModelSource } from "wgslm";

/** What was chosen, as a source: one file may have any name, of several the engine finds the first. */
export function sourceOf(files: readonly File[]): ModelSource | undefined {
  return files.length === 1 ? files[0] : files.length > 1 ? files : undefined;
}

/** The files that were dropped, or those in a folder that was. To be called while the drop is handled. */
export function droppedFiles(data: DataTransfer): Promise<File[]> {
  const files = [...data.files];
  const folder = [...data.items].map((item) => item.webkitGetAsEntry()).find(isDirectory);
  return folder ? filesIn(folder) : Promise.resolve(files);
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
