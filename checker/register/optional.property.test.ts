// The sweep with writes that need not have happened, but only inside their intervals (what cores are proved with), against brute
// force. The seed of a failure is in its message.
import { test } from "vitest";
import { createRandom } from "../../history/index.js";
import { Budget } from "../budget.js";
import { tinyHistory } from "../testing/tiny-history.js";
import { normaliseRegister, type RegisterOperation } from "./normalise.js";
import { searchRegister } from "./sweep.js";

function bruteForce(operations: readonly RegisterOperation[]): boolean {
  const used = new Set<RegisterOperation>();
  const search = (state: number, latestCall: number): boolean => {
    const waiting = operations.filter((one) => one.required && !used.has(one));
    if (waiting.length === 0) return true;
    const deadline = Math.min(...waiting.map((one) => one.return));
    for (const one of operations) {
      if (used.has(one) || one.call > deadline || one.return < latestCall) continue;
      const fits =
        one.kind === "write" ||
        (one.kind === "not" ? one.value !== state : (one.kind === "read" ? one.value : one.expected) === state);
      if (!fits) continue;
      used.add(one);
      if (search(one.kind === "not" ? state : one.value, Math.max(latestCall, one.call))) return true;
      used.delete(one);
    }
    return false;
  };
  return search(0, -Infinity);
}

test("20,000 tiny histories with optional writes are judged as brute force judges them", () => {
  for (let seed = 0; seed < 20_000; seed++) {
    const random = createRandom(seed);
    const { operations, initial } = tinyHistory(random);
    const normal = normaliseRegister(
      operations.filter(({ outcome }) => outcome !== "fail"),
      initial,
    );
    if (!("values" in normal)) continue;
    const some = normal.operations.map((one) => {
      const isWrite = one.kind === "write" || one.kind === "cas";
      return isWrite && one.required && random.chance(0.5) ? { ...one, required: false } : one;
    });
    const truth = bruteForce(some);
    const { valid } = searchRegister({ ...normal, operations: some }, new Budget());
    if (valid !== truth) throw new Error(`seed ${seed}: judged ${String(valid)}, but it is ${String(truth)}`);
  }
});
