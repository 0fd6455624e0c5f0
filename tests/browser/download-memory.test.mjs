// A download in memory: bounded, however slow the disk is, and never in the way of who reads. In Node.js, without a browser.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { built } from "./played-worker.mjs";

globalThis.navigator ??= {};
const { Download } = await import(built("sources/download.js"));
const { KeptChunks } = await import(built("sources/kept-chunks.js"));
const { DOWNLOAD_POLICY } = await import(built("sources/retry.js"));
const { Manifest } = await import(built("cache/manifest.js"));
const { checksum } = await import(built("cache/checksum.js"));

const CHUNK = 1000;
const COUNT = 60;
const SIZE = CHUNK * COUNT - 300;
const HELD = 8;
const BODY = Uint8Array.from({ length: SIZE }, (_, index) => (index * 7 + (index >> 9)) & 255);
const ADDRESS = "https://server.example/model.gguf";

/** A download from a server that sends everything at once, in pieces of another size than chunks. */
async function start({ kept }) {
  let sent = 0;
  const body = new ReadableStream(
    {
      pull(controller) {
        if (sent === SIZE) return controller.close();
        const piece = BODY.slice(sent, sent + 333);
        sent += piece.length;
        controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
  const headers = { etag: '"one"', "content-length": String(SIZE) };
  const remote = { url: ADDRESS, headers: [], fetch: async () => new Response(body, { headers }) };
  const policy = { ...DOWNLOAD_POLICY, chunkBytes: CHUNK, heldChunks: HELD };
  const download = new Download(remote, { policy, signal: new AbortController().signal });
  const answer = await download.begin();
  download.attach(0);
  download.run(answer, kept);
  return { download, sent: () => sent };
}

/** Chunks on a disk that writes when it is told to. */
function slowDisk() {
  const waiting = [];
  const written = new Map();
  const manifest = new Manifest();
  manifest.add(Manifest.start(ADDRESS, CHUNK, { etag: '"one"' }));
  manifest.add({ size: SIZE });
  const entry = {
    append: async () => undefined,
    write: (bytes, offset) =>
      new Promise((resolve) => {
        waiting.push(() => {
          written.set(offset, bytes.slice());
          resolve({ checksum: checksum(bytes), bytes });
        });
      }),
    read: async (offset) => written.get(offset),
    close: async () => undefined,
  };
  return { waiting, written, kept: new KeptChunks(entry, manifest) };
}

/** Reads to the end; gives the pieces. */
async function readAll(download, room) {
  const into = new Uint8Array(room);
  const pieces = [];
  for (let length; (length = await download.read(into)) > 0; ) pieces.push(into.slice(0, length));
  return pieces;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("a download in memory", () => {
  test("waits for the disk once it holds as much as it may, and goes on as the disk does", async () => {
    const { waiting, written, kept } = slowDisk();
    const { download, sent } = await start({ kept });
    const reading = readAll(download, 450);
    await settled();
    // One more is coming.
    assert.equal(waiting.length, HELD - 1);
    assert.ok(sent() <= (HELD + 1) * CHUNK, `${sent()} bytes were taken`);
    const settling = reading.then(() => download.settle());
    while (written.size < COUNT) {
      waiting.shift()?.();
      await new Promise(setImmediate);
      assert.ok(waiting.length <= HELD, `${waiting.length} chunks wait`);
    }
    await settling;
    assert.deepEqual(Buffer.concat(await reading), Buffer.from(BODY));
    assert.equal(download.kept, true);
    await download.close();
  });

  test("that isn't kept waits for who reads, and hands on whole chunks", async () => {
    const { download, sent } = await start({ kept: undefined });
    await settled();
    assert.ok(sent() <= (HELD + 1) * CHUNK, `${sent()} bytes were taken`);
    const pieces = await readAll(download, 10 * CHUNK);
    assert.deepEqual(pieces.map(({ length }) => length), [...Array(COUNT - 1).fill(CHUNK), CHUNK - 300]);
    assert.deepEqual(Buffer.concat(pieces), Buffer.from(BODY));
    await download.close();
  });
});
