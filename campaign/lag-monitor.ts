// Measures how late this process's own event loop is. A runner that stalls makes operations look longer than they were, and a
// run in which it stalled for long shows little: the verdict must know.
//
// Two measures. A timer of its own tells the worst delay. For percentiles timers are too coarse, for they are due at whole milliseconds
// and answers take a few; so another thread rings a hundred times a second, and what counts is the time from the ring to its
// handler here: as long as an answer of a client waits between its socket and its stamp, waiting for a processor included.
import { createHistogram } from "node:perf_hooks";
import { Worker } from "node:worker_threads";

export interface LagMonitor {
  /** The longest delay seen so far, in milliseconds. */
  readonly worstMs: number;
  /** Of the rings so far, 99 in a hundred were heard within this; of the timer's delays where no other thread could be started. */
  readonly p99Ms: number;
  /** How many rings of the other thread were heard. */
  readonly rings: number;
  stop(): void;
}

const everyMs = 20;
const ringEveryMs = 10;

/** Plain JavaScript, so that it needs no loader. The wait is not bound to milliseconds as timers are. */
const ringing = `
const { parentPort, workerData } = require("node:worker_threads");
const never = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  Atomics.wait(never, 0, 0, workerData);
  parentPort.postMessage(process.hrtime.bigint());
}`;

/** Calls `report` for each delay of at least `thresholdMs`. */
export function startLagMonitor(thresholdMs: number, report: (lagMs: number) => void): LagMonitor {
  let expected = performance.now() + everyMs;
  let worst = 0;
  const delays = createHistogram();
  const rings = createHistogram();
  const timer = setInterval(() => {
    const now = performance.now();
    const lag = now - expected;
    expected = now + everyMs;
    delays.record(asNanoseconds(lag));
    if (lag > worst) worst = lag;
    if (lag >= thresholdMs) report(lag);
  }, everyMs);
  const ringer = new Worker(ringing, { eval: true, workerData: ringEveryMs, stdout: true, stderr: true });
  ringer.unref();
  ringer.on("message", (rangAt: bigint) => rings.record(Math.max(1, Number(process.hrtime.bigint() - rangAt))));
  // Without rings the timer's delays stand in: they say more than there was, never less.
  ringer.on("error", () => rings.reset());
  return {
    get worstMs() {
      return worst;
    },
    get p99Ms() {
      const told = rings.count > 0 ? rings : delays;
      return told.count === 0 ? 0 : told.percentile(99) / 1e6;
    },
    get rings() {
      return rings.count;
    },
    stop: () => {
      clearInterval(timer);
      void ringer.terminate();
    },
  };
}

/** What a histogram takes: a whole number of at least 1. */
function asNanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1e6));
}
