// Makes a regression of a replay file. It is written only when it would do its work now: the system comes through, the known-bad build is
// convicted, and both reach something that can be asked for.
import { basename } from "node:path";
import { UsageError } from "./exit-code.js";
import { eventsToReach, isOnlyVacuous, tryPlan } from "./regression-run.js";
import { regressionFolder, writeRegression, type RegressionFile } from "./regressions.js";
import { readReplayFile, replayOf } from "./replay-file.js";
import { isPath, systemNamed } from "./systems.js";

export interface AddInput {
  /** The folder of all regressions. */
  readonly root: string;
  readonly replayFile: string;
  /** Null: the planted bug and the seed. */
  readonly name: string | null;
  /** Null: what the known-bad build is convicted of. */
  readonly title: string | null;
  /** A planted bug or the path of a patch; null: the one that the replay file names. */
  readonly knownBad: string | null;
}

export interface AddedRegression {
  readonly folder: string;
  readonly regression: RegressionFile;
}

/** Throws UsageError with the reason when it would not do its work. */
export async function addRegression(input: AddInput): Promise<AddedRegression> {
  const { plan } = readReplayFile(input.replayFile);
  const knownBad = input.knownBad ?? plan.mutant;
  if (knownBad === null)
    throw new UsageError(
      `${input.replayFile} names no planted bug: nothing would show that the regression can still see its bug`,
      "mend the system, and give the mending turned round as a patch: --known-bad PATCH.json (docs/ci.md)",
    );
  const isPatch = isPath(knownBad);
  const stem = isPatch ? basename(knownBad, ".json") : knownBad;
  const name = input.name ?? `${stem}-seed-${plan.seed}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  regressionFolder(input.root, name);
  const source = systemNamed(plan.system);
  const beganMs = performance.now();
  const good = await tryPlan(plan, null, await source(null));
  const { verdict } = good.hunted;
  if (verdict.valid !== true && !isOnlyVacuous(verdict))
    throw new UsageError(
      `the system does not come through ${input.replayFile}: ${verdict.summary}`,
      verdict.valid === false
        ? "mend it first: a regression says that a bug has not come back"
        : "a schedule that leaves the system without a verdict shows nothing; take another seed",
    );
  const bad = await tryPlan(plan, knownBad, await source(knownBad));
  const tookMs = Math.ceil(performance.now() - beganMs);
  const { valid, violations, summary } = bad.hunted.verdict;
  if (valid !== false) throw new UsageError(`${knownBad} is not convicted by ${input.replayFile}: ${summary}`);
  const events = eventsToReach(good.events, bad.events);
  if (Object.keys(events).length === 0)
    throw new UsageError(`${input.replayFile} reaches no event that both builds have in common`);
  const stored = isPatch ? basename(knownBad) : knownBad;
  const regression: RegressionFile = {
    format: "minos-regression",
    version: 1,
    title: input.title ?? summary,
    known_bad: stored,
    classes: [...new Set(violations.map((violation) => violation.class))],
    expect: verdict.valid === true ? "valid" : "no violation",
    events,
    took_ms: tookMs,
  };
  const replay = replayOf(bad.hunted);
  // A path would be true on one machine only.
  const kept = { ...replay, plan: { ...replay.plan, mutant: stored } };
  const folder = writeRegression(input.root, name, { ...regression, replay: kept }, isPatch ? knownBad : null);
  return { folder, regression };
}
