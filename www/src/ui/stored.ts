// Values that the browser keeps between visits.
import { effect, signal, type Signal } from "@preact/signals";

/** A signal whose value is kept under a name; what `valid` refuses, as another version may have written it, counts as absent. */
export function stored<Value>(name: string, initial: Value, valid: (value: unknown) => value is Value): Signal<Value> {
  const key = `wgslm.${name}`;
  const value = signal(read(key, initial, valid));
  let written = JSON.stringify(value.peek());
  effect(() => {
    const text = JSON.stringify(value.value);
    if (text === written) return;
    written = text;
    try {
      localStorage.setItem(key, text);
    } catch {
      // Storage that is full or forbidden only means that nothing is kept.
    }
  });
  return value;
}

function read<Value>(key: string, initial: Value, valid: (value: unknown) => value is Value): Value {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return valid(value) ? value : initial;
  } catch {
    return initial;
  }
}

export const isText = (value: unknown): value is string => typeof value === "string";
export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
