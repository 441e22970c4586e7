// Judges a history that no search can judge, in a process of its own whose heap is small. For budget.local.test.ts.
//   judge-exponential.ts <size> <configuration-sets | wing-gong | live> <time in ms>
import { createRandom } from "../../history/index.js";
import { decide } from "../decide.js";
import { createIncrementalChecker } from "../incremental.js";
import { eventsOf } from "../live/testing/events-of.js";
import { exponentialHistory } from "./exponential.js";

const [size, engine, timeMs] = process.argv.slice(2);
const operations = exponentialHistory(Number(size));
// More than the process may have: it must notice that by itself.
const budget = { timeMs: Number(timeMs), memoryMb: 100_000, configurations: Number.MAX_SAFE_INTEGER };
if (engine === "configuration-sets" || engine === "wing-gong") {
  const { valid, reason } = decide(operations, "cas-register", { initial: 0, engine, budget });
  console.log(JSON.stringify({ valid, reason }));
} else {
  const checker = createIncrementalChecker("cas-register", { initial: 0, budget });
  for (const event of eventsOf(operations, createRandom(1))) checker.feed(event);
  const verdict = checker.end();
  console.log(
    JSON.stringify({ valid: verdict.valid, reason: "unknown" in verdict ? verdict.unknown[0]?.sentence : "" }),
  );
}
