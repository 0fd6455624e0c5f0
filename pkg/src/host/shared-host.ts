// The host of tabs that share a model.
import { Host } from "../host.js";
import type { Context } from "../load.js";
import type { Methods } from "../protocol.js";

type Load = Methods["load"];

/** A host whose callers all ask for the same load, which happens once. */
export class SharedHost extends Host {
  #load: SharedLoad | undefined;

  override load(params: Load["params"], context: Context<Load["event"]>): Promise<Load["result"]> {
    if (!this.#load || this.#load.failed) this.#load = new SharedLoad((all) => super.load(params, all));
    return this.#load.join(context);
  }

  override async unload(): Promise<void> {
    this.#load = undefined;
    await super.unload();
  }
}

/** A load that several wait for, under way or done. */
class SharedLoad {
  /** True once it has failed or was given up, so that the next one who asks has to begin another. */
  failed = false;
  readonly #result: Promise<Load["result"]>;
  readonly #waiting = new Set<Context<Load["event"]>>();
  readonly #controller = new AbortController();
  #last: Load["event"] | undefined;
  #done = false;

  constructor(load: (context: Context<Load["event"]>) => Promise<Load["result"]>) {
    const emit = (event: Load["event"]): void => {
      this.#last = event;
      this.#waiting.forEach((context) => context.emit(event));
    };
    this.#result = load({ signal: this.#controller.signal, emit });
    this.#result.then(
      () => (this.#done = true),
      () => (this.failed = true),
    );
  }

  /** Waits for the load. It goes on until nobody does. */
  async join(context: Context<Load["event"]>): Promise<Load["result"]> {
    const { signal, emit } = context;
    signal.throwIfAborted();
    if (this.#last) emit(this.#last);
    this.#waiting.add(context);
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    try {
      return await Promise.race([this.#result, aborted]);
    } finally {
      this.#waiting.delete(context);
      if (signal.aborted && this.#waiting.size === 0 && !this.#done) {
        this.failed = true;
        this.#controller.abort(signal.reason);
      }
    }
  }
}
