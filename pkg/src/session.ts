// Sessions: sequences that are kept between requests.
import { checkContent, checkLength, checkPromptOrConversation } from "./arguments.js";
import { saveSession } from "./cache/saved-sessions.js";
import type { Connection } from "./connection.js";
import { Generation } from "./generation.js";
import { SIGNAL_OPTIONS, checkOptions } from "./options.js";
import type { Methods } from "./protocol.js";
import { requestOf } from "./request.js";
import type { Conversation, GenerateOptions, Prompt, SignalOptions } from "./types.js";

/** Sessions that nobody has any more let go of what they hold. */
const forgotten = new FinalizationRegistry<() => void>((close) => close());

/** The last number of a session: they are given here, so that a session can be used at once. */
let last = 0;

/**
 * The number of a new session.
 * @internal
 */
export const nextSession = (): number => (last += 1);

/**
 * A sequence of tokens that is kept between requests, such as a conversation or a text being typed. It is a claim on what the prefix cache
 * has of it, so that the next request reads only what is new. Where memory is short, what sessions hold goes last, and is read again then.
 *
 * Its calls run in their order. One generation at a time belongs to a session: whatever changes its tokens cancels the one before.
 */
export class Session implements AsyncDisposable {
  readonly #connection: Connection;
  readonly #session: number;
  #closing: Promise<void> | undefined;

  /** @internal */
  constructor(connection: Connection, session: number) {
    this.#connection = connection;
    this.#session = session;
    forgotten.register(this, () => void close(connection, session), this);
  }

  /**
   * Appends tokens, or a text in which special tokens are read as such. Nothing runs until the next request. A text becomes tokens by
   * itself, so a word must not be cut in two; for a text that is being typed, give {@link set} the whole of it.
   */
  async append(content: string | Uint32Array, options: SignalOptions = {}): Promise<void> {
    await this.#change({ append: checkContent(content) }, options);
  }

  /** Makes the session's tokens those of a prompt or of a conversation, which may have tools. What both begin with stays cached. */
  async set(prompt: Prompt | Conversation, options: SignalOptions = {}): Promise<void> {
    await this.#change({ set: checkPromptOrConversation(prompt) }, options);
  }

  /** Drops all tokens but the first `length`. */
  async truncate(length: number, options: SignalOptions = {}): Promise<void> {
    await this.#change({ truncate: checkLength(length) }, options);
  }

  /** A session with the same tokens, which goes its own way. Both hold the same memory, up to where they part. */
  fork(): Session {
    const session = nextSession();
    // What it fails with the fork's own calls fail with.
    this.#connection.call("forkSession", { session: this.#session, fork: session }).result.catch(() => undefined);
    return new Session(this.#connection, session);
  }

  /**
   * Generates what follows the session's tokens. What is generated becomes part of the session: after a `break` or {@link Generation.cancel}
   * also tokens that were under way then.
   */
  generate(options: GenerateOptions = {}): Generation {
    return new Generation((onEvent) => {
      const { signal, ...request } = requestOf(options);
      const params = { session: this.#session, ...request };
      return this.#connection.call("generateInSession", params, { signal, onEvent });
    });
  }

  /** Reads the tokens so far into the cache, so that the next request reads only those that come after. */
  async prefill(options: SignalOptions = {}): Promise<void> {
    await this.#connection.call("prefillSession", { session: this.#session }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /** The tokens so far. */
  async tokens(options: SignalOptions = {}): Promise<Uint32Array> {
    return this.#connection.call("sessionTokens", { session: this.#session }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /** The number of tokens so far. */
  async length(options: SignalOptions = {}): Promise<number> {
    return (await this.#counts(options)).length;
  }

  /** The number of leading tokens that the prefix cache holds for the session. */
  async held(options: SignalOptions = {}): Promise<number> {
    return (await this.#counts(options)).held;
  }

  /**
   * The session as bytes that `engine.restore` turns into a session again, on any page that has loaded the same model with the same settings:
   * its tokens, and what was computed for them, which may be hundreds of MB. The browser holds them, not the memory of the page.
   * A snapshot reveals its text to whoever has it.
   */
  snapshot(options: SignalOptions = {}): Promise<Blob> {
    return this.#connection.call("snapshotSession", { session: this.#session }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  /**
   * Keeps the session in the browser under a name, for `engine.restoreSaved` on a later visit; one that was saved under the name before is
   * replaced once all bytes are there. Fails with the code `quota-exceeded` where there is no room, and `cache` where there is no storage.
   */
  async save(name: string, options: SignalOptions = {}): Promise<void> {
    const { signal } = checkOptions(options, SIGNAL_OPTIONS);
    await saveSession(name, await this.snapshot(options), signal);
  }

  /** Lets go of what the session holds. Later calls fail with the code `unloaded`. */
  dispose(): Promise<void> {
    forgotten.unregister(this);
    return (this.#closing ??= close(this.#connection, this.#session));
  }

  /** Lets go at the end of a block with `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #change(change: Methods["changeSession"]["params"]["change"], options: SignalOptions): Promise<void> {
    await this.#connection.call("changeSession", { session: this.#session, change }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }

  #counts(options: SignalOptions): Promise<{ length: number; held: number }> {
    return this.#connection.call("sessionCounts", { session: this.#session }, checkOptions(options, SIGNAL_OPTIONS)).result;
  }
}

/** Has the worker let go of a session; a worker that has ended holds none. */
async function close(connection: Connection, session: number): Promise<void> {
  await connection.call("closeSession", { session }).result.catch(() => undefined);
}
