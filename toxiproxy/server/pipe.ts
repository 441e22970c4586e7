// One direction of one connection: from the source socket through the stages of its toxics to the destination socket.
import type { Socket } from "node:net";
import type { Stream } from "../types.js";
import type { StreamCounters } from "./counters.js";
import type { HeldBytes } from "./limits.js";
import { toxicTypes } from "./stages.js";
import type { Sink, Stage, StageHost } from "./stage.js";

/** A toxic as a proxy keeps it. */
export interface Toxic {
  readonly name: string;
  readonly type: string;
  /** As the caller wrote it ("UPSTREAM" is taken too). */
  readonly streamText: string;
  readonly stream: Stream;
  toxicity: number;
  attributes: Readonly<Record<string, number>>;
}

/** Bytes written to a destination that its kernel has not taken yet, beyond which the source is not read. */
const destinationBytesMax = 256 << 10;

interface PlacedToxic {
  readonly toxic: Toxic;
  toxicityDrawnFor: number;
  stage: Stage | null;
}

export class Pipe implements StageHost {
  private readonly placed: PlacedToxic[] = [];
  private first: Sink;
  private readonly last: Sink;
  private heldBytes = 0;
  private sourcePaused = false;
  private ended = false;

  /**
   * `closeDestination` is called once, when the stream's end came out of the last stage: half-close is not kept, as with
   * Toxiproxy, so the end of either stream closes the socket it leads to for good.
   */
  constructor(
    private readonly source: Socket,
    private readonly destination: Socket,
    private readonly counters: StreamCounters,
    private readonly budget: HeldBytes,
    private readonly closeDestination: () => void,
  ) {
    this.last = { push: (chunk) => this.write(chunk.bytes), end: () => this.finish() };
    this.first = this.last;
  }

  start(): void {
    this.source.on("data", (bytes: Buffer) => this.read(bytes));
    this.source.on("end", () => this.first.end());
    this.source.on("close", () => this.first.end());
    this.destination.on("drain", () => this.maybeResume());
    this.destination.on("close", () => this.abandon());
  }

  private read(bytes: Buffer): void {
    this.counters.offeredBytes += bytes.length;
    if (this.first === this.last) this.write(bytes);
    else this.first.push({ bytes, at: performance.now() });
    if (this.sourcePaused || this.ended) return;
    if (this.destinationIsFull() || this.budget.isFull(this.heldBytes)) {
      this.sourcePaused = true;
      this.source.pause();
    }
  }

  private write(bytes: Buffer): void {
    if (this.ended || this.destination.destroyed) return;
    this.destination.write(bytes, (error) => {
      if (error === undefined || error === null) this.counters.deliveredBytes += bytes.length;
    });
  }

  private finish(): void {
    if (this.ended) return;
    this.ended = true;
    this.closeDestination();
    this.resume();
  }

  /** The destination is gone: what is held is lost; what still comes is read and discarded until the source closes too. */
  private abandon(): void {
    this.ended = true;
    for (const { stage } of this.placed) stage?.abandon();
    this.placed.length = 0;
    this.first = this.last;
    this.resume();
  }

  held(bytes: number): void {
    this.heldBytes += bytes;
    this.budget.total += bytes;
    if (bytes < 0) this.maybeResume();
  }

  /**
   * More waits than the kernel took. The socket's own mark (16 KiB) is no measure: one chunk is above it, even when the kernel
   * takes it at once, and the source would be stopped and started again for each.
   */
  private destinationIsFull(): boolean {
    return this.destination.writableLength >= destinationBytesMax;
  }

  private maybeResume(): void {
    if (this.sourcePaused && !this.destinationIsFull() && this.budget.hasRoom(this.heldBytes)) this.resume();
  }

  private resume(): void {
    if (!this.sourcePaused) return;
    this.sourcePaused = false;
    this.source.resume();
  }

  /** Appends the toxic to the chain. Whether it acts on this connection is drawn here, once. */
  addToxic(toxic: Toxic): void {
    if (this.ended) return;
    this.placed.push({ toxic, toxicityDrawnFor: toxic.toxicity, stage: this.draw(toxic) });
    this.relink();
  }

  private draw(toxic: Toxic): Stage | null {
    if (Math.random() >= toxic.toxicity) return null;
    return toxicTypes.get(toxic.type)?.make(this, toxic.attributes) ?? null;
  }

  /** Draws again only when the toxicity itself was changed. */
  updateToxic(toxic: Toxic): void {
    const placed = this.placed.find((other) => other.toxic === toxic);
    if (placed === undefined) return;
    if (placed.toxicityDrawnFor === toxic.toxicity) {
      placed.stage?.update(toxic.attributes);
      return;
    }
    placed.toxicityDrawnFor = toxic.toxicity;
    placed.stage?.release();
    placed.stage = this.draw(toxic);
    this.relink();
  }

  removeToxic(toxic: Toxic): void {
    const index = this.placed.findIndex((other) => other.toxic === toxic);
    if (index === -1) return;
    const [removed] = this.placed.splice(index, 1);
    // Its bytes go on to the stage behind it before those in front of it are linked past it: order is kept.
    removed?.stage?.release();
    this.relink();
  }

  private relink(): void {
    let next: Sink = this.last;
    for (const { stage } of this.placed.toReversed()) {
      if (stage === null) continue;
      stage.next = next;
      next = stage;
    }
    this.first = next;
  }

  /** Whether a toxic of this type acts here. */
  hasActive(type: string): boolean {
    return this.placed.some(({ toxic, stage }) => toxic.type === type && stage !== null);
  }
}
