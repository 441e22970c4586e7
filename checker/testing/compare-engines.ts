// One history of a register, judged by every engine and held against the truth; whatever an engine claims is checked: a
// linearization by replaying it, a conflict by the verifier of cores.
import type { JsonValue, Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import { judgeOperations } from "../engine.js";
import { casRegister } from "../models/index.js";
import { judgeWithoutSearch } from "../no-search/index.js";
import { columnsOf } from "../register/columns.js";
import { withScratch, type Scratch } from "../scratch.js";
import { isInconsistentCore } from "./brute-force.js";
import { linearizeGreedily } from "../register/greedy.js";
import { findOverwritten } from "../register/overwritten.js";
import { timelineOf } from "../register/timeline.js";
import { registerSpecification, verifyLinearization } from "../verifier.js";

export interface Compared {
  readonly truth: boolean;
  /** How the algorithm without a search came out: "linearizable", the reason of a conflict, or why it does not apply. */
  readonly noSearch: string;
  readonly decidedWithoutSearch: boolean;
}

/** Throws, naming the engine, when one is wrong. `truth`: null where it is not known; then the engines are held against each other. */
export function compareEngines(operations: readonly Operation[], initial: JsonValue, known: boolean | null): Compared {
  // Asking for the heap costs more than a tiny history does.
  const budget = new Budget({ timeMs: 20_000 }, undefined, () => 0);
  const sets = judgeOperations(operations, casRegister, initial, budget, "configuration-sets");
  const truth = known ?? sets.answer.valid;
  for (const { engine, answer } of [sets, judgeOperations(operations, casRegister, initial, budget, "wing-gong")]) {
    if (answer.valid !== truth) throw new Error(`${engine} judged ${String(answer.valid)}, but it is ${String(truth)}`);
    if (answer.valid) checkWitness(engine, operations, initial, answer.order);
  }
  return withScratch(0, (scratch) => ({ truth, ...checkNoSearch(operations, initial, truth, scratch) }));
}

function checkWitness(
  engine: string,
  operations: readonly Operation[],
  initial: JsonValue,
  positions: Iterable<number>,
): void {
  const order = Array.from(positions, (position) => operations[position]?.index ?? -1);
  const problem = verifyLinearization(registerSpecification(initial), operations, order);
  if (problem !== null) throw new Error(`${engine} gave a linearization that is none: ${problem}`);
}

function checkNoSearch(
  operations: readonly Operation[],
  initial: JsonValue,
  truth: boolean,
  scratch: Scratch,
): Omit<Compared, "truth"> {
  const columns = columnsOf(operations, initial, scratch);
  if ("operations" in columns) {
    if (truth) throw new Error("an answer is said to contradict itself, but the history is valid");
    return { noSearch: "an answer contradicts itself", decidedWithoutSearch: true };
  }
  const timeline = timelineOf(columns, scratch);
  if (findOverwritten(columns, timeline, scratch) !== -1 && truth)
    throw new Error("a value is said to have been seen when it was gone, but the history is valid");
  const greedy = linearizeGreedily(columns, timeline, scratch, new Budget());
  if (greedy !== null) checkWitness("the greedy pass", operations, initial, greedy);
  const answer = judgeWithoutSearch(columns, scratch);
  if (answer.kind === "not-applicable") return { noSearch: answer.reason, decidedWithoutSearch: false };
  if ((answer.kind === "linearizable") !== truth)
    throw new Error(`no-search judged ${answer.kind}, but it is ${String(truth)}`);
  if (answer.kind === "linearizable") {
    checkWitness("no-search", operations, initial, answer.order);
    return { noSearch: "linearizable", decidedWithoutSearch: true };
  }
  const { reason, operations: core } = answer.conflict;
  const said = `no-search says "${reason}" between ${core.join()}`;
  if (reason !== "cycle" && core.length > 4) throw new Error(`${said}: more than four`);
  if (core.some((at) => operations[at]?.outcome !== "ok")) throw new Error(`${said}: some were not answered`);
  const isSmall = operations.length <= 20;
  if (isSmall && !isInconsistentCore(operations, initial, core)) throw new Error(`${said}, but they do not conflict`);
  return { noSearch: reason, decidedWithoutSearch: true };
}
