// Shows how additions to a set follow from the cas that carried them out: what each outcome means, that a second attempt after one of
// unknown outcome leaves it unknown, that a set begun anew is another set, and that the judge finds each kind of wrong answer.
// Histories are made by hand, one operation a line.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation, Outcome } from "../history/index.js";
import { set, setHistory } from "./set.js";
import { testOptions } from "./testing/options.js";

const history = (
  ...rows: readonly (readonly [name: string, input: JsonValue, outcome: Outcome, output: JsonValue])[]
) =>
  rows.map(([name, input, outcome, output], index): Operation => ({
    index,
    process: index,
    function: name,
    key: "k",
    input,
    output,
    outcome,
    error: null,
    callNs: index * 10,
    returnNs: outcome === "info" ? null : index * 10 + 5,
    node: "n1",
    callEvent: index * 2,
    returnEvent: index * 2 + 1,
  }));
const cas = (expected: string, next: string, outcome: Outcome, status = "ok", observed: JsonValue = null) =>
  ["cas", { expected, new: next }, outcome, outcome === "ok" ? { status, observed } : null] as const;
const get = (output: JsonValue) => ["get", null, "ok", output] as const;
const adds = (operations: readonly Operation[]) =>
  setHistory(operations).flatMap(({ function: name, input, outcome }) => (name === "add" ? [[input, outcome]] : []));
const judge = (operations: readonly Operation[]) => {
  const own = set.create(testOptions, 1).judge;
  if (own === null) throw new Error("the set has a judge");
  return own({ operations, events: [] });
};

describe("the outcome of an addition", () => {
  test("is that of its only cas", () => {
    expect(adds(history(cas("1:", "1:4", "ok")))).toEqual([[4, "ok"]]);
    expect(adds(history(cas("1:", "1:4", "info")))).toEqual([[4, "info"]]);
    expect(adds(history(cas("1:", "1:4", "fail")))).toEqual([[4, "fail"]]);
    expect(adds(history(cas("1:", "1:4", "ok", "mismatch", "1:3")))).toEqual([[4, "fail"]]);
  });

  test("is ok when one of its cas was done, and its time that of the cas that may have done it", () => {
    const two = history(cas("1:", "1:4", "ok", "mismatch", "1:3"), cas("1:3", "1:3,4", "ok"));
    const add = setHistory(two).find((operation) => operation.function === "add");
    expect(add).toMatchObject({ outcome: "ok", index: 1, callNs: 10, returnNs: 15 });
  });

  test("stays unknown when a certain refusal follows an attempt of unknown outcome", () => {
    const two = history(cas("1:", "1:4", "info"), cas("1:", "1:4", "fail"));
    expect(adds(two)).toEqual([[4, "info"]]);
    expect(setHistory(two)[0]).toMatchObject({ callNs: 0, returnNs: null });
  });
});

test("gets, refused cas and what a put replaced are sights of the set, each at its own time", () => {
  const seen = setHistory(
    history(
      get("1:4,5"),
      cas("1:", "1:9", "ok", "mismatch", "1:4"),
      ["put", "2:", "ok", { previous: "1:4" }],
      get(null),
    ),
  ).filter((operation) => operation.function === "get");
  expect(seen.map(({ key, output, index }) => [key, output, index])).toEqual([
    [["k", 1], [4, 5], 0],
    [["k", 1], [4], 1],
    [["k", 1], [4], 2],
  ]);
});

describe("the judge", () => {
  const grown = [["put", "1:", "ok", { previous: null }] as const, cas("1:", "1:4", "ok")];

  test("finds nothing wrong with a set that grows", () => {
    const result = judge(history(...grown, get("1:4")));
    expect(result).toMatchObject({ valid: true, violations: [], details: { adds_ok: 1 } });
  });

  test("misses an acknowledged element that no later read shows, and names the store's own operations", () => {
    expect(judge(history(...grown, get("1:"))).violations).toMatchObject([
      { class: "lost write", checker: "set", key: "k", operations: [1, 2] },
    ]);
  });

  test("does not miss an addition of unknown outcome, nor one to a set that another put has replaced", () => {
    expect(judge(history(...grown, cas("1:4", "1:4,5", "info"), get("1:4"))).valid).toBe(true);
    // The put may have been under way all the time.
    expect(judge(history(["put", "2:", "info", null], ...grown, get("2:"))).valid).toBe(true);
  });

  test("wonders at an element that nobody added", () => {
    expect(judge(history(...grown, get("1:4,7"))).violations.map((violation) => violation.class)).toEqual([
      "value from nowhere",
    ]);
  });

  test("knows nothing where no addition is known to have been done", () => {
    const result = judge(history(get("1:")));
    expect(result).toMatchObject({ valid: "unknown", unknown: [{ code: "nothing-to-judge" }] });
  });
});
