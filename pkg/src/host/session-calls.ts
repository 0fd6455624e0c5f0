// The calls about an engine's sessions.
import type { Context } from "../load.js";
import type { Handlers, Methods, SessionMethods } from "../protocol.js";
import type { Model } from "../wasm/wgslm.js";
import type { GrammarConstraint, JsGrammar } from "../wasm/wgslm_grammar.js";
import { abortable } from "./abort.js";
import { runAnswers, tokensTaken } from "./answers.js";
import { promptOf } from "./prompts.js";
import { Sessions } from "./sessions.js";

/** The parts of the host that sessions use. */
export interface SessionHost {
  model(): Model;
  constraint(grammar: JsGrammar | undefined): Promise<GrammarConstraint | undefined>;
  /** Keeps the model until `work` has ended. */
  track<T>(work: () => Promise<T>): Promise<T>;
}

export class SessionCalls implements Handlers<SessionMethods> {
  readonly #host: SessionHost;
  readonly #sessions = new Sessions();

  constructor(host: SessionHost) {
    this.#host = host;
  }

  async openSession({ session }: Methods["openSession"]["params"]): Promise<null> {
    await this.#sessions.add(session, () => this.#host.model().session());
    return null;
  }

  async restoreSession(
    { session, source }: Methods["restoreSession"]["params"],
    { signal }: Context<never>,
  ): Promise<null> {
    const restored = this.#host.track(async () => {
      const restore = this.#host.model().restore();
      try {
        const stream: ReadableStream<Uint8Array> = source instanceof Blob ? source.stream() : source;
        await stream.pipeTo(new WritableStream({ write: (piece) => restore.push(piece) }), { signal });
      } catch (error) {
        restore.free();
        throw error;
      }
      return restore.finish();
    });
    await this.#sessions.add(session, () => restored);
    return null;
  }

  async forkSession({ session, fork }: Methods["forkSession"]["params"]): Promise<null> {
    await this.#sessions.add(fork, () => this.#sessions.run(session, (original) => original.fork()));
    return null;
  }

  async changeSession({ session, change }: Methods["changeSession"]["params"]): Promise<null> {
    await this.#sessions.run(session, (changed) => {
      if ("set" in change) changed.set(promptOf(this.#host.model(), change.set));
      else if ("truncate" in change) changed.truncate(change.truncate);
      else if (typeof change.append === "string") changed.appendText(change.append);
      else changed.append(change.append);
    });
    return null;
  }

  async prefillSession({ session }: Methods["prefillSession"]["params"], { signal }: Context<never>): Promise<null> {
    await this.#sessions.run(session, (read) => abortable(signal, (aborted) => read.prefill(aborted)));
    return null;
  }

  generateInSession(
    { session, options, grammar }: Methods["generateInSession"]["params"],
    { signal, emit }: Context<Methods["generateInSession"]["event"]>,
  ): Promise<Methods["generateInSession"]["result"]> {
    return this.#host.track(async () => {
      const generation = await this.#sessions.run(session, async (continued) => {
        const constraint = await this.#host.constraint(grammar);
        return continued.generate(options, constraint?.fork());
      });
      return runAnswers(1, { begin: () => generation, take: tokensTaken(emit) }, signal);
    });
  }

  sessionTokens({ session }: Methods["sessionTokens"]["params"]): Promise<Uint32Array> {
    return this.#sessions.run(session, (read) => read.tokens());
  }

  sessionCounts({ session }: Methods["sessionCounts"]["params"]): Promise<Methods["sessionCounts"]["result"]> {
    return this.#sessions.run(session, ({ length, held }) => ({ length, held }));
  }

  snapshotSession({ session }: Methods["snapshotSession"]["params"], { signal }: Context<never>): Promise<Blob> {
    return this.#sessions.run(session, async (written) => {
      // A blob a piece, so that the browser may put each where it likes while the next one comes.
      const pieces: Blob[] = [];
      await abortable(signal, (aborted) => written.snapshot((piece) => pieces.push(new Blob([piece])), aborted));
      return new Blob(pieces);
    });
  }

  async closeSession({ session }: Methods["closeSession"]["params"]): Promise<null> {
    await this.#sessions.close(session);
    return null;
  }

  /** Frees all sessions. */
  closeAll(): Promise<void> {
    return this.#sessions.closeAll();
  }
}
