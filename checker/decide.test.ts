// The verdict alone is the verdict of the whole check, on tiny random histories under both register engines, and names why it is unknown.
import { expect, test } from "vitest";
import { createRandom } from "../history/index.js";
import { decide } from "./decide.js";
import { checkLinearizability } from "./linearizability.js";
import { operation } from "./testing/builders.js";
import { tinyHistory } from "./testing/tiny-history.js";

test("300 tiny histories get the verdict that the whole check gives them", () => {
  const seen = { valid: 0, invalid: 0 };
  for (let seed = 0; seed < 300; seed++) {
    const { operations, initial } = tinyHistory(createRandom(seed));
    const { valid } = checkLinearizability(operations, "cas-register", { initial, explainMs: 1, explainKeys: 0 });
    const engines = ["configuration-sets", "wing-gong", undefined] as const;
    for (const engine of engines)
      expect(decide(operations, "cas-register", { initial, ...(engine === undefined ? {} : { engine }) }).valid).toBe(
        valid,
      );
    if (valid === true) seen.valid += 1;
    else seen.invalid += 1;
  }
  expect(seen.valid).toBeGreaterThan(30);
  expect(seen.invalid).toBeGreaterThan(30);
});

test("a malformed history and a budget that runs out are unknown, with the reason", () => {
  const twice = [operation(0, "put", 1, null, 0, 5), operation(0, "put", 2, null, 6, 7)];
  expect(decide(twice, "register", { initial: null })).toMatchObject({
    valid: "unknown",
    reason: expect.stringMatching(/index is taken/),
  });
  const many = Array.from({ length: 40 }, (_, index) => operation(index, "put", index % 2, null, 0, 100));
  const never = operation(40, "get", null, 7, 0, 100);
  const decided = decide([...many, never], "register", {
    initial: null,
    engine: "wing-gong",
    budget: { configurations: 50 },
  });
  expect(decided).toMatchObject({ valid: "unknown", reason: expect.stringMatching(/50 configurations/) });
});
