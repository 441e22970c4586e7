// Shows of each workload with a judge of its own what that calls wrong and what it does not: totals of counters, ids handed out twice, two
// owners of a lock, tokens and versions that fall. Histories are made by hand, one operation a line; none of these judges looks at anything
// but the operations of the store.
import { describe, expect, test } from "vitest";
import { counter, counterHistory } from "./counter.js";
import { monotonic } from "./monotonic.js";
import { mutex } from "./mutex.js";
import { cas, get, handMade, mismatch, put, type Row } from "./testing/histories.js";
import { testOptions } from "./testing/options.js";
import { uniqueIds } from "./unique-ids.js";
import type { Workload } from "./workload.js";

const judgeOf = (workload: Workload) => (rows: readonly Row[]) => {
  // Keys k0, k1, … whatever the groups.
  const options = { ...testOptions, groups: [], groupOfKey: () => 0 };
  const result = workload.create(options, 1).judge?.({ operations: handMade(...rows), events: [] });
  return { valid: result?.valid, classes: result?.violations.map((violation) => violation.class), result };
};
const fine = { valid: true, classes: [] };

describe("counter", () => {
  const judge = judgeOf(counter);
  const raised = [put("1:0"), cas("1:0", "1:2"), cas("1:2", "1:1")];

  test("a total is the sum of what was added and subtracted", () => {
    expect(judge([...raised, get("1:1")])).toMatchObject(fine);
    expect(judge([...raised, get("1:2")])).toMatchObject({ valid: false, classes: ["resurrected write"] });
    expect(judge([...raised, get("1:0")])).toMatchObject({ valid: false, classes: ["lost write"] });
  });

  test("a change of unknown outcome may count or not, a refused one may not", () => {
    const unknown = [...raised, cas("1:1", "1:3", "info")];
    expect(judge([...unknown, get("1:1")])).toMatchObject(fine);
    expect(judge([...unknown, get("1:3")])).toMatchObject(fine);
    expect(judge([...raised, cas("1:1", "1:3", "fail"), get("1:3")])).toMatchObject({ valid: false });
    expect(judge([...raised, mismatch("1:7", "1:9", "1:1"), get("1:3")])).toMatchObject({ valid: false });
  });

  test("a counter that another put began is another counter", () => {
    expect(judge([put("2:0", "info"), ...raised, get("2:0")])).toMatchObject(fine);
  });

  test("a cas from one counter to another that a put began is no addition to either", () => {
    expect(counterHistory(handMade(cas("1:4", "2:0"), cas("1:4", "2:9", "info")))).toEqual([]);
  });

  test("a refused cas is a sight of the total and no addition", () => {
    const derived = counterHistory(handMade(mismatch("1:7", "1:9", "1:1")));
    expect(derived.map(({ function: name, output, outcome }) => [name, output, outcome])).toEqual([["get", 1, "ok"]]);
  });
});

describe("unique-ids", () => {
  const judge = judgeOf(uniqueIds);

  test("an id belongs to the one whose cas took it", () => {
    expect(judge([put("1:0"), cas("1:0", "1:1"), cas("1:1", "1:2"), get("1:2")])).toMatchObject(fine);
    const twice = judge([put("1:0"), cas("1:0", "1:1"), cas("1:0", "1:1", "ok", { callNs: 11, returnNs: 14 })]);
    expect(twice).toMatchObject({ valid: false, classes: ["forked CAS"] });
    expect(twice.result?.violations[0]?.operations).toEqual([1, 2]);
  });

  test("an id that a cas of unknown outcome may have taken is nobody's", () => {
    expect(judge([put("1:0"), cas("1:0", "1:1", "info"), cas("1:0", "1:1")])).toMatchObject(fine);
  });

  test("ids of different keys, and of sequences that different puts began, are different", () => {
    expect(judge([cas("1:0", "1:1"), cas("1:0", "1:1", "ok", { key: "k1" })])).toMatchObject(fine);
    expect(judge([cas("1:0", "1:1"), cas("2:0", "2:1")])).toMatchObject(fine);
  });

  test("nobody sees less than was handed out before", () => {
    expect(judge([cas("1:0", "1:1"), get("1:0")])).toMatchObject({ valid: false, classes: ["stale read"] });
    // They overlap: either may have come first.
    expect(judge([cas("1:0", "1:1"), get("1:0", { callNs: 4 })])).toMatchObject(fine);
  });
});

