// What is told of a load as it goes on.
import { WgslmError } from "./errors.js";
import type { FileWatch, ModelFiles } from "./model-files.js";
import type { ModelFile } from "./sources/model-file.js";
import type { Amount } from "./sources/remote-file.js";
import type { LoadProgress } from "./types.js";
import type { Loader } from "./wasm/wgslm.js";

/** The least time between two progress events, in ms. */
const INTERVAL = 50;
/** The time over which the rate is measured that the time left comes from, in ms. */
const RATE_WINDOW = 5000;

/** Reports the progress of a load. No figure ever goes back, even where a load has to begin anew. */
export class LoadWatch implements FileWatch {
  /** The file that is read. */
  file: ModelFile | undefined;
  readonly signal: AbortSignal;
  readonly #emit: (progress: LoadProgress) => void;
  #loader: Loader | undefined;
  #files: ModelFiles | undefined;
  #elsewhere: Amount | undefined;
  #reportedAt = 0;
  #loadedBytes = 0;
  #cachedBytes = 0;
  readonly #samples: { at: number; bytes: number }[] = [];

  constructor(signal: AbortSignal, emit: (progress: LoadProgress) => void) {
    this.signal = signal;
    this.#emit = emit;
  }

  readonly onArrival = (): void => {
    this.#elsewhere = undefined;
    this.report();
  };

  readonly onWaiting = (amount: Amount): void => {
    this.#elsewhere = amount;
    this.report();
  };

  begin(loader: Loader, files: ModelFiles): void {
    this.#loader = loader;
    this.#files = files;
    this.#send("loading", 0, undefined);
  }

  /** Reports the bytes so far, unless it did a moment ago. */
  report(): void {
    const now = performance.now();
    if (!this.#loader || now - this.#reportedAt < INTERVAL) return;
    const { loadedBytes, expectedBytes = Infinity } = this.#loader;
    const arrived = Math.min(loadedBytes + (this.file?.aheadBytes ?? 0), expectedBytes);
    this.#send(this.#elsewhere ? "waiting" : "loading", arrived, expectedBytes === Infinity ? undefined : expectedBytes);
  }

  finish(loadedBytes: number): void {
    this.#loader = undefined;
    this.#send("loading", loadedBytes, loadedBytes);
    this.#send("finishing", loadedBytes, loadedBytes);
  }

  /** The error that a model didn't stay the same for long enough. */
  unsteady(): WgslmError {
    return new WgslmError(
      "source-changed",
      "the model changed on its server each time it was loaded, or the connection broke and the server has neither ETag nor Last-Modified to go " +
        "on by; try again later",
    );
  }

  #send(phase: LoadProgress["phase"], bytes: number, totalBytes: number | undefined): void {
    this.#reportedAt = performance.now();
    this.#loadedBytes = Math.max(this.#loadedBytes, bytes);
    this.#cachedBytes = Math.min(Math.max(this.#cachedBytes, this.#files?.cachedBytes() ?? 0), this.#loadedBytes);
    const elsewhere = phase === "waiting" ? this.#elsewhere : undefined;
    const seconds = elsewhere ? this.#secondsLeft(elsewhere.bytes, elsewhere.total) : this.#secondsLeft(this.#loadedBytes, totalBytes);
    this.#emit({
      phase,
      loadedBytes: this.#loadedBytes,
      cachedBytes: this.#cachedBytes,
      ...(totalBytes !== undefined && { totalBytes }),
      ...(elsewhere && { elsewhereBytes: elsewhere.bytes }),
      ...(seconds !== undefined && { secondsLeft: seconds }),
    });
  }

  /** The time left at the rate of the last seconds. */
  #secondsLeft(bytes: number, total: number | undefined): number | undefined {
    const now = performance.now();
    // Another tab's bytes are counted from its start.
    if (bytes < (this.#samples.at(-1)?.bytes ?? 0)) this.#samples.length = 0;
    this.#samples.push({ at: now, bytes });
    while (this.#samples[1] && now - this.#samples[0]!.at > RATE_WINDOW) this.#samples.shift();
    const [first] = this.#samples;
    const rate = (bytes - first!.bytes) / (now - first!.at);
    return total === undefined || !(rate > 0) ? undefined : (total - bytes) / rate / 1000;
  }
}
