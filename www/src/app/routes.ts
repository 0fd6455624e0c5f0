// The site's pages and their addresses, which are fragments so that any static server will do.
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import type { IconName } from "../ui/icon.tsx";

export interface Route {
  path: string;
  title: string;
  icon: IconName;
  load: () => Promise<{ Page: ComponentType }>;
}

export const ROUTES: readonly Route[] = [
  { path: "chat", title: "Chat", icon: "chat", load: () => import("../chat/page.tsx") },
  { path: "write", title: "Write", icon: "write", load: () => import("../write/page.tsx") },
  { path: "structured", title: "Structured output", icon: "structured", load: () => import("../structured/page.tsx") },
  { path: "search", title: "Search", icon: "search", load: () => import("../search/page.tsx") },
  { path: "models", title: "Models", icon: "models", load: () => import("../models/page.tsx") },
  { path: "metrics", title: "Metrics", icon: "metrics", load: () => import("../metrics/page.tsx") },
];

const FIRST = ROUTES[0]!;

export const route = signal(current());
addEventListener("hashchange", () => (route.value = current()));

function current(): Route {
  const path = location.hash.replace(/^#\/?/, "").split(/[/?]/)[0];
  return ROUTES.find((each) => each.path === path) ?? FIRST;
}
