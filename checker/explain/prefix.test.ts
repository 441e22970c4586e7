// What is known to be wrong, and when it became certain, by example. That it is the earliest moment is shown in core.property.test.ts.
import { describe, expect, test } from "vitest";
import type { Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import { normaliseRegister, type NormalisedRegister } from "../register/normalise.js";
import { cas, get, operations, put } from "../testing/builders.js";
import { firstContradiction, troubleFound, troubleWith } from "./prefix.js";

function normal(...makers: readonly ((index: number) => Operation)[]): NormalisedRegister {
  const normalised = normaliseRegister(operations(...makers), 0);
  if (!("values" in normalised)) throw new Error("invariant: no operation contradicts itself");
  return normalised;
}

const ample = () => new Budget();
const none = () => new Budget({ configurations: 0, timeMs: -1 });
const stale = normal(put(1, 0, 1), put(2, 2, 3), get(1, 4, 5));

describe("the trouble with a history", () => {
  test("of distinct values is a conflict, stuck at the one of it that returned last", () => {
    const trouble = troubleWith(stale, ample());
    expect(trouble?.stuck).toBe(2);
    expect(new Set(trouble?.conflict)).toEqual(new Set([0, 1, 2]));
  });

  test("of values written again is where the search got stuck", () => {
    const again = normal(put(1, 0, 1), put(2, 2, 3), put(1, 2, 3), put(2, 4, 5), get(1, 6, 7), get(2, 8, 9));
    expect(troubleWith(again, ample())).toEqual({ stuck: 4, conflict: [] });
  });

  test("where a value was written again that another contradicts at sight is at the last of the two", () => {
    const early = normal(get(7, 0, 1), put(7, 2, 3), put(1, 4, 5), put(1, 6, 7), cas(1, 2, 8, 9));
    expect(troubleWith(early, ample())).toEqual({ stuck: 0, conflict: [] });
    const unwritten = normal(put(1, 4, 5), put(1, 6, 7), cas(1, 2, 8, 9), get(7, 10, 11));
    expect(troubleWith(unwritten, ample())).toEqual({ stuck: 3, conflict: [] });
  });

  test("is none where there is none, and where there was no room to look", () => {
    expect(troubleWith(normal(put(1, 0, 1), get(1, 2, 3)), ample())).toBeNull();
    expect(troubleWith(normal(put(1, 0, 1), put(1, 2, 3), get(1, 4, 5)), ample())).toBeNull();
    expect(troubleWith(normal(put(1, 0, 1), put(1, 2, 3), put(2, 4, 5), get(1, 6, 7)), none())).toBeNull();
  });

  test("is not kept quiet where it is another", () => {
    let looks = 0;
    const broken = new Budget({}, () => {
      if (looks++ > 0) throw new Error("no clock");
      return 0;
    });
    const again = normal(put(1, 0, 1), put(1, 2, 3), put(2, 4, 5), get(1, 6, 7));
    expect(() => troubleWith(again, broken)).toThrow("no clock");
  });

  test("is what the engine said, where it said it", () => {
    expect(troubleFound(stale, { valid: false, stuck: null })).toEqual({ stuck: -1, conflict: [] });
    expect(troubleFound(stale, { valid: false, stuck: 3 })).toEqual({ stuck: 3, conflict: [] });
    const pending = normal(put(1, 0, null), put(2, 2, 3), get(1, 4, 9), get(1, 5, 7));
    const conflict = { operations: [1, 2, 3], unknown: [0], reason: "cycle" as const };
    expect(troubleFound(pending, { valid: false, stuck: null, conflict })).toEqual({
      stuck: 2,
      conflict: [0, 1, 2, 3],
    });
    const unanswered = { operations: [], unknown: [0], reason: "cycle" as const };
    expect(troubleFound(pending, { valid: false, stuck: null, conflict: unanswered })).toEqual({
      stuck: -1,
      conflict: [0],
    });
  });
});

describe("the first contradiction", () => {
  const twice = normal(put(1, 0, 1), put(2, 2, 3), get(1, 4, 5), put(3, 6, 7), put(4, 8, 9), get(3, 10, 11));

  test("is found from a later one, with the conflict as it was then", () => {
    const first = firstContradiction(twice, { stuck: 5, conflict: [3, 4, 5] }, ample);
    expect(first?.operation.position).toBe(2);
    expect(first?.trouble.stuck).toBe(2);
    expect(new Set(first?.trouble.conflict)).toEqual(new Set([0, 1, 2]));
  });

  test("is found from anywhere or nowhere", () => {
    for (const stuck of [-1, 0, 1, 2, 3, 4, 5, 99]) {
      expect(firstContradiction(twice, { stuck, conflict: [] }, ample)?.operation.position).toBe(2);
      if (stuck < 2) continue;
      expect(firstContradiction(twice, { stuck, conflict: [3, 4, 5] }, ample)?.operation.position).toBe(2);
    }
  });

  test("is not found among operations of which none was answered, or without room to look", () => {
    expect(firstContradiction(normal(put(1, 0, null)), { stuck: -1, conflict: [] }, ample)).toBeNull();
    const again = normal(put(1, 0, 1), put(1, 2, 3), put(2, 4, 5), get(1, 6, 7));
    expect(firstContradiction(again, { stuck: -1, conflict: [] }, none)).toBeNull();
  });

  test("counts what was still under way, and comparisons that failed only later as what they turned out to be", () => {
    // The read of 1 returned before the put did: it may have seen it.
    expect(
      firstContradiction(normal(put(1, 0, 9), get(1, 2, 3), get(0, 4, 5)), { stuck: -1, conflict: [] }, ample)
        ?.operation,
    ).toMatchObject({
      position: 2,
      return: 5,
    });
    expect(
      firstContradiction(normal(get(5, 2, 4), put(5, 5, 6)), { stuck: -1, conflict: [] }, ample)?.operation.return,
    ).toBe(4);
    expect(firstContradiction(normal(get(5, 2, 4), put(5, 4, 6)), { stuck: -1, conflict: [] }, ample)).toBeNull();
  });
});
