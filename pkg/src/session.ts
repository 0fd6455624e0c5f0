import { WgslmError } from "./errors.js";
import { type Context, loadModel } from "./load.js";
import type { Methods } from "./protocol.js";
import { Queue } from "./queue.js";
import { keepTuning, recallTuning } from "./tuning.js";
import { type Instance, instantiate } from "./wasm.js";
import { type Generation, Gpu, type GpuOptions, type Model } from "./wasm/wgslm.js";

type Handlers = {
  [M in keyof Methods]: (
    params: Methods[M]["params"],
    context: Context<Methods[M]["event"]>,
  ) => Promise<Methods[M]["result"]>;
};

/** The most calls other than generations that use the GPU and may be unfinished at once. */
const QUEUE_CAPACITY = 64;

/** The worker's side of an engine: one wasm instance, one device, one model. */
export class Session implements Handlers {
  /** The WebAssembly, where another worker has compiled it. */
  wasm: WebAssembly.Module | undefined;
  readonly #shareWasm: (module: WebAssembly.Module) => void;
  #instance: Instance | undefined;
  #gpu: { device: Gpu; options: string } | undefined;
  #loaded: Model | undefined;
  readonly #queue = new Queue(QUEUE_CAPACITY);
  /** The generations under way. The engine schedules them, so they aren't queued here. */
  readonly #generations = new Set<Promise<unknown>>();

  /** `shareWasm` gets the WebAssembly that this session compiles. */
  constructor(shareWasm: (module: WebAssembly.Module) => void) {
    this.#shareWasm = shareWasm;
  }

  support({ gpu }: Methods["support"]["params"]): Promise<Methods["support"]["result"]> {
    return this.#queue.run(async () => (await this.#device(gpu)).support());
  }

  load(
    { source, access, gpu: gpuOptions, options }: Methods["load"]["params"],
    context: Context<Methods["load"]["event"]>,
  ): Promise<Methods["load"]["result"]> {
    return this.#queue.run(async () => {
      try {
        context.emit({ phase: "preparing", loadedBytes: 0, cachedBytes: 0 });
        const gpu = await this.#device(gpuOptions);
        context.signal.throwIfAborted();
        const tuning = await recallTuning(gpu.tuningKey);
        if (tuning !== undefined) gpu.adoptTuning(tuning);
        const { model, cache } = await loadModel(gpu, source, access, options, context);
        this.#loaded = model;
        if (gpu.tuning() !== tuning) await keepTuning(gpu.tuningKey, gpu.tuning());
        return { ...model.info(), cache };
      } finally {
        // Tells whoever feeds a stream that nobody will read it.
        if (source instanceof ReadableStream && !source.locked) void source.cancel();
      }
    });
  }

  async generate(
    { prompt, options, measuring }: Methods["generate"]["params"],
    context: Context<Methods["generate"]["event"]>,
  ): Promise<Methods["generate"]["result"]> {
    const answer = stream(this.#model().generate(prompt, options, measuring), context);
    this.#generations.add(answer);
    try {
      return await answer;
    } finally {
      this.#generations.delete(answer);
    }
  }

  async tokenize({ text, special }: Methods["tokenize"]["params"]): Promise<Uint32Array> {
    return this.#model().tokenize(text, special);
  }

  async detokenize({ tokens }: Methods["detokenize"]["params"]): Promise<string> {
    return this.#model().detokenize(tokens);
  }

  async chatPrompt({ messages }: Methods["chatPrompt"]["params"]): Promise<string> {
    return this.#model().chatPrompt(messages);
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

  async metrics(): Promise<Methods["metrics"]["result"]> {
    return this.#model().metrics();
  }

  async memory(): Promise<Methods["memory"]["result"]> {
    return {
      wasmBytes: this.#instance?.memory.buffer.byteLength ?? 0,
      gpuBytes: this.#loaded?.info().gpuBytes ?? 0,
      gpuPeakBytes: this.#gpu?.device.peakBytes ?? 0,
    };
  }

  async decodeBytes({ depth }: Methods["decodeBytes"]["params"]): Promise<number> {
    return this.#model().decodeBytes(depth);
  }

  copyBandwidth(): Promise<number> {
    return this.#queue.run(async () => {
      this.#model();
      return this.#gpu?.device.copyBytesPerSecond() ?? 0;
    });
  }

  /** Frees everything once the running calls, which the caller has aborted, have ended. */
  async unload(): Promise<null> {
    await Promise.allSettled([this.#queue.idle(), ...this.#generations]);
    this.#loaded?.free();
    this.#gpu?.device.free();
    this.#loaded = this.#gpu = undefined;
    return null;
  }

  #model(): Model {
    if (!this.#loaded) throw new WgslmError("unloaded", "no model is loaded");
    return this.#loaded;
  }

  /** The device that these options ask for: the one that was opened for them before, unless it was lost. */
  async #device(wanted: GpuOptions): Promise<Gpu> {
    if (!("gpu" in navigator)) {
      throw new WgslmError(
        "no-webgpu",
        "this browser has no WebGPU in workers; use a current Chrome, Edge, Firefox or Safari",
      );
    }
    if (!this.#instance) {
      this.#instance = await instantiate(this.wasm);
      if (!this.wasm) this.#shareWasm(this.#instance.module);
    }
    const options = JSON.stringify(wanted);
    if (this.#gpu?.options === options && this.#gpu.device.isUsable) return this.#gpu.device;
    this.#gpu?.device.free();
    this.#gpu = undefined;
    const device = await Gpu.request(wanted);
    this.#gpu = { device, options };
    return device;
  }
}

/** Emits an answer's tokens as they come, to its summary or to an abort. */
async function stream(
  generation: Generation,
  { signal, emit }: Context<Methods["generate"]["event"]>,
): Promise<Methods["generate"]["result"]> {
  const cancel = (): void => generation.cancel();
  signal.addEventListener("abort", cancel);
  try {
    for (;;) {
      const { tokens, summary } = await generation.next();
      if (tokens.length > 0) emit(tokens);
      if (summary) return summary;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    generation.free();
  }
}
