// A history that your own code recorded is judged by one line. No cluster is needed.
import { checkSet, defineModel, type RecordedOperation } from "minos-suite/checker";
import type { HistoryChecker } from "minos-suite/vitest";
import { expect, test } from "vitest";
import "minos-suite/vitest";

/** Two clients of one register: a write, then a read of it by the other. */
const history: readonly RecordedOperation[] = [
  { process: 0, function: "put", key: "x", input: 1, output: null, callNs: 1, returnNs: 2 },
  { process: 1, function: "get", key: "x", input: null, output: 1, callNs: 3, returnNs: 4 },
];

test("what was written is read", () => {
  expect(history).toBeLinearizable("cas-register");
});

test("a read of what was replaced has no place in any order", () => {
  const stale = { process: 1, function: "get", key: "x", input: null, output: null, callNs: 5, returnNs: 6 };
  expect([...history, stale]).not.toBeLinearizable("cas-register");
});

/** What an object of yours does, one call at a time. */
const ticketOffice = defineModel<number, { draw: { input: null; output: number } }>({
  name: "ticket-office",
  initial: () => 0,
  step: (drawn, { outcome, output }) => (outcome === "info" || output === drawn + 1 ? { state: drawn + 1 } : "illegal"),
});

test("no ticket is drawn twice", () => {
  const drawn: readonly RecordedOperation[] = [
    { process: 0, function: "draw", input: null, output: 2, callNs: 1, returnNs: 9 },
    { process: 1, function: "draw", input: null, output: 1, callNs: 2, returnNs: 8 },
  ];
  expect(drawn).toBeLinearizable(ticketOffice);
});

const asSet: HistoryChecker = { name: "set", check: (operations) => checkSet(operations, []) };

test("an element that was added and never read again is lost", () => {
  const added: readonly RecordedOperation[] = [
    { process: 0, function: "add", input: 7, output: null, callNs: 1, returnNs: 2 },
    { process: 0, function: "get", input: null, output: [], callNs: 3, returnNs: 4 },
  ];
  expect(added).not.toSatisfy(asSet);
});
