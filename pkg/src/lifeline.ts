// Lifelines: locks by which the two sides of a port hear of each other's end. Whoever ends, be it by a crash, gives its locks back.
import { takeLock } from "./cache/locks.js";

let own: Promise<string | undefined> | undefined;

/** The name of the lock that this page or worker holds as long as it lives; `undefined` where the browser has no locks. */
export function lifeline(): Promise<string | undefined> {
  return (own ??= hold().catch(() => undefined));
}

/** Calls `ended` once whoever holds this lock has ended, unless the signal aborts before. */
export function watchLifeline(name: string, signal: AbortSignal, ended: () => void): void {
  takeLock(name, { mode: "shared", signal })
    .then((release) => (release?.(), ended()))
    .catch(() => undefined);
}

async function hold(): Promise<string | undefined> {
  if (!globalThis.navigator?.locks) return undefined;
  const name = `wgslm-lifeline:${crypto.randomUUID()}`;
  await takeLock(name, { mode: "exclusive" });
  return name;
}
