// Locks that all tabs of an origin share. A tab that closes gives its locks back.

/** Gives a lock back. */
export type Release = () => void;

/** Takes a lock; `undefined` where `ifAvailable` is asked for and another has it. Without support for locks, everyone gets it. */
export function takeLock(
  name: string,
  options: { mode: LockMode; signal?: AbortSignal; ifAvailable?: boolean },
): Promise<Release | undefined> {
  if (!globalThis.navigator?.locks) return Promise.resolve(() => undefined);
  const { signal, ifAvailable, mode } = options;
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null): Promise<void> | undefined => {
      if (lock === null) return resolve(undefined), undefined;
      return new Promise<void>((release) => resolve(release));
    };
    // A signal and `ifAvailable` can't be given together.
    const settings: LockOptions = ifAvailable ? { mode, ifAvailable } : signal ? { mode, signal } : { mode };
    navigator.locks.request(name, settings, hold).catch(reject);
  });
}

/** The lock of a cached file: those who read it share it, who downloads it has it alone. */
export function lockName(id: string): string {
  return `wgslm-file:${id}`;
}
