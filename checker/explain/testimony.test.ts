// What a decided log says of the answers of one key, and what becomes of a class that it speaks about. checker/decided-logs.test.ts shows
// which log serves as evidence.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../../history/index.js";
import type { LoggedCommand } from "../judge-input.js";
import { cas, failedCas, get, mismatch, operations, put } from "../testing/builders.js";
import type { ViolationClass } from "../verdict.js";
import { heard, testimonyOf, type Testimony } from "./testimony.js";

type Maker = (index: number) => Operation;

const command = (id: string, name: string, input: JsonValue): LoggedCommand => ({
  id,
  function: name,
  key: "k",
  input,
});
const swapped = (id: string, expected: JsonValue, replacement: JsonValue): LoggedCommand =>
  command(id, "cas", { expected, new: replacement });
const swap =
  (previous: JsonValue, value: JsonValue, from: number, to: number): Maker =>
  (index) => ({ ...put(value, from, to)(index), output: { previous } });

describe("a log", () => {
  const says = (log: readonly LoggedCommand[], ...makers: readonly Maker[]) =>
    testimonyOf(log, operations(...makers), 0);
  const obeyed = { kind: "obeyed", reads: true };
  const silent = { kind: "silent" };

  test("accounts for what every operation said that it met, command by command", () => {
    const log = [command("a", "put", 1), swapped("b", 1, 2), swapped("c", 1, 3), command("d", "put", 4)];
    const first = [swap(0, 1, 0, 1), cas(1, 2, 2, 3)];
    expect(says(log, ...first, swap(2, 4, 4, 5))).toEqual(obeyed);
    expect(says(log, ...first, swap(1, 4, 4, 5))).toEqual(silent);
    expect(says(log, ...first, swap(3, 4, 4, 5))).toEqual(silent);
    expect(says(log, swap(2, 1, 0, 1), cas(1, 2, 2, 3))).toEqual(silent);
  });

  test("accounts for a failed cas by what it says that it saw, and for one that says nothing anyhow", () => {
    const log = [command("a", "put", 1), swapped("b", 7, "never"), command("d", "put", 4)];
    expect(says(log, put(1, 0, 1), mismatch(7, 1, 2, 3), put(4, 4, 5))).toEqual(obeyed);
    expect(says(log, put(1, 0, 1), mismatch(7, 4, 2, 3), put(4, 4, 5))).toEqual(silent);
    expect(says(log, put(1, 0, 1), failedCas(7, 2, 3), put(4, 4, 5))).toEqual(obeyed);
    expect(says([swapped("a", 5, 6)], cas(5, 6, 0, 1))).toEqual(silent);
    expect(says([swapped("a", 0, 6)], cas(0, 6, 0, 1))).toEqual(obeyed);
  });

  test("accounts for one answer with each command, and for as many with as many", () => {
    const log = [command("a", "get", null), command("b", "get", null), command("c", "put", 1)];
    expect(says(log, get(0, 0, 1), get(0, 0, 1), put(1, 2, 3))).toEqual(obeyed);
    expect(says(log, get(0, 0, 1), get(1, 4, 5), put(1, 2, 3))).toEqual(silent);
    expect(says([...log, command("d", "get", null)], get(0, 0, 1), get(1, 0, 1), get(1, 4, 5), put(1, 2, 3))).toEqual(
      silent,
    );
    expect(says(log, get(0, 0, 1), get(null, 0, null), get(null, 0, null), put(1, 2, 3))).toEqual(obeyed);
  });

  test("that lacks the reads is asked about the others only", () => {
    const log = [command("a", "put", 1)];
    expect(says(log, get(5, 0, 1), swap(0, 1, 2, 3))).toEqual({ kind: "obeyed", reads: false });
    expect(says(log, get(5, 0, 1), swap(9, 1, 2, 3))).toEqual(silent);
  });

  test("lacks writes, not reads and not what failed", () => {
    expect(says([], put(1, 0, 1))).toMatchObject({ kind: "lost", operation: { function: "put", input: 1 } });
    expect(says([], failedCas(1, 0, 1))).toEqual({ kind: "obeyed", reads: true });
    const succeeded: Maker = (index) => ({ ...get(0, 0, 1)(index), output: { status: "ok" } });
    expect(says([], succeeded)).toEqual({ kind: "obeyed", reads: false });
  });
});

describe("the class, once the log is heard,", () => {
  const [read, write, failed] = operations(get(1, 8, 9), swap(1, 2, 8, 9), (index) => ({
    ...put(7, 0, 1)(index),
    outcome: "fail",
  })).map((one) => ({ ...one, process: 3, callNs: one.callNs * 1e9, returnNs: (one.returnNs ?? 0) * 1e9 }));
  if (read === undefined || write === undefined || failed === undefined) throw new Error("invariant: three were made");

  function told(name: ViolationClass, testimony: Testimony, culprit: Operation, writer: Operation | null = null) {
    const { classified, told } = heard({ class: name, value: 1, against: null, writer }, testimony, culprit);
    return [classified.class, told];
  }

  const lost: Testimony = { kind: "lost", operation: null };
  const lacks = "The log that the group decided lacks an acknowledged write";

  test("is what the log tells, in a sentence", () => {
    expect(told("stale read", lost, read)).toEqual(["lost write", `${lacks}.`]);
    expect(told("stale read", { kind: "lost", operation: write }, read)).toEqual([
      "lost write",
      `${lacks}: put 2 by process 3 said at 9.000 s that it replaced 1.`,
    ]);
    expect(told("stale read", { kind: "repeated" }, read)).toEqual([
      "resurrected write",
      "What was answered fits the log that the group decided only if a repeated request takes effect again.",
    ]);
    expect(told("lost write", { kind: "obeyed", reads: false }, read)).toEqual([
      "stale read",
      "The log that the group decided accounts for every write; reads are missing from it.",
    ]);
  });

  test("stays where the log says nothing, or has the reads in it, or no read is to blame", () => {
    expect(told("lost write", { kind: "silent" }, read)).toEqual(["lost write", null]);
    expect(told("lost write", { kind: "obeyed", reads: true }, read)).toEqual(["lost write", null]);
    expect(told("lost write", { kind: "obeyed", reads: false }, write)).toEqual(["lost write", null]);
  });

  test("stays where no loss and no repetition could have given that answer", () => {
    expect(told("value from nowhere", lost, read)).toEqual(["value from nowhere", null]);
    expect(told("read of a failed write", lost, read, failed)).toEqual(["read of a failed write", null]);
    expect(told("read of a failed write", lost, read)).toEqual(["read of a failed write", null]);
    expect(told("read of a failed write", lost, read, write)[0]).toBe("lost write");
    expect(told("resurrected write", lost, read, failed)[0]).toBe("lost write");
  });
});
