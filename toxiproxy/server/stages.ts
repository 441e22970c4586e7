// The toxics. What each does to a stream was read from and measured on Toxiproxy 2.12; departures are marked where they stand.
import { DelayingStage, Stage } from "./stage.js";
import type { Chunk, StageHost } from "./stage.js";

type Attributes = Readonly<Record<string, number>>;

const attribute = (attributes: Attributes, name: string): number => attributes[name] ?? 0;

/** Delays every chunk by latency ± jitter ms from its arrival; chunks on their way overlap, their order stays. */
class LatencyStage extends DelayingStage {
  private latencyMs = 0;
  private jitterMs = 0;
  /** The delay drawn for the chunk at the head. */
  private headDelayMs: number | null = null;

  constructor(host: StageHost, attributes: Attributes) {
    super(host);
    this.read(attributes);
  }

  private read(attributes: Attributes): void {
    this.latencyMs = attribute(attributes, "latency");
    this.jitterMs = attribute(attributes, "jitter");
  }

  protected split(chunk: Chunk): readonly Chunk[] {
    return [chunk];
  }

  protected dueAt(head: Chunk): number {
    this.headDelayMs ??=
      this.latencyMs + (this.jitterMs > 0 ? Math.floor(Math.random() * 2 * this.jitterMs) - this.jitterMs : 0);
    return head.at + this.headDelayMs;
  }

  protected leaving(head: Chunk, dueAtMs: number): Chunk {
    this.headDelayMs = null;
    return { bytes: head.bytes, at: Math.max(head.at, dueAtMs) };
  }

  update(attributes: Attributes): void {
    this.read(attributes);
    this.headDelayMs = null;
    this.reconsider();
  }
}

/** At most `rate` kilobytes (1000 bytes) a second, in pieces of at most 100 ms; rate 0 holds everything. */
class BandwidthStage extends DelayingStage {
  private rateKbPerS = 0;
  /** When the line is free again. */
  private freeAtMs = 0;
  private headDueAtMs: number | null = null;

  constructor(host: StageHost, attributes: Attributes) {
    super(host);
    this.rateKbPerS = attribute(attributes, "rate");
  }

  protected split(chunk: Chunk): readonly Chunk[] {
    const most = this.rateKbPerS * 100;
    if (most <= 0 || chunk.bytes.length <= most) return [chunk];
    const parts: Chunk[] = [];
    for (let from = 0; from < chunk.bytes.length; from += most)
      parts.push({ bytes: chunk.bytes.subarray(from, from + most), at: chunk.at });
    return parts;
  }

  protected dueAt(head: Chunk, now: number): number {
    if (this.rateKbPerS <= 0) return Infinity;
    this.headDueAtMs ??= Math.max(this.freeAtMs, now) + head.bytes.length / this.rateKbPerS;
    return this.headDueAtMs;
  }

  protected leaving(head: Chunk, dueAtMs: number): Chunk {
    this.freeAtMs = dueAtMs;
    this.headDueAtMs = null;
    return head;
  }

  update(attributes: Attributes): void {
    this.rateKbPerS = attribute(attributes, "rate");
    this.headDueAtMs = null;
    this.freeAtMs = 0;
    this.reconsider();
  }
}

/** Cuts chunks into pieces of about `average_size` bytes with `delay` µs after each. */
class SlicerStage extends DelayingStage {
  private averageBytes = 0;
  private variationBytes = 0;
  private delayMs = 0;
  private freeAtMs = 0;

  constructor(host: StageHost, attributes: Attributes) {
    super(host);
    this.read(attributes);
  }

  private read(attributes: Attributes): void {
    this.averageBytes = attribute(attributes, "average_size");
    this.variationBytes = attribute(attributes, "size_variation");
    this.delayMs = attribute(attributes, "delay") / 1000;
  }

  protected split(chunk: Chunk): readonly Chunk[] {
    // Toxiproxy recurses without end on a size of 0; here it slices nothing.
    if (this.averageBytes <= 0) return [chunk];
    const parts: Chunk[] = [];
    const cut = (from: number, to: number): void => {
      const middle =
        from +
        Math.floor((to - from) / 2) +
        (this.variationBytes > 0 ? Math.floor(Math.random() * 2 * this.variationBytes) - this.variationBytes : 0);
      if (to - from - this.averageBytes <= this.variationBytes || middle <= from || middle >= to) {
        parts.push({ bytes: chunk.bytes.subarray(from, to), at: chunk.at });
        return;
      }
      cut(from, middle);
      cut(middle, to);
    };
    cut(0, chunk.bytes.length);
    return parts;
  }

  protected dueAt(): number {
    return this.freeAtMs;
  }

  protected leaving(head: Chunk): Chunk {
    // Timers tick in milliseconds: shorter delays are kept by counting on from when this piece was due.
    const now = performance.now();
    this.freeAtMs = (now - this.freeAtMs < 2 ? this.freeAtMs : now) + this.delayMs;
    return head;
  }

  update(attributes: Attributes): void {
    this.read(attributes);
    this.freeAtMs = 0;
    this.reconsider();
  }
}

/** Lets bytes through and delays the end by `delay` ms. */
class SlowCloseStage extends Stage {
  private delayMs: number;
  private endHeldSinceMs: number | null = null;

