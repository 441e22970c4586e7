// Linearizability of a register whose written values are distinct, without a search: O(n log n) for any number of clients and
// operations of unknown outcome. The idea is Gibbons and Korach's ("Testing Shared Memories", 1997), that the operations of one
// value stand together, carried over to cas, which ties values into chains, and to operations of unknown outcome.
//
// Anything that this way of judging does not cover is answered with "not-applicable", never with a guess.
import type { Budget } from "../budget.js";
import { notKind, type RegisterColumns } from "../register/columns.js";
import type { Scratch } from "../scratch.js";
import type { NoSearchAnswer } from "./answer.js";
import { buildChains, type Chains } from "./chains.js";
import { placeNots } from "./nots.js";
import { orderOf } from "./order.js";
import { findWriters } from "./writers.js";
import { orderChains } from "./zones.js";

export type { Conflict, ConflictReason, NoSearchAnswer } from "./answer.js";

/** Throws BudgetExhausted. A linearization lies in the scratch memory. */
export function judgeWithoutSearch(given: RegisterColumns, scratch: Scratch, budget?: Budget): NoSearchAnswer {
  const columns = inOrderOfCall(given, scratch);
  budget?.look();
  const writers = findWriters(columns, scratch);
  if ("kind" in writers) return writers;
  budget?.look();
  const chains = buildChains(columns, writers, scratch);
  if ("kind" in chains) return chains;
  budget?.look();
  const order = orderChains(columns, chains, writers.evidence, scratch);
  if (!(order instanceof Int32Array)) return order;
  let rows = concatenate(chains, order, scratch);
  if (columns.kind.includes(notKind)) {
    budget?.look();
    const withNots = placeNots(columns, writers, chains, rows, scratch);
    if (!(withNots instanceof Int32Array)) return withNots;
    rows = withNots;
  }
  for (let at = 0; at < rows.length; at++) rows[at] = columns.position[rows[at] ?? 0] ?? 0;
  return { kind: "linearizable", order: rows };
}

function concatenate({ members, start, count }: Chains, order: Int32Array, scratch: Scratch): Int32Array {
  const rows = scratch.int32(start[count] ?? 0);
  let to = 0;
  for (let at = 0; at < count; at++) {
    const chain = order[at] ?? 0;
    const end = start[chain + 1] ?? 0;
    for (let place = start[chain] ?? 0; place < end; place++) rows[to++] = members[place] ?? 0;
  }
  return rows;
}

/** Reads of one value, and the F, are placed in order of call; recorded histories are in that order already. */
function inOrderOfCall(columns: RegisterColumns, scratch: Scratch): RegisterColumns {
  const { count, call } = columns;
  let sorted = 1;
  while (sorted < count && (call[sorted - 1] ?? 0) <= (call[sorted] ?? 0)) sorted += 1;
  if (sorted >= count) return columns;
  const order = orderOf(call, scratch);
  return {
    count,
    values: columns.values,
    position: order.map((row) => columns.position[row] ?? 0),
    kind: Uint8Array.from(order, (row) => columns.kind[row] ?? 0),
    value: order.map((row) => columns.value[row] ?? 0),
    expected: order.map((row) => columns.expected[row] ?? 0),
    call: Float64Array.from(order, (row) => columns.call[row] ?? 0),
    return: Float64Array.from(order, (row) => columns.return[row] ?? 0),
  };
}
