// A page's own `fetch` function, called from the worker: functions can't be sent there, so the calls come here.
import { Caller, Handover, type Port, serve } from "../calls.js";
import type { Fetcher } from "./request.js";

interface Head {
  body: number;
  status: number;
  headers: [string, string][];
}
type Params = { url: string; id: number; headers: [string, string][]; cache: RequestCache };

/** Serves a fetch function, in the page. */
export function serveFetch(port: Port, fetch: typeof globalThis.fetch): void {
  const requests = new Map<number, { controller: AbortController; reader?: ReadableStreamDefaultReader<Uint8Array> | undefined }>();
  serve(port, {
    async fetch({ url, id, headers, cache }: Params): Promise<Head> {
      const controller = new AbortController();
      requests.set(id, { controller });
      const response = await fetch(url, { headers, cache, signal: controller.signal });
      requests.set(id, { controller, reader: response.body?.getReader() });
      return { body: id, status: response.status, headers: [...response.headers] };
    },
    async read({ id }: { id: number }): Promise<Handover | undefined> {
      const { value } = (await requests.get(id)?.reader?.read()) ?? {};
      if (!value) requests.delete(id);
      // A piece may be a part of memory that the function still uses.
      const piece = value?.slice();
      return piece && new Handover(piece, [piece.buffer]);
    },
    cancel({ id }: { id: number }): void {
      requests.get(id)?.controller.abort();
      void requests.get(id)?.reader?.cancel().catch(() => undefined);
      requests.delete(id);
    },
  });
}

/** The function at the other end of a port, in the worker. */
export function remoteFetch(port: MessagePort): Fetcher {
  const caller = new Caller(port);
  let count = 0;
  return async (url, { headers, cache, signal }) => {
    signal?.throwIfAborted();
    const id = count++;
    const cancel = (): void => void caller.call("cancel", { id }).catch(() => undefined);
    signal?.addEventListener("abort", cancel, { once: true });
    const aborted = new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason), { once: true }));
    const head = await Promise.race([caller.call<Head>("fetch", { url, id, headers, cache }), aborted]);
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        const piece = await Promise.race([caller.call<Uint8Array<ArrayBuffer> | undefined>("read", { id }), aborted]);
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
      cancel,
    });
    const hasBody = ![101, 204, 205, 304].includes(head.status);
    return new Response(hasBody ? body : null, { status: head.status, headers: head.headers });
  };
}
