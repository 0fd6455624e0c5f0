// The frame around every page: the sidebar, or on a phone the bar with the drawer that has it.
import { useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { update } from "../offline/register.ts";
import { Icon } from "../ui/icon.tsx";
import { StatusRegion } from "../ui/status.tsx";
import "./app.css";
import { route, type Route } from "./routes.ts";
import { Sidebar, Wordmark } from "./sidebar.tsx";

export function App() {
  const drawer = useRef<HTMLDialogElement>(null);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <div class="frame">
        <aside class="side">
          <Sidebar />
        </aside>
        <header class="bar">
          <button type="button" class="plain icon" aria-label="Menu" onClick={() => drawer.current?.showModal()}>
            <Icon name="menu" />
          </button>
          <Wordmark />
        </header>
        <dialog class="drawer" ref={drawer} aria-label="Menu" onClick={closeOutside}>
          <Sidebar onLeave={() => drawer.current?.close()} />
        </dialog>
        <main id="main" tabIndex={-1}>
          <CurrentPage />
        </main>
      </div>
      {update.value && (
        <div class="update notice" role="status">
          <span>A new version of this site is ready.</span>
          <button type="button" class="compact" onClick={() => update.value?.()}>
            Reload
          </button>
        </div>
      )}
      <StatusRegion />
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** A click on a dialog itself is one on its backdrop. */
function closeOutside({ target, currentTarget }: MouseEvent): void {
  if (target === currentTarget) (currentTarget as HTMLDialogElement).close();
}

function CurrentPage() {
  const shown = useSignal<{ of: Route; Page: ComponentType } | undefined>(undefined);
  const failed = useSignal(false);
  const first = useRef(true);
  useSignalEffect(() => {
    const wanted = route.value;
    document.title = `${wanted.title} · wgslm`;
    failed.value = false;
    wanted.load().then(
      ({ Page }) => {
        if (route.peek() === wanted) shown.value = { of: wanted, Page };
      },
      () => (failed.value = true),
    );
  });
  const current = shown.value;
  useEffect(() => {
    if (!current) return;
    // A new page is read from its beginning.
    if (!first.current) {
      scrollTo(0, 0);
      document.getElementById("main")?.focus({ preventScroll: true });
    }
    first.current = false;
  }, [current?.of]);
  if (failed.value) {
    return (
      <div class="page">
        <div class="error" role="alert">
          <p>
            <strong>This page could not be fetched.</strong>
          </p>
          <p>Check the connection, and reload the page.</p>
        </div>
      </div>
    );
  }
  return current ? <current.Page key={current.of.path} /> : null;
}
