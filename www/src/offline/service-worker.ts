// Keeps the site's own files, so that it opens without a network. Models are the package's to keep.
const worker = self as unknown as ServiceWorkerGlobalScope;

/** The site's files and their version, which the build fills in. */
const { version, files }: { version: string; files: string[] } = JSON.parse("__SITE_FILES__");
const PREFIX = `wgslm-site:${worker.registration.scope}:`;
const CACHE = PREFIX + version;
const kept = new Set(files.map(addressOf));

function addressOf(file: string): string {
  return new URL(file, worker.registration.scope).href;
}

worker.addEventListener("install", (event) => {
  // Files whose names have a digest never change, so the browser's own cache may have them.
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(files)));
});

worker.addEventListener("activate", (event) => {
  const outdated = caches.keys().then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== CACHE));
  event.waitUntil(outdated.then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => worker.clients.claim()));
});

worker.addEventListener("message", ({ data }) => {
  if (data === "take-over") void worker.skipWaiting();
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  url.search = url.hash = "";
  const address = url.href === worker.registration.scope ? addressOf("index.html") : url.href;
  if (kept.has(address)) event.respondWith(fromCache(address, request));
});

async function fromCache(address: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(address)) ?? fetch(request);
}
