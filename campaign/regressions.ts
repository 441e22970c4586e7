// Regressions: a folder for each bug that must never come back. `regression.json` says what is expected, `replay.json` holds the simulated
// schedule that shows the bug, and a known-bad build (a planted bug, or a patch beside them) shows that the schedule can still see it.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "./exit-code.js";
import { readReplayFile, type ReplayFile } from "./replay-file.js";
import { writeJson } from "./store.js";
import { isPath } from "./systems.js";

/** Events of the protocol and of the machine, as `eventCounts` names them, and how often each must happen at least. */
export type EventCounts = Readonly<Record<string, number>>;

/** `regression.json`. */
export interface RegressionFile {
  readonly format: "minos-regression";
  readonly version: 1;
  /** What went wrong, in a sentence. */
  readonly title: string;
  /** A planted bug's id, or the name of a patch file in the same folder (`docs/simulation.md` shows one). */
  readonly known_bad: string;
  /** The known-bad build must show a violation of one of these. */
  readonly classes: readonly string[];
  /**
   * What the build of now must be. A schedule made small leaves out much of what a verdict asks of a run (the final reads, every node),
   * so that such a run is vacuous by itself: there the conviction of the known-bad build and the events show that it can see the bug.
   */
  readonly expect: "valid" | "no violation";
  /** Both builds must reach these. */
  readonly events: EventCounts;
  /** What both runs took when it was made, for the budget. */
  readonly took_ms: number;
}

export interface Regression extends RegressionFile {
  readonly name: string;
  readonly folder: string;
  readonly replay: ReplayFile;
}

const regressionsMax = 1_000;
const nameForm = /^[a-z0-9][a-z0-9-]{0,79}$/;

/** In order of their names. Throws UsageError naming the folder. */
export function readRegressions(root: string): readonly Regression[] {
  if (!existsSync(root))
    throw new UsageError(`there is no folder ${root}`, "minos ci add REPLAY makes the first regression");
  const names = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  if (names.length > regressionsMax) throw new UsageError(`${root} holds more than ${regressionsMax} regressions`);
  if (names.length === 0)
    throw new UsageError(`${root} holds no regression`, "minos ci add REPLAY makes the first regression");
  return names.map((name) => readRegression(root, name));
}

function readRegression(root: string, name: string): Regression {
  const folder = join(root, name);
  const path = join(folder, "regression.json");
  let file: Partial<RegressionFile> | null;
  try {
    file = JSON.parse(readFileSync(path, "utf8")) as Partial<RegressionFile> | null;
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRegressionFile(file)) throw new UsageError(`${path} is no regression, or damaged`, "docs/ci.md shows one");
  return { ...file, name, folder, replay: readReplayFile(join(folder, "replay.json")) };
}

function isRegressionFile(file: Partial<RegressionFile> | null): file is RegressionFile {
  if (typeof file !== "object" || file?.format !== "minos-regression" || file.version !== 1) return false;
  const { title, known_bad: bad, classes, events, took_ms: tookMs } = file;
  if (typeof title !== "string" || typeof bad !== "string" || typeof tookMs !== "number" || !(tookMs >= 0))
    return false;
  if (!Array.isArray(classes) || classes.length === 0 || classes.some((one) => typeof one !== "string")) return false;
  if (file.expect !== "valid" && file.expect !== "no violation") return false;
  if (typeof events !== "object" || events === null) return false;
  const counts = Object.values(events);
  // A regression that has to reach nothing would pass by doing nothing.
  return counts.length > 0 && counts.every((count) => Number.isSafeInteger(count) && count > 0);
}

/** What `--mutant` would be given for its known-bad build. */
export function knownBadOf({ known_bad: bad, folder }: Pick<Regression, "known_bad" | "folder">): string {
  return isPath(bad) ? join(folder, bad) : bad;
}

export interface NewRegression extends RegressionFile {
  readonly replay: ReplayFile;
}

/** Throws UsageError for a name that is taken or not fit for a folder. `patch`: a file that is copied beside it. */
export function writeRegression(root: string, name: string, made: NewRegression, patch: string | null): string {
  const folder = regressionFolder(root, name);
  const { replay, ...file } = made;
  mkdirSync(folder, { recursive: true });
  try {
    if (patch !== null) copyFileSync(patch, join(folder, file.known_bad));
    writeJson(join(folder, "replay.json"), replay);
    // Last: a folder without it is no regression.
    writeJson(join(folder, "regression.json"), file);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

/** Throws UsageError for a name that is taken or not fit for a folder. */
export function regressionFolder(root: string, name: string): string {
  if (!nameForm.test(name)) throw new UsageError(`"${name}": small letters, digits and - only, at most 80`);
  const folder = join(root, name);
  if (existsSync(folder)) throw new UsageError(`${folder} exists already`, "--name gives it another name");
  return folder;
}
