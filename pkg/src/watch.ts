// The page's side of losing the GPU: who waits for that hears of it, and what was lost in the background comes back with the tab.
import type { Connection } from "./connection.js";
import { WgslmError, fromErrorMessage } from "./errors.js";
import type { LoadProgress } from "./types.js";

/** Watches the engine behind a connection. */
export class EngineWatch {
  readonly #connection: Connection;
  readonly #onProgress: ((progress: LoadProgress) => void) | undefined;
  #watching = false;
  #lost: Promise<WgslmError>;
  #tell!: (reason: WgslmError) => void;

  /** `onProgress` is called as the model is loaded again. */
  constructor(connection: Connection, onProgress: ((progress: LoadProgress) => void) | undefined) {
    this.#connection = connection;
    this.#onProgress = onProgress;
    this.#lost = this.#next();
    if (onProgress) this.#begin();
    const { document } = globalThis;
    const recover = (): void => {
      if (connection.closed) return document.removeEventListener("visibilitychange", recover);
      // The next call hears of a failure.
      if (document.visibilityState === "visible") connection.call("recover", {}).result.catch(() => undefined);
    };
    document?.addEventListener("visibilitychange", recover);
  }

  /** The loss of the GPU that the engine has now, or the engine's end. */
  get lost(): Promise<WgslmError> {
    this.#begin();
    return this.#lost;
  }

  #next(): Promise<WgslmError> {
    return new Promise((resolve) => (this.#tell = resolve));
  }

  #begin(): void {
    if (this.#watching) return;
    this.#watching = true;
    const watching = this.#connection.call("watch", {}, {
      onEvent: (news) => {
        if ("lost" in news) this.#tell(fromErrorMessage(news.lost));
        else if ("progress" in news) this.#onProgress?.(news.progress);
        else this.#lost = this.#next();
      },
    });
    watching.result.catch((reason: unknown) => {
      // Whoever asks from now on hears of the end, not of an earlier loss.
      this.#tell(reason as WgslmError);
      this.#lost = Promise.resolve(reason as WgslmError);
    });
  }
}
