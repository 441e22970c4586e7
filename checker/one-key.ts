// A register's history that is long is nearly always of one key and in order already. Such a one is validated and brought to
// columns in a single pass: reading every operation from memory once more takes longer than anything that is done with it.
import type { JsonValue, Operation } from "../history/index.js";
import { Clients } from "./keys.js";
import type { AnyModel, Model } from "./model.js";
import { ColumnFiller, type Contradiction, type RegisterColumns } from "./register/columns.js";
import type { Scratch } from "./scratch.js";

export interface OneKey {
  readonly key: JsonValue;
  readonly columns: RegisterColumns | Contradiction;
  /** Operation.index by position; null where it is the position itself, as in recorded histories. */
  readonly indices: Float64Array | null;
}

/**
 * Null for whatever is not to be had so, malformed histories included: then `validateOperations` has the last word. The columns and
 * indices lie in the scratch memory.
 */
export function readOneKey(
  operations: readonly Operation[],
  model: AnyModel,
  initial: JsonValue,
  scratch: Scratch,
): OneKey | null {
  const [first] = operations;
  if (first === undefined || !model.register || model.partition !== undefined) return null;
  return model.open((opened) => read(operations, first.key, opened, initial, scratch));
}

function read<State>(
  operations: readonly Operation[],
  key: JsonValue,
  model: Model<State>,
  initial: JsonValue,
  scratch: Scratch,
): OneKey | null {
  const clients = new Clients();
  const filler = new ColumnFiller(operations.length, initial, scratch);
  let indices: Float64Array | null = null;
  let contradiction = -1;
  let latestCall = -Infinity;
  let greatestIndex = -Infinity;
  for (let position = 0; position < operations.length; position++) {
    const operation = operations[position];
    if (operation === undefined || operation.key !== key) return null;
    const { index, callNs, outcome } = operation;
    if (!(callNs >= latestCall) || !(index > greatestIndex)) return null;
    latestCall = callNs;
    greatestIndex = index;
    if (clients.take(operation) !== null) return null;
    if (indices === null && index !== position) {
      indices = scratch.float64(operations.length);
      for (let earlier = 0; earlier < position; earlier++) indices[earlier] = earlier;
    }
    if (indices !== null) indices[position] = index;
    if (outcome === "fail") continue;
    if (model.refuses(operation) !== null) return null;
    if (contradiction === -1 && !filler.add(operation, position)) contradiction = position;
  }
  return { key, indices, columns: contradiction === -1 ? filler.columns() : { operations: [contradiction] } };
}
