// What screen readers are told of as it happens.
import { signal } from "@preact/signals";

const announcement = signal("");

export function announce(text: string): void {
  announcement.value = text;
}

export function StatusRegion() {
  return (
    <p id="status" class="visually-hidden" role="status">
      {announcement}
    </p>
  );
}
