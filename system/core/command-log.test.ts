// The log in memory: what was compacted into columns reads as it was written, but for its waiter; long runs are cut for messages.
import fc from "fast-check";
import { expect, test } from "vitest";

import { openSession, put } from "../testing/lone-core.js";
import { CommandLog, nobody, splitIntoMessages } from "./command-log.js";
import type { Command, KvOperation, Value } from "./interface.js";

const value: fc.Arbitrary<Value> = fc.oneof(fc.constant(null), fc.boolean(), fc.double({ noNaN: true }), fc.string());
const operation: fc.Arbitrary<KvOperation> = fc.oneof(
  fc.record({ function: fc.constant("get" as const), key: fc.string() }),
  fc.record({ function: fc.constant("put" as const), key: fc.string(), value }),
  fc.record({ function: fc.constant("cas" as const), key: fc.string(), expected: value, new: value }),
);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.constant<Command>({ type: "noop" }),
  fc.constant<Command>({ type: "open-session", waiter: nobody }),
  fc.record({
    type: fc.constant("operation" as const),
    session: fc.nat(),
    number: fc.nat(),
    acknowledgedBelow: fc.nat(),
    operation,
    waiter: fc.constant(nobody),
  }),
);

test("compacting changes nothing that is read", () => {
  fc.assert(
    fc.property(fc.array(command), fc.nat(100), fc.nat(100), (commands, compacted, from) => {
      const log = new CommandLog();
      for (const one of commands) log.append(one);
      log.compact(Math.min(compacted, commands.length), (key) => key);
      expect(log.length).toBe(commands.length);
      expect(log.slice(from)).toEqual(commands.slice(from));
    }),
  );
});

test("thousands of commands keep their places over many chunks", () => {
  const log = new CommandLog();
  for (let number = 0; number < 5000; number += 1) log.append(put(number));
  log.compact(4500, (key) => key);
  for (const index of [0, 1023, 1024, 4095, 4499, 4500, 4999]) expect(log.get(index)).toMatchObject({ number: index });
  log.truncate(4600);
  expect(log.length).toBe(4600);
  log.append(openSession);
  expect(log.get(4600)).toEqual(openSession);
});

test("a waiter is kept until its command is compacted, and nobody waits then", () => {
  const log = new CommandLog();
  log.append(put(7));
  expect(log.get(0)).toEqual(put(7));
  log.compact(1, (key) => key);
  expect(log.get(0)).toEqual({ ...put(7), waiter: nobody });
});

test("what is compacted is decided: it cannot be truncated", () => {
  const log = new CommandLog();
  for (const number of [1, 2, 3]) log.append(put(number));
  log.compact(2, (key) => key);
  expect(() => log.truncate(1)).toThrow("decided commands end at 2");
});

test("commands are cut into messages of bounded count and size, none lost, and there is always one message", () => {
  expect(splitIntoMessages([])).toEqual([[]]);
  const large = (length: number): Command =>
    ({ ...put(1), operation: { function: "put", key: "k", value: "x".repeat(length) } }) as Command;
  const parts = splitIntoMessages([large(600_000), large(600_000), large(3_000_000), large(10), large(10)]);
  expect(parts.map((part) => part.length)).toEqual([1, 1, 1, 2]);
  expect(splitIntoMessages(Array.from({ length: 20_000 }, () => put(1))).map((part) => part.length)).toEqual([
    8192, 8192, 3616,
  ]);
});
