// The long fuzz of the linearizability engines against brute force:
//   npm run fuzz:checker -- --count 5000000 --seed 1      random histories; a failure prints seed, number and history
//   npm run fuzz:checker -- --seed 1 --case 4711          one of them again
//   npm run fuzz:checker -- --texts …                     the same, of texts that are put and appended to
//   npm run fuzz:checker -- --exhaustive                  every small history (exhaustive.ts says which), of up to --operations 4
// Exits with 1 at the first wrong answer.
import { parseArgs } from "node:util";
import { smallHistories } from "./exhaustive.js";
import { describe, fuzzCase, judgeCase } from "./fuzz-case.js";
import type { Compared } from "./compare-engines.js";
import { textCase } from "./compare-texts.js";

const reportEveryMs = 10_000;

class Tally {
  histories = 0;
  #valid = 0;
  #withoutSearch = 0;
  readonly #reasons = new Map<string, number>();
  readonly #startedMs = performance.now();
  #reportedMs = performance.now();
  add({ truth, noSearch, decidedWithoutSearch }: Compared): void {
    this.histories += 1;
    if (truth) this.#valid += 1;
    if (decidedWithoutSearch) this.#withoutSearch += 1;
    this.#reasons.set(noSearch, (this.#reasons.get(noSearch) ?? 0) + 1);
    if (this.histories % 1000 !== 0 || performance.now() - this.#reportedMs < reportEveryMs) return;
    this.#reportedMs = performance.now();
    console.error(this.text());
  }
  text(): string {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    return `${this.histories} histories in ${seconds.toFixed(0)} s: ${this.#valid} valid, ${this.histories - this.#valid} invalid, ${this.#withoutSearch} decided without a search`;
  }
  reasons(): string {
    return [...this.#reasons].map(([reason, count]) => `  ${count} ${reason}`).join("\n");
  }
}

function fuzz(seed: number, count: number): void {
  const tally = new Tally();
  for (let number = 0; number < count; number++) tally.add(judgeNumbered(seed, number));
  console.log(`${tally.text()}; no wrong answer (seed ${seed})\n${tally.reasons()}`);
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
  console.log(`${tally.text()}; no wrong answer\n${tally.reasons()}`);
}

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    case: { type: "string" },
    operations: { type: "string", default: "4" },
    texts: { type: "boolean", default: false },
    exhaustive: { type: "boolean", default: false },
  },
});
const judgeNumbered = values.texts ? textCase : fuzzCase;
try {
  if (values.exhaustive) exhaust();
  else if (values.case !== undefined) console.log(judgeNumbered(Number(values.seed), Number(values.case)));
  else fuzz(Number(values.seed), Number(values.count));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
