// Shows how additions to a set follow from the cas that carried them out: what each outcome means, that a second attempt after one of
// unknown outcome leaves it unknown, that a set begun anew is another set, and that the judge finds each kind of wrong answer.
// Histories are made by hand, one operation a line.
import { describe, expect, test } from "vitest";
import type { Operation } from "../history/index.js";
import { set, setHistory } from "./set.js";
import { cas, get, handMade, mismatch, put } from "./testing/histories.js";
import { testOptions } from "./testing/options.js";

const adds = (operations: readonly Operation[]) =>
  setHistory(operations).flatMap(({ function: name, input, outcome }) => (name === "add" ? [[input, outcome]] : []));
const judge = (operations: readonly Operation[]) =>
  set.create(testOptions, 1).judge?.({ operations, events: [] }) ?? null;

describe("the outcome of an addition", () => {
  test("is that of its only cas", () => {
    expect(adds(handMade(cas("1:", "1:4")))).toEqual([[4, "ok"]]);
    expect(adds(handMade(cas("1:", "1:4", "info")))).toEqual([[4, "info"]]);
    expect(adds(handMade(cas("1:", "1:4", "fail")))).toEqual([[4, "fail"]]);
    expect(adds(handMade(mismatch("1:", "1:4", "1:3")))).toEqual([[4, "fail"]]);
  });

  test("is ok when one of its cas was done, and its time that of the cas that did it", () => {
    const two = handMade(mismatch("1:", "1:4", "1:3"), cas("1:3", "1:3,4"));
    const add = setHistory(two).find((operation) => operation.function === "add");
    expect(add).toMatchObject({ outcome: "ok", index: 1, callNs: 10, returnNs: 15 });
  });

  test("stays unknown when a certain refusal follows an attempt of unknown outcome", () => {
    const two = handMade(cas("1:", "1:4", "info"), cas("1:", "1:4", "fail"));
    expect(adds(two)).toEqual([[4, "info"]]);
    expect(setHistory(two)[0]).toMatchObject({ callNs: 0, returnNs: null });
  });
});

test("gets, refused cas and what a put replaced are sights of the set, each at its own time", () => {
  const rows = [get("1:4,5"), mismatch("1:", "1:9", "1:4"), put("2:", "ok", "1:4"), get(null)];
  const seen = setHistory(handMade(...rows)).filter((operation) => operation.function === "get");
  expect(seen.map(({ key, output, index }) => [key, output, index])).toEqual([
    [["k0", 1], [4, 5], 0],
    [["k0", 1], [4], 1],
    [["k0", 1], [4], 2],
  ]);
});

describe("the judge", () => {
  const grown = [put("1:"), cas("1:", "1:4")];

  test("finds nothing wrong with a set that grows", () => {
    const result = judge(handMade(...grown, get("1:4")));
    expect(result).toMatchObject({ valid: true, violations: [], details: { adds_ok: 1 } });
  });

  test("misses an acknowledged element that no later read shows, and names the store's own operations", () => {
    expect(judge(handMade(...grown, get("1:")))?.violations).toMatchObject([
      { class: "lost write", checker: "set", key: "k0", operations: [1, 2] },
    ]);
  });

  test("does not miss an addition of unknown outcome, nor one to a set that another put has replaced", () => {
    expect(judge(handMade(...grown, cas("1:4", "1:4,5", "info"), get("1:4")))?.valid).toBe(true);
    // The put may have been under way all the time.
    expect(judge(handMade(put("2:", "info"), ...grown, get("2:")))?.valid).toBe(true);
  });

  test("wonders at an element that nobody added", () => {
    const violations = judge(handMade(...grown, get("1:4,7")))?.violations ?? [];
    expect(violations.map((violation) => violation.class)).toEqual(["value from nowhere"]);
  });

  test("knows nothing where no addition is known to have been done", () => {
    const result = judge(handMade(get("1:")));
    expect(result).toMatchObject({ valid: "unknown", unknown: [{ code: "nothing-to-judge" }] });
  });
});
