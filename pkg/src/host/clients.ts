// Those who call a host: the page whose worker it is, tabs that share it, the main thread, a service worker.
import type { Port } from "../calls.js";
import { WgslmError, toErrorMessage } from "../errors.js";
import type { Host } from "../host.js";
import { lifeline, watchLifeline } from "../lifeline.js";
import type { Context } from "../load.js";
import type { FromWorker, Handlers, MethodName, Methods, ToWorker } from "../protocol.js";
import type { SessionCalls } from "./session-calls.js";

/** A host, and everyone who calls it through a port. */
export class Clients {
  readonly #host: Host;
  readonly #failed: () => void;
  readonly #clients = new Set<Client>();

  /** `failed` is called after a fault from which the host doesn't recover. */
  constructor(host: Host, failed: () => void = () => undefined) {
    this.#host = host;
    this.#failed = failed;
  }

  /** Answers the calls that come to a port. The host's model is freed once everyone but guests has left. */
  add(port: Port, { guest = false } = {}): void {
    const client: Client = new Client(this.#host, port, guest, {
      connect: (other) => this.add(other, { guest: true }),
      leave: () => this.#remove(client),
      fail: (error) => this.fail(error),
    });
    this.#clients.add(client);
  }

  /** Tells everyone that the host can't be used any more, and calls nothing in it again. */
  fail(error: unknown): void {
    const fatal = toErrorMessage(error, "worker-crashed");
    for (const client of this.#clients) client.forget({ fatal });
    this.#clients.clear();
    this.#failed();
  }

  async #remove(client: Client): Promise<void> {
    this.#clients.delete(client);
    const guests = [...this.#clients];
    if (client.guest || !guests.every(({ guest }) => guest)) return;
    const fatal = toErrorMessage(new WgslmError("unloaded", "the page that had loaded the model has unloaded it or was closed; load it again"));
    guests.forEach((guest) => guest.say({ fatal }));
    await Promise.all(guests.map((guest) => guest.leave()));
    await this.#host.unload();
  }
}

interface Hall {
  /** Serves a guest through a port of its own. */
  connect(port: Port): void;
  /** Called once nothing of this one is left in the host. */
  leave(): Promise<void>;
  /** Called after a fault from which the host doesn't recover. */
  fail(error: unknown): void;
}

/** One who calls, with the requests and the sessions that end with it. */
class Client {
  /** True where a page has let it in, without which it has nothing to stay for. */
  readonly guest: boolean;
  readonly #host: Host;
  readonly #port: Port;
  readonly #hall: Hall;
  readonly #sessions: SessionCalls;
  readonly #running = new Map<number, { controller: AbortController; settled: Promise<void> }>();
  readonly #gone = new AbortController();
  #leaving: Promise<void> | undefined;

  constructor(host: Host, port: Port, guest: boolean, hall: Hall) {
    this.guest = guest;
    this.#host = host;
    this.#port = port;
    this.#hall = hall;
    this.#sessions = host.sessionCalls();
    port.addEventListener("message", ({ data }: MessageEvent<ToWorker>) => this.#receive(data));
    port.start?.();
  }

  say(message: FromWorker, transfer?: Transferable[]): void {
    this.#port.postMessage(message, transfer);
  }

  /** Says the last thing, and leaves the host as it is. */
  forget(message: FromWorker): void {
    this.#gone.abort();
    this.say(message);
  }

  /** Ends its requests and frees its sessions. */
  leave(): Promise<void> {
    return (this.#leaving ??= (async () => {
      this.#gone.abort();
      const running = [...this.#running.values()];
      running.forEach(({ controller }) => controller.abort());
      await Promise.all(running.map(({ settled }) => settled));
      await this.#host.endSessions(this.#sessions);
      await this.#hall.leave();
    })());
  }

  #receive(message: ToWorker): void {
    if ("wasm" in message) this.#host.wasm = message.wasm;
    else if ("client" in message) this.#hall.connect(message.client);
    else if ("lifeline" in message) this.#watch(message.lifeline);
    else if ("abort" in message) this.#running.get(message.abort)?.controller.abort();
    else if (message.method === "unload") void this.#unload(message.id);
    else {
      const controller = new AbortController();
      const settled = this.#answer(message.id, message.method, message.params, controller.signal);
      this.#running.set(message.id, { controller, settled });
      void settled.then(() => this.#running.delete(message.id));
    }
  }

  /** Leaves once the other side has ended without a word, and has it hear of the end of this one. */
  #watch(other: string): void {
    watchLifeline(other, this.#gone.signal, () => void this.leave());
    void lifeline().then((own) => own !== undefined && this.say({ lifeline: own }));
  }

  async #unload(id: number): Promise<void> {
    await this.leave();
    this.say({ id, result: null });
  }

  async #answer<M extends MethodName>(id: number, method: M, params: Methods[M]["params"], signal: AbortSignal): Promise<void> {
    try {
      // The compiler can't see that the handler and the parameters are of the same method.
      const owner = method in this.#sessions ? this.#sessions : this.#host;
      const handler = (owner as Partial<Handlers<Methods>>)[method] as unknown as (
        params: Methods[M]["params"],
        context: Context<Methods[M]["event"]>,
      ) => Promise<Methods[M]["result"]>;
      const emit = (event: Methods[M]["event"]): void => this.say({ id, event });
      const result = await handler.call(owner, params, { signal, emit });
      this.say({ id, result }, buffersOf(result));
    } catch (error) {
      // After a trap the instance's memory can't be trusted: nothing may be called in it again.
      if (error instanceof WebAssembly.RuntimeError) this.#hall.fail(error);
      else this.say({ id, error: toErrorMessage(error) });
    }
  }
}

/** The buffers of a result, which are the receiver's from now on. */
function buffersOf(result: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(result)) return [result.buffer as ArrayBuffer];
  return Object.values(Object(result) as object)
    .flat()
    .filter((part) => ArrayBuffer.isView(part))
    .map(({ buffer }) => buffer as ArrayBuffer);
}
