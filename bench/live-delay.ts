// How soon the live verdict beside a run says that there is a violation.
//   npm run bench:live-delay -- [runs, default 50]
// Each run is a simulated one with planted stale reads, told in real time to a worker thread that was already up: 12 clients on one key,
// some thousand operations a second, 2 % of unknown outcome. Printed: the delay after the event that the verdict had to wait for, and
// after the return that nothing explains. Beside it how late this process's own timers were, which is the machine and not the checker.
import type { LiveVerdict } from "../checker/index.js";
import { watchInWorker } from "../checker/index.js";
import { eventsOf, registerHistory } from "./checker-histories.js";

interface Delays {
  readonly afterEventMs: number;
  readonly afterReturnMs: number;
  readonly latestTimerMs: number;
}

function soon(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

async function run(seed: number): Promise<Delays | null> {
  const events = eventsOf(
    registerHistory({ seed, operations: 1_500, clients: 12, values: "unique", unknownShare: 0.02, staleRead: true }),
  );
  const heard: { readonly verdict: LiveVerdict; readonly decidedByNs: number; readonly atMs: number }[] = [];
  const live = watchInWorker({
    model: "cas-register",
    initial: null,
    onVerdict: (verdict, decidedByNs) => {
      heard.push({ verdict, decidedByNs: decidedByNs ?? 0, atMs: performance.now() });
    },
  });
  for (const event of events.slice(0, 1)) live.feed(event);
  while (live.behind > 0) await soon();
  const toldAtMs = new Map<number, number>();
  const startedMs = performance.now();
  let latestTimerMs = 0;
  let at = 1;
  while (at < events.length && heard.length === 0) {
    const beforeMs = performance.now();
    await soon();
    latestTimerMs = Math.max(latestTimerMs, performance.now() - beforeMs - 1);
    for (; at < events.length; at++) {
      const event = events[at];
      if (event === undefined) break;
      const timeNs = "time" in event ? event.time : 0;
      if (timeNs / 1e6 > performance.now() - startedMs) break;
      toldAtMs.set(timeNs, performance.now());
      live.feed(event);
    }
  }
  await live.end();
  const [found] = heard;
  if (found === undefined || found.verdict.valid !== false) return null;
  const since = (timeNs: number): number => found.atMs - (toldAtMs.get(timeNs) ?? 0);
  const afterReturnMs = since(found.verdict.violation.operation.returnNs ?? 0);
  return { afterEventMs: since(found.decidedByNs), afterReturnMs, latestTimerMs };
}

function percentiles(values: readonly number[]): string {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, greatest ${at(1)} ms`;
}

const runs = Number(process.argv[2] ?? 50);
const seen: Delays[] = [];
for (let seed = 1; seed <= runs; seed++) {
  const delays = await run(seed);
  if (delays !== null) seen.push(delays);
}
console.log(`${seen.length} of ${runs} runs ended with a violation`);
console.log(`after the last event waited for: ${percentiles(seen.map(({ afterEventMs }) => afterEventMs))}`);
console.log(`after the offending return:      ${percentiles(seen.map(({ afterReturnMs }) => afterReturnMs))}`);
console.log(`latest timer of a run:           ${percentiles(seen.map(({ latestTimerMs }) => latestTimerMs))}`);
