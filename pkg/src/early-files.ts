// The files of a model, of which the first is opened while the GPU is.
import type { ModelFiles } from "./model-files.js";
import type { ModelFile } from "./sources/model-file.js";
import type { CacheUse } from "./types.js";
import type { WantedFile } from "./wasm/wgslm.js";

export class EarlyFiles implements ModelFiles {
  readonly entry: string;
  readonly #files: ModelFiles;
  /** The first file, until it is asked for. */
  #first: Promise<ModelFile | undefined> | undefined;

  constructor(files: ModelFiles) {
    this.entry = files.entry;
    this.#files = files;
    this.#first = files.open({ file: files.entry, offset: 0, optional: false });
    // Whoever asks for it hears of it.
    this.#first.catch(() => undefined);
  }

  async open(wanted: WantedFile): Promise<ModelFile | undefined> {
    const first = this.#first;
    this.#first = undefined;
    if (first && wanted.file === this.entry && wanted.offset === 0) return first;
    await (await first)?.close();
    return this.#files.open(wanted);
  }

  cachedBytes(): number {
    return this.#files.cachedBytes();
  }

  settle(): Promise<CacheUse> {
    return this.#files.settle();
  }

  async close(refused: boolean): Promise<void> {
    const first = await this.#first?.catch(() => undefined);
    this.#first = undefined;
    await first?.close();
    await this.#files.close(refused);
  }
}
