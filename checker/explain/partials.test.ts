// Orders of all but one operation, by example: which orders are given and in what order, what is said of the one that has no place,
// and how much is done where there are thousands of operations.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { CertificateMismatch } from "../certificate.js";
import { anyModel, type AnyModel } from "../model.js";
import { casRegister, counter, kvAppend } from "../models/index.js";
import { registerModel } from "../models/register.js";
import { cas, failedCas, get, operation, operations, put } from "../testing/builders.js";
import type { PartialLinearization } from "../verdict.js";
import { partialLinearizations } from "./partials.js";

function partialsOf(
  model: AnyModel,
  initial: JsonValue,
  operations: readonly Operation[],
  [culprit = -1, ...core]: readonly number[],
  { timeNs = Infinity, timeMs = 10_000 } = {},
): readonly PartialLinearization[] {
  return partialLinearizations({ model, initial, operations, core, culprit, timeNs, timeMs });
}

/** The only reason given. */
function reason(initial: JsonValue, given: readonly Operation[], culprit: number): string | undefined {
  const [partial, ...others] = partialsOf(casRegister, initial, given, [culprit]);
  expect(others).toEqual([]);
  expect(partial?.notPlaced.map(({ operation }) => operation)).toEqual([culprit]);
  return partial?.notPlaced[0]?.reason;
}

const add = (by: number, answer: JsonValue, from: number, to: number | null) => (index: number) =>
  operation(index, "add", by, answer, from, to);

describe("why an operation has no place", () => {
  test("only what was there while it was under way counts: neither what came before nor what came after", () => {
    const given = operations(put(9, 0, 1), put(1, 2, 3), get(9, 4, 5), put(9, 6, 7));
    expect(partialsOf(casRegister, 0, given, [2])).toEqual([
      {
        order: [0, 1, 3],
        before: 0,
        state: "9",
        notPlaced: [{ operation: 2, reason: "while it was under way there was only 1" }],
      },
    ]);
  });

  test("nor does what could only be there before or after", () => {
    expect(reason(0, operations(put(5, 0, 1), put(1, 2, 3), get(9, 4, 5), put(6, 6, 7)), 2)).toBe(
      "while it was under way there was only 1",
    );
  });

  test("what returned as it was called, or was called as it returned, may be on either side", () => {
    expect(reason(0, operations(put(1, 1, 4), get(9, 4, 5), put(2, 5, 6)), 1)).toBe(
      "while it was under way there was only 0 or 1 or 2",
    );
  });

  test("four values are named, more are others", () => {
    const three = [put(1, 1, 2), put(2, 3, 4), put(3, 5, 6)];
    expect(reason(0, operations(get(9, 0, 20), ...three), 0)).toBe(
      "while it was under way there was only 0 or 1 or 2 or 3",
    );
    expect(reason(0, operations(get(9, 0, 20), ...three, put(4, 7, 8)), 0)).toBe(
      "while it was under way there was only 0 or 1 or 2 or 3 or others",
    );
  });

  test("where it would fit, whoever could not have been answered after it is named", () => {
    const given = operations(put(1, 1, 2), put(2, 3, 4), failedCas(7, 4, 5), get(1, 5, 6), get(1, 7, 8)).map((one) => ({
      ...one,
      process: one.index,
    }));
    expect(reason(0, given, 1)).toBe("after it, get by process 3 could not have been answered so");
  });

  test("a state is told in eighty characters at most, in the model's own words", () => {
    const given = operations(put("x".repeat(100), 1, 2), get("y", 3, 4));
    const [partial] = partialsOf(kvAppend, "", given, [1]);
    expect(partial?.state).toBe("x".repeat(80));
    const described = anyModel({ ...registerModel("cas-register", true), describe: (state) => `<${String(state)}>` });
    expect(partialsOf(described, 0, operations(put(1, 1, 2), get(5, 3, 4)), [1])[0]?.state).toBe("<1>");
  });
});

