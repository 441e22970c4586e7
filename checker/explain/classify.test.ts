// What class a wrong answer is of, by example and to the nanosecond: around changes of leader, after repeated requests, and by what
// others saw later. checker/violations.test.ts has an example of each class from end to end.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import { normaliseRegister } from "../register/normalise.js";
import { cas, failedCas, get, mismatch, operations, put } from "../testing/builders.js";
import { canonical, fieldOf } from "../values.js";
import { classify } from "./classify.js";

type Maker = (index: number) => Operation;
const second = 1e9;

interface Around {
  readonly initial?: JsonValue;
  /** Default: all that happened. */
  readonly core?: readonly number[];
  readonly attempts?: Readonly<Record<number, number>>;
  readonly leaderChangesNs?: readonly number[];
}

/** The class, the value, what is against it, and who wrote the value, by positions. */
function judged(culprit: number, makers: readonly Maker[], around: Around = {}) {
  const { initial = 0, attempts = {}, leaderChangesNs = [] } = around;
  const given = operations(...makers);
  const normal = normaliseRegister(given, initial);
  if (!("values" in normal)) throw new Error("invariant: no operation contradicts itself");
  const one = normal.operations.find(({ position }) => position === culprit);
  if (one === undefined) throw new Error("invariant: the culprit was given");
  const found = classify({
    operations: given,
    normal: normal.operations,
    culprit: one,
    core: around.core ?? [...given.keys()],
    values: normal.values,
    wouldWrite: ({ function: name, input }) =>
      name === "put" ? canonical(input) : name === "cas" ? canonical(fieldOf(input, "new") ?? null) : null,
    attemptsOf: ({ index }) => attempts[index] ?? null,
    leaderChangesNs,
  });
  return [found.class, normal.values[found.value], found.against, found.writer?.index ?? null];
}

const at =
  (node: string, make: Maker): Maker =>
  (index) => ({ ...make(index), node });
const failing =
  (make: Maker): Maker =>
  (index) => ({ ...make(index), outcome: "fail" });
/** A put that says what it replaced. */
const swap =
  (previous: JsonValue, value: JsonValue, from: number, to: number): Maker =>
  (index) => ({ ...put(value, from, to)(index), output: { previous } });

describe("a value that came back although it had been replaced", () => {
  const cameBack = (written: number) => [
    put(1, written, written + 1),
    swap(1, 2, 3 * second, 3 * second + 1),
    swap(1, 3, 5 * second, 6 * second),
  ];
  const lost = ["lost write", "1", 1, 0];
  const repeated = ["resurrected write", "1", 1, 0];

  test("was written again if its request was sent more than once, or nobody knows what became of it; else its successor was lost", () => {
    const rows = cameBack(2 * second);
    expect(judged(2, rows)).toEqual(lost);
    expect(judged(2, rows, { attempts: { 0: 1 } })).toEqual(lost);
    expect(judged(2, rows, { attempts: { 0: 2 } })).toEqual(repeated);
    expect(judged(2, [put(1, 2 * second, null), ...rows.slice(1)])).toEqual(repeated);
    expect(judged(2, [failing(put(2, 0, 1)), ...rows.slice(1)], { initial: 1 })).toEqual(["lost write", "1", 1, null]);
  });

  test.each([
    [3.5 * second - 1, repeated],
    [3.5 * second, lost],
    [5 * second, lost],
    [6.5 * second, lost],
    [6.5 * second + 1, repeated],
  ])("near a change of leader it is a loss: change at %d", (change, expected) => {
    expect(judged(2, cameBack(2 * second), { attempts: { 0: 2 }, leaderChangesNs: [0, change] })).toEqual(expected);
  });

  test("near a change of leader it is a repetition only of what had just begun", () => {
    const near = { attempts: { 0: 2 }, leaderChangesNs: [5 * second] };
    expect(judged(2, cameBack(4.2 * second), near)).toEqual(["resurrected write", "1", 1, 0]);
    expect(judged(2, cameBack(4.2 * second - 1), near)).toEqual(["lost write", "1", 1, 0]);
  });

  test("comes of a repeated request that was answered within the second before, else of the latest writer", () => {
    const rows = (answered: number, more: Maker) => [
      put(1, 2 * second, answered),
      swap(1, 2, 4.5 * second, 4.5 * second + 1),
      swap(1, 3, 5 * second, 6 * second),
      more,
    ];
    const other = put(1, 4 * second, 4 * second + 1);
    const twice = { attempts: { 0: 2 } };
    expect(judged(2, rows(4 * second, other), twice)).toEqual(["resurrected write", "1", 1, 0]);
    expect(judged(2, rows(4 * second - 1, other), twice)).toEqual(["lost write", "1", 1, 3]);
    // Of unknown outcome, the latest writer itself is the likelier one.
    expect(judged(2, rows(4 * second, put(1, 4 * second, null)), twice)).toEqual(["resurrected write", "1", 1, 3]);
  });

  test("comes of nobody who failed, or began after it was seen", () => {
    const rows = (more: Maker) => [...cameBack(2 * second), more];
    const twice = { attempts: { 3: 2 } };
    expect(judged(2, rows(failing(put(1, 4 * second, 5 * second))), twice)).toEqual(lost);
    expect(judged(2, rows(put(1, 6 * second + 1, 7 * second)), twice)).toEqual(lost);
    expect(judged(2, rows(put(1, 6 * second, 7 * second)), twice)).toEqual(["resurrected write", "1", 1, 3]);
  });
});

