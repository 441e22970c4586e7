// Latencies of one measurement, and what is told of them.

/** What one row of a table says. */
export interface LoadResult {
  readonly outstanding: number;
  readonly operations: number;
  readonly seconds: number;
  readonly operationsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** Collects latencies between two instants; what ends outside is not counted. */
export class Measurement {
  readonly #outstanding: number;
  readonly #fromMs: number;
  readonly #untilMs: number;
  #latencies = new Float64Array(1 << 16);
  #count = 0;
  #errors = 0;

  constructor(outstanding: number, fromMs: number, untilMs: number) {
    this.#outstanding = outstanding;
    this.#fromMs = fromMs;
    this.#untilMs = untilMs;
  }

  get over(): boolean {
    return performance.now() >= this.#untilMs;
  }

  completed(startMs: number, endMs: number): void {
    if (endMs < this.#fromMs || endMs >= this.#untilMs) return;
    if (this.#count === this.#latencies.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#latencies);
      this.#latencies = larger;
    }
    this.#latencies[this.#count++] = endMs - startMs;
  }

  failed(): void {
    this.#errors++;
  }

  result(): LoadResult {
    const sorted = this.#latencies.slice(0, this.#count).sort();
    const quantile = (share: number): number =>
      sorted[Math.min(this.#count - 1, Math.floor(share * this.#count))] ?? NaN;
    const seconds = (this.#untilMs - this.#fromMs) / 1000;
    return {
      outstanding: this.#outstanding,
      operations: this.#count,
      seconds,
      operationsPerSecond: this.#count / seconds,
      p50Ms: quantile(0.5),
      p99Ms: quantile(0.99),
      errors: this.#errors,
    };
  }
}
