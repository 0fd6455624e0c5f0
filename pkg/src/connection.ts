import type { Port } from "./calls.js";
import { type ErrorMessage, WgslmError, fromErrorMessage, messageOf } from "./errors.js";
import { lifeline, watchLifeline } from "./lifeline.js";
import type { FromWorker, MethodName, Methods, ToWorker } from "./protocol.js";

/** The way to a host. */
export interface Link {
  port: Port;
  /** Ends what is behind the port, or only the port where others use that too. */
  end(): void;
  /** Reports that the other side has ended or can't be understood. */
  watch?(fail: (message: ErrorMessage) => void): void;
}

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
  readonly #link: Link;
  readonly #ended = new AbortController();
  readonly #pending = new Map<number, Pending>();
  #shareWasm!: (module: WebAssembly.Module | undefined) => void;
  #nextId = 0;
  #closed: WgslmError | undefined;

  /** Speaks to the host at the end of `link`, which uses `wasm` where another worker has compiled it. */
  constructor(link: Link, wasm?: WebAssembly.Module) {
    this.#link = link;
    this.wasm = new Promise((resolve) => (this.#shareWasm = resolve));
    link.port.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    link.port.start?.();
    link.watch?.((message) => this.#fail(message));
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

  /** A way to the same host for a guest, such as a service worker. */
  guestPort(): MessagePort {
    if (this.#closed) throw this.#closed;
    const { port1, port2 } = new MessageChannel();
    this.#post({ client: port1 }, [port1]);
    return port2;
  }

  /** Has both sides hear of each other's end where nothing else tells: at a port that others have too. */
  async keepAlive(): Promise<void> {
    const own = await lifeline();
    if (own !== undefined && !this.#closed) this.#post({ lifeline: own });
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
      this.#link.port.postMessage(message, transfer);
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
    if ("lifeline" in message) return watchLifeline(message.lifeline, this.#ended.signal, () => this.#fail(crash("the worker ended")));
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if ("event" in message) pending.event(message.event);
    else if ("error" in message) pending.reject(fromErrorMessage(message.error));
    else pending.resolve(message.result);
  }

  #fail(message: ErrorMessage): void {
    this.#closed ??= fromErrorMessage(message);
    for (const pending of this.#pending.values()) pending.reject(this.#closed);
    this.#end();
  }

  #end(): void {
    this.#ended.abort();
    this.#link.end();
    this.#shareWasm(undefined);
  }
}

/** The error of a worker that ended by itself. */
export function crash(message: string): ErrorMessage {
  return { code: "worker-crashed", message: `${message}; load the model again` };
}
