// The package in Node.js, with a worker that is played: for what pages of the package do without a GPU.

/** The package as it was built. */
export const built = (file) => new URL(`../../pkg/dist/${file}`, import.meta.url);

/** The smallest module there is, in place of the engine's. */
const wasm = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));

/** A worker that answers every call at once. */
export class PlayedWorker extends EventTarget {
  /** Every worker started, in order. */
  static started = [];
  /** The answers by method; others are answered with null. */
  static answers = { load: { name: "played" }, support: { adapter: {} }, generate: [{}] };

  /** True while calls are left without an answer. */
  static isSilent = false;

  messages = [];
  ended = false;

  constructor(address) {
    super();
    this.address = address;
    PlayedWorker.started.push(this);
  }

  postMessage(message, transfer = []) {
    // Throws as a real one does where something can't be cloned. A compiled module can be, though not by Node's own hand.
    const data = "wasm" in message ? message : structuredClone(message, { transfer });
    this.messages.push(data);
    if (data.method && !PlayedWorker.isSilent) queueMicrotask(() => this.answer(data));
  }

  answer({ id, method }) {
    // A real one has compiled the engine when it answers.
    if (!this.messages.some((message) => message.wasm)) this.say({ wasm });
    this.say({ id, result: PlayedWorker.answers[method] ?? null });
  }

  say(data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data }));
  }

  /** The methods that it was asked for. */
  get methods() {
    return this.messages.map(({ method }) => method).filter(Boolean);
  }

  terminate() {
    this.ended = true;
  }
}

/** Makes Node.js look like a page of `origin` that has WebGPU. */
export function playBrowser(origin = "https://page.example") {
  const globals = {
    navigator: { gpu: {} },
    isSecureContext: true,
    origin,
    location: new URL("/folder/page.html", origin),
    Worker: PlayedWorker,
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

/** How a promise fails: the code, the message, and whether it is a WgslmError. */
export async function failureOf(promise, WgslmError) {
  try {
    await promise;
  } catch (error) {
    return { code: error.code, message: error.message, typed: error instanceof WgslmError };
  }
  return { code: "no failure" };
}
