// A field that text is typed into.

/** The texts before and after the cursor. */
export interface AroundCursor {
  prefix: string;
  suffix: string;
}

export interface Field {
  readonly element: HTMLElement;
  /** The texts around the cursor, or nothing where a text is selected or can't be changed. */
  read(): AroundCursor | undefined;
  /** Puts `text` where the cursor is, as typing does: it can be undone, and whoever listens hears of it. */
  insert(text: string): void;
  /** Shows `ghost` behind the cursor, or nothing. Called again, it follows what has moved. */
  show(ghost: string): void;
  /** Takes away what was put beside the field. */
  remove(): void;
}

/** Has the document type a text into the field that has the focus. */
export function typeText(document: Document, text: string): boolean {
  // It has no successor yet that leaves the browser's own undo intact.
  return document.execCommand("insertText", false, text);
}
