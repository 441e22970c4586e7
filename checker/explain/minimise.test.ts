// Which core is found, by example: the exact operations, in what context, and what becomes of it where there is none or no time. That
// every core is inconsistent and none of its operations can be spared is shown in core.property.test.ts.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { anyModel } from "../model.js";
import { counter, kv } from "../models/index.js";
import { normaliseRegister } from "../register/normalise.js";
import { cas, get, operation, operations, put } from "../testing/builders.js";
import { coreOfModel, coreOfRegister, minimise, weaken, type Core } from "./minimise.js";

type Maker = (index: number) => Operation;

function core(
  initial: JsonValue,
  makers: readonly Maker[],
  { before = Infinity, timeMs = 10_000, hint = [] as readonly number[] } = {},
): Core | null {
  const normal = normaliseRegister(operations(...makers), initial);
  if (!("values" in normal)) throw new Error("invariant: no operation contradicts itself");
  return coreOfRegister(normal, before, timeMs, hint);
}

test("greedy removal tries halves, then halves of these, then one by one until none can leave", () => {
  const tried: (readonly number[])[] = [];
  const holds = (some: readonly number[]) => {
    tried.push(some);
    return some.includes(2);
  };
  expect(minimise([0, 1, 2, 3, 4], holds, Infinity)).toEqual({ items: [2], minimal: true });
  expect(tried).toEqual([[3, 4], [0, 1, 2], [1, 2], [2], [], []]);
});

describe("the core of a register", () => {
  test("tells the whole story where that takes two operations more at most", () => {
    const rewritten = (times: number) =>
      Array.from({ length: times }, (_, at) => [
        put("A", 10 * at, 10 * at + 1),
        put("B", 10 * at + 2, 10 * at + 3),
      ]).flat();
    const stale = get("A", 1_000, 1_001);
    expect(core(null, [...rewritten(1), stale])).toEqual({ positions: [0, 1, 2], context: "any-time", minimal: true });
    expect(core(null, [...rewritten(2), stale])).toEqual({
      positions: [0, 2, 3, 4],
      context: "any-time",
      minimal: true,
    });
    expect(core(null, [...rewritten(3), stale])).toEqual({ positions: [5, 6], context: "own-window", minimal: true });
    expect(core(null, [...rewritten(50), stale])).toEqual({
      positions: [99, 100],
      context: "own-window",
      minimal: true,
    });
  });

  test("tells it with eight operations at most", () => {
    // Down once more than up.
    const steps = (up: number) => [
      ...Array.from({ length: up }, () => cas(0, 1, 0, 9)),
      ...Array.from({ length: up + 1 }, () => cas(1, 0, 0, 9)),
    ];
    expect(core(0, steps(3))).toEqual({ positions: [0, 1, 2, 3, 4, 5, 6], context: "any-time", minimal: true });
    expect(core(0, steps(4))).toEqual({ positions: [0, 1, 2, 3, 4, 5, 6, 7, 8], context: "own-window", minimal: true });
  });

  test("leaves out what was called later, though only that explains the value", () => {
    const given = [get(42, 3, 4), put(42, 5, 6)];
    expect(core(null, given, { before: 4 })).toEqual({ positions: [0], context: "own-window", minimal: true });
    expect(core(null, given)).toEqual({ positions: [0, 1], context: "any-time", minimal: true });
  });

  test("holds a write of unknown outcome to happening once", () => {
    const given = [put(5, 0, null), get(5, 1, 2), put(6, 3, 4), get(5, 5, 6)];
    expect(core(null, given)).toEqual({ positions: [0, 1, 2, 3], context: "any-time", minimal: true });
  });

  const twice = [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)];
  const between = Array.from({ length: 20 }, (_, at) => put(100 + at, 10 + at, 10.5 + at));
  const again = [put(11, 40, 41), put(12, 42, 43), get(11, 44, 45)];

  test("is looked for among what returned last, up to the moment asked for", () => {
    expect(core(0, [...twice, ...between, ...again])?.positions).toEqual([23, 24, 25]);
    expect(core(0, [...again, ...between, ...twice])?.positions).toEqual([0, 1, 2]);
    expect(core(0, [...twice, ...between, ...again], { before: 5 })?.positions).toEqual([0, 1, 2]);
    expect(core(0, [...twice, ...between], { before: 100 })?.positions).toEqual([0, 1, 2]);
  });

  test("is looked for first where a conflict is known, with the writes that tie it together", () => {
    expect(core(0, [...twice, ...between, ...again], { hint: [2, 1] })?.positions).toEqual([0, 1, 2]);
    expect(core(0, [...twice, ...between, ...again], { hint: [10] })?.positions).toEqual([23, 24, 25]);
  });

  test("takes in the one write that both saw, and nothing that was called later", () => {
    const once = [put(5, 0, null), get(5, 1, 2), put(6, 3, 4), get(5, 5, 6)];
    const given = [...once, ...between, ...again];
    expect(core(0, given, { hint: [1, 2, 3] })?.positions).toEqual([0, 1, 2, 3]);
    expect(core(0, given, { before: 6 })?.positions).toEqual([0, 1, 2, 3]);
  });

  test("is null where there is none, and where there is no time", () => {
    expect(core(0, between)).toBeNull();
    expect(core(0, [put(1, 0, null), ...between, put(2, 0, null)], { hint: [3] })).toBeNull();
    expect(core(0, twice, { timeMs: -1 })).toBeNull();
    expect(core(0, twice, { timeMs: -1, hint: [0, 1, 2] })).toEqual({
      positions: [0, 1, 2],
      context: "own-window",
      minimal: false,
    });
  });
});

