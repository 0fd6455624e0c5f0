// Metadata of GGUF files: gives a tiny model of the golden data what it lacks, such as a chat template.

/** Bytes of the metadata values of a fixed size, by type. */
const SIZES = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const [UINT32, STRING, ARRAY] = [4, 8, 9];
/** The data of tensors begins at a multiple of so many bytes. */
const ALIGNMENT = 32;

const uint32 = (number) => Buffer.from(Uint32Array.of(number).buffer);
const uint64 = (number) => Buffer.from(BigUint64Array.of(BigInt(number)).buffer);
const text = (string) => Buffer.concat([uint64(Buffer.byteLength(string)), Buffer.from(string)]);
const padded = (buffer) => Buffer.concat([buffer, Buffer.alloc((ALIGNMENT - (buffer.length % ALIGNMENT)) % ALIGNMENT)]);

/** The file with these texts and numbers among its metadata. */
export function withMetadata(file, values) {
  let place = 8;
  const number = (bytes) => {
    place += bytes;
    return bytes === 8 ? Number(file.readBigUInt64LE(place - 8)) : file.readUInt32LE(place - 4);
  };
  const skipText = () => {
    const length = number(8);
    place += length;
  };
  const skipValue = (type) => {
    if (type === STRING) return skipText();
    if (type !== ARRAY) return (place += SIZES[type]);
    const [inner, count] = [number(4), number(8)];
    for (let index = 0; index < count; index += 1) skipValue(inner);
  };
  const [tensors, entries] = [number(8), number(8)];
  const first = place;
  for (let index = 0; index < entries; index += 1) {
    skipText();
    skipValue(number(4));
  }
  const afterEntries = place;
  for (let index = 0; index < tensors; index += 1) {
    skipText();
    const dimensions = number(4);
    place += 8 * dimensions + 4 + 8;
  }
  const data = Math.ceil(place / ALIGNMENT) * ALIGNMENT;
  const typed = (value) => (typeof value === "number" ? [uint32(UINT32), uint32(value)] : [uint32(STRING), text(value)]);
  const more = Object.entries(values).map(([key, value]) => Buffer.concat([text(key), ...typed(value)]));
  const head = Buffer.concat([file.subarray(0, 8), uint64(tensors), uint64(entries + more.length)]);
  const header = padded(Buffer.concat([head, file.subarray(first, afterEntries), ...more, file.subarray(afterEntries, place)]));
  return Buffer.concat([header, file.subarray(data)]);
}
