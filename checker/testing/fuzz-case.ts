// One numbered case of the long fuzz: made, judged by everything, and described when something is wrong.
import { createRandom } from "../../history/index.js";
import { bruteForce } from "./brute-force.js";
import { compareEngines, type Compared } from "./compare-engines.js";
import { fuzzHistory } from "./fuzz-history.js";
import type { TinyHistory } from "./tiny-history.js";

/** Case `number` of the fuzz with this seed. Throws, with all that is needed to see it again, when an engine is wrong. */
export function fuzzCase(seed: number, number: number): Compared {
  const history = fuzzHistory(createRandom(seed, String(number)));
  try {
    return judgeCase(history);
  } catch (error) {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(
      `seed ${seed}, case ${number}: ${problem}\n${describe(history)}\nagain: npm run fuzz:checker -- --seed ${seed} --case ${number}`,
      { cause: error },
    );
  }
}

export function judgeCase({ operations, initial }: TinyHistory): Compared {
  return compareEngines(operations, initial, bruteForce(operations, initial) !== null);
}

export function describe({ operations, initial }: TinyHistory): string {
  const lines = operations.map(
    ({ index, function: name, input, output, outcome, callNs, returnNs }) =>
      `  ${index}: [${callNs}, ${returnNs ?? "∞"}] ${name} ${JSON.stringify(input)} → ${outcome} ${JSON.stringify(output)}`,
  );
  return [`  initial value ${JSON.stringify(initial)}`, ...lines].join("\n");
}
