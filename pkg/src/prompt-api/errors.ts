// Failures as the exceptions that the Prompt API has for them.
import { WgslmError, messageOf } from "../errors.js";

/** The names of exceptions by the code of the failure; all others are `UnknownError`. */
const NAMES: Partial<Record<string, string>> = {
  "chat-template": "NotSupportedError",
  tool: "NotSupportedError",
  "unsupported-content": "NotSupportedError",
  "unsupported-grammar": "NotSupportedError",
  "grammar-too-complex": "NotSupportedError",
  http: "NetworkError",
  network: "NetworkError",
  unloaded: "InvalidStateError",
};

/** The context's end was reached, with the tokens that were asked for and those that there are. */
export function quotaExceeded(requested: number, quota: number): DOMException {
  const message = `the prompt needs ${requested} tokens of ${quota}; shorten it, or begin another session`;
  return Object.assign(new DOMException(message, "QuotaExceededError"), { requested, quota });
}

/** The exception for a failure, `fallback` being the name of one that has none of its own. The failure is its `cause`. */
export function exceptionOf(error: unknown, fallback = "UnknownError"): unknown {
  if (!(error instanceof WgslmError)) return error;
  if (error.code === "invalid-grammar" || error.code === "invalid-option") return new TypeError(error.message, { cause: error });
  const exception = new DOMException(messageOf(error), NAMES[error.code] ?? fallback);
  return Object.defineProperty(exception, "cause", { value: error, configurable: true });
}
