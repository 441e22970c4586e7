// Histories split by key and checked to be something that sequential clients can have done, long ones and oddly numbered ones too.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../history/index.js";
import { refusedOperation, splitByKey, validateOperations } from "./keys.js";
import { anyModel } from "./model.js";
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

describe("what is refused, in full", () => {
  const message = (...makers: readonly Maker[]) => refusedOperation(operations(...makers), casRegister)?.message;
  const as =
    (make: Maker, change: Partial<Operation>): Maker =>
    (index) => ({ ...make(index), ...change });

  test("outcomes and returns that contradict each other, and times that are no integers, at either end", () => {
    expect(message(as(put(1, 0, 1), { outcome: "info" }))).toMatch(
      /^operation 0 \(put, event 0\): outcome info and return 1 contradict each other$/,
    );
    expect(message(as(put(1, 0, null), { outcome: "ok" }))).toMatch(
      /outcome ok and return null contradict each other$/,
    );
    expect(message(as(put(1, 0, null), { outcome: "fail" }))).toMatch(/outcome fail and return null contradict/);
    expect(message(put(1, 0.5, 1))).toMatch(/safe integers/);
    expect(message(put(1, 0, 1.5))).toMatch(/safe integers/);
    expect(message(put(1, 0, 2 ** 53))).toMatch(/safe integers/);
    expect(message(put(1, 0, 0))).toBeUndefined();
  });

  test("names its event", () => {
    const error = refusedOperation(operations(put(1, 0, 1), put(2, 5, 4)), casRegister);
    expect(error?.event).toBe(2);
  });

  test("what failed may be of a shape that the model does not know; what a model throws is thrown on", () => {
    const odd: Maker = (index) => operation(index, "increment", 1, null, 0, 1, { outcome: "fail" });
    expect(message(odd)).toBeUndefined();
    expect(message((index) => ({ ...odd(index), outcome: "ok" }))).toMatch(/"increment" is not one of/);
    const throws = anyModel<null>({
      name: "throws",
      initial: () => null,
      step: () => ({ state: null }),
      identify: () => "",
      isRead: () => false,
      refuses: () => {
        throw new Error("no");
      },
    });
    expect(() => refusedOperation(operations(put(1, 0, 1)), throws)).toThrow("no");
  });

  test("calls at one moment count in order of index: who returned at once was first", () => {
    const [first, second] = operations(by(1, put(1, 5, 5)), by(1, put(2, 5, 9)));
    if (first === undefined || second === undefined) throw new Error("two");
    expect(refusedOperation([first, second], casRegister)).toBeNull();
    expect(refusedOperation([second, first], casRegister)).toBeNull();
    const [long, short] = operations(by(1, put(1, 5, 9)), by(1, put(2, 5, 5)));
    if (long === undefined || short === undefined) throw new Error("two");
    for (const list of [
      [long, short],
      [short, long],
    ])
      expect(refusedOperation(list, casRegister)?.message).toMatch(/^operation 1 .* busy with operation 0$/);
  });

  test("indices that repeat an earlier one are found whatever their sign, and none is taken that was not given", () => {
    const list = operations(put(1, 0, 1), put(2, 2, 3), put(3, 4, 5));
    const taken = (...indices: readonly number[]) =>
      refusedOperation(
        list.map((one, at) => ({ ...one, index: indices[at] ?? 0 })),
        casRegister,
      )?.message;
    expect(taken(-5, -5, 1)).toMatch(/its index is taken/);
    expect(taken(1, 2, 1)).toMatch(/its index is taken/);
    expect(taken(-3, -9, 7)).toBeUndefined();
  });
});
