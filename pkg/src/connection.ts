import { type ErrorMessage, WgslmError, fromErrorMessage } from "./errors.js";
import type { MethodName, Methods, ToWorker, FromWorker } from "./protocol.js";

/** What a call may bring along besides its parameters. */
export interface CallOptions<M extends MethodName> {
  onEvent?: (event: Methods[M]["event"]) => void;
  /** Aborting it rejects the call at once and tells the worker to give it up. */
  signal?: AbortSignal | undefined;
  transfer?: Transferable[];
}

/** A call under way. */
export interface Call<M extends MethodName> {
  result: Promise<Methods[M]["result"]>;
  /** Asks the worker to end the call early; it still settles with what the worker answers. */
  cancel(): void;
}

interface Pending {
  event(event: unknown): void;
  resolve(result: unknown): void;
  reject(reason: unknown): void;
}

/** How long a worker may take to free what it holds before it is ended regardless, in ms. */
const CLOSE_DEADLINE = 2000;

/** This side of a worker: pairs answers with calls, and turns the worker's end into rejections. */
export class Connection {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #nextId = 0;
  #closed: WgslmError | undefined;

  constructor() {
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "wgslm" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    this.#worker.addEventListener("messageerror", () => this.#crash("a message from the worker could not be read"));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#crash(
        event.message
          ? `the worker ended: ${event.message}`
          : "the worker's script could not be loaded; check that worker.js lies beside index.js",
      );
    });
  }

  call<M extends MethodName>(method: M, params: Methods[M]["params"], options: CallOptions<M> = {}): Call<M> {
    const id = this.#nextId++;
    const cancel = (): void => {
      if (this.#pending.has(id)) this.#worker.postMessage({ abort: id } satisfies ToWorker);
    };
    const result = new Promise<Methods[M]["result"]>((resolve, reject) => {
      options.signal?.throwIfAborted();
      if (this.#closed) throw this.#closed;
      const abort = (): void => {
        cancel();
        settle();
        reject(options.signal?.reason);
      };
      const settle = (): void => {
        this.#pending.delete(id);
        options.signal?.removeEventListener("abort", abort);
      };
      // Posting throws where a parameter or source can't be cloned, before anything is registered.
      this.#worker.postMessage({ id, method, params }, options.transfer ?? []);
      options.signal?.addEventListener("abort", abort);
      this.#pending.set(id, {
        event: (event) => options.onEvent?.(event as Methods[M]["event"]),
        resolve: (value) => (settle(), resolve(value as Methods[M]["result"])),
        reject: (reason) => (settle(), reject(reason)),
      });
    });
    return { result, cancel };
  }

  /** Rejects what is under way with `reason`, lets the worker free what it holds, then ends it. */
  async close(reason: WgslmError): Promise<void> {
    if (this.#closed) return;
    const others = [...this.#pending.values()];
    const unloaded = this.call("unload", {}).result.catch(() => undefined);
    others.forEach((pending) => pending.reject(reason));
    this.#closed = reason;
    await Promise.race([unloaded, new Promise((resolve) => setTimeout(resolve, CLOSE_DEADLINE))]);
    this.#worker.terminate();
  }

  #receive(message: FromWorker): void {
    if ("fatal" in message) return this.#fail(message.fatal);
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if ("event" in message) pending.event(message.event);
    else if ("error" in message) pending.reject(fromErrorMessage(message.error));
    else pending.resolve(message.result);
  }

  #crash(message: string): void {
    this.#fail({ code: "worker-crashed", message: `${message}; load the model again` });
  }

  #fail(message: ErrorMessage): void {
    this.#worker.terminate();
    this.#closed ??= fromErrorMessage(message);
    for (const pending of this.#pending.values()) pending.reject(this.#closed);
  }
}
