// Light or dark: as the system has it, or as the visitor chose.
import { effect } from "@preact/signals";
import { stored } from "../ui/stored.ts";

export type Theme = "system" | "light" | "dark";

export const theme = stored<Theme>("theme", "system", (value): value is Theme => value === "system" || value === "light" || value === "dark");

/** True while the page is dark. */
export function isDark(): boolean {
  return theme.value === "system" ? matchMedia("(prefers-color-scheme: dark)").matches : theme.value === "dark";
}

export function applyTheme(): void {
  effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
  });
}
