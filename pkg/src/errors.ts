/** The codes this package adds to the engine's own, such as `not-gguf` or `truncated`, which are the same in Rust. */
export type PackageErrorCode =
  /** The browser has no WebGPU, or not on this page. */
  | "no-webgpu"
  /** The server answered with an error; `status` says which. */
  | "http"
  /** The model could not be fetched or read, or the connection broke. */
  | "network"
  /** An argument is not what the call takes. */
  | "invalid-argument"
  /** Too many calls wait for their turn. */
  | "queue-full"
  /** The engine was unloaded. */
  | "unloaded"
  /** The WebAssembly could not be loaded. */
  | "wasm-load"
  /** The WebAssembly stopped at a fault of its own; the engine is gone. */
  | "wasm-trap"
  /** The worker ended unexpectedly; the engine is gone. */
  | "worker-crashed";

export type ErrorCode = PackageErrorCode | (string & {});

/** Every failure of this package except an abort, which throws the signal's reason as `fetch` does. */
export class WgslmError extends Error {
  /** What went wrong, for programs; `message` is for people. */
  readonly code: ErrorCode;
  /** The HTTP status, where `code` is `http`. */
  readonly status?: number;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { status?: number }) {
    super(message, options);
    this.name = "WgslmError";
    this.code = code;
    if (options?.status !== undefined) this.status = options.status;
  }
}

/** An error as it crosses from the worker: structured clones drop `code`. */
export interface ErrorMessage {
  code: ErrorCode;
  message: string;
  status?: number;
}

/** Makes an error ready to be posted; `fallback` is the code of one that has none. */
export function toErrorMessage(error: unknown, fallback: ErrorCode = "internal"): ErrorMessage {
  if (error instanceof WebAssembly.RuntimeError) {
    return {
      code: "wasm-trap",
      message: `the engine stopped at a fault of its own (${error.message}); load the model again`,
    };
  }
  const { code, message, status } = Object(error) as Partial<ErrorMessage>;
  return {
    code: typeof code === "string" ? code : fallback,
    message: typeof message === "string" ? message : String(error),
    ...(typeof status === "number" && { status }),
  };
}

/** Undoes {@link toErrorMessage} on the other side. */
export function fromErrorMessage({ code, message, status }: ErrorMessage): WgslmError {
  return new WgslmError(code, message, status === undefined ? {} : { status });
}
