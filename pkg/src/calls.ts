// Calls over a message port: one side serves methods, the other one calls them.
import { type ErrorMessage, fromErrorMessage, toErrorMessage } from "./errors.js";

/** A worker, a worker's own scope, or a port. */
export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  start?(): void;
}

/** An answer and what is handed over with it. */
export class Handover {
  constructor(
    readonly result: unknown,
    readonly transfer: Transferable[],
  ) {}
}

type Handlers = Record<string, (params: never) => unknown>;
type Answer = { id: number; result: unknown } | { id: number; error: ErrorMessage };

/** Answers the calls that come to a port. */
export function serve(port: Port, handlers: Handlers): void {
  port.addEventListener("message", ({ data: { id, method, params } }: MessageEvent) => {
    const answer = async (): Promise<void> => {
      const result: unknown = await handlers[method]!(params as never);
      if (result instanceof Handover) port.postMessage({ id, result: result.result }, result.transfer);
      else port.postMessage({ id, result });
    };
    answer().catch((error: unknown) => port.postMessage({ id, error: toErrorMessage(error) }));
  });
  port.start?.();
}

/** The calling side. */
export class Caller {
  readonly #port: Port;
  readonly #pending = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>();
  #nextId = 0;
  #failure: unknown;

  constructor(port: Port) {
    this.#port = port;
    port.addEventListener("message", ({ data }: MessageEvent<Answer>) => {
      const pending = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      if ("error" in data) pending?.reject(fromErrorMessage(data.error));
      else pending?.resolve(data.result);
    });
    port.start?.();
  }

  call<Result>(method: string, params: unknown, transfer: Transferable[] = []): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      const id = this.#nextId++;
      this.#port.postMessage({ id, method, params }, transfer);
      this.#pending.set(id, { resolve: resolve as (result: unknown) => void, reject });
    });
  }

  /** Rejects all calls, those to come too. */
  fail(error: unknown): void {
    this.#failure = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
