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
