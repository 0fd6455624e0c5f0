// A loaded model that outlives its device: after a loss, the next call loads it again.
import { failureOf } from "../device-failure.js";
import { WgslmError, toErrorMessage } from "../errors.js";
import type { Context } from "../load.js";
import type { EngineNews } from "../protocol.js";
import type { LoadProgress } from "../types.js";
import type { Gpu, Model } from "../wasm/wgslm.js";
import { unlessAborted } from "./abort.js";
import { Losses } from "./losses.js";

/** A model on a device. */
export interface OnDevice {
  model: Model;
  gpu: Gpu;
}

/** The parts of the host that a recovery uses. */
export interface Recovering {
  /** Throws where the model can't be loaded again. */
  require(): void;
  /** Loads the model as it was loaded before. */
  load(context: Context<LoadProgress>): Promise<OnDevice>;
  /** Keeps what has to outlive the model, and lets go of the model. */
  suspend(): void;
  /** Makes that anew. */
  resume(model: Model): void;
  tell(news: EngineNews): void;
}

/** The part of a model that a call needs. */
export interface Need {
  /** False for calls that ask the tokenizer and the bookkeeping only, which a lost device doesn't hold up. */
  gpu?: boolean;
  /** Ends the wait for a model that is loaded again. */
  signal?: AbortSignal;
}

/** A model, and the calls that use it. */
export class LiveModel {
  readonly #host: Recovering;
  readonly #fingerprint: string;
  readonly #losses = new Losses();
  readonly #running = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();
  /** Absent while it is loaded again, and after that has failed. */
  #loaded: OnDevice | undefined;
  #recovery: Promise<void> | undefined;
  /** The error of the device that was lost before that. */
  #failure: unknown;
  #lost = new AbortController();

  constructor(loaded: OnDevice, host: Recovering) {
    this.#host = host;
    this.#fingerprint = loaded.model.fingerprint;
    this.#adopt(loaded);
  }

  /** Runs `work` on the model, which stays until it has ended. */
  async use<T>(work: (model: Model) => T | Promise<T>, { gpu = true, signal }: Need = {}): Promise<T> {
    // A device may be lost again before its turn has come.
    while (this.#recovery || !this.#loaded || (gpu && this.#isLost)) await unlessAborted(signal, this.recover());
    const { model } = this.#loaded;
    const result = await this.track((async () => work(model))());
    if (gpu) this.#losses.reset();
    return result;
  }

  /** Keeps the model until `running` has ended; called while other work runs. */
  async track<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** The model as it is now, for work that uses it. */
  get model(): Model {
    if (!this.#loaded) throw new WgslmError("unloaded", "the model is not loaded right now; try again");
    return this.#loaded.model;
  }

  /** Aborts when the device is lost, for work that waits for something else than the device. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The error for which the device can't be used any more. */
  get failure(): unknown {
    return this.#loaded ? this.#loaded.gpu.failure() : this.#failure;
  }

  /** Loads the model again if its device was lost; who asks meanwhile waits for the same attempt. */
  recover(): Promise<void> {
    if (!this.#recovery && this.#loaded && !this.#isLost) return Promise.resolve();
    return (this.#recovery ??= this.#recover().finally(() => (this.#recovery = undefined)));
  }

  /** Frees the model once its calls, which the caller has aborted, have ended. */
  async close(): Promise<void> {
    this.#closing.abort(new WgslmError("unloaded", "the engine was unloaded; load the model again"));
    await this.#recovery?.catch(() => undefined);
    await this.#ended();
    this.#loaded?.model.free();
    this.#loaded = undefined;
  }

  get #isLost(): boolean {
    return this.failure !== undefined;
  }

  #adopt(loaded: OnDevice): void {
    this.#loaded = loaded;
    const lost = (this.#lost = new AbortController());
    void failureOf(loaded.gpu).then((failure) => {
      if (this.#loaded !== loaded || this.#closing.signal.aborted) return;
      lost.abort(failure);
      this.#losses.add();
      this.#host.tell({ lost: toErrorMessage(failure) });
    });
  }

  async #recover(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    this.#host.require();
    // The device's own report of its loss may just be on its way.
    await new Promise((resolve) => setTimeout(resolve));
    const { pauseMs, inRow } = this.#losses;
    if (pauseMs > 0) {
      const message = `the GPU was lost, or getting it back failed, ${inRow} times in a row; the first call after ${pauseMs} ms tries again`;
      throw new WgslmError("device-lost", message, { retryAfterMs: pauseMs });
    }
    // They end by themselves, with the loss as their error.
    await this.#ended();
    if (this.#loaded) {
      this.#failure = this.failure;
      this.#host.suspend();
      this.#loaded.model.free();
      this.#loaded = undefined;
    }
    try {
      const emit = (progress: LoadProgress): void => this.#host.tell({ progress: { ...progress, recovering: true } });
      const loaded = await this.#host.load({ signal: this.#closing.signal, emit });
      if (loaded.model.fingerprint !== this.#fingerprint) {
        loaded.model.free();
        throw new WgslmError("source-changed", "the model is another one now than the one that was loaded; load it as a new engine");
      }
      this.#host.resume(loaded.model);
      this.#adopt(loaded);
      this.#host.tell({ recovered: true });
    } catch (error) {
      this.#losses.add();
      const { code, message, ...details } = toErrorMessage(error);
      throw new WgslmError(code, `the GPU was lost, and getting the model back failed: ${message}`, { ...details, cause: error });
    }
  }

  async #ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
