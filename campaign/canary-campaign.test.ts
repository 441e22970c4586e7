// Shows what becomes of a lie's run that did not come to its end: it is neither a miss nor a catch, and leaves the campaign unknown.
import { expect, test } from "vitest";
import { canaryExitCode, canaryResult } from "./canary-campaign.js";
import { summariseCanary, type CanaryOutcome } from "./canary.js";
import { exitCodes, type ExitCode } from "./exit-code.js";
import type { RunDocument } from "./runs.js";

const outcome = (caught: boolean): CanaryOutcome => ({
  lie: "late-put",
  meaning: "",
  one_in: 9,
  opportunities: 30,
  told: 3,
  caught,
  caught_by: caught ? "linearizability" : null,
  staleness: null,
});

const ended = (exitCode: ExitCode, document: RunDocument | null) =>
  summariseCanary([canaryResult("late-put", { exitCode, document, durationMs: 1, stderrTail: "" })], []);

const reason = (code: string): RunDocument => ({
  valid: "unknown",
  canary: outcome(false),
  unknown: [{ code, sentence: "why" }],
});

test.each([
  ["a run that crashed", exitCodes.crash, null],
  ["a run that crashed after it had told of its lie", exitCodes.crash, { canary: outcome(false) }],
  ["a run that was interrupted", exitCodes.unknown, reason("interrupted")],
  ["a run whose machine let it down", exitCodes.unknown, reason("infrastructure")],
])("%s did not finish, and missed nothing", (_, exitCode, document) => {
  const summary = ended(exitCode, document);
  expect(summary).toMatchObject({ caught: 0, of: 1, missed: [], not_finished: ["late-put"] });
  expect(canaryExitCode(summary)).toBe(exitCodes.unknown);
});

test("a run that was never begun did not finish", () => {
  expect(summariseCanary([canaryResult("late-put", undefined)], [])).toMatchObject({ not_finished: ["late-put"] });
});

test("a run that ended without a word of its lie missed it, whatever else was unknown", () => {
  for (const summary of [
    ended(exitCodes.valid, { canary: outcome(false) }),
    ended(exitCodes.unknown, reason("weak")),
  ]) {
    expect(summary).toMatchObject({ missed: ["late-put"], not_finished: [] });
    expect(canaryExitCode(summary)).toBe(exitCodes.unknown);
  }
});

test("a lie that was caught before its run was interrupted was caught", () => {
  const document = { ...reason("interrupted"), canary: outcome(true) };
  const summary = ended(exitCodes.violation, document);
  expect(summary).toMatchObject({ caught: 1, missed: [], not_finished: [] });
  expect(canaryExitCode(summary)).toBe(exitCodes.valid);
});
