// The calls about an engine's sessions.
import type { Context } from "../load.js";
import type { Handlers, Methods, SessionMethods } from "../protocol.js";
import type { Model, Session } from "../wasm/wgslm.js";
import type { GrammarConstraint, JsGrammar } from "../wasm/wgslm_grammar.js";
import { abortable } from "./abort.js";
import { runAnswers, tokensTaken } from "./answers.js";
import type { LiveModel } from "./live-model.js";
import { promptOf } from "./prompts.js";
import { Sessions } from "./sessions.js";

/** The parts of the host that sessions use. */
export interface SessionHost {
  /** The model, if one is loaded. */
  live(): LiveModel;
  constraint(grammar: JsGrammar | undefined): Promise<GrammarConstraint | undefined>;
}

export class SessionCalls implements Handlers<SessionMethods> {
  readonly #host: SessionHost;
  readonly #sessions: Sessions;

  constructor(host: SessionHost) {
    this.#host = host;
    this.#sessions = new Sessions(() => host.live());
  }

  async openSession({ session }: Methods["openSession"]["params"]): Promise<null> {
    await this.#sessions.add(session, (keep) => this.#host.live().use((model) => keep(model.session()), { gpu: false }));
    return null;
  }

  async restoreSession(
    { session, source }: Methods["restoreSession"]["params"],
    { signal }: Context<never>,
  ): Promise<null> {
    const restored = async (model: Model) => {
      const restore = model.restore();
      try {
        const stream: ReadableStream<Uint8Array> = source instanceof Blob ? source.stream() : source;
        const ended = AbortSignal.any([signal, this.#host.live().lost]);
        await stream.pipeTo(new WritableStream({ write: (piece) => restore.push(piece) }), { signal: ended });
      } catch (error) {
        restore.free();
        throw error;
      }
      return restore.finish();
    };
    await this.#sessions.add(session, (keep) => this.#host.live().use(async (model) => keep(await restored(model)), { signal }));
    return null;
  }

  async forkSession({ session, fork }: Methods["forkSession"]["params"]): Promise<null> {
    await this.#sessions.add(fork, (keep) => this.#sessions.run(session, (original) => keep(original.fork()), { gpu: false }));
    return null;
  }

  async changeSession({ session, change }: Methods["changeSession"]["params"], { signal }: Context<never>): Promise<null> {
    const apply = (changed: Session): void => {
      if ("set" in change) changed.set(promptOf(this.#host.live().model, change.set));
      else if ("truncate" in change) changed.truncate(change.truncate);
      else if (typeof change.append === "string") changed.appendText(change.append);
      else changed.append(change.append);
    };
    await this.#sessions.run(session, apply, { gpu: false, signal });
    return null;
  }

  async prefillSession({ session }: Methods["prefillSession"]["params"], { signal }: Context<never>): Promise<null> {
    await this.#sessions.run(session, (read) => abortable(signal, (aborted) => read.prefill(aborted)), { signal });
    return null;
  }

  async generateInSession(
    { session, options, grammar }: Methods["generateInSession"]["params"],
    { signal, emit }: Context<Methods["generateInSession"]["event"]>,
  ): Promise<Methods["generateInSession"]["result"]> {
    // Other calls of the session needn't wait for the answer's end.
    const { answered } = await this.#sessions.run(session, async (continued) => {
      const constraint = await this.#host.constraint(grammar);
      const generation = continued.generate(options, constraint?.fork());
      const answered = this.#host.live().track(runAnswers(1, { begin: () => generation, take: tokensTaken(emit) }, signal));
      answered.catch(() => undefined);
      return { answered };
    }, { signal });
    return answered;
  }

  sessionTokens({ session }: Methods["sessionTokens"]["params"], { signal }: Context<never>): Promise<Uint32Array> {
    return this.#sessions.run(session, (read) => read.tokens(), { gpu: false, signal });
  }

  sessionCounts({ session }: Methods["sessionCounts"]["params"], { signal }: Context<never>): Promise<Methods["sessionCounts"]["result"]> {
    return this.#sessions.run(session, ({ length, held }) => ({ length, held }), { gpu: false, signal });
  }

  snapshotSession({ session }: Methods["snapshotSession"]["params"], { signal }: Context<never>): Promise<Blob> {
    return this.#sessions.run(session, async (written) => {
      // A blob a piece, so that the browser may put each where it likes while the next one comes.
      const pieces: Blob[] = [];
      await abortable(signal, (aborted) => written.snapshot((piece) => pieces.push(new Blob([piece])), aborted));
      return new Blob(pieces);
    }, { signal });
  }

  async closeSession({ session }: Methods["closeSession"]["params"]): Promise<null> {
    await this.#sessions.close(session);
    return null;
  }

  /** Frees all sessions. */
  closeAll(): Promise<void> {
    return this.#sessions.closeAll();
  }

  /** Keeps the tokens of all sessions while the model is loaded again. */
  suspend(): void {
    this.#sessions.suspend();
  }

  /** Makes all sessions anew. */
  resume(model: Model): void {
    this.#sessions.resume(model);
  }
}
