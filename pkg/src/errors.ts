import type { EngineErrorCode, MemoryPlan } from "./wasm/wgslm.js";

/** The codes that this package adds to those of the engine. */
export type PackageErrorCode =
  /** WebGPU is not available: not in this browser, not on this page, or not outside of a browser. */
  | "no-webgpu"
  /** The server answered with an error; `status` says which. */
  | "http"
  /** A file could not be fetched or read, or the connection broke. */
  | "network"
  /** A file isn't the one whose SHA-256 was given. */
  | "integrity"
  /** The files of the model kept changing on their server. */
  | "source-changed"
  /** The browser has no room to keep the model. */
  | "quota-exceeded"
  /** The browser's storage can't be used. */
  | "cache"
  /** A cached file is being read or written. */
  | "cache-in-use"
  /** No session of that name was saved. */
  | "no-saved-session"
  /** An argument is not what the call takes. */
  | "invalid-argument"
  /** Too many calls other than generations wait for their turn. */
  | "queue-full"
  /** The engine was unloaded. */
  | "unloaded"
  /** The worker's script could not be loaded. */
  | "worker-load"
  /** The worker ended unexpectedly; the engine is gone. */
  | "worker-crashed"
  /** The WebAssembly could not be loaded. */
  | "wasm-load"
  /** The WebAssembly stopped at a fault of its own; the engine is gone. */
  | "wasm-trap"
  /** The package has a fault of its own. */
  | "internal";

/** Every code that an error of this package can have. Those of the engine are the same in Rust and on the command line. */
export type ErrorCode = PackageErrorCode | EngineErrorCode;

/** What an error says beside its code and its message. */
export interface ErrorDetails {
  /** The HTTP status, where `code` is `http`. */
  readonly status?: number;
  /** The time after which it is worth trying again, in ms, where `code` is `busy`, or `device-lost` after several losses in a row. */
  readonly retryAfterMs?: number;
  /** The memory that the model takes, and with which options it would take less, where `code` is `out-of-memory` or `too-large`. */
  readonly plan?: MemoryPlan;
}

/** Every failure of this package except an abort, which throws the signal's reason as `fetch` does. */
export class WgslmError extends Error implements ErrorDetails {
  /** The kind of failure, for programs; `message` is for people. */
  readonly code: ErrorCode;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly plan?: MemoryPlan;

  constructor(code: ErrorCode, message: string, options: ErrorOptions & ErrorDetails = {}) {
    super(message, options);
    this.name = "WgslmError";
    this.code = code;
    if (options.status !== undefined) this.status = options.status;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
    if (options.plan !== undefined) this.plan = options.plan;
  }
}

/** An error as it crosses from the worker: structured clones drop `code`. */
export interface ErrorMessage extends ErrorDetails {
  code: ErrorCode;
  message: string;
}

/** Makes an error ready to be posted; `fallback` is the code of one that has none. */
export function toErrorMessage(error: unknown, fallback: ErrorCode = "internal"): ErrorMessage {
  if (error instanceof WebAssembly.RuntimeError) {
    return {
      code: "wasm-trap",
      message: `the engine stopped at a fault of its own (${error.message}); load the model again`,
    };
  }
  const { code, status, retryAfterMs, plan } = Object(error) as Partial<ErrorMessage>;
  return {
    // A DOMException has a number here.
    code: typeof code === "string" ? code : fallback,
    message: messageOf(error),
    ...(typeof status === "number" && { status }),
    ...(typeof retryAfterMs === "number" && { retryAfterMs }),
    ...(plan && { plan }),
  };
}

/** Undoes {@link toErrorMessage} on the other side. */
export function fromErrorMessage({ code, message, ...details }: ErrorMessage): WgslmError {
  return new WgslmError(code, message, details);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  const { message } = Object(error) as Partial<Error>;
  return typeof message === "string" ? message : String(error);
}
