// The site's service worker, from the page's side.
import { signal } from "@preact/signals";

/** Opens the new version of the site, where one has been fetched in the background. */
export const update = signal<(() => void) | undefined>(undefined);

/** True once the site's files are kept, so that it opens without a network. */
export const keptOffline = signal(false);

/** Starts the service worker once the page has nothing better to do. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const idle = globalThis.requestIdleCallback ?? ((task: () => void) => setTimeout(task, 2000));
  if (document.readyState === "complete") idle(() => void register());
  else addEventListener("load", () => idle(() => void register()));
}

async function register(): Promise<void> {
  // A browser that keeps nothing, as some do in private windows, shows the site all the same.
  const registration = await navigator.serviceWorker.register("sw.js").catch(() => undefined);
  if (!registration) return;
  const offer = (worker: ServiceWorker): void => {
    update.value = () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      worker.postMessage("take-over");
    };
  };
  if (registration.waiting) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed" && registration.active) offer(worker);
    });
  });
  await navigator.serviceWorker.ready;
  keptOffline.value = true;
}
