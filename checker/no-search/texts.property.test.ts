// Texts judged without a search, against every order: 20,000 random histories of 2 to 8 operations, by the engine as it is chosen, by
// the general search and without any. Each linearization is replayed by the verifier. A failure names seed and case and prints the
// history. `npm run fuzz:checker -- --texts` does the same for as many as one likes.
import { expect, test } from "vitest";
import { textCase } from "../testing/compare-texts.js";

const seed = 20_261_123;
const cases = 20_000;

test(`${cases} random histories of texts are judged as the trial of every order judges them`, () => {
  const seen = new Map<string, number>();
  let valid = 0;
  for (let number = 0; number < cases; number++) {
    const { truth, noSearch } = textCase(seed, number);
    if (truth) valid += 1;
    seen.set(noSearch, (seen.get(noSearch) ?? 0) + 1);
  }
  expect(valid).toBeGreaterThan(cases / 4);
  expect(valid).toBeLessThan((cases * 3) / 4);
  // Every way out was taken, and often.
  expect(seen.get("linearizable")).toBeGreaterThan(cases / 4);
  for (const reason of [
    "no order",
    "a get of what nobody wrote",
    "there is a text before the first operation",
    "a written text begins with another one",
    "a text that was seen is written twice",
  ])
    expect(seen.get(reason), reason).toBeGreaterThan(cases / 200);
});
