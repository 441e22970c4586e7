// Every engine against brute force: 50,000 random histories of 2 to 9 operations, every history of up to three operations over
// three values, and a part of those of four. Each linearization is replayed and each conflict checked to be one. A failure names
// seed and case and prints the history. `npm run fuzz:checker` does the same for millions.
import { describe, expect, test } from "vitest";
import { smallHistories } from "../testing/exhaustive.js";
import { describe as inWords, fuzzCase, judgeCase } from "../testing/fuzz-case.js";

const seed = 20_261_122;
const cases = 50_000;
/** Of the histories of four operations every so many-th. */
const stride = 199;

describe("random histories", () => {
  test(`${cases} of them are judged as brute force judges them, by every engine`, () => {
    const seen = new Map<string, number>();
    let valid = 0;
    for (let number = 0; number < cases; number++) {
      const { truth, noSearch } = fuzzCase(seed, number);
      if (truth) valid += 1;
      seen.set(noSearch, (seen.get(noSearch) ?? 0) + 1);
    }
    expect(valid).toBeGreaterThan(cases / 4);
    expect(valid).toBeLessThan((cases * 3) / 4);
    // Every way out of the algorithm without a search was taken, most of them often.
    expect(seen.get("linearizable")).toBeGreaterThan(cases / 4);
    for (const reason of ["nowhere", "order", "fork", "zones"]) expect(seen.get(reason), reason).toBeGreaterThan(500);
    for (const reason of ["cycle", "not"]) expect(seen.get(reason), reason).toBeGreaterThan(20);
    expect(seen.get("a failed cas fits nowhere into the first linearization found")).toBeGreaterThan(200);
    expect(seen.get("a value that is looked at is written twice")).toBeGreaterThan(200);
    expect(seen.get("the initial value is written again and looked at")).toBeGreaterThan(200);
    expect(seen.get("a cas writes the initial value")).toBeGreaterThan(200);
  });
});

describe("all small histories", () => {
  test.each([
    [1, 14],
    [2, 346],
    [3, 12_136],
  ])("of %i operations over three values, %i up to symmetry, are judged as brute force judges them", (count, total) => {
    for (const moved of [false, true]) {
      let judged = 0;
      for (const history of smallHistories(count, moved)) {
        try {
          judgeCase(history);
        } catch (error) {
          throw new Error(`${String(error)}\n${inWords(history)}`, { cause: error });
        }
        judged += 1;
      }
      expect(judged).toBe(total);
    }
  });

  test(`every ${stride}th of four operations over three values is judged as brute force judges it`, () => {
    let number = 0;
    for (const history of smallHistories(4, true)) {
      if (number++ % stride !== 0) continue;
      try {
        judgeCase(history);
      } catch (error) {
        throw new Error(`${String(error)}\n${inWords(history)}`, { cause: error });
      }
    }
    expect(number).toBeGreaterThan(100_000);
  });
});
