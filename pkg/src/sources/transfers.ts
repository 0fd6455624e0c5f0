// The requests of a download: parallel ranges where the server has them, otherwise one for everything.
import { WgslmError } from "../errors.js";
import { Absent, type Answer, type Known, NoRanges, type Range, type Remote, bodyOf, hasValidator, refused, request } from "./request.js";
import { type DownloadPolicy, Passing, retrying } from "./retry.js";

/** Chunks from `first` up to `end`. */
export interface Claim {
  first: number;
  end: number;
}

/** Whoever takes the bytes. */
export interface Sink {
  /** The file as it is known so far. */
  readonly known: Known | undefined;
  /** Bytes taken so far. */
  readonly received: number;
  /** The chunks that a further request should ask for, `most` at a time; `claimed` are under way. */
  nextClaim(claimed: ReadonlySet<number>, most: number): Claim | undefined;
  /** The bytes that a claim still lacks. */
  missingOf(claim: Claim): Range | undefined;
  put(offset: number, piece: Uint8Array): void;
  /** Takes the end of a file whose size wasn't known. */
  ended(size: number): Promise<void>;
  /** Resolves once there is room for more of what comes in one connection. */
  room(): Promise<void>;
  fail(error: unknown): void;
}

export class Transfers {
  readonly #remote: Remote;
  readonly #policy: DownloadPolicy;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  /** Ends the requests for ranges once the server turns out to have none. */
  readonly #rangesController = new AbortController();
  readonly #claimed = new Set<number>();
  #running = 0;
  #started = false;
  #inOnePiece = false;
  /** The rate of the last request, in bytes a ms; `undefined` until it was measured. */
  #rate: number | undefined;

  constructor(remote: Remote, policy: DownloadPolicy, sink: Sink, signal: AbortSignal) {
    this.#remote = remote;
    this.#policy = policy;
    this.#sink = sink;
    this.#signal = signal;
  }

  /** Makes the first request, for a range or, where the server has none, for the whole file. */
  begin(range: Range): Promise<Answer> {
    const { firstAttempts } = this.#policy;
    let attempts = 0;
    const ask = async (): Promise<Answer> => {
      attempts += 1;
      // Some servers send coded bodies to those who ask for ranges, which browsers refuse to read.
      if (attempts === firstAttempts && attempts > 1) return this.#request(undefined);
      try {
        const answer = await this.#request(range);
        const { range: given, size, version } = answer;
        // Without a validator, bytes of two requests might be of two versions.
        if (!given || hasValidator(version) || (given.start === 0 && given.end === size)) return answer;
        await answer.response.body!.cancel();
      } catch (error) {
        if (!(error instanceof NoRanges)) throw error;
      }
      return this.#request(undefined);
    };
    return retrying(ask, firstAttempts, this.#policy, this.#signal);
  }

  /** Goes on from the first answer. */
  start(answer: Answer, first: Claim): void {
    this.#started = true;
    this.#inOnePiece = !answer.range;
    void (answer.range ? this.#runRange(first, answer) : this.#runWhole(answer));
    this.pump();
  }

  /** Starts requests for what is missing. */
  pump(): void {
    if (!this.#started || this.#signal.aborted) return;
    const { connections, requestChunks, aloneChunks } = this.#policy;
    const [most, chunks] = this.#isAlone ? [1, aloneChunks] : [connections, requestChunks];
    while (this.#running < most) {
      const claim = this.#sink.nextClaim(this.#claimed, chunks);
      if (!claim) return;
      void (this.#inOnePiece ? this.#runWhole() : this.#runRange(claim));
    }
  }

  /** True where one connection is all there is to have, or enough, or not measured yet. */
  get #isAlone(): boolean {
    return this.#inOnePiece || (this.#rate ?? Infinity) >= this.#policy.fastRate;
  }

  #request(range: Range | undefined, signal = this.#signal): Promise<Answer> {
    return request(this.#remote, range, this.#sink.known, this.#policy.stallMs, signal);
  }

  async #runRange(claim: Claim, given?: Answer): Promise<void> {
    for (let index = claim.first; index < claim.end; index++) this.#claimed.add(index);
    this.#running += 1;
    const signal = AbortSignal.any([this.#signal, this.#rangesController.signal]);
    let answer = given;
    const fetchClaim = async (): Promise<void> => {
      for (let range; (range = this.#sink.missingOf(claim));) {
        const taken = answer ?? (await this.#request(range, signal));
        answer = undefined;
        if (!taken.range) {
          await taken.response.body?.cancel().catch(() => undefined);
          throw new NoRanges();
        }
        await this.#take(taken, signal);
      }
    };
    await this.#retry(fetchClaim, signal).catch((error: unknown) => {
      if (error instanceof NoRanges) this.#giveUpRanges();
      else if (!this.#inOnePiece) this.#fail(error);
    });
    for (let index = claim.first; index < claim.end; index++) this.#claimed.delete(index);
    this.#running -= 1;
    this.pump();
  }

  #giveUpRanges(): void {
    this.#inOnePiece = true;
    this.#rangesController.abort();
  }

  async #runWhole(given?: Answer): Promise<void> {
    this.#running += 1;
    let answer = given;
    const fetchWhole = async (): Promise<void> => {
      const taken = answer ?? (await this.#request(undefined));
      answer = undefined;
      await this.#take(taken, this.#signal);
    };
    await this.#retry(fetchWhole, this.#signal).catch((error: unknown) => this.#fail(error));
    this.#running -= 1;
    this.pump();
  }

  /** Ends the download. A file that was there and isn't any more is an error like others. */
  #fail(error: unknown): void {
    this.#sink.fail(error instanceof Absent ? refused(error.status, this.#remote.url) : error);
  }

  #retry(task: () => Promise<void>, signal: AbortSignal): Promise<void> {
    return retrying(task, this.#policy.attempts, this.#policy, signal, () => this.#sink.received);
  }

  /** Takes the bytes of an answer to its end. */
  async #take(answer: Answer, signal: AbortSignal): Promise<void> {
    const end = answer.range?.end ?? this.#sink.known?.size;
    let offset = answer.range?.start ?? 0;
    let taken = 0;
    let begin = performance.now();
    for await (const piece of bodyOf(answer, this.#remote.url, this.#policy.stallMs, signal)) {
      this.#sink.put(offset, end === undefined ? piece : piece.subarray(0, end - offset));
      offset += piece.length;
      taken += piece.length;
      const now = performance.now();
      if (taken >= this.#policy.chunkBytes / 4) this.#measured(taken / (now - begin));
      if (answer.range && offset >= answer.range.end) return;
      if (this.#isAlone) await this.#sink.room();
      begin += performance.now() - now;
      signal.throwIfAborted();
    }
    if (end !== undefined && offset < end) {
      const message = `the answer of ${this.#remote.url} ended before its time; load the model again`;
      throw new Passing(new WgslmError("network", message));
    }
    if (end === undefined) await this.#sink.ended(offset);
  }

  #measured(rate: number): void {
    const wasAlone = this.#isAlone;
    this.#rate = rate;
    if (wasAlone && !this.#isAlone) this.pump();
  }
}
