// Shows that the run loop never waits for a moment that comes before the one that a generator asked for, whatever rounding does.
import { expect, test } from "vitest";
import { createRandom } from "../history/index.js";
import { nanosecondsUntil } from "./run-loop.js";

test("a wait ends when its moment has come, and not a hair before, so that virtual time never stands still", () => {
  const random = createRandom(1, "moments");
  let early = 0;
  let wrong = 0;
  for (let count = 0; count < 200_000; count += 1) {
    const untilMs = random.integer(0, 4_000_000_000) / 1e6 + 100;
    if (Math.ceil(untilMs * 1e6) / 1e6 < untilMs) early += 1;
    const nanoseconds = nanosecondsUntil(untilMs);
    if (nanoseconds / 1e6 < untilMs || nanoseconds / 1e6 - untilMs > 3e-6) wrong += 1;
  }
  expect(wrong).toBe(0);
  // Rounding alone does get it wrong now and then.
  expect(early).toBeGreaterThan(0);
});
