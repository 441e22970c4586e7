// What every engine answers for one key, and which engine is asked.
import type { JsonValue, Operation } from "../history/index.js";
import type { Budget } from "./budget.js";
import type { AnyModel } from "./model.js";
import { judgeWithoutSearch, type Conflict } from "./no-search/index.js";
import { judgeTexts } from "./no-search/texts.js";
import { bytesPerOperation, columnsOf, type Contradiction, type RegisterColumns } from "./register/columns.js";
import { linearizeGreedily } from "./register/greedy.js";
import { objectsOf, tighten } from "./register/normalise.js";
import { findOverwritten } from "./register/overwritten.js";
import { searchRegister } from "./register/sweep.js";
import { timelineOf } from "./register/timeline.js";
import { withScratch, type Scratch } from "./scratch.js";
import { searchWingGong } from "./general-search/index.js";

/**
 * `no-search` judges registers whose written values are distinct, and texts that can be taken apart; `configuration-sets` every
 * register, `wing-gong` any model. Where none is asked for, `no-search` also says of other registers that they are inconsistent, when a value was seen that was certainly gone;
 * and `configuration-sets` first tries a greedy pass, which keeps one configuration only.
 */
export const engineNames = ["no-search", "configuration-sets", "wing-gong"] as const;
export type EngineName = (typeof engineNames)[number];

export type EngineAnswer =
  /** `order`: positions in the list of operations given, a linearization. It may lie in the scratch memory of what was prepared. */
  | { readonly valid: true; readonly order: readonly number[] | Int32Array }
  /**
   * `stuck`: position of the operation whose return no configuration survives, where the engine knows it. `conflict`: the
   * operations that contradict each other, where the engine knows them.
   */
  | { readonly valid: false; readonly stuck: number | null; readonly conflict?: Conflict };

/** Thrown when the engine that was asked for cannot judge this history. */
export class EngineDoesNotApply extends Error {
  override readonly name = "EngineDoesNotApply";
}

export interface Judgement {
  /** The engine that answered. */
  readonly engine: EngineName;
  readonly answer: EngineAnswer;
}

/** The operations' columns, where they were made before, and the scratch memory that they lie in. */
export interface Prepared {
  readonly columns: RegisterColumns | Contradiction;
  readonly scratch: Scratch;
}

/** The engine that is tried first where none is asked for. */
export function firstEngine({ register, appends }: AnyModel): EngineName {
  return register || appends === true ? "no-search" : "wing-gong";
}

/**
 * One key's operations, validated, judged by the engine asked for or else by the first that applies. Throws BudgetExhausted and
 * EngineDoesNotApply; `onEngine` hears which engine is at work before it begins.
 */
export function judgeOperations(
  operations: readonly Operation[],
  model: AnyModel,
  initial: JsonValue,
  budget: Budget,
  asked: EngineName | null = null,
  onEngine: (engine: EngineName) => void = () => {},
  prepared: Prepared | null = null,
): Judgement {
  const engine = asked ?? firstEngine(model);
  onEngine(engine);
  budget.look();
  if (engine === "no-search" && model.appends === true) {
    const answer = answerForTexts(operations, initial, budget, asked);
    if (answer !== null) return { engine, answer };
    onEngine("wing-gong");
    return { engine: "wing-gong", answer: judgeGenerally(operations, model, initial, budget) };
  }
  if (engine === "wing-gong") return { engine, answer: judgeGenerally(operations, model, initial, budget) };
  if (!model.register) throw new EngineDoesNotApply(`${engine} judges registers only, not model "${model.name}"`);
  if (prepared !== null) return judgeColumns(prepared.columns, prepared.scratch, budget, engine, asked, onEngine);
  return withScratch(bytesPerOperation * operations.length, (scratch) => {
    const columns = columnsOf(operations, initial, scratch, budget);
    const judged = judgeColumns(columns, scratch, budget, engine, asked, onEngine);
    const { answer } = judged;
    return answer.valid ? { ...judged, answer: { valid: true, order: answer.order.slice() } } : judged;
  });
}

function judgeColumns(
  columns: RegisterColumns | Contradiction,
  scratch: Scratch,
  budget: Budget,
  engine: EngineName,
  asked: EngineName | null,
  onEngine: (engine: EngineName) => void,
): Judgement {
  if ("operations" in columns) return { engine, answer: { valid: false, stuck: columns.operations[0] ?? null } };
  if (engine === "no-search") {
    const found = judgeWithoutSearch(columns, scratch, budget);
    if (found.kind === "linearizable") return { engine, answer: { valid: true, order: found.order } };
    if (found.kind === "violation") return { engine, answer: { valid: false, stuck: null, conflict: found.conflict } };
    if (asked === "no-search") throw new EngineDoesNotApply(`no-search cannot judge it: ${found.reason}`);
    const timeline = timelineOf(columns, scratch);
    const gone = findOverwritten(columns, timeline, scratch);
    if (gone !== -1) return { engine, answer: { valid: false, stuck: columns.position[gone] ?? null } };
    onEngine("configuration-sets");
    const order = linearizeGreedily(columns, timeline, scratch, budget);
    if (order !== null) return { engine: "configuration-sets", answer: { valid: true, order } };
  } else onEngine("configuration-sets");
  return { engine: "configuration-sets", answer: judgeBySets(columns, budget) };
}

/** Null: it takes a search. */
function answerForTexts(
  operations: readonly Operation[],
  initial: JsonValue,
  budget: Budget,
  asked: EngineName | null,
): EngineAnswer | null {
  return withScratch(bytesPerOperation * operations.length, (scratch) => {
    const found = judgeTexts(operations, initial, scratch, budget);
    if (found.kind === "linearizable") return { valid: true, order: found.order.slice() };
    if (found.kind === "violation") return { valid: false, stuck: found.stuck };
    if (asked === "no-search") throw new EngineDoesNotApply(`no-search cannot judge it: ${found.reason}`);
    return null;
  });
}

function judgeBySets(columns: RegisterColumns, budget: Budget): EngineAnswer {
  const tight = tighten({ operations: objectsOf(columns), values: { length: columns.values.size } });
  return "values" in tight ? searchRegister(tight, budget) : { valid: false, stuck: tight.operations.at(-1) ?? null };
}

function judgeGenerally(
  operations: readonly Operation[],
  model: AnyModel,
  initial: JsonValue,
  budget: Budget,
): EngineAnswer {
  return model.open((opened) => {
    // What certainly did not happen and reads that were never answered say nothing.
    const positions: number[] = [];
    const kept: Operation[] = [];
    for (let position = 0; position < operations.length; position++) {
      const operation = operations[position];
      if (operation === undefined || operation.outcome === "fail") continue;
      if (operation.outcome === "info" && opened.isRead(operation)) continue;
      positions.push(position);
      kept.push(operation);
    }
    const answer = searchWingGong(opened, opened.initial(initial), kept, budget);
    if (kept.length === operations.length) return answer;
    const given = (position: number): number => positions[position] ?? -1;
    if (answer.valid) return { valid: true, order: Array.from(answer.order, given) };
    return { ...answer, stuck: answer.stuck === null ? null : given(answer.stuck) };
  });
}
