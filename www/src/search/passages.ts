// Cutting a text into passages that are worth finding by themselves.

/** The most characters of a passage. */
const MOST = 420;
/** Paragraphs shorter than this, such as headings, go with what follows. */
const LEAST = 60;

/** The passages of a text: paragraphs, and where these are long some sentences of them. */
export function passagesOf(text: string): string[] {
  const paragraphs = text.split(/\n\s*\n/).map((paragraph) => paragraph.replace(/\s+/g, " ").trim());
  const pieces = paragraphs.filter(Boolean).flatMap((paragraph) => (paragraph.length <= MOST ? [paragraph] : sentencesOf(paragraph)));
  return joined(pieces, (before) => before.length < LEAST);
}

function sentencesOf(paragraph: string): string[] {
  const segments = [...new Intl.Segmenter(undefined, { granularity: "sentence" }).segment(paragraph)].map(({ segment }) => segment.trim());
  const short = segments.flatMap((sentence) => sentence.match(new RegExp(`.{1,${MOST}}(?:\\s|$)|.{1,${MOST}}`, "gsu")) ?? []);
  return joined(short.map((piece) => piece.trim()).filter(Boolean), (before, next) => before.length + next.length < MOST);
}

/** Puts neighbours together while `together` says so. */
function joined(pieces: readonly string[], together: (before: string, next: string) => boolean): string[] {
  const all: string[] = [];
  for (const piece of pieces) {
    const before = all.at(-1);
    if (before !== undefined && before.length + piece.length < MOST && together(before, piece)) all[all.length - 1] = `${before} ${piece}`;
    else all.push(piece);
  }
  return all;
}
