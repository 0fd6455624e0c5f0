// The package's list of models, and the checksum of what is kept of them; in Node.js, without a browser.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { built, playBrowser } from "./played-worker.mjs";

const { MODELS, named } = await import(built("models.js"));
const { addressOf } = await import(built("source.js"));
const { checksum } = await import(built("cache/checksum.js"));

describe("named models", () => {
  // Outside of pages, what is no name may be a folder.
  before(() => playBrowser());

  test("each has an address, and says its size, its licence and its use", () => {
    const ids = MODELS.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    for (const { id, bytes, license, use, task, source } of MODELS) {
      const { origin, pathname } = addressOf(named(id));
      const file = source.file ?? "";
      assert.equal(`${origin}${pathname}`, `https://huggingface.co/${source.hf}/resolve/${source.revision}/${file}`, id);
      assert.ok(bytes > 5e7 && license && use.endsWith("."), id);
      assert.ok(["generation", "embedding", "ranking"].includes(task), id);
    }
  });

  test("a caller's list goes before, and what is no name stays what it is", () => {
    const own = [{ id: "smollm2-135m", source: "/mine.gguf" }, { id: "my model", source: { hf: "me/mine", file: "a.gguf" } }];
    const cases = [
      ["smollm2-135m", own[0].source],
      ["my model", own[1].source],
      ["model.gguf", "model.gguf"],
      ["/folder/", "/folder/"],
      ["hf:owner/name/file.gguf", "hf:owner/name/file.gguf"],
      ["0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"],
    ];
    for (const [given, source] of cases) assert.deepEqual(named(given, own), source);
    const blob = new Blob([]);
    assert.equal(named(blob), blob);
    assert.throws(() => named("smollm2-135"), { code: "invalid-argument", message: /smollm2-135m/ });
  });
});

describe("the checksum of chunks", () => {
  const bytes = Uint8Array.from({ length: 200_003 }, (_, index) => (index * 31 + (index >> 8)) & 255);

  test("is the same wherever the bytes lie", () => {
    for (const length of [0, 1, 15, 16, 17, 65_536, 65_537, 150_000]) {
      const sums = [0, 1, 2, 3, 4].map((offset) => {
        const memory = new Uint8Array(length + offset);
        memory.set(bytes.subarray(0, length), offset);
        return checksum(memory.subarray(offset));
      });
      assert.match(sums[0], /^[0-9a-f]{32}$/);
      assert.equal(new Set(sums).size, 1, `${length} bytes`);
    }
  });

  test("stays what it is: files that were stored by earlier versions are read with it", () => {
    assert.equal(checksum(bytes.subarray(0, 100).map((_, index) => index)), "7a4577db7b50daa97d9108a6f01a8b25");
  });

  test("is another one after any bit has changed, and after words were exchanged or have become zero", () => {
    const right = checksum(bytes);
    const changed = (change) => {
      const copy = bytes.slice();
      change(copy);
      return checksum(copy);
    };
    for (let at = 0; at < bytes.length; at += 997) {
      assert.notEqual(changed((copy) => (copy[at] ^= 1 << at % 8)), right, `bit of byte ${at}`);
    }
    assert.notEqual(changed((copy) => copy.fill(0, 4096, 8192)), right);
    assert.notEqual(changed((copy) => copy.copyWithin(0, 16, 32)), right);
    assert.notEqual(changed((copy) => copy.fill(0, bytes.length - 3)), right);
  });
});
