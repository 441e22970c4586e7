// Histories split by key and checked to be something that sequential clients can have done, long ones and oddly numbered ones too.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../history/index.js";
import { refusedOperation, splitByKey, validateOperations } from "./keys.js";
import { casRegister } from "./models/index.js";
import { get, operation, operations, put } from "./testing/builders.js";
import { longHistory } from "./testing/long-history.js";

type Maker = (index: number) => Operation;
const by =
  (process: number, make: Maker): Maker =>
  (index) => ({ ...make(index), process });

describe("a history is split", () => {
  const keyed = (key: JsonValue, index: number): Operation => ({
    ...operation(index, "put", 1, null, index, index),
    key,
  });

  test("by equal keys, whatever kind they are, in order of first call", () => {
    const keys: readonly JsonValue[] = [
      "a",
      1,
      "1",
      null,
      "null",
      [1],
      "[1]",
      { x: 1, y: 2 },
      true,
      "true",
      '{"x":1,"y":2}',
    ];
    const again: readonly JsonValue[] = [
      "a",
      1,
      "1",
      null,
      "null",
      [1],
      "[1]",
      { y: 2, x: 1 },
      true,
      "true",
      '{"x":1,"y":2}',
    ];
    const history = [...keys, ...again].map(keyed);
    const split = splitByKey(history);
    expect(split.map(({ key }) => key)).toEqual(keys);
    expect(split.map(({ operations: own }) => own.map(({ index }) => index))).toEqual(
      keys.map((_, at) => [at, at + keys.length]),
    );
  });

  test("without a copy where there is one key, and into nothing where there is no operation", () => {
    const history = [0, 1, 2].map((index) => keyed("k", index));
    expect(splitByKey(history)[0]?.operations).toBe(history);
    expect(splitByKey([])).toEqual([]);
    expect(splitByKey([keyed([1], 0), keyed([1], 1)])).toHaveLength(1);
  });
});

describe("operations are refused", () => {
  const refused = (...makers: readonly Maker[]) => refusedOperation(operations(...makers), casRegister)?.message;

  test.each([0, 3, 1500, 1e9, -1, 2 ** 40, 0.5])("when process %d is still busy or silent", (process) => {
    expect(refused(by(process, put(1, 0, 5)), by(process, get(1, 4, 6)))).toMatch(/busy with operation 0/);
    expect(refused(by(process, put(1, 0, null)), by(process, get(1, 4, 6)))).toMatch(/speaks again after operation 0/);
    expect(refused(by(process, put(1, 0, 5)), by(process, get(1, 5, 6)), by(7, put(2, 0, 9)))).toBeUndefined();
  });

  test("when a process that had a large number comes back after smaller ones filled the gap", () => {
    const others = Array.from({ length: 40 }, (_, at) => by(100 * at, put(at, 3, 4)));
    expect(refused(by(2000, put(1, 0, 5)), ...others, by(2000, get(1, 4, 6)))).toMatch(/process 2000 is busy/);
  });

  test("when an index is taken, in order or not", () => {
    const [first, second, third] = operations(put(1, 0, 1), put(2, 2, 3), put(3, 4, 5));
    if (first === undefined || second === undefined || third === undefined) throw new Error("three");
    const message = (...indices: readonly number[]) =>
      refusedOperation(
        [first, second, third].map((one, at) => ({ ...one, index: indices[at] ?? 0 })),
        casRegister,
      )?.message;
    expect(message(0, 0, 1)).toMatch(/its index is taken/);
    expect(message(5, 3, 5)).toMatch(/its index is taken/);
    expect(message(5, 3, 3)).toMatch(/its index is taken/);
    expect(message(5, 3, 4)).toBeUndefined();
    expect(message(0, 10, 2 ** 40)).toBeUndefined();
  });

  test("in a list that is not in order of call just as in one that is", () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = createRandom(seed);
      const good = longHistory(random, { operations: 60, clients: 4, unknownShare: 0.05, silentShare: 0 });
      expect(refusedOperation(random.shuffle(good), casRegister)).toBeNull();
      const victim = random.pick(good.filter(({ returnNs }) => returnNs !== null));
      const bad = good.map((one) => (one === victim ? { ...one, returnNs: one.callNs - 1 } : one));
      expect(() => validateOperations(random.shuffle(bad), casRegister)).toThrow(/returns before it is called/);
      const twice = good.map((one) => ({ ...one, process: 1 }));
      expect(() => validateOperations(random.shuffle(twice), casRegister)).toThrow(/process 1 (is busy|speaks again)/);
    }
  });
});
