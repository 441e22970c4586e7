// The verifier against false claims: it must refuse every linearization and every core that is not one.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../history/index.js";
import { cas, failedCas, get, mismatch, operations, put } from "./testing/builders.js";
import { verifyCore, type CoreClaim } from "./verifier-core.js";
import { registerSpecification, verifyLinearization } from "./verifier.js";

const specification = registerSpecification(0);

describe("a claimed linearization", () => {
  const history = operations(put(1, 0, 1), get(1, 2, 3), put(2, 2, null), get(2, 4, 5));
  const check = (...order: readonly number[]) => verifyLinearization(specification, history, order);

  test("is accepted when it explains every answer in an order that time allows", () => {
    expect(check(0, 1, 2, 3)).toBeNull();
  });

  test.each([
    ["leaves out an answered operation", [0, 1, 2], /operation 3 is missing/],
    ["has an operation twice", [0, 1, 1, 2, 3], /unknown or stands twice/],
    ["has an operation that does not exist", [0, 1, 2, 3, 9], /unknown or stands twice/],
    ["begins with an operation that does not exist", [9, 0, 1, 2, 3], /operation 9 is unknown or stands twice/],
    ["turns time around", [1, 0, 2, 3], /cannot answer so|too late/],
    ["does not explain an answer", [0, 1, 3, 2], /operation 3 cannot answer so in state 1/],
  ] as const)("is refused when it %s", (_, order, message) => {
    expect(check(...order)).toMatch(message);
  });

  test("is refused when an operation stands before one that had returned", () => {
    const two = operations(put(1, 0, 1), put(1, 2, 3));
    expect(verifyLinearization(specification, two, [1, 0])).toMatch(/operation 0 stands too late/);
  });

  test("is refused when it uses an operation that certainly did not happen", () => {
    const failed = operations((index) => ({ ...put(1, 0, 1)(index), outcome: "fail" as const }));
    expect(verifyLinearization(specification, failed, [0])).toMatch(/did not happen/);
  });
});

describe("values", () => {
  const replayed = (written: JsonValue, read: JsonValue, initial: JsonValue = null) =>
    verifyLinearization(registerSpecification(initial), operations(put(written, 0, 1), get(read, 2, 3)), [0, 1]);

  test("are compared by what is in them, whatever the order of fields", () => {
    expect(replayed({ a: [1, { x: null }], b: 2 }, { b: 2, a: [1, { x: null }] })).toBeNull();
    expect(replayed([1, 2], [1, 2])).toBeNull();
  });

  test.each<[JsonValue, JsonValue]>([
    [
      [1, 2],
      [2, 1],
    ],
    [[1, 2], [1]],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { b: 1 }],
    [[], {}],
    [null, {}],
    [1, "1"],
    ["null", null],
    [false, 0],
  ])("%j is not %j", (written, read) => {
    expect(replayed(written, read)).toMatch(/operation 1 cannot answer so in state/);
  });
});

