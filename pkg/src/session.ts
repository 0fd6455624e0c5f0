import { WgslmError } from "./errors.js";
import { type Context, loadModel } from "./load.js";
import type { Methods } from "./protocol.js";
import { Queue } from "./queue.js";
import { openFiles } from "./source.js";
import { keepTuning, recallTuning } from "./tuning.js";
import type { GpuOptions } from "./types.js";
import type { Gpu, Model } from "./wasm/wgslm.js";

type Handlers = {
  [M in keyof Methods]: (
    params: Methods[M]["params"],
    context: Context<Methods[M]["event"]>,
  ) => Promise<Methods[M]["result"]>;
};

/** The WebAssembly's module, which is loaded once. */
const wasm = (): Promise<typeof import("./wasm/wgslm.js")> => import("./wasm/wgslm.js");

/** How many calls that use the GPU may be unfinished at once. */
const QUEUE_CAPACITY = 64;

/** The worker's side of an engine: one wasm instance, one device, one model. */
export class Session implements Handlers {
  #memory: WebAssembly.Memory | undefined;
  #gpu: Gpu | undefined;
  #loaded: Model | undefined;
  readonly #queue = new Queue(QUEUE_CAPACITY);

  async support({ gpu }: Methods["support"]["params"]): Promise<Methods["support"]["result"]> {
    return (await this.#device(gpu)).support();
  }

  load(
    params: Methods["load"]["params"],
    context: Context<Methods["load"]["event"]>,
  ): Promise<Methods["load"]["result"]> {
    return this.#queue.run(async () => {
      const { source } = params;
      try {
        context.emit({ phase: "preparing", loadedBytes: 0 });
        const gpu = await this.#device(params.gpu ?? {});
        const { Loader } = await wasm();
        const files = await openFiles(params.source, (names) => Loader.entry(names));
        context.signal.throwIfAborted();
        const tuning = await recallTuning(gpu.tuningKey);
        if (tuning !== undefined) gpu.adoptTuning(tuning);
        this.#loaded = await loadModel(gpu, files, params, context);
        if (gpu.tuning() !== tuning) await keepTuning(gpu.tuningKey, gpu.tuning());
        return this.#loaded.info();
      } finally {
        // Tells whoever feeds a stream that nobody will read it.
        if (source instanceof ReadableStream && !source.locked) void source.cancel();
      }
    });
  }

  generate(
    { prompt, options }: Methods["generate"]["params"],
    { signal, emit }: Context<Methods["generate"]["event"]>,
  ): Promise<Methods["generate"]["result"]> {
    return this.#queue.run(async () => {
      if (signal.aborted) {
        return {
          finishReason: "cancelled",
          promptTokens: 0,
          tokens: 0,
          timings: { ttftMs: 0, prefillTokensPerSecond: 0, decodeTokensPerSecond: 0 },
        };
      }
      const model = this.#model();
      const input =
        typeof prompt === "string" || prompt instanceof Uint32Array ? prompt : model.tokenizeChat(prompt, true);
      const generation = model.generate(input, options);
      const cancel = (): void => generation.cancel();
      signal.addEventListener("abort", cancel);
      try {
        for (;;) {
          const { pieces, finished } = await generation.next();
          if (pieces.length > 0) emit(pieces);
          if (finished) return finished;
        }
      } finally {
        signal.removeEventListener("abort", cancel);
        generation.free();
      }
    });
  }

  async tokenize({ text, special }: Methods["tokenize"]["params"]): Promise<Uint32Array> {
    return this.#model().tokenize(text, special);
  }

  async detokenize({ tokens }: Methods["detokenize"]["params"]): Promise<string> {
    return this.#model().detokenize(tokens);
  }

  async chatPrompt({ messages }: Methods["chatPrompt"]["params"]): Promise<string> {
    return this.#model().applyChatTemplate(messages, true);
  }

  embed({ texts }: Methods["embed"]["params"], { signal }: Context<never>): Promise<Float32Array[]> {
    return this.#queue.run(async () => {
      const embeddings: Float32Array[] = [];
      for (const text of texts) {
        signal.throwIfAborted();
        embeddings.push(await this.#model().embed(text));
      }
      return embeddings;
    });
  }

  logits({ tokens }: Methods["logits"]["params"]): Promise<Float32Array> {
    return this.#queue.run(() => this.#model().logits(tokens));
  }

  async memory(): Promise<Methods["memory"]["result"]> {
    return {
      wasmBytes: this.#memory?.buffer.byteLength ?? 0,
      gpuBytes: this.#loaded?.info().gpuBytes ?? 0,
      gpuPeakBytes: this.#gpu?.peakBytes ?? 0,
    };
  }

  async decodeBytes({ depth }: Methods["decodeBytes"]["params"]): Promise<number> {
    return this.#model().decodeBytes(depth);
  }

  copyBandwidth(): Promise<number> {
    return this.#queue.run(async () => {
      this.#model();
      return this.#gpu?.copyBytesPerSecond() ?? 0;
    });
  }

  /** Frees everything once the running calls, which the caller has aborted, have ended. */
  async unload(): Promise<null> {
    await this.#queue.idle();
    this.#loaded?.free();
    this.#gpu?.free();
    this.#loaded = this.#gpu = undefined;
    return null;
  }

  #model(): Model {
    if (!this.#loaded) throw new WgslmError("unloaded", "no model is loaded");
    return this.#loaded;
  }

  async #device(options: GpuOptions): Promise<Gpu> {
    if (!("gpu" in navigator)) {
      throw new WgslmError(
        "no-webgpu",
        "this browser has no WebGPU in workers; use a current Chrome, Edge, Firefox or Safari",
      );
    }
    let module;
    try {
      module = await wasm();
      this.#memory = (await module.default({ module_or_path: new URL("./wasm/wgslm_bg.wasm", import.meta.url) })).memory;
    } catch (error) {
      throw new WgslmError(
        "wasm-load",
        `the WebAssembly could not be loaded (${String(error)}); check that the server has the package's wasm folder`,
      );
    }
    return (this.#gpu = await module.Gpu.request(options));
  }
}
