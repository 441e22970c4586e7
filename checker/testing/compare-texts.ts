// One history of a text, judged without a search and with one, and held against the truth.
import { createRandom } from "../../history/index.js";
import { Budget } from "../budget.js";
import { judgeOperations } from "../engine.js";
import { requireLinearization } from "../linearizability.js";
import { kvAppend } from "../models/index.js";
import { judgeTexts } from "../no-search/texts.js";
import { withScratch } from "../scratch.js";
import type { Compared } from "./compare-engines.js";
import { describe } from "./fuzz-case.js";
import { bruteForceTexts, textHistory } from "./text-history.js";
import type { TinyHistory } from "./tiny-history.js";

/** Case `number` of the fuzz with this seed. Throws, with all that is needed to see it again, when an engine is wrong. */
export function textCase(seed: number, number: number): Compared {
  const history = textHistory(createRandom(seed, `text ${number}`));
  try {
    return compareTexts(history);
  } catch (error) {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Error(
      `seed ${seed}, case ${number}: ${problem}\n${describe(history)}\nagain: npm run fuzz:checker -- --texts --seed ${seed} --case ${number}`,
      { cause: error },
    );
  }
}

export function compareTexts(history: TinyHistory): Compared {
  const { operations, initial } = history;
  const truth = bruteForceTexts(history);
  const budget = new Budget({ timeMs: 20_000 }, undefined, () => 0);
  const checkOrder = (positions: Iterable<number>): void => {
    const order = Array.from(positions, (position) => operations[position]?.index ?? -1);
    requireLinearization({ key: "k", operations }, kvAppend, initial, order);
  };
  // Of long ones, a general search may take too long.
  for (const asked of operations.length <= 8 ? ([null, "wing-gong"] as const) : [null]) {
    const { engine, answer } = judgeOperations(operations, kvAppend, initial, budget, asked);
    if (answer.valid !== truth) throw new Error(`${engine} judged ${String(answer.valid)}, but it is ${String(truth)}`);
    if (answer.valid) checkOrder(answer.order);
    else if (answer.stuck !== null && operations[answer.stuck] === undefined)
      throw new Error(`${engine} is stuck at operation ${answer.stuck}, which there is not`);
  }
  return withScratch(0, (scratch) => {
    const found = judgeTexts(operations, initial, scratch);
    if (found.kind === "not-applicable") return { truth, noSearch: found.reason, decidedWithoutSearch: false };
    if ((found.kind === "linearizable") !== truth)
      throw new Error(`without a search it is ${found.kind}, but it is ${String(truth)}`);
    if (found.kind === "linearizable") {
      checkOrder(found.order);
      return { truth, noSearch: "linearizable", decidedWithoutSearch: true };
    }
    const { stuck } = found;
    if (stuck !== null && (operations[stuck]?.function !== "get" || operations[stuck]?.outcome !== "ok"))
      throw new Error(`it is said to be stuck at operation ${stuck}, which is no get that was answered`);
    return { truth, noSearch: stuck === null ? "no order" : "a get of what nobody wrote", decidedWithoutSearch: true };
  });
}
