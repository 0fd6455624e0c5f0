// When a request is made again, and after what time.
import type { WgslmError } from "../errors.js";

/** The way in which a file is downloaded. */
export interface DownloadPolicy {
  /** The bytes that are stored and checked as one. */
  chunkBytes: number;
  /** The most chunks asked for by one of several requests. */
  requestChunks: number;
  /** The requests of a file that run at a time. */
  connections: number;
  /** The rate, in bytes a ms, from which on a connection is fast enough alone: more would only cost time on the CPU. */
  fastRate: number;
  /** The most chunks asked for by a request that is alone. */
  aloneChunks: number;
  /** The most chunks held in memory: those on their way, those that nobody has read, and those that wait for the disk. */
  heldChunks: number;
  /** The tries in a row that bring nothing before a download fails. */
  attempts: number;
  /** Those of the first request, after which an address is probably wrong. */
  firstAttempts: number;
  /** The wait before the second try, in ms; each further one takes twice as long. */
  backoffMs: number;
  /** The longest wait between two tries, in ms, whatever a server asks for. */
  longestWaitMs: number;
  /** The time without a byte after which a request counts as dead, in ms. */
  stallMs: number;
}

export const DOWNLOAD_POLICY: DownloadPolicy = {
  chunkBytes: 2 << 20,
  requestChunks: 4,
  connections: 4,
  fastRate: 100_000,
  aloneChunks: 64,
  // Networks come in bursts, and disks too.
  heldChunks: hasMuchMemory() ? 128 : 24,
  attempts: 8,
  firstAttempts: 3,
  backoffMs: 300,
  longestWaitMs: 60_000,
  stallMs: 20_000,
};

/** True on devices that can hold a quarter of a gigabyte for a while; not all browsers tell. */
function hasMuchMemory(): boolean {
  return ((globalThis.navigator as { deviceMemory?: number } | undefined)?.deviceMemory ?? 0) >= 8;
}

/** A failure that may pass: of the connection, or of a busy server. */
export class Passing extends Error {
  /** `final` is thrown once there have been enough of them; `afterMs` is the time that the server asks to wait. */
  constructor(
    readonly final: WgslmError,
    readonly afterMs?: number,
  ) {
    super(final.message);
  }
}

/** Runs `task` until it succeeds, or fails for good, or fails `attempts` times in a row without `progress` growing. */
export async function retrying<T>(
  task: () => Promise<T>,
  attempts: number,
  { backoffMs, longestWaitMs }: DownloadPolicy,
  signal: AbortSignal,
  progress: () => number = () => 0,
): Promise<T> {
  for (let failures = 0; ; ) {
    const before = progress();
    try {
      return await task();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Passing)) throw error;
      failures = progress() > before ? 1 : failures + 1;
      if (failures >= attempts) throw error.final;
      // Random, so that those who were cut off together don't come back together.
      const wait = backoffMs * 2 ** (failures - 1) * (0.5 + Math.random() / 2);
      await pause(Math.min(Math.max(wait, error.afterMs ?? 0), longestWaitMs), signal);
    }
  }
}

/** Waits, or rejects when it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort, { once: true });
  });
}

/** The ms that a `Retry-After` asks for: seconds, or a date. */
export function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
