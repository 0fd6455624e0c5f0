// The grammars of a model's answers. Their WebAssembly is loaded by the first request that has one.
import { WgslmError, messageOf } from "../errors.js";
import { grammars } from "../wasm.js";
import type { Model } from "../wasm/wgslm.js";
import type { GrammarCompiler, GrammarConstraint, JsGrammar } from "../wasm/wgslm_grammar.js";

/** The most compiled grammars that are kept, since a page mostly asks for the same few. */
const KEPT = 16;

/** Compiles grammars for the vocabulary of a model. */
export class Grammars {
  readonly #model: () => Model;
  #compiler: Promise<GrammarCompiler> | undefined;
  /** The grammars compiled last, the oldest first. */
  readonly #compiled = new Map<string, GrammarConstraint>();
  #fault: WgslmError | undefined;

  /** `model` gives the model, which may be loaded again meanwhile. */
  constructor(model: () => Model) {
    this.#model = model;
  }

  /** Compiles a grammar; who has an answer follow it forks it before. */
  async compile(grammar: JsGrammar): Promise<GrammarConstraint> {
    const key = JSON.stringify(grammar);
    const compiler = await (this.#compiler ??= this.#start());
    return this.#guard(() => {
      const constraint = this.#compiled.get(key) ?? compiler.compile(grammar);
      this.#compiled.delete(key);
      this.#compiled.set(key, constraint);
      for (const [oldest, kept] of this.#compiled) {
        if (this.#compiled.size <= KEPT) break;
        this.#compiled.delete(oldest);
        kept.free();
      }
      return constraint;
    });
  }

  /** Frees everything, once the answers that follow grammars have ended. */
  async free(): Promise<void> {
    const compiler = await this.#compiler?.catch(() => undefined);
    if (this.#fault) return;
    this.#compiled.forEach((constraint) => constraint.free());
    this.#compiled.clear();
    compiler?.free();
  }

  async #start(): Promise<GrammarCompiler> {
    try {
      const Compiler = await grammars();
      const model = this.#model();
      const tokenise = (text: string): Uint32Array => this.#model().tokenize(text, false);
      return this.#guard(() => new Compiler(model.packedTokens(), model.stopTokens(), tokenise));
    } catch (error) {
      // The next request tries again.
      this.#compiler = undefined;
      throw error;
    }
  }

  /** Calls the module, in which nothing may be called any more after a trap. The engine's own module is as it was. */
  #guard<T>(call: () => T): T {
    if (this.#fault) throw this.#fault;
    try {
      return call();
    } catch (error) {
      if (typeof (Object(error) as { code?: unknown }).code === "string") throw error;
      throw (this.#fault = new WgslmError(
        "internal",
        `the module of grammars stopped at a fault of its own (${messageOf(error)}); load the model again to use grammars`,
      ));
    }
  }
}
