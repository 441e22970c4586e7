// The order of chains. X must come before Y when some operation of X returned before some operation of Y was called. If that
// relation has a cycle at all it has one of two chains, and one look at the chains in order of their zones finds it (after Gibbons
// and Korach, "Testing Shared Memories", 1997, who speak of forward and backward zones).
import type { RegisterColumns } from "../register/columns.js";
import type { Scratch } from "../scratch.js";
import { violation, type NoSearchAnswer } from "./answer.js";
import { callOf, returnOf, type Chains } from "./chains.js";
import { orderOf } from "./order.js";

/** The chains in an order that time allows: a linearization. */
export function orderChains(
  columns: RegisterColumns,
  chains: Chains,
  evidence: ReadonlyMap<number, number>,
  scratch: Scratch,
): Int32Array | NoSearchAnswer {
  const order = byZone(columns, chains, scratch);
  const { leastReturnRow, greatestCallRow } = chains;
  let latest = -Infinity;
  let latestChain = 0;
  for (let place = 0; place < order.length; place++) {
    const chain = order[place] ?? 0;
    const least = returnOf(columns, leastReturnRow[chain] ?? -1);
    const greatest = callOf(columns, greatestCallRow[chain] ?? -1);
    if (least < latest) {
      const rows = [latestChain, chain].flatMap((one) => [leastReturnRow[one] ?? -1, greatestCallRow[one] ?? -1]);
      return violation(columns, evidence, "zones", rows);
    }
    // A backward zone sets no bound that matters: what comes later in the order returns after its greatest call.
    if (greatest > latest) {
      latest = greatest;
      latestChain = chain;
    }
  }
  return order;
}

/** By the earlier end of the zone, backward zones (whose operations all overlap) first on ties; the initial chain before all. */
function byZone(
  columns: RegisterColumns,
  { count, leastReturnRow, greatestCallRow }: Chains,
  scratch: Scratch,
): Int32Array {
  const keys = scratch.float64(count - 1);
  const chains = scratch.int32(keys.length);
  let front = 0;
  let back = count - 1;
  for (let chain = 1; chain < count; chain++) {
    const least = returnOf(columns, leastReturnRow[chain] ?? -1);
    const greatest = callOf(columns, greatestCallRow[chain] ?? -1);
    // The sort is stable: among equal keys the backward zones, which stand in front, stay there.
    const at = least >= greatest ? front++ : --back;
    keys[at] = Math.min(least, greatest);
    chains[at] = chain;
  }
  const order = scratch.int32(count);
  order[0] = 0;
  const sorted = orderOf(keys, scratch);
  for (let place = 1; place < count; place++) order[place] = chains[sorted[place - 1] ?? 0] ?? 0;
  return order;
}
