// Damaged history files of every format: each is an error that names a place inside the file, or a verdict that stands up. A small
// part of `npm run fuzz:formats`, whose line in the failure repeats a case.
import { expect, test } from "vitest";
import { describeCase, formatCase, runFormatCase, type FormatOutcome } from "./testing/fuzz-format-case.js";

const seed = 20261122;
const count = 20_000;

test(`${count} damaged files crash nothing, hang nothing and are never judged wrongly`, () => {
  const outcomes = new Map<FormatOutcome, number>();
  for (let number = 0; number < count; number++) {
    const one = formatCase(seed, number);
    try {
      const outcome = runFormatCase(one, number % 100 === 0);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      throw new Error(`${String(error)}\n${describeCase(seed, number, one)}`, { cause: error });
    }
  }
  // The damage is neither hopeless nor harmless.
  for (const outcome of ["malformed", "refused", "valid", "invalid"] as const)
    expect(outcomes.get(outcome), outcome).toBeGreaterThan(count / 200);
});
