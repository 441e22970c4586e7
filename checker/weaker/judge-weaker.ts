// Which models weaker than linearizability do the operations of one key satisfy? Sequential consistency is the strongest of them;
// where it fails, the four session guarantees are judged one by one. All of it is about this key alone: keys that are each
// sequentially consistent need not be so together.
import type { JsonValue, Operation } from "../../history/index.js";
import { Budget, BudgetExhausted } from "../budget.js";
import type { AnyModel } from "../model.js";
import { casRegister } from "../models/index.js";
import type { Contradiction } from "../register/columns.js";
import { normaliseRegister, type NormalisedRegister } from "../register/normalise.js";
import type { GuaranteeFinding, SequentialFinding, WeakerModels } from "../verdict.js";
import { isSequentialOrder } from "./replay.js";
import { searchSequential } from "./sequential-search.js";
import { judgeBlocks } from "./sequential-register.js";
import { judgeGuarantees, sessionGuarantees } from "./session-guarantees.js";
import { readSessions, type Sessions } from "./sessions.js";

/** A longer witness is not listed. */
const maxWitness = 200;
const searchConfigurations = 50_000;

/**
 * `operations`: all of one key. Registers are judged for everything, other models for sequential consistency only. `given`: the
 * operations of a register normalised, where that has been done.
 */
export function judgeWeaker(
  model: AnyModel,
  operations: readonly Operation[],
  initial: JsonValue,
  timeMs: number,
  given: NormalisedRegister | Contradiction | null = null,
): WeakerModels {
  if (!model.register) {
    const sequential = searched(model, operations, initial, timeMs);
    return finding(sequential, []);
  }
  const normal = given ?? normaliseRegister(operations, initial);
  if (!("values" in normal)) return nothing(normal.operations, operations);
  const reading = readSessions(normal, operations);
  if ("witness" in reading) return nothing(reading.witness, operations);
  const sequential = sequentialRegister(reading.known, reading.guess, operations, initial, timeMs);
  if (sequential.holds === true)
    return finding(
      sequential,
      sessionGuarantees.map((guarantee) => ({ guarantee, holds: true, given: [], witness: [] })),
    );
  const guarantees = judgeGuarantees(reading.known, reading.guess);
  return finding(
    sequential,
    guarantees.map((answer) => ({ ...answer, witness: indicesOf(answer.witness, operations) })),
  );
}

function sequentialRegister(
  known: Sessions,
  guess: Sessions | null,
  operations: readonly Operation[],
  initial: JsonValue,
  timeMs: number,
): SequentialFinding {
  const certain = judgeBlocks(known);
  if (certain.kind === "contradiction") return { holds: false, witness: indicesOf(certain.witness, operations) };
  const guessed = guess === known ? certain : guess === null ? null : judgeBlocks(guess);
  if (guessed?.kind === "order" && stands(casRegister, operations, initial, guessed.order))
    return { holds: true, witness: [] };
  return searched(casRegister, operations, initial, timeMs);
}

function stands(
  model: AnyModel,
  operations: readonly Operation[],
  initial: JsonValue,
  order: readonly number[],
): boolean {
  return model.open((opened) => isSequentialOrder(opened, opened.initial(initial), operations, order));
}

function searched(
  model: AnyModel,
  operations: readonly Operation[],
  initial: JsonValue,
  timeMs: number,
): SequentialFinding {
  try {
    const budget = new Budget({ timeMs, configurations: searchConfigurations });
    const order = model.open((opened) => searchSequential(opened, opened.initial(initial), operations, budget));
    // The whole history is the witness then, which says nothing.
    if (order === null) return { holds: false, witness: [] };
    return { holds: stands(model, operations, initial, order) ? true : "unknown", witness: [] };
  } catch (error) {
    if (error instanceof BudgetExhausted) return { holds: "unknown", witness: [] };
    throw error;
  }
}

/** An answer that no model explains. */
function nothing(positions: readonly number[], operations: readonly Operation[]): WeakerModels {
  const witness = indicesOf(positions, operations);
  return finding(
    { holds: false, witness },
    sessionGuarantees.map((guarantee) => ({ guarantee, holds: false, given: [], witness })),
  );
}

function indicesOf(positions: readonly number[], operations: readonly Operation[]): readonly number[] {
  if (positions.length > maxWitness) return [];
  return positions.flatMap((at) => operations[at]?.index ?? []);
}

function finding(sequential: SequentialFinding, guarantees: readonly GuaranteeFinding[]): WeakerModels {
  return { strongest: strongestOf(sequential, guarantees), sequential, guarantees };
}

/** In words, for people. */
function strongestOf(sequential: SequentialFinding, guarantees: readonly GuaranteeFinding[]): string {
  if (sequential.holds === true) return "sequential consistency";
  const kept = guarantees.filter(({ holds }) => holds === true).map(({ guarantee }) => guarantee);
  if (kept.length === sessionGuarantees.length) return "all four session guarantees";
  const open = sequential.holds === "unknown" || guarantees.some(({ holds }) => holds === "unknown");
  if (kept.length === 0) return open ? "not known" : "none of the models that were looked at";
  const last = kept.at(-1) ?? "";
  return kept.length === 1 ? last : `${kept.slice(0, -1).join(", ")} and ${last}`;
}
