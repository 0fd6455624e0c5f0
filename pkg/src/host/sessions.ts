// The sessions of an engine, by the numbers that the page gives them.
import { WgslmError } from "../errors.js";
import { Queue } from "../queue.js";
import type { Session } from "../wasm/wgslm.js";

/** The most calls of one session that may wait. */
const QUEUE_CAPACITY = 256;

/** A session that is there, or on its way. */
interface Held {
  session: Promise<Session>;
  calls: Queue;
}

/** Sessions, of each of which calls run one after the other. */
export class Sessions {
  readonly #held = new Map<number, Held>();

  /** Adds the session that `make` gives. Calls of it wait for that. */
  add(number: number, make: () => Session | Promise<Session>): Promise<unknown> {
    const session = (async () => make())();
    // Whoever uses it hears of the failure.
    session.catch(() => undefined);
    this.#held.set(number, { session, calls: new Queue(QUEUE_CAPACITY) });
    return session;
  }

  /** Runs a call of a session once those before it have ended. */
  async run<T>(number: number, call: (session: Session) => T | Promise<T>): Promise<T> {
    const held = this.#held.get(number);
    if (!held) throw new WgslmError("unloaded", "the session was disposed of; make another");
    return held.calls.run(async () => call(await held.session));
  }

  /** Frees a session once its calls have ended. */
  async close(number: number): Promise<void> {
    const held = this.#held.get(number);
    this.#held.delete(number);
    if (!held) return;
    await held.calls.idle();
    (await held.session.catch(() => undefined))?.free();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((number) => this.close(number)));
  }
}
