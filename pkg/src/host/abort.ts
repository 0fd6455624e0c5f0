// Work that a signal ends.

/** What `awaited` gives, unless the signal aborts before, which ends the wait and nothing else. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, awaited: Promise<T>): Promise<T> {
  if (!signal) return awaited;
  awaited.catch(() => undefined);
  return abortable(signal, (aborted) => Promise.race([awaited, aborted.then(() => awaited)]));
}

/** Runs `work` of the WebAssembly, to which it gives a promise that rejects as soon as the signal aborts. */
export async function abortable<T>(signal: AbortSignal, work: (aborted: Promise<void>) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let abort!: () => void;
  let settle!: () => void;
  const aborted = new Promise<void>((resolve, reject) => {
    settle = resolve;
    abort = () => reject(signal.reason);
  });
  // Whether anybody hears of it is the work's concern.
  aborted.catch(() => undefined);
  signal.addEventListener("abort", abort);
  try {
    return await work(aborted);
  } finally {
    signal.removeEventListener("abort", abort);
    // What still waits for it in the WebAssembly is freed by that.
    settle();
  }
}
