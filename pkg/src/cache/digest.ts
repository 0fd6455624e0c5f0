// Digests as text.
import { WgslmError } from "../errors.js";

/** Lower-case hexadecimal. */
export function hex(bytes: ArrayBuffer | Uint8Array): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The SHA-256 of bytes, which the browser computes on another thread. */
export async function sha256(bytes: BufferSource): Promise<string> {
  return hex(await crypto.subtle.digest("SHA-256", bytes));
}

/** The digest that a caller gives, in 64 hexadecimal digits or as the attribute `integrity` of HTML has it. */
export function parseIntegrity(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  const [, base64] = /^sha256-([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  if (base64) return hex(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
  throw new WgslmError("invalid-option", 'integrity is no SHA-256; give "sha256-" and base64, or 64 hexadecimal digits');
}
