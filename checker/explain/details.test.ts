// When details are added to a violation, and whom its legend names.
import { expect, test } from "vitest";
import { casRegister } from "../models/index.js";
import { normaliseRegister } from "../register/normalise.js";
import { get, operations, put } from "../testing/builders.js";
import type { Violation } from "../verdict.js";
import { withDetails } from "./details.js";

const given = operations(
  put(1, 0, 1e6),
  put(2, 2e6, 3e6),
  get(1, 5e6, 6e6),
  ...Array.from({ length: 300 }, (_, at) => put(10 + at, 7e6 + at, 7e6 + at)),
);
const violation: Violation = {
  class: "stale read",
  checker: "linearizability",
  sentence: "",
  key: "k",
  operations: [0, 1, 2],
  culprit: 2,
  timeNs: 6e6,
  fingerprint: "",
};

function detailed(more: Partial<Violation> = {}, timeMs = 60_000, isRegister = true): Violation {
  const normal = isRegister ? normaliseRegister(given, 0) : null;
  return withDetails({ ...violation, ...more }, { model: casRegister, initial: 0, operations: given, timeMs, normal });
}

test("details are added where a second is left and the culprit and the moment are known", () => {
  expect(detailed().explanation?.partials).toHaveLength(2);
  expect(detailed({}, 1_000).explanation).toBeDefined();
  expect(detailed({}, 999)).toEqual(violation);
  expect(detailed({ timeNs: null }).explanation).toBeUndefined();
  const { culprit, ...unknown } = violation;
  expect(culprit).toBe(2);
  const input = { model: casRegister, initial: 0, operations: given, timeMs: 1_000, normal: null };
  expect(withDetails(unknown, input)).toEqual(unknown);
});

test("staleness is told in milliseconds, of stale reads of registers only", () => {
  expect(detailed().explanation?.stalenessMs).toBe(2);
  expect(detailed({ class: "lost write" }).explanation?.stalenessMs).toBeNull();
  expect(detailed({}, 60_000, false).explanation?.stalenessMs).toBeNull();
});

test("the legend names who is named anywhere, two hundred at most", () => {
  const named = (more: Partial<Violation>) => detailed(more).explanation?.legend.map(({ operation }) => operation);
  expect(named({})).toEqual([0, 1, 2]);
  expect(named({ operations: [2], related: [1, 9] })).toEqual([0, 1, 2, 9]);
  const all = given.map(({ index }) => index);
  expect(named({ related: all })).toEqual(all.slice(0, 200));
  expect(detailed().explanation?.legend[2]?.text).toMatch(/^get by process \d+ returned 1, 0\.005 s to 0\.006 s$/);
});
