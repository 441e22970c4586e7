// Runs many seeds of the chaos world: `npx tsx system/testing/run-seeds.ts [first] [count]`. Prints each violation with its seed, then
// what the runs did. It exits with 1 if there was any.
import { runChaos, type ChaosOutcome } from "./chaos.js";

const first = Number(process.argv[2] ?? 1);
const count = Number(process.argv[3] ?? 1000);
const shown = Number(process.argv[4] ?? 10);
const started = performance.now();
const outcomes: ChaosOutcome[] = [];
let violations = 0;
for (let seed = first; seed < first + count; seed += 1) {
  try {
    outcomes.push(runChaos(seed));
  } catch (error) {
    violations += 1;
    if (violations <= shown) console.log((error as Error).message);
  }
}
const sum = (pick: (outcome: ChaosOutcome) => number): number =>
  outcomes.reduce((total, outcome) => total + pick(outcome), 0);
const recovery = outcomes
  .map((outcome) => outcome.recoveryTicks / outcome.heartbeat)
  .sort((left, right) => left - right);
const quantile = (share: number): string => (recovery[Math.floor(share * (recovery.length - 1))] ?? 0).toFixed(1);
console.log(
  `${count} seeds from ${first}: ${violations} violations; ${sum((o) => o.decided)} decided, ${sum((o) => o.completed)} answered, ` +
    `${sum((o) => o.faults)} faults, ${sum((o) => o.leaderships)} leaderships, ${sum((o) => o.gaps)} gaps, ` +
    `${sum((o) => o.messages)} messages; recovery in heartbeats p50 ${quantile(0.5)} p99 ${quantile(0.99)} max ${quantile(1)}; ` +
    `${((performance.now() - started) / 1000).toFixed(1)} s`,
);
process.exitCode = violations === 0 ? 0 : 1;
