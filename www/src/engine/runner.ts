// A model in this page: what it is doing, how its load goes on, and what went wrong.
import { computed, signal } from "@preact/signals";
import { Engine, type LoadOptions, type LoadProgress, type ModelTask, WgslmError } from "wgslm";
import { announce } from "../ui/status.tsx";
import { type Failure, failureOf } from "../ui/error-panel.tsx";
import type { Chosen } from "./chosen.ts";

export interface Loaded {
  engine: Engine;
  name: string;
}

/** A place for one model, which is loaded, used and unloaded by the visitor. */
export class Runner {
  readonly loaded = signal<Loaded | undefined>(undefined);
  /** The model that is being loaded. */
  readonly loading = signal<Chosen | undefined>(undefined);
  readonly progress = signal<LoadProgress | undefined>(undefined);
  readonly failure = signal<Failure | undefined>(undefined);
  readonly state = computed(() => (this.loading.value ? "loading" : this.loaded.value ? "ready" : "empty"));
  readonly #tasks: readonly ModelTask[];
  readonly #options: LoadOptions;
  #load = new AbortController();

  constructor(tasks: readonly ModelTask[], options: LoadOptions = {}) {
    this.#tasks = tasks;
    this.#options = options;
  }

  /** Loads a model in place of the one before. True if that has come about. */
  async load(chosen: Chosen): Promise<boolean> {
    this.#load.abort();
    const load = (this.#load = new AbortController());
    this.failure.value = undefined;
    this.progress.value = undefined;
    this.loading.value = chosen;
    announce("Loading the model");
    try {
      await this.#unload();
      const engine = await this.#open(chosen, load.signal);
      if (load !== this.#load) {
        void engine.unload();
        return false;
      }
      this.loaded.value = { engine, name: chosen.name || engine.info.name || "A model" };
      announce("The model is ready");
      return true;
    } catch (error) {
      if (load !== this.#load) return false;
      if (!load.signal.aborted) this.failure.value = failureOf(error);
      else announce("Loading was cancelled");
      return false;
    } finally {
      if (load === this.#load) this.loading.value = undefined;
    }
  }

  async #open({ source, elsewhere }: Chosen, signal: AbortSignal): Promise<Engine> {
    const options: LoadOptions = { ...this.#options, signal, onProgress: (progress) => (this.progress.value = progress) };
    let engine: Engine;
    try {
      engine = await Engine.load(source, options);
    } catch (error) {
      if (!elsewhere || !(error instanceof WgslmError) || error.code !== "http") throw error;
      engine = await Engine.load(elsewhere, options);
    }
    const { task } = engine.info;
    if (this.#tasks.includes(task)) return engine;
    void engine.unload();
    throw new WgslmError("wrong-task", `this model was made for ${task}; choose one that is made for ${this.#tasks.join(" or ")}`);
  }

  /** Ends the load under way. */
  cancel(): void {
    this.#load.abort();
  }

  /** Lets go of the model. */
  async unload(): Promise<void> {
    this.failure.value = undefined;
    await this.#unload();
  }

  /** Shows how something that used the model failed, and lets go of an engine that is gone with it. */
  fail(error: unknown): Failure {
    const failure = failureOf(error);
    if (FATAL.has(failure.code)) {
      void this.#unload();
      this.failure.value = failure;
    }
    return failure;
  }

  async #unload(): Promise<void> {
    const leaving = this.loaded.value;
    this.loaded.value = undefined;
    await leaving?.engine.unload();
  }
}

/** After these the engine can't be used any more. */
const FATAL: ReadonlySet<string> = new Set(["wasm-trap", "worker-crashed", "unloaded"]);
