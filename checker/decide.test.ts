// The verdict alone is the verdict of the whole check, on tiny random histories under both register engines, and names why it is unknown.
import { expect, test } from "vitest";
import { createRandom, type Operation } from "../history/index.js";
import { decide } from "./decide.js";
import { checkLinearizability } from "./linearizability.js";
import { anyModel } from "./model.js";
import { get, operation, operations, put } from "./testing/builders.js";
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

const on = (key: string, list: readonly Operation[]) => list.map((one) => ({ ...one, key }));

test("the first key found wrong is named, the smallest before larger ones, and by one key alone just so", () => {
  const stale = operations(put(1, 0, 1), put(2, 2, 3), get(1, 4, 5));
  expect(decide(stale, "register", { initial: null })).toEqual({
    valid: false,
    engine: "no-search",
    spent: expect.any(Number) as number,
    violated: { key: "k" },
    reason: null,
  });
  const small = on("small", operations(get(7, 0, 1))).map((one) => ({ ...one, index: 10 }));
  expect(decide([...stale, ...small], "register", { initial: null })).toMatchObject({
    valid: false,
    violated: { key: "small" },
  });
  expect(decide([...small, ...stale], "register", { initial: null })).toMatchObject({
    valid: false,
    violated: { key: "small" },
  });
  const fine = on("fine", operations(put(7, 0, 1))).map((one) => ({ ...one, index: 10 }));
  expect(decide([...fine, ...stale], "register", { initial: null })).toMatchObject({
    valid: false,
    violated: { key: "k" },
  });
  expect(decide(fine, "register", { initial: null })).toMatchObject({ valid: true, violated: null, reason: null });
  expect(decide([], "register", { initial: null })).toMatchObject({ valid: true, engine: null, spent: 0 });
});

test("an engine that does not apply makes it unknown, for one key and for several", () => {
  const twice = operations(put(1, 0, 1), put(2, 2, 3), put(1, 4, 5), get(1, 6, 7));
  const other = on("other", operations(put(1, 0, 1))).map((one) => ({ ...one, index: 10 }));
  for (const list of [twice, [...twice, ...other], [...other, ...twice]])
    expect(decide(list, "register", { initial: null, engine: "no-search" })).toMatchObject({
      valid: "unknown",
      violated: null,
      reason: expect.stringMatching(/^key "k": no-search cannot judge it: ./) as string,
    });
});

test("what a model throws is thrown on", () => {
  const throws = (where: "step" | "refuses") =>
    anyModel<number>({
      name: "throws",
      initial: () => 0,
      step: (state) => {
        if (where === "step") throw new Error("no step");
        return { state };
      },
      identify: String,
      refuses: () => {
        if (where === "refuses") throw new Error("no shape");
        return null;
      },
      isRead: () => false,
    });
  const list = operations(put(1, 0, 1));
  expect(() => decide(list, throws("step"), { initial: null })).toThrow("no step");
  expect(() => decide(list, throws("refuses"), { initial: null })).toThrow("no shape");
});

test("a linearization holds indices, be they no positions from the middle on", () => {
  const operations = [
    operation(0, "put", 1, null, 0, 1),
    operation(1, "get", null, 1, 2, 3),
    operation(7, "put", 2, null, 4, 5),
    operation(9, "get", null, 2, 6, 7),
  ];
  expect(decide(operations, "register", { initial: null }).valid).toBe(true);
  const { keys } = checkLinearizability(operations, "register", { initial: null });
  expect(keys[0]?.linearization).toEqual([0, 1, 7, 9]);
});
