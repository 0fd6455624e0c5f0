// The engine that the sessions of a model share.
import { Engine } from "../engine.js";
import type { LoadOptions, LoadProgress, ModelSource } from "../types.js";
import { addressOf } from "../source.js";
import { rejectionBy } from "./aborts.js";
import type { Availability } from "./types.js";

/** A load under way, and those who wait for it. */
interface Loading {
  engine: Promise<Engine>;
  readonly listeners: Set<(share: number) => void>;
  readonly abort: AbortController;
}

/** An engine that is loaded when it is first needed, and again once it was lost. */
export class SharedEngine {
  readonly #source: ModelSource | undefined;
  readonly #options: LoadOptions;
  #engine: Engine | undefined;
  #loading: Loading | undefined;

  constructor(model: Engine | ModelSource, options: LoadOptions) {
    this.#options = options;
    if (model instanceof Engine) this.#engine = model;
    else this.#source = model;
  }

  async availability(): Promise<Availability> {
    if (this.#engine) return "available";
    if (this.#loading) return "downloading";
    const { workerUrl, gpu } = this.#options;
    const support = await Engine.support({ ...gpu, ...(workerUrl !== undefined && { workerUrl }) });
    if (!support.available) return "unavailable";
    return (await this.#isAtHand()) ? "available" : "downloadable";
  }

  /** The engine; `onShare` gets the share of the model that is there. Once all who wait have aborted, the load ends. */
  async load(onShare: (share: number) => void, signal: AbortSignal | undefined): Promise<Engine> {
    if (this.#engine) return this.#engine;
    const loading = (this.#loading ??= this.#begin(this.#source!));
    loading.listeners.add(onShare);
    try {
      return await Promise.race([loading.engine, ...(signal ? [rejectionBy(signal)] : [])]);
    } finally {
      loading.listeners.delete(onShare);
      if (loading.listeners.size === 0) this.#end(loading);
    }
  }

  #begin(source: ModelSource): Loading {
    const listeners: Loading["listeners"] = new Set();
    const abort = new AbortController();
    const onProgress = (progress: LoadProgress): void => {
      this.#options.onProgress?.(progress);
      const { loadedBytes, totalBytes } = progress;
      if (totalBytes) listeners.forEach((listener) => listener(loadedBytes / totalBytes));
    };
    const signal = this.#options.signal ? AbortSignal.any([abort.signal, this.#options.signal]) : abort.signal;
    const engine = Engine.load(source, { ...this.#options, onProgress, signal });
    const loading: Loading = { engine, listeners, abort };
    engine.then(
      (loaded) => {
        this.#engine = loaded;
        this.#loading = undefined;
        void loaded.lost.then(() => (this.#engine = undefined));
      },
      () => this.#end(loading),
    );
    return loading;
  }

  #end(loading: Loading): void {
    // Whoever comes next must not wait for a load that ends.
    if (this.#loading === loading) this.#loading = undefined;
    loading.abort.abort();
  }

  /** True where nothing has to be downloaded. */
  async #isAtHand(): Promise<boolean> {
    const address = addressOf(this.#source);
    if (!address) return true;
    try {
      return (await Engine.cache.export(address)).length > 0;
    } catch {
      return false;
    }
  }
}