  constructor(host: StageHost, attributes: Attributes) {
    super(host);
    this.delayMs = attribute(attributes, "delay");
  }

  protected take(chunk: Chunk): void {
    this.next.push(chunk);
  }

  protected takeEnd(): void {
    this.endHeldSinceMs ??= performance.now();
    const left = this.endHeldSinceMs + this.delayMs - performance.now();
    if (left <= 0) this.finish();
    else this.setTimer(left, () => this.takeEnd());
  }

  update(attributes: Attributes): void {
    this.delayMs = attribute(attributes, "delay");
    if (this.endHeldSinceMs !== null) this.takeEnd();
  }

  release(): void {
    if (this.endHeldSinceMs !== null) this.finish();
  }
}

/** Discards every byte; with `timeout` > 0 ends the stream that long after the last one. Its removal ends the stream. */
class TimeoutStage extends Stage {
  private timeoutMs: number;

  constructor(host: StageHost, attributes: Attributes) {
    super(host);
    this.timeoutMs = attribute(attributes, "timeout");
    this.wait(this.timeoutMs);
  }

  private wait(leftMs: number): void {
    this.cancelTimer();
    if (this.timeoutMs > 0) this.setTimer(leftMs, () => this.finish());
  }

  protected take(): void {
    this.wait(this.timeoutMs);
  }

  protected takeEnd(): void {
    this.finish();
  }

  update(attributes: Attributes): void {
    this.timeoutMs = attribute(attributes, "timeout");
    this.wait(this.timeoutMs);
  }

  release(): void {
    this.finish();
  }
}

/** On the first bytes (or the end) waits `timeout` ms and ends the stream; the connection makes an RST of it where it may. */
class ResetPeerStage extends Stage {
  private timeoutMs: number;
  private triggered = false;

  constructor(host: StageHost, attributes: Attributes) {
    super(host);
    this.timeoutMs = attribute(attributes, "timeout");
  }

  private trigger(): void {
    if (this.triggered) return;
    this.triggered = true;
    if (this.timeoutMs <= 0) this.finish();
    else this.setTimer(this.timeoutMs, () => this.finish());
  }

  protected take(): void {
    this.trigger();
  }

  protected takeEnd(): void {
    this.trigger();
  }

  update(attributes: Attributes): void {
    this.timeoutMs = attribute(attributes, "timeout");
  }

  /** Toxiproxy's API hangs here until the timer ends. The swallowed bytes leave no other way than to end the stream. */
  release(): void {
    if (this.triggered) this.finish();
  }
}

/** Ends the stream once `bytes` bytes went through. */
class LimitDataStage extends Stage {
  private limitBytes: number;
  private passedBytes = 0;

  constructor(host: StageHost, attributes: Attributes) {
    super(host);
    this.limitBytes = attribute(attributes, "bytes");
  }

  protected take(chunk: Chunk): void {
    const left = Math.max(0, this.limitBytes - this.passedBytes);
    const bytes = left < chunk.bytes.length ? chunk.bytes.subarray(0, left) : chunk.bytes;
    this.passedBytes += bytes.length;
    if (bytes.length > 0) this.next.push({ bytes, at: chunk.at });
    if (this.passedBytes >= this.limitBytes) this.finish();
  }

  protected takeEnd(): void {
    this.finish();
  }

  update(attributes: Attributes): void {
    this.limitBytes = attribute(attributes, "bytes");
  }

  release(): void {
    // It holds nothing.
  }
}

/** Toxiproxy registers its own placeholder as a type, so a caller may ask for it. */
class NoopStage extends Stage {
  protected take(chunk: Chunk): void {
    this.next.push(chunk);
  }

  protected takeEnd(): void {
    this.finish();
  }

  update(): void {
    // It has no attributes.
  }

  release(): void {
    // It holds nothing.
  }
}

export interface ToxicType {
  /** Attribute names, in the order in which the API shows them. */
  readonly attributes: readonly string[];
  /** The name of Go's struct, which stands in the error texts. */
  readonly goName: string;
  make(host: StageHost, attributes: Attributes): Stage;
}

/** Every toxic type that the API knows. */
export const toxicTypes: ReadonlyMap<string, ToxicType> = new Map<string, ToxicType>([
  ["latency", { attributes: ["latency", "jitter"], goName: "LatencyToxic", make: (h, a) => new LatencyStage(h, a) }],
  ["bandwidth", { attributes: ["rate"], goName: "BandwidthToxic", make: (h, a) => new BandwidthStage(h, a) }],
  ["slow_close", { attributes: ["delay"], goName: "SlowCloseToxic", make: (h, a) => new SlowCloseStage(h, a) }],
  ["timeout", { attributes: ["timeout"], goName: "TimeoutToxic", make: (h, a) => new TimeoutStage(h, a) }],
  ["reset_peer", { attributes: ["timeout"], goName: "ResetToxic", make: (h, a) => new ResetPeerStage(h, a) }],
  [
    "slicer",
    {
      attributes: ["average_size", "size_variation", "delay"],
      goName: "SlicerToxic",
      make: (h, a) => new SlicerStage(h, a),
    },
  ],
  ["limit_data", { attributes: ["bytes"], goName: "LimitDataToxic", make: (h, a) => new LimitDataStage(h, a) }],
  ["noop", { attributes: [], goName: "NoopToxic", make: (h) => new NoopStage(h) }],
]);
