// The long fuzz of the linearizability engines against brute force:
//   npm run fuzz:checker -- --count 5000000 --seed 1      random histories; a failure prints seed, number and history
//   npm run fuzz:checker -- --seed 1 --case 4711          one of them again
//   npm run fuzz:checker -- --exhaustive                  every small history (exhaustive.ts says which), of up to --operations 4
// Exits with 1 at the first wrong answer.
import { parseArgs } from "node:util";
import { smallHistories } from "./exhaustive.js";
import { describe, fuzzCase, judgeCase } from "./fuzz-case.js";
import type { Compared } from "./compare-engines.js";

const reportEveryMs = 10_000;

class Tally {
  histories = 0;
  readonly #counts = { valid: 0, invalid: 0, decidedWithoutSearch: 0 };
  readonly #startedMs = performance.now();
  #reportedMs = performance.now();
  add({ truth, noSearch }: Compared): void {
    this.histories += 1;
    this.#counts[truth ? "valid" : "invalid"] += 1;
    if (noSearch !== "undecided") this.#counts.decidedWithoutSearch += 1;
    if (this.histories % 1000 !== 0 || performance.now() - this.#reportedMs < reportEveryMs) return;
    this.#reportedMs = performance.now();
    console.error(this.text());
  }
  text(): string {
    const { valid, invalid, decidedWithoutSearch } = this.#counts;
    const seconds = (performance.now() - this.#startedMs) / 1000;
    return `${this.histories} histories in ${seconds.toFixed(0)} s: ${valid} valid, ${invalid} invalid, ${decidedWithoutSearch} decided without a search`;
  }
}

function fuzz(seed: number, count: number): void {
  const tally = new Tally();
  for (let number = 0; number < count; number++) tally.add(fuzzCase(seed, number));
  console.log(`${tally.text()}; no wrong answer (seed ${seed})`);
}

function exhaust(): void {
  const tally = new Tally();
  for (const moved of [false, true])
    for (const count of [1, 2, 3, 4].slice(0, Number(values.operations))) {
      const before = tally.histories;
      for (const history of smallHistories(count, moved)) {
        try {
          tally.add(judgeCase(history));
        } catch (error) {
          throw new Error(`${String(error)}\n${describe(history)}`, { cause: error });
        }
      }
      console.log(`${count} operations${moved ? ", ends moved" : ""}: all ${tally.histories - before} histories`);
    }
  console.log(`${tally.text()}; no wrong answer`);
}

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    case: { type: "string" },
    operations: { type: "string", default: "4" },
    exhaustive: { type: "boolean", default: false },
  },
});
try {
  if (values.exhaustive) exhaust();
  else if (values.case !== undefined) console.log(fuzzCase(Number(values.seed), Number(values.case)));
  else fuzz(Number(values.seed), Number(values.count));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
