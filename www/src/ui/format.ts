const number = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const digits = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A size in decimal megabytes, as downloads are usually given: `98.4 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes < 1e8 ? digits : number).format(bytes / 1e6)}\u00a0MB`;
}

/** A time: `180 ms`, `2.4 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${number.format(ms)}\u00a0ms` : `${digits.format(ms / 1000)}\u00a0s`;
}

/** A rate: `5.4`, `120`. */
export function rate(perSecond: number): string {
  return (perSecond < 100 ? digits : number).format(perSecond);
}

/** A count: `2,048`. */
export function count(value: number): string {
  return number.format(value);
}

/** A model's size as it is usually named: `135M`, `1.2B`. */
export function parameters(weights: number): string {
  return weights < 1e9 ? `${number.format(weights / 1e6)}M` : `${digits.format(weights / 1e9)}B`;
}

const gigabytes = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A size in the unit that suits it: `420 kB`, `98.4 MB`, `2.5 GB`. */
export function size(bytes: number): string {
  if (bytes < 1e6) return `${number.format(Math.ceil(bytes / 1e3))}\u00a0kB`;
  return bytes < 1e9 ? megabytes(bytes) : `${gigabytes.format(bytes / 1e9)}\u00a0GB`;
}

/** The time left of something: `12 s left`, `3 min left`. */
export function timeLeft(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)}\u00a0s left` : `${Math.round(seconds / 60)}\u00a0min left`;
}
