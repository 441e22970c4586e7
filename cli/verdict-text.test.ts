// Shows what a person reads on a terminal of a run's teeth: figures with their floors and limits, and the floors that were not asked.
import { createColors } from "picocolors";
import { expect, test } from "vitest";
import type { TeethMeasure, Verdict } from "../checker/index.js";
import type { Terminal } from "./terminal.js";
import { printTeeth } from "./verdict-text.js";

function printed(teeth: readonly TeethMeasure[]): readonly string[] {
  const lines: string[] = [];
  const silent = (): void => undefined;
  const terminal: Terminal = {
    json: false,
    colors: createColors(false),
    live: false,
    out: (text) => lines.push(text),
    document: silent,
    line: silent,
    err: silent,
    status: silent,
  };
  const counts = { operations: 3, ok: 2, fail: 1, info: 0 };
  const about = { version: 1, valid: true, summary: "", violations: [], unknown: [], warnings: [] } as const;
  const verdict: Verdict = { ...about, checkers: [], teeth, cannotSee: [], counts };
  printTeeth(verdict, terminal);
  return lines;
}

test("figures stand with their floor or limit, others are left to the report, and reasons for no floor are told once each", () => {
  const tooth = (name: string, value: number, more: Partial<TeethMeasure> = {}): TeethMeasure => {
    return { name, value, unit: "ms", floor: null, meaning: "", ...more };
  };
  expect(
    printed([
      tooth("answers", 12, { floor: 10, unit: "operations" }),
      tooth("lag", 3, { ceiling: 2000 }),
      tooth("only told", 1),
      tooth("changes", 0, { notAsked: "only followers are disturbed" }),
      tooth("sent", 0.1234, { notAsked: "only followers are disturbed" }),
      tooth("near", 0, { notAsked: "nothing is broken" }),
    ]),
  ).toEqual([
    "  3 operations: 2 ok, 1 fail, 0 of unknown outcome",
    "  answers: 12 operations (floor 10)",
    "  lag: 3 ms (at most 2000)",
    "  no floor, only followers are disturbed: changes 0, sent 0.123",
    "  no floor, nothing is broken: near 0",
  ]);
});
