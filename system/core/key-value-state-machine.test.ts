// The map: what each operation answers and changes, and a hash that depends on the content alone.
import fc from "fast-check";
import { expect, test } from "vitest";

import type { KvOperation, Value } from "./interface.js";
import { KeyValueStateMachine } from "./key-value-state-machine.js";

const put = (key: string, value: Value): KvOperation => ({ function: "put", key, value });
const cas = (key: string, expected: Value, next: Value): KvOperation => ({ function: "cas", key, expected, new: next });
const get = (key: string): KvOperation => ({ function: "get", key });

test("operations answer with what they saw and the index they were decided at", () => {
  const machine = new KeyValueStateMachine();
  expect(machine.apply(get("k"), 0)).toEqual({ function: "get", found: false, value: null, index: 0 });
  expect(machine.apply(cas("k", null, 1), 1)).toEqual({
    function: "cas",
    status: "not-found",
    observed: null,
    index: 1,
  });
  expect(machine.apply(put("k", "a"), 2)).toEqual({ function: "put", previous: null, index: 2 });
  expect(machine.apply(put("k", "b"), 3)).toEqual({ function: "put", previous: "a", index: 3 });
  expect(machine.apply(cas("k", "a", "c"), 4)).toEqual({
    function: "cas",
    status: "mismatch",
    observed: "b",
    index: 4,
  });
  expect(machine.apply(cas("k", "b", "c"), 5)).toEqual({ function: "cas", status: "ok", observed: "b", index: 5 });
  expect(machine.apply(get("k"), 6)).toEqual({ function: "get", found: true, value: "c", index: 6 });
});

test("a stored null is found, and values of different types are not equal", () => {
  const machine = new KeyValueStateMachine();
  machine.apply(put("k", null), 0);
  expect(machine.apply(get("k"), 1)).toMatchObject({ found: true, value: null });
  machine.apply(put("k", 1), 2);
  expect(machine.apply(cas("k", "1", 2), 3)).toMatchObject({ status: "mismatch", observed: 1 });
  machine.apply(put("k", false), 4);
  expect(machine.apply(cas("k", 0, 2), 5)).toMatchObject({ status: "mismatch", observed: false });
});

test("the digest depends on the content, not on the way to it", () => {
  const entry = fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom<Value>(1, "1", true, null, 2));
  fc.assert(
    fc.property(fc.array(entry), fc.array(entry), (left, right) => {
      const machines = [left, right].map((entries) => {
        const machine = new KeyValueStateMachine();
        for (const [index, [key, value]] of entries.entries()) machine.apply(put(key, value), index);
        return machine;
      });
      const content = [left, right].map((entries) =>
        JSON.stringify([...new Map(entries)].sort(([one], [other]) => (one < other ? -1 : 1))),
      );
      expect(JSON.stringify(machines[0]?.digest) === JSON.stringify(machines[1]?.digest)).toBe(
        content[0] === content[1],
      );
    }),
  );
});