describe("a value that nobody else can have left there", () => {
  test("is the culprit's own, if it would have written it, or what was made of it", () => {
    expect(judged(0, [mismatch(7, "never", 0, 1)])).toEqual(["resurrected write", '"never"', null, 0]);
    expect(judged(0, [swap(2, 1, 1, 9), swap(1, 2, 3, 4)])).toEqual(["resurrected write", "2", null, 0]);
  });

  test("is that of an operation that failed, or that was sent more than once and told at last that it had done nothing", () => {
    const failed = ["read of a failed write", '"never"', null, 0];
    const rows = [failedCas(7, 0, 1), get("never", 2, 3)];
    expect(judged(1, rows)).toEqual(failed);
    expect(judged(1, rows, { attempts: { 0: 1 } })).toEqual(failed);
    expect(judged(1, rows, { attempts: { 0: 2 } })).toEqual(["resurrected write", '"never"', null, 0]);
    expect(judged(1, [failing(put("never", 0, 1)), get("never", 2, 3)], { attempts: { 0: 2 } })).toEqual(failed);
  });

  test("is from nowhere", () => {
    expect(judged(1, [failedCas(7, 0, 1), get(5, 2, 3)])).toEqual(["value from nowhere", "5", null, null]);
    expect(judged(0, [get(5, 2, 3), put(5, 4, 5), cas(6, 5, 0, 1)])).toEqual(["value from nowhere", "5", null, null]);
  });
});

describe("two that replaced one value", () => {
  const fork = ["forked CAS", "0", 0, null];

  test("are a fork if they overlap, be it in a moment, and both were cas", () => {
    expect(judged(1, [cas(0, 1, 2, 5), cas(0, 2, 3, 6)])).toEqual(fork);
    expect(judged(1, [cas(0, 1, 2, 5), cas(0, 2, 5, 6)])).toEqual(fork);
    expect(judged(1, [cas(0, 1, 6, 7), cas(0, 2, 5, 6)])).toEqual(fork);
    for (const apart of [cas(0, 1, 2, 4), cas(0, 1, 7, 8), swap(0, 1, 2, 5), cas(0, 1, 2, null)])
      expect(judged(1, [apart, cas(0, 2, 5, 6)])[0]).toBe("lost write");
    expect(judged(1, [cas(0, 1, 2, 5), swap(0, 2, 3, 6)])[0]).toBe("lost write");
    expect(judged(1, [cas(0, 1, 2, 5), cas(0, 2, 3, 6)], { core: [1] })[0]).toBe("lost write");
  });

  test("are none if they only looked", () => {
    expect(judged(2, [put(1, 0, 1), mismatch(7, 0, 2, 5), mismatch(8, 0, 3, 6)])[0]).toBe("stale read");
  });
});

