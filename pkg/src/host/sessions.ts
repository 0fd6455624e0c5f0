// The sessions of an engine, by the numbers that the page gives them.
import { WgslmError } from "../errors.js";
import { Queue } from "../queue.js";
import type { Model, Session } from "../wasm/wgslm.js";
import type { LiveModel, Need } from "./live-model.js";

/** The most calls of one session that may wait. */
const QUEUE_CAPACITY = 256;

/** A session that is there, or on its way. */
interface Held {
  session: Session | undefined;
  /** The tokens of a session whose model is loaded again. */
  tokens: Uint32Array | undefined;
  made: Promise<unknown>;
  calls: Queue;
}

/** Sessions, of each of which calls run one after the other. */
export class Sessions {
  readonly #held = new Map<number, Held>();
  readonly #live: () => LiveModel;

  constructor(live: () => LiveModel) {
    this.#live = live;
  }

  /** Adds the session that `make` gives, while the model stays. Calls of it wait for that. */
  add(number: number, make: (keep: (session: Session) => void) => Promise<unknown>): Promise<unknown> {
    const held: Held = { session: undefined, tokens: undefined, made: Promise.resolve(), calls: new Queue(QUEUE_CAPACITY) };
    this.#held.set(number, held);
    held.made = (async () => make((session) => (held.session = session)))();
    // Whoever uses it hears of the failure.
    held.made.catch(() => undefined);
    return held.made;
  }

  /** Runs a call of a session once those before it have ended. */
  async run<T>(number: number, call: (session: Session) => T | Promise<T>, need?: Need): Promise<T> {
    const held = this.#held.get(number);
    if (!held) throw new WgslmError("unloaded", "the session was disposed of; make another");
    return held.calls.run(async () => {
      await held.made;
      return this.#live().use(() => call(held.session!), need);
    });
  }

  /** Frees a session once its calls have ended. */
  async close(number: number): Promise<void> {
    const held = this.#held.get(number);
    this.#held.delete(number);
    if (!held) return;
    await held.calls.idle();
    await held.made.catch(() => undefined);
    held.session?.free();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((number) => this.close(number)));
  }

  /** Keeps the tokens of all sessions, and lets go of the model. No call runs. */
  suspend(): void {
    for (const held of this.#held.values()) {
      held.tokens ??= held.session?.tokens();
      held.session?.free();
      held.session = undefined;
    }
  }

  /** Makes the sessions anew. The next request of each reads its tokens. */
  resume(model: Model): void {
    for (const held of this.#held.values()) {
      if (!held.tokens) continue;
      held.session = model.session();
      held.session.append(held.tokens);
      held.tokens = undefined;
    }
  }
}
