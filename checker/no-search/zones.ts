// The order of chains. X must come before Y when some operation of X returned before some operation of Y was called. If that
// relation has a cycle at all it has one of two chains, and one look at the chains in order of their zones finds it (after Gibbons
// and Korach, "Testing Shared Memories", 1997, who speak of forward and backward zones).
import type { RegisterColumns } from "../register/columns.js";
import { violation, type NoSearchAnswer } from "./answer.js";
import type { Chains } from "./chains.js";
import { orderOf } from "./order.js";

/** The chains in an order that time allows: a linearization. */
export function orderChains(
  columns: RegisterColumns,
  chains: Chains,
  evidence: ReadonlyMap<number, number>,
): Int32Array | NoSearchAnswer {
  const order = byZone(chains);
  const { leastReturn, greatestCall, leastReturnRow, greatestCallRow } = chains;
  let latest = -Infinity;
  let latestChain = -1;
  for (const chain of order) {
    const least = leastReturn[chain] ?? 0;
    const greatest = greatestCall[chain] ?? 0;
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
function byZone({ count, leastReturn, greatestCall }: Chains): Int32Array {
  const chains = new Int32Array(count - 1);
  const keys = new Float64Array(count - 1);
  let at = 0;
  for (const backward of [true, false])
    for (let chain = 1; chain < count; chain++) {
      const least = leastReturn[chain] ?? 0;
      const greatest = greatestCall[chain] ?? 0;
      if (least >= greatest !== backward) continue;
      keys[at] = Math.min(least, greatest);
      chains[at++] = chain;
    }
  const order = new Int32Array(count);
  for (const [place, from] of orderOf(keys).entries()) order[place + 1] = chains[from] ?? 0;
  return order;
}
