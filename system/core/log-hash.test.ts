// The chain over the decided log: equal prefixes have equal hashes, a difference anywhere shows from there on, waiters do not count.
import { expect, test } from "vitest";

import { openSession, put, puts } from "../testing/lone-core.js";
import type { Command } from "./interface.js";
import { DECISIONS_PER_ANSWER_MAX, LogHash } from "./log-hash.js";

function chain(commands: readonly Command[]): LogHash {
  const hash = new LogHash();
  for (const command of commands) hash.advance(command);
  return hash;
}

test("equal logs have equal hashes at every length", () => {
  expect(chain(puts(1, 2, 3)).after(0)).toEqual(chain(puts(1, 2, 3)).after(0));
  expect(
    chain(puts(1, 2, 3))
      .after(0)
      .slice(0, 2),
  ).toEqual(chain(puts(1, 2)).after(0));
});

test("a different command shows at its place and at every later one", () => {
  const left = chain(puts(1, 2, 3, 4)).after(0);
  const right = chain(puts(1, 9, 3, 4)).after(0);
  expect(left.map(({ hash }, index) => hash === right[index]?.hash)).toEqual([true, false, false, false]);
});

test("the order counts", () => {
  expect(chain(puts(1, 2)).hash).not.toBe(chain(puts(2, 1)).hash);
});

test("the waiter takes no part", () => {
  const waiter = { origin: 2, incarnation: 9, connection: 9, id: 9 };
  expect(
    chain([
      { ...openSession, waiter },
      { ...put(1), waiter },
    ] as Command[]).hash,
  ).toBe(chain([openSession, put(1)]).hash);
});

test("every field of a command takes part", () => {
  const base = { ...put(1), operation: { function: "cas", key: "k", expected: 1, new: 2 } };
  const variants = [
    base,
    { ...base, session: 1 },
    { ...base, number: 2 },
    { ...base, acknowledgedBelow: 0 },
    { ...base, operation: { ...base.operation, key: "l" } },
    { ...base, operation: { ...base.operation, expected: "1" } },
    { ...base, operation: { ...base.operation, new: 3 } },
    { ...base, operation: { function: "get", key: "k" } },
    { ...base, operation: { function: "put", key: "k", value: 1 } },
    { ...base, operation: { function: "put", key: "k1", value: "" } },
    { ...base, operation: { function: "put", key: "k", value: "1" } },
    { type: "noop" },
    openSession,
  ];
  expect(new Set(variants.map((command) => chain([command as Command]).hash)).size).toBe(variants.length);
});

test("hashes are given after an index, so many at a time, with the length each stands for", () => {
  const log = chain(Array.from({ length: 2_500 }, (_, number) => put(number)));
  const first = log.after(0);
  expect(first.length).toBe(DECISIONS_PER_ANSWER_MAX);
  expect(first[0]?.index).toBe(1);
  const rest = log.after(2_000);
  expect(rest.length).toBe(500);
  expect(rest[499]).toEqual({ index: 2_500, hash: log.hash });
  expect(log.after(2_500)).toEqual([]);
});
