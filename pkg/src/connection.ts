import { type ErrorMessage, WgslmError, fromErrorMessage, messageOf } from "./errors.js";
import type { FromWorker, MethodName, Methods, ToWorker } from "./protocol.js";
import { type StartedWorker, whyNotLoaded } from "./start-worker.js";

/** Options of a call. */
export interface CallOptions<M extends MethodName> {
  onEvent?: ((event: Methods[M]["event"]) => void) | undefined;
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

/** The time that a worker gets to free what it holds before it is ended regardless, in ms. */
const CLOSE_DEADLINE = 2000;

/** This side of a worker: pairs answers with calls, and turns the worker's end into rejections. */
export class Connection {
  /** The WebAssembly that the worker compiles, for others; `undefined` if it ends before. */
  readonly wasm: Promise<WebAssembly.Module | undefined>;
  readonly #worker: Worker;
  readonly #address: URL;
  readonly #pending = new Map<number, Pending>();
  #shareWasm!: (module: WebAssembly.Module | undefined) => void;
  #nextId = 0;
  #closed: WgslmError | undefined;

  /** Speaks to `worker`, which uses `wasm` where another worker has compiled it. */
  constructor({ worker, address }: StartedWorker, wasm?: WebAssembly.Module) {
    this.#worker = worker;
    this.#address = address;
    this.wasm = new Promise((resolve) => (this.#shareWasm = resolve));
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    worker.addEventListener("messageerror", () => this.#crash("a message from the worker could not be read"));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      // What could not be loaded has no message.
      if (event.message) this.#crash(`the worker ended: ${event.message}`);
      else void whyNotLoaded(this.#address).then((message) => this.#fail(message));
    });
    if (wasm) this.#post({ wasm });
  }

  /** True once the worker has ended or is about to. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  call<M extends MethodName>(method: M, params: Methods[M]["params"], options: CallOptions<M> = {}): Call<M> {
    const id = this.#nextId++;
    const cancel = (): void => {
      if (this.#pending.has(id)) this.#post({ abort: id });
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
      // Posting throws where something can't be cloned, before anything is registered.
      this.#post({ id, method, params } as ToWorker, options.transfer);
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
    this.#end();
  }

  #post(message: ToWorker, transfer: Transferable[] = []): void {
    try {
      this.#worker.postMessage(message, transfer);
    } catch (error) {
      throw new WgslmError(
        "invalid-argument",
        `no worker can take what was given (${messageOf(error)}); give plain values, and streams and buffers that nobody has taken yet`,
      );
    }
  }

  #receive(message: FromWorker): void {
    if ("wasm" in message) return this.#shareWasm(message.wasm);
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
    this.#closed ??= fromErrorMessage(message);
    for (const pending of this.#pending.values()) pending.reject(this.#closed);
    this.#end();
  }

  #end(): void {
    this.#worker.terminate();
    this.#shareWasm(undefined);
  }
}
