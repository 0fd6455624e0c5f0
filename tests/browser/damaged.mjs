// Files that can't be loaded, made from one that can.

/** What has to be said about a file, by its name. */
export function damagedFiles(gguf) {
  const otherArchitecture = Buffer.from(gguf);
  const key = Buffer.from("general.architecture");
  // A key, then the type of its value in 4 bytes, its length in 8, and itself.
  const value = otherArchitecture.indexOf(key) + key.length + 12;
  otherArchitecture.write("xxxxx", value);
  return [
    {
      name: "no-model.gguf",
      bytes: Buffer.from("<!doctype html><title>Sign in</title>"),
      code: "not-gguf",
      message: /not a GGUF file/i,
    },
    { name: "empty.gguf", bytes: Buffer.alloc(0), code: "truncated", message: /cut short/i },
    { name: "cut-in-header.gguf", bytes: gguf.subarray(0, 200), code: "truncated", message: /cut short/i },
    {
      name: "cut-in-weights.gguf",
      bytes: gguf.subarray(0, gguf.length - 1000),
      code: "truncated",
      message: /cut short/i,
    },
    { name: "other-architecture.gguf", bytes: otherArchitecture, code: "unsupported-architecture", message: /xxxxx/ },
  ];
}