describe("what an answer is told to contradict", () => {
  const against = (core: readonly number[], ...makers: readonly Maker[]) => judged(0, makers, { core })[2];

  test("is the acknowledged write of another value in the core that ended last before it began", () => {
    const wrong = get(0, 10, 12);
    const rows = [
      wrong,
      put(2, 0, 1),
      put(3, 2, 8),
      put(4, 3, 4),
      put(5, 3, 10),
      put(6, 9, 13),
      put(0, 1, 9),
      put(7, 0, null),
    ];
    expect(against([0, 1, 2, 3, 4, 5, 6, 7], ...rows)).toBe(2);
    expect(against([0, 1, 3, 4, 5], ...rows)).toBe(3);
    expect(against([0, 4, 5], ...rows)).toBe(5);
    expect(against([0, 4], ...rows)).toBe(4);
    expect(against([0, 6, 7], ...rows)).toBeNull();
  });

  test("is not the culprit itself", () => {
    expect(against([0, 1], swap(0, 1, 2, 9), put(5, 3, 8))).toBe(1);
  });

  test("is told of a cas that says only what was not there, too", () => {
    expect(judged(0, [failedCas(1, 10, 12), put(1, 0, 1), put(2, 0, 2)])).toEqual(["stale read", "1", 2, null]);
  });
});

test("a write that was seen by somebody whose effect it saw itself took effect twice", () => {
  const chain = [cas(3, 1, 0, 9), get(3, 4, 5), get(2, 4, 5), cas(2, 3, 2, 9), cas(1, 2, 1, 9), put(1, 20, 21)];
  const itself = (...makers: readonly Maker[]) => judged(0, makers, { initial: 1 })[0];
  const around = [...chain.slice(0, 5), cas(0, 9, 1, 2)];
  expect(itself(...around)).toBe("resurrected write");
  expect(itself(...chain)).toBe("lost write");
  expect(itself(...around.map((make, place) => (place === 4 ? cas(1, 2, 1, null) : make)), get(9, 30, 31))).toBe(
    "lost write",
  );
});

describe("a read of an old value", () => {
  /** put 1, put 2, then a read of 1 through n1 from 10 to 12. */
  const read = (...later: readonly Maker[]) =>
    judged(2, [put(1, 0, 1), put(2, 2, 3), at("n1", get(1, 10, 12)), ...later])[0];

  test("is stale if nobody looked again, or only through the same node", () => {
    expect(read()).toBe("stale read");
    expect(read(at("n1", get(1, 20, 21)))).toBe("stale read");
    expect(read(at("n2", get(1, 8, 9)))).toBe("stale read");
  });

  test("shows a loss if all others read the old value as well", () => {
    expect(read(at("n2", get(1, 20, 21)))).toBe("lost write");
    expect(read(at("n2", get(1, 10, 11)))).toBe("lost write");
    expect(read(at("n2", get(1, 20, 21)), at("n3", get(2, 22, 23)))).toBe("stale read");
    expect(read(at("n1", get(2, 18, 19)), at("n2", get(1, 20, 21)))).toBe("lost write");
    expect(read(at("n2", put(7, 15, null)), at("n2", get(1, 20, 21)))).toBe("lost write");
  });

  test("is judged by the first write or comparison that tells what it saw", () => {
    expect(read(swap(1, 5, 20, 21))).toBe("lost write");
    expect(read(at("n1", swap(1, 5, 20, 21)))).toBe("lost write");
    expect(read(swap(2, 5, 20, 21))).toBe("stale read");
    expect(read(swap(2, 5, 22, 23), at("n2", get(1, 20, 21)))).toBe("stale read");
    expect(read(swap(2, 5, 22, 23), swap(1, 6, 20, 21))).toBe("lost write");
    expect(read(put(6, 13, 14), failedCas(9, 15, 16), swap(1, 5, 20, 21))).toBe("lost write");
  });

  test("is not judged by what came after a newer write of the value seen", () => {
    expect(read(put(1, 13, 14), swap(1, 5, 20, 21))).toBe("stale read");
    expect(read(put(1, 13, 14), at("n2", get(1, 20, 21)))).toBe("stale read");
    expect(read(put(1, 21, 22), at("n2", get(1, 20, 21)))).toBe("stale read");
    expect(read(put(1, 22, 23), at("n2", get(1, 20, 21)))).toBe("lost write");
    expect(read(at("n2", get(1, 20, 21)), put(2, 24, 25), at("n3", get(2, 30, 31)))).toBe("lost write");
  });

  test("through an unknown node is judged by all other reads", () => {
    expect(judged(2, [put(1, 0, 1), put(2, 2, 3), get(1, 10, 12), get(1, 20, 21)])[0]).toBe("lost write");
  });
});