describe("mutex", () => {
  const judge = judgeOf(mutex);
  const lock = put("1:0:");
  const a = cas("1:0:", "1:1:a");
  const free = cas("1:1:a", "1:1:");
  const b = cas("1:1:", "1:2:b");

  test("one owner after the other", () => {
    const turns = [lock, a, get("1:1:a"), free, get("1:1:"), b];
    expect(judge(turns)).toMatchObject(fine);
    expect(judge(turns).result?.details).toMatchObject({ acquired: 2, released: 1 });
  });

  test("two owners at once are one too many", () => {
    const granted = judge([lock, a, cas("1:0:", "1:1:b", "ok", { callNs: 11, returnNs: 14 })]);
    expect(granted).toMatchObject({ valid: false, classes: ["forked CAS"] });
    expect(judge([lock, a, b])).toMatchObject({ valid: false, classes: ["forked CAS"] });
  });

  test("a release that may have worked lets others in, a refused one does not", () => {
    expect(judge([lock, a, cas("1:1:a", "1:1:", "info"), b])).toMatchObject(fine);
    expect(judge([lock, a, cas("1:1:a", "1:1:", "fail"), b])).toMatchObject({ valid: false });
  });

  test("an acquire of unknown outcome holds nothing for certain", () => {
    expect(judge([lock, a, free, cas("1:1:", "1:2:c", "info"), b])).toMatchObject(fine);
  });

  test("who looks at a lock that is held sees its owner", () => {
    expect(judge([lock, a, get("1:0:")]).classes).toContain("stale read");
  });

  test("tokens never fall", () => {
    expect(judge([lock, a, free, b, get("1:1:")]).classes).toContain("stale read");
  });

  test("no write under an old token follows one under a later one, and none is lost", () => {
    const at = (row: Row): Row => ({ ...row, key: "k1" });
    const written = [lock, a, at(put("2:0,0")), at(cas("2:0,0", "2:2,1"))];
    expect(judge([...written, at(get("2:2,1"))])).toMatchObject(fine);
    expect(judge([...written, at(cas("2:0,0", "2:1,1"))]).classes).toContain("resurrected write");
    expect(judge([...written, at(get("2:2,0"))])).toMatchObject({ valid: false, classes: ["lost write"] });
  });
});

describe("monotonic", () => {
  const judge = judgeOf(monotonic);
  const at = (place: number, row: Row): Row => ({ ...row, key: `k${place}` });
  const raised = [at(0, cas("1:0", "1:3")), at(1, cas("1:0", "1:3"))];

  test("who saw a version finds at least that at the keys before it, whatever the keys after it hold", () => {
    expect(judge([...raised, at(0, get("1:3")), at(2, get("1:0"))])).toMatchObject(fine);
    expect(judge([...raised, at(0, get("1:0"))])).toMatchObject({ valid: false, classes: ["stale read"] });
    // The writer's own cas at the first key is out of the history: what the second key shows is enough.
    expect(judge([at(1, cas("1:0", "1:3")), at(0, get("1:2"))])).toMatchObject({ valid: false });
  });

  test("no key goes back", () => {
    expect(judge([...raised, at(1, get("1:2"))])).toMatchObject({ valid: false, classes: ["stale read"] });
  });

  test("keys of another chain, and a chain that another put began, say nothing", () => {
    expect(judge([...raised, at(4, get("1:0")), at(0, get("2:0"))])).toMatchObject(fine);
  });

  test("a rise of unknown outcome says nothing until somebody has seen it", () => {
    expect(judge([...raised, at(1, cas("1:3", "1:4", "info")), at(0, get("1:3"))])).toMatchObject(fine);
    const seen = [...raised, at(1, cas("1:3", "1:4", "info")), at(1, get("1:4")), at(0, get("1:3"))];
    expect(judge(seen)).toMatchObject({ valid: false });
  });
});
