// The keys of ghost text.

/** What a key asks for while a suggestion is shown. */
export type Command = "accept" | "accept-word" | "dismiss";

/** The keys that jump over a word: with Option on a Mac, with Ctrl elsewhere. */
const onMac = (): boolean => /Mac|iPhone|iPad/.test(navigator.platform);

/** The command of a key, if it has one. Keys that an input method uses have none. */
export function commandOf(event: KeyboardEvent): Command | undefined {
  const { key, altKey, ctrlKey, metaKey, shiftKey } = event;
  // Some input methods give their keys this code instead of saying that they compose.
  if (event.isComposing || event.keyCode === 229 || metaKey || shiftKey) return undefined;
  if (key === "ArrowRight" && (onMac() ? altKey && !ctrlKey : ctrlKey && !altKey)) return "accept-word";
  if (altKey || ctrlKey) return undefined;
  return key === "Tab" ? "accept" : key === "Escape" ? "dismiss" : undefined;
}
