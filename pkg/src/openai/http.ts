// OpenAI's API as requests and responses of HTTP, for a service worker or a server that answers them.
import type { Engine } from "../engine.js";
import { type ErrorCode, WgslmError, messageOf, toErrorMessage } from "../errors.js";
import { modelName } from "../model-name.js";
import type { ResponseStream } from "./response.js";
import type { ChatCompletionFields, CompletionFields, EmbeddingFields } from "./types.js";

/** The statuses of failures that aren't the request's fault. */
const STATUSES: { [Code in ErrorCode]?: number } = {
  busy: 429,
  "queue-full": 429,
  unloaded: 503,
  "device-lost": 503,
  "worker-crashed": 503,
  deadline: 503,
  "out-of-memory": 503,
  "kv-cache-full": 503,
  gpu: 500,
  internal: 500,
  "not-finite": 500,
  "wasm-load": 500,
  "wasm-trap": 500,
};

type Endpoint = (engine: Engine, fields: unknown, signal: AbortSignal) => Promise<object>;

/** What is posted to, by path. The fields are checked where they are read. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  "chat/completions": ({ chat }, fields, signal) => chat.completions.create(fields as ChatCompletionFields, { signal }),
  completions: ({ completions }, fields, signal) => completions.create(fields as CompletionFields, { signal }),
  embeddings: ({ embeddings }, fields, signal) => embeddings.create(fields as EmbeddingFields, { signal }),
};

/** Answers a request for a path of OpenAI's API, such as `chat/completions`. Never rejects. */
export async function answerRequest(engine: () => Promise<Engine>, request: Request, path: string): Promise<Response> {
  // Also the end of a response that nobody reads to its end.
  const controller = new AbortController();
  const abort = (): void => controller.abort(request.signal.reason);
  request.signal.addEventListener("abort", abort);
  if (request.signal.aborted) abort();
  try {
    if (path === "models" || path.startsWith("models/")) return await models(engine, request, path);
    const endpoint = Object.hasOwn(ENDPOINTS, path) ? ENDPOINTS[path] : undefined;
    if (!endpoint) return failure(404, `there is no ${path}; there are models, ${Object.keys(ENDPOINTS).join(", ")}`, "not-found");
    if (request.method !== "POST") return failure(405, `${path} takes POST, not ${request.method}`, "method");
    const answer = await endpoint(await engine(), await jsonOf(request), controller.signal);
    return Symbol.asyncIterator in answer ? eventStream(answer as ResponseStream<object, object>, controller) : Response.json(answer);
  } catch (error) {
    return failureOf(error);
  }
}

async function models(engine: () => Promise<Engine>, { method }: Request, path: string): Promise<Response> {
  if (method !== "GET") return failure(405, `${path} takes GET, not ${method}`, "method");
  const { info } = await engine();
  const model = { id: modelName(info), object: "model", created: 0, owned_by: "wgslm" };
  if (path === "models") return Response.json({ object: "list", data: [model] });
  const isKnown = decodeURIComponent(path.slice("models/".length)) === model.id;
  return isKnown ? Response.json(model) : failure(404, `the model here is ${model.id}`, "model-not-found");
}

async function jsonOf(request: Request): Promise<unknown> {
  try {
    return (await request.json()) as unknown;
  } catch (error) {
    throw new WgslmError("invalid-argument", `the body is no JSON (${messageOf(error)})`);
  }
}

/** A stream of pieces as server-sent events. */
function eventStream(pieces: ResponseStream<object, object>, controller: AbortController): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(stream) {
      const send = (data: string): void => stream.enqueue(encoder.encode(`data: ${data}\n\n`));
      try {
        const { value, done } = await pieces.next();
        if (!done) return send(JSON.stringify(value));
        send("[DONE]");
      } catch (error) {
        if (controller.signal.aborted) return stream.error(error);
        // The status has been sent, so clients look for an error among the pieces.
        send(JSON.stringify(await failureOf(error).json()));
      }
      stream.close();
    },
    cancel: (reason) => controller.abort(reason),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
}

function failureOf(error: unknown): Response {
  const { code, message, retryAfterMs } = toErrorMessage(error);
  const known = error instanceof WgslmError ? (STATUSES[code] ?? 400) : 500;
  return failure(known, message, code, retryAfterMs);
}

function failure(status: number, message: string, code: string, retryAfterMs?: number): Response {
  const type = status === 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error";
  const headers: HeadersInit = retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1000)), "retry-after-ms": String(Math.ceil(retryAfterMs)) };
  return Response.json({ error: { message, type, param: null, code } }, { status, headers });
}