describe("a claimed core", () => {
  const stale = operations(put(7, 0, 1), put(9, 2, 3), get(7, 4, 5));

  test("is accepted when nothing outside it can help", () => {
    expect(verifyCore(specification, stale, { operations: [0, 1, 2], context: "any-time" })).toBe("inconsistent");
    expect(verifyCore(specification, stale, { operations: [1, 2], context: "own-window" })).toBe("inconsistent");
    expect(verifyCore(specification, stale, { operations: [0, 1, 2], context: "open-ended" })).toBe("inconsistent");
  });

  test("is refused when it leaves out what makes it inconsistent", () => {
    expect(verifyCore(specification, stale, { operations: [1, 2], context: "any-time" })).toBe("consistent");
    expect(verifyCore(specification, stale, { operations: [2], context: "own-window" })).toBe("consistent");
    expect(verifyCore(specification, stale, { operations: [], context: "own-window" })).toBe("consistent");
  });

  test("an unknown write outside it may happen often, but only from its call on; inside it, once", () => {
    const late = operations(put(7, 0, null), put(9, 2, 3), get(7, 4, 5), put(8, 6, 7), get(7, 8, 9));
    const of = (indices: readonly number[], context: "own-window" | "any-time") =>
      verifyCore(specification, late, { operations: indices, context });
    expect(of([1, 2, 3, 4], "own-window")).toBe("consistent");
    expect(of([0, 1, 2], "own-window")).toBe("consistent");
    expect(of([0, 2, 3, 4], "own-window")).toBe("inconsistent");
    expect(of([2, 3, 4], "any-time")).toBe("consistent");
    const early = operations(get(7, 0, 1), put(7, 2, null));
    expect(verifyCore(specification, early, { operations: [0], context: "own-window" })).toBe("inconsistent");
    expect(verifyCore(specification, early, { operations: [0], context: "any-time" })).toBe("consistent");
  });

  test("an answer outside it is forgotten, and so is what an operation without an answer is said to have replaced", () => {
    const told = (outcome: "ok" | "info") =>
      operations(
        put(4, 2, 2),
        (index) => ({
          ...put(5, 0, outcome === "ok" ? 9 : null)(index),
          output: { previous: 4 },
        }),
        get(5, 1, 1),
      );
    expect(verifyCore(specification, told("ok"), { operations: [2], context: "own-window" })).toBe("inconsistent");
    expect(verifyCore(specification, told("info"), { operations: [2], context: "own-window" })).toBe("consistent");
  });

  test("a cas outside it works only from its own value", () => {
    const chain = operations(cas(1, 2, 0, null), get(2, 3, 4));
    expect(verifyCore(specification, chain, { operations: [1], context: "any-time" })).toBe("inconsistent");
    const helped = operations(cas(1, 2, 0, null), get(2, 3, 4), put(1, 0, 1));
    expect(verifyCore(specification, helped, { operations: [1], context: "any-time" })).toBe("consistent");
  });

  test("a failed comparison is satisfied by any other value", () => {
    const failed = operations(failedCas(0, 2, 3), put(5, 0, null));
    expect(verifyCore(specification, failed, { operations: [0], context: "own-window" })).toBe("consistent");
    expect(verifyCore(specification, failed.slice(0, 1), { operations: [0], context: "own-window" })).toBe(
      "inconsistent",
    );
  });

  const verdict = (history: readonly Operation[], core: readonly number[], context: CoreClaim["context"]) =>
    verifyCore(specification, history, { operations: core, context });

  test("what certainly failed helps nobody, inside it or outside", () => {
    const refused = (index: number): Operation => ({ ...put(7, 0, 9)(index), outcome: "fail" });
    const history = operations(refused, get(7, 2, 3));
    for (const context of ["own-window", "any-time", "open-ended"] as const) {
      expect(verdict(history, [1], context)).toBe("inconsistent");
      expect(verdict(history, [0, 1], context)).toBe("inconsistent");
    }
  });

  test("open-ended, an operation outside may come late, but only once and not before its call", () => {
    const late = operations(put(1, 0, 1), put(2, 2, 3), get(1, 4, 5));
    expect(verdict(late, [1, 2], "own-window")).toBe("inconsistent");
    expect(verdict(late, [1, 2], "open-ended")).toBe("consistent");
    const twice = operations(put(1, 0, 1), get(1, 2, 3), put(2, 4, 5), get(1, 6, 7));
    expect(verdict(twice, [1, 2, 3], "open-ended")).toBe("inconsistent");
    expect(verdict(twice, [1, 2, 3], "any-time")).toBe("consistent");
    const early = operations(get(1, 0, 1), put(1, 2, 3));
    expect(verdict(early, [0], "open-ended")).toBe("inconsistent");
  });

  test.each([
    ["a mismatch observed", mismatch(3, 5, 2, 3)],
    ["a put replaced", (index: number): Operation => ({ ...put(9, 2, 3)(index), output: { previous: 5 } })],
    ["a cas expected", cas(5, 9, 2, 3)],
    ["a get returned", get(5, 2, 3)],
  ])("a write outside of the value that %s explains it, and one of another value does not", (_, maker) => {
    for (const context of ["own-window", "any-time"] as const) {
      expect(verdict(operations(maker, put(5, 0, 9)), [0], context)).toBe("consistent");
      expect(verdict(operations(maker, put(6, 0, 9)), [0], context)).toBe("inconsistent");
      expect(verdict(operations(maker, cas(6, 5, 0, 9), put(6, 0, 9)), [0], context)).toBe("consistent");
    }
  });

  test("a cas that found nothing needs the value to be absent", () => {
    const absent = (index: number): Operation => ({ ...cas(1, 2, 2, 3)(index), output: { status: "not-found" } });
    expect(verdict(operations(absent), [0], "own-window")).toBe("inconsistent");
    expect(verdict(operations(absent, put(null, 0, 9)), [0], "own-window")).toBe("consistent");
  });

  test("an outside cas that says that it failed wrote nothing", () => {
    const failed = (index: number): Operation => ({ ...cas(0, 5, 0, 9)(index), output: { status: "mismatch" } });
    expect(verdict(operations(failed, get(5, 2, 3)), [1], "own-window")).toBe("inconsistent");
    expect(verdict(operations(cas(0, 5, 0, 9), get(5, 2, 3)), [1], "own-window")).toBe("consistent");
  });

  test("an outside put that tells what it replaced works from that value only", () => {
    const told = (index: number): Operation => ({ ...put(5, 0, 9)(index), output: { previous: 4 } });
    expect(verdict(operations(told, get(5, 2, 3)), [1], "own-window")).toBe("inconsistent");
    expect(verdict(operations(told, get(5, 2, 3), put(4, 0, 9)), [1], "own-window")).toBe("consistent");
  });

  test("an operation that ends when another begins may still come after it", () => {
    expect(verdict(operations(put(1, 0, 2), get(0, 2, 3)), [0, 1], "own-window")).toBe("consistent");
    expect(verdict(operations(put(1, 0, 2), get(0, 3, 4)), [0, 1], "own-window")).toBe("inconsistent");
  });

  test("as many steps as it takes are enough", () => {
    const history = operations(put(7, 0, 1));
    const claim = { operations: [0], context: "own-window" } as const;
    expect(verifyCore(specification, history, claim, 1)).toBe("consistent");
    expect(verifyCore(specification, history, claim, 0)).toBe("undecided");
  });

  test("too many steps are undecided, not a proof", () => {
    expect(verifyCore(specification, stale, { operations: [0, 1, 2], context: "any-time" }, 1)).toBe("undecided");
  });

  test("open-ended, nothing that an outside operation answered counts", () => {
    const failed = (index: number): Operation => ({ ...cas(0, 5, 0, 9)(index), output: { status: "mismatch" } });
    expect(verdict(operations(failed, get(5, 2, 3)), [1], "open-ended")).toBe("consistent");
    const told = (index: number): Operation => ({ ...put(5, 0, 9)(index), output: { previous: 4 } });
    expect(verdict(operations(told, get(5, 2, 3)), [1], "open-ended")).toBe("consistent");
    const odd = (index: number): Operation => ({ ...cas(0, 5, 0, null)(index), output: { status: "mismatch" } });
    expect(verdict(operations(odd, get(5, 2, 3)), [1], "own-window")).toBe("consistent");
  });

  test.each([
    ["a get", get(0, 0, 9)],
    ["a mismatch that says what it saw", mismatch(3, 0, 0, 9)],
    [
      "a put that says what it replaced",
      (index: number): Operation => ({ ...put(3, 0, 9)(index), output: { previous: 0 } }),
    ],
  ])("what %s cannot have seen takes no steps", (_, maker) => {
    const others = Array.from({ length: 20 }, (_, at) => [
      put(10 + at, 0, 9),
      cas(10 + at, 50 + at, 0, 9),
      cas(10 + at, 50 + at, 0, null),
      get(10 + at, 0, 9),
    ]).flat();
    const history = operations(maker, ...others);
    for (const context of ["own-window", "any-time"] as const)
      expect(verifyCore(specification, history, { operations: [0], context }, 1)).toBe("consistent");
    const gets = operations(maker, ...Array.from({ length: 20 }, () => get(0, 0, 9)));
    expect(verifyCore(specification, gets, { operations: [0], context: "open-ended" }, 1)).toBe("consistent");
  });

  test("what a failed comparison may have seen are all values", () => {
    const history = operations(failedCas(0, 2, 3), cas(0, 7, 0, 9));
    expect(verdict(history, [0], "own-window")).toBe("consistent");
  });

  test("the same operations placed in another order are not tried again", () => {
    const puts = Array.from({ length: 11 }, (_, at) => put(at + 1, 0, 9));
    const history = operations(...puts, get(77, 2, 3));
    const claim = { operations: history.map(({ index }) => index), context: "own-window" } as const;
    // One step for each set, value and operation; orders there are 11! = 40 million.
    expect(verifyCore(specification, history, claim, 2 ** 11 * 11 * 12)).toBe("inconsistent");
  });
});
