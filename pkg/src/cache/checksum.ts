// The checksum of stored chunks: it finds what a disk or a crash has done to bytes. Whoever could change them on purpose could change the
// log beside them as well, so nothing cryptographic would be gained; and a copy for `crypto.subtle` alone takes longer than this does.

const PRIMES = [0x9e3779b1, 0x85ebca77] as const;
/** The bytes of which each lane takes four. */
const STRIPE = 16;
/** The bytes that are copied at a time where they don't lie at a multiple of four. */
const COPY_BYTES = 1 << 16;

/** The checksum of bytes: the four lanes of xxHash32, which are not folded into one, as 32 hexadecimal digits. */
export function checksum(bytes: Uint8Array): string {
  const lanes = Int32Array.of(PRIMES[0] + PRIMES[1], PRIMES[1], 0, -PRIMES[0]);
  const whole = bytes.length - (bytes.length % STRIPE);
  if (bytes.byteOffset % 4 === 0) take(lanes, words(bytes, whole));
  else {
    const copy = new Uint8Array(COPY_BYTES);
    for (let start = 0; start < whole; start += COPY_BYTES) {
      const piece = bytes.subarray(start, Math.min(start + COPY_BYTES, whole));
      copy.set(piece);
      take(lanes, words(copy, piece.length));
    }
  }
  // What is left is filled up with zeros: chunks of an index have one length.
  const rest = new Uint8Array(STRIPE);
  rest.set(bytes.subarray(whole));
  take(lanes, words(rest, STRIPE));
  return Array.from(lanes, (lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
}

function words({ buffer, byteOffset }: Uint8Array, length: number): Int32Array {
  return new Int32Array(buffer, byteOffset, length / 4);
}

/** Takes stripes. Each step of a lane is a bijection, so a word that changes is always noticed. */
function take(lanes: Int32Array, stripes: Int32Array): void {
  const first = PRIMES[0] | 0;
  const second = PRIMES[1] | 0;
  let a = lanes[0]!, b = lanes[1]!, c = lanes[2]!, d = lanes[3]!;
  for (let at = 0; at < stripes.length; at += 4) {
    const e = (a + Math.imul(stripes[at]!, second)) | 0;
    const f = (b + Math.imul(stripes[at + 1]!, second)) | 0;
    const g = (c + Math.imul(stripes[at + 2]!, second)) | 0;
    const h = (d + Math.imul(stripes[at + 3]!, second)) | 0;
    a = Math.imul((e << 13) | (e >>> 19), first);
    b = Math.imul((f << 13) | (f >>> 19), first);
    c = Math.imul((g << 13) | (g >>> 19), first);
    d = Math.imul((h << 13) | (h >>> 19), first);
  }
  lanes.set([a, b, c, d]);
}
