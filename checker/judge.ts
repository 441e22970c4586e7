// Composes every checker into one verdict: false > unknown > true.
import type { JudgeInput } from "./judge-input.js";
import type { Verdict } from "./verdict.js";

/** Judges a run or a recorded history. Never throws: a checker that throws makes the verdict unknown with the reason. */
export function judge(input: JudgeInput): Verdict {
  const count = (type: string) => input.events.filter((event) => event.type === type).length;
  return {
    version: 1,
    valid: "unknown",
    summary: "No checker is built in yet.",
    violations: [],
    unknown: [{ code: "nothing-to-judge", sentence: "No checker is built in yet." }],
    warnings: [],
    checkers: [],
    teeth: [],
    cannotSee: [],
    counts: { operations: count("invoke"), ok: count("ok"), fail: count("fail"), info: count("info") },
  };
}
