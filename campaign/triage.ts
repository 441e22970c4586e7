// Triage: all violations of a store, by fingerprint, with what has become of each since it was first seen. Runs are compared only with runs of
// the same subject (system and planted bug); "now" is the build of the subject's newest run.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Verdict } from "../checker/index.js";
import type { Plan } from "./plan.js";
import { isPath } from "./systems.js";

export interface TriagedRun {
  readonly path: string;
  /** When it began; in order. */
  readonly stamp: string;
  /** System and planted bug. */
  readonly subject: string;
  readonly build: string;
  /** Workload, nemesis and cluster: only such runs could have shown what one of them showed. */
  readonly kind: string;
  readonly operations: number;
  readonly violations: readonly { readonly fingerprint: string; readonly sentence: string }[];
}

/**
 * `new`: with the present build only. `ongoing`: with it and with earlier ones. `resolved`: not with it, in so many runs that it would
 * have shown with 95 % probability at its earlier rate. `rare`: not with it, in fewer.
 */
export type TriageState = "new" | "ongoing" | "resolved" | "rare";

export interface TriageGroup {
  readonly fingerprint: string;
  readonly subject: string;
  readonly state: TriageState;
  readonly count: number;
  readonly first: string;
  readonly last: string;
  /** Runs with the present build that could have shown it, and how many did. */
  readonly now: { readonly runs: number; readonly shown: number };
  /** The same with earlier builds. */
  readonly before: { readonly runs: number; readonly shown: number };
  /** The run with the fewest operations that shows it. */
  readonly cheapest: { readonly path: string; readonly operations: number; readonly sentence: string };
}

const order: readonly TriageState[] = ["new", "ongoing", "rare", "resolved"];
/** A violation that would not have shown with this probability is gone. */
const doubt = 0.05;

/** New ones first, then by how often they were seen. */
export function triage(runs: readonly TriagedRun[]): readonly TriageGroup[] {
  const inOrder = runs.toSorted((one, other) => compare(one.stamp, other.stamp));
  const groups = new Map<string, TriagedRun[]>();
  for (const run of inOrder)
    for (const fingerprint of new Set(run.violations.map((violation) => violation.fingerprint))) {
      const name = JSON.stringify([run.subject, fingerprint]);
      groups.set(name, [...(groups.get(name) ?? []), run]);
    }
  return [...groups.entries()]
    .map(([name, shown]) => {
      const [subject = "", fingerprint = ""] = JSON.parse(name) as readonly string[];
      return groupOf(
        fingerprint,
        shown,
        inOrder.filter((run) => run.subject === subject),
      );
    })
    .toSorted((one, other) => order.indexOf(one.state) - order.indexOf(other.state) || other.count - one.count);
}

function groupOf(fingerprint: string, shown: readonly TriagedRun[], subject: readonly TriagedRun[]): TriageGroup {
  const build = subject.at(-1)?.build ?? "";
  const kinds = new Set(shown.map(({ kind }) => kind));
  const able = subject.filter(({ kind }) => kinds.has(kind));
  const count = (list: readonly TriagedRun[], now: boolean): number =>
    list.filter((run) => (run.build === build) === now).length;
  const now = { runs: count(able, true), shown: count(shown, true) };
  const before = { runs: count(able, false), shown: count(shown, false) };
  const [first, last] = [shown[0], shown.at(-1)];
  const cheapest = shown.toSorted((one, other) => one.operations - other.operations)[0];
  if (first === undefined || last === undefined || cheapest === undefined) throw new Error("a group without runs");
  const sentence = cheapest.violations.find((one) => one.fingerprint === fingerprint)?.sentence ?? "";
  return {
    fingerprint,
    subject: first.subject,
    state: stateOf(now, before),
    count: shown.length,
    first: first.stamp,
    last: last.stamp,
    now,
    before,
    cheapest: { path: cheapest.path, operations: cheapest.operations, sentence },
  };
}

function stateOf(now: TriageGroup["now"], before: TriageGroup["before"]): TriageState {
  if (now.shown > 0) return before.shown > 0 ? "ongoing" : "new";
  const silence = (1 - before.shown / before.runs) ** now.runs;
  return now.runs > 0 && silence < doubt ? "resolved" : "rare";
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** A run's folder lies at most this deep: store/campaigns/NAME/TIME/run-0001/TIME. */
const deepest = 6;

/** Every judged run below a store; runs whose clients lied are left out, for theirs are no violations of the system. */
export function readRuns(storeRoot: string): readonly TriagedRun[] {
  const runs: TriagedRun[] = [];
  const visit = (path: string, depth: number): void => {
    const files = ["plan.json", "verdict.json"].map((name) => join(path, name));
    if (files.every((file) => existsSync(file))) {
      const run = readRun(path);
      if (run !== null) runs.push(run);
      return;
    }
    if (depth >= deepest) return;
    // `latest` is a link, and would be counted twice.
    for (const entry of readdirSync(path, { withFileTypes: true }))
      if (entry.isDirectory()) visit(join(path, entry.name), depth + 1);
  };
  visit(storeRoot, 0);
  return runs;
}

function readRun(path: string): TriagedRun | null {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(path, name), "utf8"));
  const plan = read("plan.json") as Plan & { readonly canary?: string | null };
  if (plan.canary !== undefined && plan.canary !== null) return null;
  const { violations, counts } = read("verdict.json") as Verdict;
  return {
    path,
    stamp: path.split(/[/\\]/).at(-1) ?? "",
    subject: subjectOf(plan),
    build: plan.build ?? "",
    kind: [plan.workload.name, plan.nemesis.name, plan.on].join(" "),
    operations: counts.operations,
    violations: violations.map(({ fingerprint, sentence }) => ({ fingerprint, sentence })),
  };
}

/** A module's path differs from machine to machine: its folder and file name it. A patch in a file is named by the file. */
function subjectOf({ system, mutant }: Pick<Plan, "system" | "mutant">): string {
  const name = isPath(system) ? join(basename(dirname(system)), basename(system)) : system;
  if (mutant === null) return name;
  return `${name} with ${isPath(mutant) ? basename(mutant) : mutant}`;
}