describe("the core of any model", () => {
  const add =
    (by: number, from: number, to: number | null): Maker =>
    (index) =>
      operation(index, "add", by, null, from, to);
  const given = operations(add(4, 0, 1), add(1, 0, null), add(2, 2, 3), get(9, 4, 5), get(1, 6, 7));
  const coreOf = (some: readonly Operation[], timeMs = 10_000) =>
    counter.open((model) => coreOfModel(model, model.initial(0), some, timeMs));

  test("are the answers that cannot go together, whatever the others were", () => {
    const possible = given.filter(({ output }) => output !== 9);
    expect(coreOf(possible)).toEqual({ positions: [2, 3], context: "open-ended", minimal: true });
    expect(coreOf(given.slice(0, 4))).toEqual({ positions: [3], context: "open-ended", minimal: true });
  });

  test("is null where there is none; without time it is all that was answered", () => {
    expect(coreOf(given.slice(0, 3))).toBeNull();
    expect(coreOf(given, -1)).toEqual({ positions: [0, 2, 3, 4], context: "open-ended", minimal: false });
  });

  test("what a model throws is not kept quiet", () => {
    const broken = anyModel<number>({
      name: "broken",
      initial: () => 0,
      step: () => {
        throw new Error("out of order");
      },
      identify: String,
      refuses: () => null,
      isRead: () => false,
    });
    expect(() => broken.open((model) => coreOfModel(model, model.initial(0), given, 1_000))).toThrow("out of order");
  });
});

test("outside a core a read is gone, and so is every answer, even one that said that nothing was changed", () => {
  const [read, write] = operations(get("a", 0, 1), put("a", 2, 3));
  const notFound = operation(2, "delete", null, { status: "not-found" }, 4, 5);
  if (read === undefined || write === undefined) throw new Error("invariant: two were made");
  kv.open((model) => {
    expect(weaken(model, read, true)).toEqual([read]);
    expect(weaken(model, read, false)).toEqual([]);
    expect(weaken(model, write, false)).toEqual([{ ...write, outcome: "info", output: null, returnNs: null }]);
    expect(weaken(model, notFound, false)).toEqual([{ ...notFound, outcome: "info", output: null, returnNs: null }]);
  });
});