describe("orders", () => {
  test("are of what was known: what was called later is not there, what returned later may have happened", () => {
    const given = operations(put(1, 0, 1), put(2, 2, 9), get(2, 3, 4), get(1, 5, 6), put(3, 7, 8));
    const orders = partialsOf(casRegister, 0, given, [3, 4], { timeNs: 6 }).map(({ order }) => order);
    expect(orders).toEqual([[0, 1, 2]]);
    expect(partialsOf(casRegister, 0, operations(put(2, 2, 9), get(1, 5, 6)), [1], { timeNs: 6 })).toMatchObject([
      { order: [], state: "0", notPlaced: [{ reason: "while it was under way there was only 0" }] },
    ]);
  });

  test("are four at most, that without the culprit first", () => {
    const five = Array.from({ length: 5 }, (_, at) => add(1, null, 2 * at, 2 * at + 1));
    const given = operations(...five, get(4, 10, 11));
    const partials = partialsOf(counter, 0, given, [5, 99, 0, 1, 2, 3, 4]);
    expect(partials.map(({ notPlaced }) => notPlaced[0]?.operation)).toEqual([5, 0, 1, 2]);
    expect(partials.map(({ order }) => order)).toEqual([
      [0, 1, 2, 3, 4],
      [1, 2, 3, 4, 5],
      [0, 2, 3, 4, 5],
      [0, 1, 3, 4, 5],
    ]);
  });

  test("come with the longest first, and are left out where there is none", () => {
    const given = operations(add(1, null, 0, 1), add(2, null, 2, null), add(0, null, 2, 3), get(2, 4, 5));
    expect(partialsOf(counter, 0, given, [3, 2, 0]).map(({ order }) => order)).toEqual([
      [2, 1, 3],
      [0, 2],
    ]);
  });

  test("are none where there is no time", () => {
    expect(partialsOf(casRegister, 0, operations(get(9, 4, 5)), [0], { timeMs: -1 })).toEqual([]);
  });
});

describe("among thousands of operations", () => {
  /** Writes that each replace the one before, then a read of what the last but two wrote. */
  function chain(length: number): Operation[] {
    const writes = Array.from({ length }, (_, at) => cas(at, at + 1, 10 * at, 10 * at + 5));
    return operations(...writes, get(length - 2, 10 * length, 10 * length + 5));
  }

  test("the last sixteen of an order are listed, and the others counted", () => {
    const last = Array.from({ length: 16 }, (_, at) => 84 + at);
    expect(partialsOf(casRegister, 0, chain(100), [100, 98, 99])).toEqual([
      {
        order: last,
        before: 84,
        state: "100",
        notPlaced: [{ operation: 100, reason: "while it was under way there was only 100" }],
      },
    ]);
  });

  /** A chain, with the last write a put that says nothing, so that the read is right without it. */
  function lastApart(length: number): Operation[] {
    const given = chain(length - 1);
    const end = 10 * length + 100;
    return [
      ...given.slice(0, -1),
      ...operations(put("last", end, end + 5), get(length - 1, end + 10, end + 15)).map((one) => ({
        ...one,
        index: one.index + length - 1,
      })),
    ];
  }

  test("only the end is put in order anew for the others, whatever had come before", () => {
    const length = 15_500;
    let steps = 0;
    const counted: AnyModel = anyModel(
      {
        ...registerModel("cas-register", true),
        step: (state: JsonValue, one: Operation) => {
          steps += 1;
          return registerModel("cas-register", true).step(state, one);
        },
      },
      { register: true },
    );
    const partials = partialsOf(counted, 0, lastApart(length), [length, length - 1]);
    expect(partials.map(({ before, order, state }) => [before, order.at(0), order.at(-1), state])).toEqual([
      [length - 16, length - 16, length - 1, '"last"'],
      [length - 16, length - 16, length, String(length - 1)],
    ]);
    // Twice over the whole, to know the states of the first order and where the end begins; then the end.
    expect(steps).toBeLessThan(2 * length + 100);
  });

  test("a model that is no register is judged as a whole, as often as fifteen thousand operations allow", () => {
    const orders = (length: number) => {
      const adds = Array.from({ length }, (_, at) => add(1, at + 1, 2 * at, 2 * at + 1));
      const wrong = [add(1, null, 2 * length, 2 * length + 1), add(1, null, 2 * length, 2 * length + 1)];
      const given = operations(...adds, ...wrong, get(length + 1, 3 * length, 3 * length + 1));
      return partialsOf(counter, 0, given, [length + 2, length, length + 1]).length;
    };
    expect(orders(5_000 - 3)).toBe(3);
    expect(orders(5_001 - 3)).toBe(2);
  });
});

describe("an order is not given", () => {
  test("where it takes too long to find", () => {
    // They add up to as many values as there are sets of them.
    const many = Array.from({ length: 18 }, (_, at) => add(2 ** at, null, 0, 10));
    const given = operations(get(-1, 11, 12), ...many);
    expect(partialsOf(counter, 0, given, [0, 1]).map(({ notPlaced }) => notPlaced[0]?.operation)).toEqual([0]);
  });

  test("where the model does not take it", () => {
    const stubborn = anyModel({ ...registerModel("cas-register", true), step: () => "illegal" }, { register: true });
    const given = operations(put(1, 0, 1), get(2, 2, 3));
    expect(() => partialsOf(stubborn, 0, given, [1])).toThrow(
      new CertificateMismatch("a partial linearization does not explain operation 0"),
    );
  });

  test("where the model fails, and that is not kept quiet", () => {
    const broken = anyModel({
      ...registerModel("cas-register", true),
      step: () => {
        throw new Error("out of order");
      },
    });
    expect(() => partialsOf(broken, 0, operations(put(1, 0, 1), get(2, 2, 3)), [1])).toThrow("out of order");
  });
});
