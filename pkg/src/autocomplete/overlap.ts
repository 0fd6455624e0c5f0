// The end of a suggestion that repeats the text after the cursor.

/** The most characters of the text after the cursor that are compared. */
const MOST = 256;
/** The overlap at which a suggestion has arrived at the text after the cursor. */
const ARRIVED = 24;

/**
 * The length of a suggestion without its end that is also the beginning of the text after the cursor. As a suggestion grows it never goes down,
 * so what may still become an overlap is left out too.
 *
 * An overlap begins where a word does: the "e" of "the tree" isn't that of "end".
 */
export function lengthWithoutOverlap(text: string, suffix: string): number {
  const first = Math.max(0, text.length - Math.min(MOST, suffix.length));
  for (let at = first; at < text.length; at += 1) {
    if (suffix.startsWith(text.slice(at)) && (at === 0 || !(isWord(text, at - 1) && isWord(text, at)))) return at;
  }
  return text.length;
}

/** True once a suggestion repeats so much of the text after the cursor that nothing else will come. */
export function hasArrived(text: string, suffix: string): boolean {
  return text.length - lengthWithoutOverlap(text, suffix) >= ARRIVED;
}

function isWord(text: string, at: number): boolean {
  return /[\p{L}\p{N}_]/u.test(text.charAt(at));
}
