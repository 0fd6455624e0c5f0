// Texts to type: what is there before, what is typed, and what comes after the cursor.

const ENGLISH = `The harbour had been quiet since the ferries stopped. In the mornings a few old men still walked down to the quay, looked at the water as if it owed them
something, and went home again. Marta watched them from the window of the bakery. She knew each of them by the way he walked, and most of them by what he bought: two rolls, half a loaf, a
piece of the dark cake that nobody else liked. When the new road was finished, people said, everything would change. There would be buses, and visitors, and somebody would paint the
hotel. But the road had been finished for a year now, and the only thing that came along it was the post, every second day, in a yellow van whose driver never got out. Her brother had left
on that road in March. He wrote letters that were mostly about the weather. It rained where he was, he said, in a way that it never rained at home: without wind, straight down, for days, so that
the streets shone at night like something that had just been made. He had found a room above a shop that repaired clocks. There were forty of them on the wall below his bed, and no two of them
agreed about the time. She read the letters aloud to their mother, who listened with her hands in her lap and asked, each time, whether he had enough to eat. Marta always said that he did. Then
they drank their tea, and she washed the cups, and the light went slowly from the yard. On the day that the storm came, the old men were already on the quay when she opened the shop. They stood
closer together than they usually did, and all of them were looking at the same place, far out, where a line of darker water had begun to move against the wind.`;

const CODE = `// A store of notes that are kept by their day.
export class Notes {
  constructor(storage) {
    this.storage = storage;
    this.days = new Map();
    this.listeners = new Set();
  }

  /** Adds a note to a day, and returns its number. */
  add(day, text) {
    const notes = this.days.get(day) ?? [];
    const note = { number: notes.length + 1, text, done: false };
    notes.push(note);
    this.days.set(day, notes);
    this.changed(day);
    return note.number;
  }

  /** Removes a note, and returns true if it was there. */
  remove(day, number) {
    const notes = this.days.get(day) ?? [];
    const index = notes.findIndex((note) => note.number === number);
    if (index < 0) return false;
    notes.splice(index, 1);
    this.changed(day);
    return true;
  }

  /** Marks a note as done. */
  finish(day, number) {
    const note = this.days.get(day)?.find((note) => note.number === number);
    if (!note) throw new RangeError(\`there is no note \${number} on \${day}\`);
    note.done = true;
    this.changed(day);
  }

  /** Calls a function at every change, until the function that is returned is called. */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed(day) {
    this.storage.setItem(day, JSON.stringify(this.days.get(day)));
    for (const listener of this.listeners) listener(day);
  }

`;

export const texts = {
  english: {
    before: ENGLISH,
    typed: " Nobody said anything. Then the oldest of them turned around and walked back up the hill, faster than she had ever seen him walk, and the others followed him one after another.",
    after: "",
  },
  code: {
    before: CODE,
    typed: `  /** The notes of a day that are not done yet. */
  open(day) {
    const notes = this.days.get(day) ?? [];
    return notes.filter((note) => !note.done);
  }

  count() {`,
    after: `
    let sum = 0;
    for (const notes of this.days.values()) sum += notes.length;
    return sum;
  }
}
`,
  },
};
