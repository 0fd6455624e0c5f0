// `wgslm/service-worker`: requests in the shape of OpenAI's API, answered without a server by the engine of an open page.
//
// The engine stays with the page, in its worker or a shared one: a service worker without requests is ended after half a minute, and a model in it would have to
// be loaded again for the next one.
import { Connection } from "./connection.js";
import { type Engine, connectionOf, engineOf } from "./engine.js";
import { WgslmError } from "./errors.js";
import { answerRequest } from "./openai/http.js";
import type { ModelInfo } from "./types.js";

/** The question of a service worker, to whose port a page with an engine answers. */
const QUESTION = "wgslm-engine";
/** The time in which a page says that it has an engine, in ms. */
const ANSWER_DEADLINE = 1000;

/** An engine of a page: a way to its host, and its figures. */
interface Offer {
  port: MessagePort;
  info: ModelInfo;
}

/** The part of the scope of a service worker that is used here; the library of types for pages lacks it. */
interface ServiceWorkerScope {
  clients: { matchAll(options: object): Promise<{ postMessage(message: unknown, transfer: Transferable[]): void }[]> };
  registration: { scope: string };
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
}
interface FetchEvent extends Event {
  request: Request;
  respondWith(response: Promise<Response>): void;
}

/** Options of {@link answerFetches}. */
export interface FetchOptions {
  /** The address under which the API is, by default `v1/` in the scope of the service worker. */
  base?: string | URL;
}

/**
 * In a service worker: answers requests for `models`, `chat/completions`, `completions` and `embeddings` under `base` by an engine that a page of the origin has
 * offered by {@link offerEngine}. Call it when the script starts.
 */
export function answerFetches({ base = "v1/" }: FetchOptions = {}): void {
  const scope = globalThis as unknown as ServiceWorkerScope;
  const { href } = new URL(base, scope.registration.scope);
  const folder = href.endsWith("/") ? href : `${href}/`;
  const engine = engineOfPages(scope);
  scope.addEventListener("fetch", (event) => {
    const [address] = event.request.url.split(/[?#]/);
    if (address?.startsWith(folder)) event.respondWith(answerRequest(engine, event.request, address.slice(folder.length)));
  });
}

/**
 * In a page: lets the service workers of the origin use an engine, which may still be loading. The function that is returned takes that back, as does unloading the engine
 * or closing the page.
 */
export function offerEngine(engine: Engine | Promise<Engine>): () => void {
  const { serviceWorker } = navigator;
  const answer = ({ data, ports: [port] }: MessageEvent): void => {
    if (data !== QUESTION || !port) return;
    port.postMessage("here");
    port.addEventListener("message", () => {
      const offer = async (): Promise<void> => {
        const loaded = await engine;
        const host = connectionOf(loaded).guestPort();
        port.postMessage({ info: loaded.info, port: host } satisfies Offer, [host]);
      };
      offer().catch(() => port.postMessage(undefined));
    });
    port.start();
  };
  serviceWorker.addEventListener("message", answer);
  serviceWorker.startMessages();
  return () => serviceWorker.removeEventListener("message", answer);
}

/** Finds the engine of a page, and keeps it until it can't be used any more. */
function engineOfPages({ clients }: ServiceWorkerScope): () => Promise<Engine> {
  let found: { engine: Engine; connection: Connection } | undefined;
  let finding: Promise<Engine> | undefined;
  const find = async (): Promise<Engine> => {
    const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
    const ports = pages.map((page) => {
      const { port1, port2 } = new MessageChannel();
      page.postMessage(QUESTION, [port2]);
      return port1;
    });
    try {
      const offer = await firstOffer(ports);
      if (!offer) throw new WgslmError("unloaded", "no open page has a model; load one in a page of this origin and give the engine to offerEngine");
      const connection = new Connection({ port: offer.port, end: () => offer.port.close() });
      void connection.keepAlive();
      found = { engine: engineOf(connection, offer.info, true), connection };
      return found.engine;
    } finally {
      ports.forEach((port) => port.close());
    }
  };
  return async () => {
    if (found && !found.connection.closed) return found.engine;
    finding ??= find().finally(() => (finding = undefined));
    return finding;
  };
}

/** The engine of the page that answers first. */
async function firstOffer(ports: readonly MessagePort[]): Promise<Offer | undefined> {
  const first = await new Promise<MessagePort | undefined>((resolve) => {
    for (const port of ports) port.addEventListener("message", () => resolve(port), { once: true });
    ports.forEach((port) => port.start());
    setTimeout(() => resolve(undefined), ports.length > 0 ? ANSWER_DEADLINE : 0);
  });
  if (!first) return undefined;
  return new Promise((resolve) => {
    first.addEventListener("message", ({ data }: MessageEvent<Offer | undefined>) => resolve(data), { once: true });
    first.postMessage("connect");
  });
}
