// One toxic at work on one stream of one connection. Stages form a chain: the source's bytes are pushed into the first,
// each hands on what it lets through, the last writes to the destination. Everything is synchronous but the stages' own timers,
// so a stage can be put in, changed or taken out between two chunks and nothing can hang.

export interface Chunk {
  readonly bytes: Buffer;
  /** When it should count as arrived, in ms of `performance.now()`; a latency stage moves it on for those after it. */
  readonly at: number;
}

export interface Sink {
  push(chunk: Chunk): void;
  /** No byte follows. */
  end(): void;
}

/** What a stage may ask of the stream it works on. */
export interface StageHost {
  /** The stage holds `bytes` more (or fewer). */
  held(bytes: number): void;
}

/** Swallows whatever comes; stands where a stage has not been linked yet. */
const nowhere: Sink = { push: () => undefined, end: () => undefined };

export abstract class Stage implements Sink {
  next: Sink = nowhere;
  /** The end was handed on, or the stage closed the stream itself. */
  protected finished = false;
  /** No byte follows, also when the stage in front that ended the stream has been taken out since. */
  private endCame = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(protected readonly host: StageHost) {}

  push(chunk: Chunk): void {
    if (!this.finished && !this.endCame) this.take(chunk);
  }

  end(): void {
    if (this.finished) return;
    this.endCame = true;
    this.takeEnd();
  }

  protected abstract take(chunk: Chunk): void;
  protected abstract takeEnd(): void;
  /** The toxic's attributes were changed. */
  abstract update(attributes: Readonly<Record<string, number>>): void;
  /** The toxic was removed: hand on at once whatever is held. The stage is not used afterwards. */
  abstract release(): void;
  /** The connection is gone: forget everything. */
  abandon(): void {
    this.finished = true;
    this.cancelTimer();
  }

  protected finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.cancelTimer();
    this.next.end();
  }

  /** One timer a stage; setting it again replaces it. */
  protected setTimer(delayMs: number, run: () => void): void {
    this.cancelTimer();
    this.timer = setTimeout(
      () => {
        this.timer = null;
        run();
      },
      Math.min(Math.max(0, Math.ceil(delayMs)), timerMaxMs),
    );
  }

  protected get timerIsSet(): boolean {
    return this.timer !== null;
  }

  protected cancelTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}

/** Longer timers would fire at once (a 32-bit limit); a stage that waits for longer sets its timer again. */
const timerMaxMs = 2 ** 31 - 1;

/** A stage that hands chunks on at a later time, in order. */
export abstract class DelayingStage extends Stage {
  private readonly queue: Chunk[] = [];
  /** What is left of the chunk at the front, cut up, last piece first. Only one chunk at a time is in pieces. */
  private pieces: Chunk[] = [];
  private endHeld = false;

  /** When the piece at the head may go on, in ms of `performance.now()`; Infinity: never by itself. */
  protected abstract dueAt(head: Chunk, now: number): number;
  /** The head goes on now; the chunk as those behind it shall see it. */
  protected abstract leaving(head: Chunk, dueAtMs: number): Chunk;
  /** Cuts up the chunk at the front. */
  protected abstract split(chunk: Chunk): readonly Chunk[];

  protected take(chunk: Chunk): void {
    this.queue.push(chunk);
    this.host.held(chunk.bytes.length);
    if (!this.timerIsSet) this.run();
  }

  protected takeEnd(): void {
    this.endHeld = true;
    if (this.queue.length === 0 && this.pieces.length === 0) this.finish();
  }

  private head(): Chunk | undefined {
    if (this.pieces.length === 0) {
      const front = this.queue.shift();
      if (front !== undefined) this.pieces = this.split(front).toReversed();
    }
    return this.pieces.at(-1);
  }

  /** Hands on all that is due and sets the timer for what is not. */
  private run(): void {
    for (;;) {
      const head = this.head();
      if (head === undefined) break;
      const now = performance.now();
      const dueAtMs = this.dueAt(head, now);
      // Half a millisecond early is nearer than the next tick of a timer.
      if (dueAtMs > now + 0.5) {
        if (dueAtMs !== Infinity) this.setTimer(dueAtMs - now, () => this.run());
        return;
      }
      this.pieces.pop();
      this.next.push(this.leaving(head, dueAtMs));
      this.host.held(-head.bytes.length);
      if (this.finished) return;
    }
    if (this.endHeld) this.finish();
  }

  private everything(): readonly Chunk[] {
    return [...this.pieces.splice(0).reverse(), ...this.queue.splice(0)];
  }

  release(): void {
    this.cancelTimer();
    for (const chunk of this.everything()) {
      this.next.push(chunk);
      this.host.held(-chunk.bytes.length);
    }
    if (this.endHeld) this.finish();
  }

  override abandon(): void {
    super.abandon();
    for (const chunk of this.everything()) this.host.held(-chunk.bytes.length);
  }

  /** Decide anew about everything held: the attributes changed. */
  protected reconsider(): void {
    this.cancelTimer();
    this.pieces = this.pieces.flatMap((piece) => this.split(piece).toReversed());
    this.run();
  }
}
