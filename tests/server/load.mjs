// Load on a server, with what is measured meanwhile. By hand: `node load.mjs SECONDS`.
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import autocannon from "autocannon";
import { pause } from "../program.mjs";
import { ENDLESS, serve } from "./program.mjs";

const JSON_TYPE = { "content-type": "application/json" };
/** A server that has room for all clients. */
export const serveLoad = () => serve(["chat"], ["--kv-tokens", "16384"]);

/** The program's resident memory in MiB. */
const memory = (pid) => Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s*(\d+)/)[1]) / 1024;

/** The value below which a share of all values lies. */
const quantile = (values, share) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** The first bytes of a request. */
const head = (route, length) => `POST ${route} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

/** A client that asks for an endless stream and reads a byte a second. */
function slowReader({ port }) {
  const socket = connect(port, "127.0.0.1");
  const body = JSON.stringify(ENDLESS);
  socket.on("error", () => {}).write(head("/v1/completions", body.length) + body);
  socket.pause();
  const timer = setInterval(() => socket.read(1), 1000);
  return () => (clearInterval(timer), socket.destroy());
}

/** A client that sends half a body, and no more. */
function halfBody({ port }) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}).write(`${head("/v1/completions", 1000)}{"prompt": "a`);
  return () => socket.destroy();
}

/** Clients that come, and go in the middle of a stream, until told to stop. */
async function disconnects({ url }, isOver) {
  for (let count = 0; ; count += 1) {
    if (isOver()) return count;
    const controller = new AbortController();
    const response = await fetch(`${url}/v1/completions`, { method: "POST", headers: JSON_TYPE, body: JSON.stringify(ENDLESS), signal: controller.signal });
    await response.body?.getReader().read();
    controller.abort();
    await pause(100);
  }
}

/** The milliseconds that `/health` takes, asked every 20 ms. */
async function probes({ url }, isOver) {
  const times = [];
  while (!isOver()) {
    const began = performance.now();
    await (await fetch(`${url}/health`)).text();
    times.push(performance.now() - began);
    await pause(20);
  }
  return times;
}

/** Memory at a quarter second's distance. */
async function memories({ pid }, isOver) {
  const sizes = [];
  while (!isOver()) {
    sizes.push(memory(pid));
    await pause(250);
  }
  return sizes;
}

/** Asks with 64 clients for some seconds, beside slow readers, half bodies and clients that go. */
export async function load(server, seconds) {
  let over = false;
  const isOver = () => over;
  const rude = [slowReader, slowReader, halfBody, halfBody].map((client) => client(server));
  const beside = [probes, memories, disconnects].map((work) => work(server, isOver));
  const body = JSON.stringify({ prompt: "Once upon a time", max_tokens: 16, temperature: 1 });
  const result = await autocannon({ url: `${server.url}/v1/completions`, method: "POST", headers: JSON_TYPE, body, connections: 64, duration: seconds, workers: 1 });
  over = true;
  const [health, sizes, gone] = await Promise.all(beside);
  rude.forEach((stop) => stop());
  const settled = sizes.slice(Math.floor(sizes.length / 6));
  return {
    answers: result["2xx"],
    refused: result.statusCodeStats?.["429"]?.count ?? 0,
    failed: result.non2xx - (result.statusCodeStats?.["429"]?.count ?? 0) + result.errors + result.timeouts,
    latency: { p50: result.latency.p50, p99: result.latency.p99 },
    health: { count: health.length, p50: quantile(health, 0.5), p99: quantile(health, 0.99) },
    memory: { sixth: settled[0], end: settled.at(-1), most: Math.max(...settled) },
    gone,
  };
}

if (process.argv[1] === import.meta.filename) {
  const server = await serveLoad();
  console.log(JSON.stringify(await load(server, Number(process.argv[2] ?? 60)), null, 2));
  process.exitCode = await server.stop();
}
