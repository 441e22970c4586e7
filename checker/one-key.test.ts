// What is read in a single pass, and what is left to the long way: everything that is not one key of a register in order.
import { describe, expect, test } from "vitest";
import type { Operation } from "../history/index.js";
import { anyModel } from "./model.js";
import { readOneKey } from "./one-key.js";
import { resolveModel } from "./linearizability.js";
import { withScratch } from "./scratch.js";
import { get, operation, operations, put } from "./testing/builders.js";

const register = resolveModel("cas-register");

/** Rows of the columns by position and the indices, copied; null where it is not to be had so. */
function read(history: readonly Operation[], model = register) {
  return withScratch(0, (scratch) => {
    const one = readOneKey(history, model, null, scratch);
    if (one === null) return null;
    const { key, columns, indices } = one;
    const contradiction = "operations" in columns ? columns.operations : null;
    const positions = "operations" in columns ? null : Array.from(columns.position.subarray(0, columns.count));
    return { key, contradiction, positions, indices: history.map((_, position) => indices?.[position] ?? position) };
  });
}

describe("one key in order", () => {
  test("becomes rows, without what certainly did not happen", () => {
    const failed = (index: number) => operation(index, "put", 9, null, 1, 2, { outcome: "fail" });
    expect(read(operations(put(1, 0, 1), failed, get(1, 3, 4)))).toEqual({
      key: "k",
      contradiction: null,
      positions: [0, 2],
      indices: [0, 1, 2],
    });
  });

  test("may have calls at one moment, and any indices that grow", () => {
    const history = operations(put(1, 5, 6), put(2, 5, 6), get(2, 7, 8)).map((one) => ({
      ...one,
      index: 3 * one.index - 3,
    }));
    expect(read(history)?.indices).toEqual([-3, 0, 3]);
    // Positions at first, and others later.
    const later = history.map((one, at) => ({ ...one, index: at === 2 ? 7 : at }));
    expect(read(later)?.indices).toEqual([0, 1, 7]);
  });

  test("that contradicts itself names the first operation that does", () => {
    const itself = (index: number) =>
      operation(index, "cas", { expected: 1, new: 2 }, { status: "mismatch", observed: 1 }, 2 * index, 2 * index + 1);
    expect(read(operations(put(1, 0, 1), itself, get(1, 4, 5), itself))).toMatchObject({ contradiction: [1] });
  });
});

describe("left to the long way are", () => {
  const good = operations(put(1, 0, 1), get(1, 2, 3), get(1, 4, 5));
  const changed = (at: number, change: Partial<Operation>) =>
    good.map((one, place) => (place === at ? { ...one, ...change } : one));

  test("no operations, models that are no registers, and parts other than keys", () => {
    expect(read(good)).not.toBeNull();
    expect(read([])).toBeNull();
    expect(read(good, resolveModel("counter"))).toBeNull();
    const model = register.open((opened) => anyModel(opened, { register: true, partition: () => null }));
    expect(read(good, model)).toBeNull();
    expect(
      read(
        good,
        register.open((opened) => anyModel(opened, { register: false })),
      ),
    ).toBeNull();
    expect(
      read(
        good,
        register.open((opened) => anyModel(opened, { register: true })),
      ),
    ).not.toBeNull();
  });

  test.each([
    ["another key", changed(2, { key: "other" })],
    ["a call before the one before", changed(1, { callNs: -1 })],
    ["an index twice", changed(1, { index: 0 })],
    ["an index that falls", changed(2, { index: 0 })],
    ["a time that is no number", changed(1, { callNs: Number.NaN })],
    ["a return before the call", changed(1, { returnNs: 1 })],
    ["a busy process", good.map((one) => ({ ...one, process: 1, returnNs: (one.returnNs ?? 0) + 2 }))],
    ["a shape that the model refuses", changed(1, { function: "increment" })],
    ["a hole in the list", Object.assign([...good], { length: 4 })],
  ] as const)("%s", (_, history) => expect(read(history)).toBeNull());
});
