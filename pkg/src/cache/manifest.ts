// The record of a cached file. It is a log of lines that is only added to, so that a tab may close at any time: a line that was cut is
// no line, and a chunk counts once its line is there.

/** The version of a file on its server. */
export interface Version {
  /** The strong ETag. */
  etag?: string;
  lastModified?: string;
  /** True where the page's own origin answered, which may be asked with any header. */
  sameOrigin?: boolean;
}

/** The first line of the log. */
export interface Start {
  format: typeof FORMAT;
  address: string;
  chunkBytes: number;
  version: Version;
  createdAt: number;
  /** The SHA-256 that the server names; it isn't believed before it was computed. */
  claim?: string;
  /** True where the server has no such file, and the model can do without. */
  absent?: boolean;
  /** The id of the file that has the content of this address. */
  sameAs?: string;
}

/** A line of the log. */
export type Entry =
  | Start
  /** The size of the file, once it is known. */
  | { size: number }
  /** A chunk that is stored, and its checksum. */
  | { chunk: number; checksum: string }
  /** A chunk that was found to be damaged. */
  | { damaged: number }
  /** The SHA-256 of the whole file, computed here. */
  | { sha256: string }
  /** Another address of the same content. */
  | { address: string }
  /** A time at which it was used. */
  | { usedAt: number };

const FORMAT = 1;

/** The state that the lines of a log leave. */
export class Manifest {
  readonly addresses: string[] = [];
  readonly chunks = new Map<number, string>();
  chunkBytes = 0;
  version: Version = {};
  claim: string | undefined;
  absent = false;
  sameAs: string | undefined;
  size: number | undefined;
  sha256: string | undefined;
  createdAt = 0;
  usedAt = 0;

  /** Reads a log; `undefined` where it isn't one of this format. */
  static parse(log: string): Manifest | undefined {
    const manifest = new Manifest();
    for (const line of log.split("\n")) {
      let entry: Entry;
      try {
        entry = JSON.parse(line) as Entry;
      } catch {
        continue;
      }
      manifest.add(entry);
    }
    return manifest.chunkBytes > 0 ? manifest : undefined;
  }

  /** The only line of a log about an address without a file of its own. */
  static note(address: string, about: Pick<Start, "absent" | "sameAs">): Start {
    return { ...Manifest.start(address, 1, {}), ...about };
  }

  /** The first line of a new log. */
  static start(address: string, chunkBytes: number, version: Version, more: Pick<Start, "claim"> = {}): Start {
    return { format: FORMAT, address, chunkBytes, version, createdAt: Date.now(), ...more };
  }

  add(entry: Entry): void {
    if ("format" in entry) {
      if (entry.format !== FORMAT) return;
      // A log that could not be deleted begins anew.
      this.addresses.length = 0;
      this.chunks.clear();
      this.size = this.sha256 = undefined;
      this.chunkBytes = entry.chunkBytes;
      this.version = entry.version;
      this.claim = entry.claim;
      this.absent = entry.absent ?? false;
      this.sameAs = entry.sameAs;
      this.createdAt = this.usedAt = entry.createdAt;
      this.addresses.push(entry.address);
    } else if ("size" in entry) this.size = entry.size;
    else if ("chunk" in entry) this.chunks.set(entry.chunk, entry.checksum);
    else if ("damaged" in entry) this.chunks.delete(entry.damaged);
    else if ("sha256" in entry) this.sha256 = entry.sha256;
    else if ("address" in entry) this.addresses.push(entry.address);
    else if ("usedAt" in entry) this.usedAt = entry.usedAt;
  }

  /** True where there is a file. */
  get hasFile(): boolean {
    return !this.absent && this.sameAs === undefined;
  }

  /** True where all chunks are stored. */
  get complete(): boolean {
    return this.size !== undefined && this.chunks.size === Math.ceil(this.size / this.chunkBytes);
  }

  /** The bytes of the chunks that are stored. */
  get storedBytes(): number {
    let bytes = 0;
    for (const index of this.chunks.keys()) bytes += this.lengthOf(index);
    return bytes;
  }

  /** The bytes of a chunk: the last one may be shorter. */
  lengthOf(index: number): number {
    const start = index * this.chunkBytes;
    return Math.min(this.chunkBytes, (this.size ?? Infinity) - start);
  }
}

/** A log's lines for entries. */
export function lines(entries: readonly Entry[]): string {
  // It begins a line of its own, in case the one before was cut.
  return entries.map((entry) => `\n${JSON.stringify(entry)}`).join("");
}
