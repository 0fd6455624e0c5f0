// The times of a load's phases.
import type { EngineLoadTimes } from "./wasm/wgslm.js";

/** The times of a load's phases in ms, from the call in the worker on. They follow each other but for `keepMs`. */
export interface LoadTimes extends EngineLoadTimes {
  /** Starting the WebAssembly and opening the GPU. */
  deviceMs: number;
  /** Finding the files in the cache, or waiting for the first answers of their server. */
  openMs: number;
  /** Reading: waiting for the disk or the network. */
  readMs: number;
  /** Waiting for the GPU to take what was read. */
  roomMs: number;
  /** Handing over what was read; where a header ends, this has `buildMs` in it. */
  takeMs: number;
  /** Waiting for what was downloaded to be stored, beside the phases that follow the last byte. */
  keepMs: number;
  /** All of it. */
  totalMs: number;
}

/** The phases that this package measures. */
type Phase = Exclude<keyof LoadTimes, keyof EngineLoadTimes | "totalMs">;

/** Adds up the times of phases. */
export class LoadClock {
  readonly #began = performance.now();
  readonly #times: Record<Phase, number> = { deviceMs: 0, openMs: 0, readMs: 0, roomMs: 0, takeMs: 0, keepMs: 0 };

  /** Adds the time of `work` to a phase. */
  async time<T>(phase: Phase, work: () => T | Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await work();
    } finally {
      this.#times[phase] += performance.now() - began;
    }
  }

  /** The times of all phases, of which the engine measured some. */
  finish(engine: EngineLoadTimes): LoadTimes {
    return { ...this.#times, ...engine, totalMs: performance.now() - this.#began };
  }
}
