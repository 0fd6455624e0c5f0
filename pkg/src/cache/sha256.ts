// SHA-256 of bytes that come in pieces, which `crypto.subtle` takes only whole. FIPS 180-4 names the words.

/** The first 32 bits of the fractional parts of a root of each of the first `count` primes. */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const words: number[] = [];
  for (let candidate = 2; words.length < count; candidate++) {
    let isPrime = true;
    for (let factor = 2; factor * factor <= candidate; factor++) if (candidate % factor === 0) isPrime = false;
    if (isPrime) words.push((root(candidate) % 1) * 2 ** 32);
  }
  return Int32Array.from(words);
}

const ROUNDS = fractions(64, Math.cbrt);
const INITIAL = fractions(8, Math.sqrt);
const BLOCK = 64;

/** A running SHA-256. */
export class Sha256 {
  readonly #state = INITIAL.slice();
  readonly #schedule = new Int32Array(64);
  readonly #rest = new Uint8Array(BLOCK);
  #restLength = 0;
  #bytes = 0;

  update(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    let start = 0;
    if (this.#restLength > 0) {
      start = Math.min(BLOCK - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, start), this.#restLength);
      this.#restLength += start;
      if (this.#restLength < BLOCK) return;
      this.#compress(this.#rest, 0, BLOCK);
    }
    const end = bytes.length - ((bytes.length - start) % BLOCK);
    this.#compress(bytes, start, end);
    start = end;
    this.#rest.set(bytes.subarray(start));
    this.#restLength = bytes.length - start;
  }

  /** Ends it, and gives the digest. */
  digest(): Uint8Array<ArrayBuffer> {
    const bits = this.#bytes * 8;
    const padding = new Uint8Array(((2 * BLOCK - 9 - this.#restLength) % BLOCK) + 9);
    padding[0] = 0x80;
    const length = new DataView(padding.buffer, padding.length - 8);
    length.setUint32(0, Math.floor(bits / 2 ** 32));
    length.setUint32(4, bits >>> 0);
    this.update(padding);
    const digest = new DataView(new ArrayBuffer(32));
    this.#state.forEach((word, index) => digest.setInt32(4 * index, word));
    return new Uint8Array(digest.buffer);
  }

  /** Takes whole blocks. */
  #compress(bytes: Uint8Array, start: number, end: number): void {
    const words = this.#schedule;
    const state = this.#state;
    let s0 = state[0]!, s1 = state[1]!, s2 = state[2]!, s3 = state[3]!;
    let s4 = state[4]!, s5 = state[5]!, s6 = state[6]!, s7 = state[7]!;
    for (let block = start; block < end; block += BLOCK) {
      for (let t = 0, at = block; t < 16; t++, at += 4) {
        words[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
      }
      for (let t = 16; t < 64; t++) {
        const early = words[t - 15]!;
        const late = words[t - 2]!;
        const sigma0 = ((early >>> 7) | (early << 25)) ^ ((early >>> 18) | (early << 14)) ^ (early >>> 3);
        const sigma1 = ((late >>> 17) | (late << 15)) ^ ((late >>> 19) | (late << 13)) ^ (late >>> 10);
        words[t] = (words[t - 16]! + sigma0 + words[t - 7]! + sigma1) | 0;
      }
      let a = s0, b = s1, c = s2, d = s3, e = s4, f = s5, g = s6, h = s7;
      for (let t = 0; t < 64; t++) {
        const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const first = (h + sum1 + (g ^ (e & (f ^ g))) + ROUNDS[t]! + words[t]!) | 0;
        const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const second = (sum0 + ((a & b) | (c & (a | b)))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + first) | 0;
        d = c;
        c = b;
        b = a;
        a = (first + second) | 0;
      }
      s0 = (s0 + a) | 0;
      s1 = (s1 + b) | 0;
      s2 = (s2 + c) | 0;
      s3 = (s3 + d) | 0;
      s4 = (s4 + e) | 0;
      s5 = (s5 + f) | 0;
      s6 = (s6 + g) | 0;
      s7 = (s7 + h) | 0;
    }
    state.set([s0, s1, s2, s3, s4, s5, s6, s7]);
  }
}
