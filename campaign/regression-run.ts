// Runs regressions: the build of now must come through, the known-bad build must be convicted, and both must reach the events that the
// schedule was kept for. What is not all of this is told apart: a violation, or a regression that lost its teeth.
import type { SystemUnderTest, TraceEvent } from "../cluster/index.js";
import type { Verdict, Violation } from "../checker/index.js";
import { Trace } from "../simulation/index.js";
import { UsageError } from "./exit-code.js";
import { simulateAndJudge, type HuntedRun } from "./hunt.js";
import type { Plan } from "./plan.js";
import { knownBadOf, type EventCounts, type Regression } from "./regressions.js";
import { systemNamed } from "./systems.js";

export type RegressionOutcome =
  | { readonly kind: "held"; readonly knownBad: string }
  /** The build of now shows the bug, or another. */
  | { readonly kind: "violated"; readonly violation: Violation; readonly good: HuntedRun }
  /** It would not have seen the bug. */
  | { readonly kind: "lost its teeth"; readonly why: string }
  /** The run of the build of now gave no verdict. */
  | { readonly kind: "undecided"; readonly why: string }
  | { readonly kind: "skipped"; readonly why: string }
  | { readonly kind: "crashed"; readonly why: string };

export interface RegressionResult {
  readonly regression: Regression;
  readonly outcome: RegressionOutcome;
  readonly tookMs: number;
}

export interface TriedPlan {
  readonly hunted: HuntedRun;
  readonly events: EventCounts;
}

/** A plan on a build, with a count of what happened inside. */
export async function tryPlan(plan: Plan, mutant: string | null, system: SystemUnderTest): Promise<TriedPlan> {
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new UsageError(`${system.name} cannot be simulated`, "docs/own-system.md");
  const trace = new Trace(deterministic);
  const built: Plan = { ...plan, mutant, build: system.buildHash };
  const hunted = await simulateAndJudge(built, system, deterministic, trace);
  return { hunted, events: eventCounts(trace.events()) };
}

/** How often each kind of event happened: `cut`, `crash`, `receive prepare`, `become leader` and the like; clients are left out. */
export function eventCounts(events: readonly TraceEvent[]): EventCounts {
  const counts: Record<string, number> = {};
  for (const event of events) {
    const name = nameOf(event);
    if (name !== null) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function nameOf(event: TraceEvent): string | null {
  switch (event.what) {
    case "send":
      return event.fate === "sent" ? null : `send ${event.message.kind}: ${event.fate}`;
    case "receive":
      return `receive ${event.message.kind}`;
    case "state":
      return `become ${event.state.role}, ${event.state.phase}`;
    case "crash":
      return event.batch === undefined ? "crash" : `crash, batch ${event.batch}`;
    case "start":
    case "pause":
    case "resume":
    case "cut":
    case "heal":
    case "shape":
    case "disk":
      return event.what;
    default:
      return null;
  }
}

/** Events as common as this say little about a schedule. */
const commonFrom = 50;

/** What a regression has to reach: the events that both builds reach, but for the commonest. */
export function eventsToReach(good: EventCounts, bad: EventCounts): EventCounts {
  const names = Object.keys(bad).filter((name) => (good[name] ?? 0) > 0 && (bad[name] ?? 0) < commonFrom);
  return Object.fromEntries(names.toSorted().map((name) => [name, 1]));
}

/** Never throws for what a regression or a build does. */
export async function runRegression(regression: Regression): Promise<RegressionResult> {
  const beganMs = performance.now();
  let outcome: RegressionOutcome;
  try {
    outcome = await outcomeOf(regression);
  } catch (error) {
    outcome = { kind: "crashed", why: error instanceof Error ? error.message : String(error) };
  }
  return { regression, outcome, tookMs: performance.now() - beganMs };
}

async function outcomeOf(regression: Regression): Promise<RegressionOutcome> {
  const { plan } = regression.replay;
  const source = systemNamed(plan.system);
  const good = await tryPlan(plan, null, await source(null));
  const { verdict } = good.hunted;
  const [violation] = verdict.violations;
  if (verdict.valid === false) {
    if (violation === undefined) throw new Error("a violation that nothing tells of");
    return { kind: "violated", violation, good: good.hunted };
  }
  if (verdict.valid === "unknown" && !(regression.expect === "no violation" && isOnlyVacuous(verdict)))
    return { kind: "undecided", why: verdict.summary };
  const why = missing("the build of now", good.events, regression.events) ?? (await whyNotRed(regression));
  return why === null ? { kind: "held", knownBad: regression.known_bad } : { kind: "lost its teeth", why };
}

/** Nothing but the run's own smallness stood in the way of a verdict: no budget ended, no checker threw. */
export function isOnlyVacuous({ valid, unknown }: Pick<Verdict, "valid" | "unknown">): boolean {
  return valid === "unknown" && unknown.length > 0 && unknown.every(({ code }) => code === "vacuous");
}

async function whyNotRed(regression: Regression): Promise<string | null> {
  const { known_bad: name, replay, classes, events } = regression;
  const mutant = knownBadOf(regression);
  let system: SystemUnderTest;
  try {
    system = await systemNamed(replay.plan.system)(mutant);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `its known-bad build ${name} cannot be made: ${reason}`;
  }
  const bad = await tryPlan(replay.plan, mutant, system);
  const { valid, violations, summary } = bad.hunted.verdict;
  if (valid !== false) return `its known-bad build ${name} is not convicted any more: ${summary}`;
  if (!violations.some((violation) => classes.includes(violation.class)))
    return `its known-bad build ${name} shows ${violations[0]?.class ?? "nothing"}, and not ${classes.join(" or ")}`;
  return missing(`its known-bad build ${name}`, bad.events, events);
}

function missing(who: string, reached: EventCounts, wanted: EventCounts): string | null {
  const lacking = Object.entries(wanted).filter(([name, least]) => (reached[name] ?? 0) < least);
  if (lacking.length === 0) return null;
  const words = lacking.map(([name, least]) => `"${name}" ${reached[name] ?? 0} of ${least} times`);
  return `${who} does not reach what it was kept for: ${words.join(", ")}`;
}

/** Room for a machine that is busier than the one before. */
const reserve = 1.5;

export interface BudgetedInput {
  readonly regressions: readonly Regression[];
  /** Null: no limit. */
  readonly budgetMs: number | null;
  readonly onResult: (result: RegressionResult) => void;
}

/** One after the other; what would not end within the budget is not begun, and stands among the results as skipped. */
export async function runRegressions(input: BudgetedInput): Promise<readonly RegressionResult[]> {
  const beganMs = performance.now();
  const results: RegressionResult[] = [];
  let expectedMs = 0;
  for (const regression of input.regressions) {
    const spentMs = performance.now() - beganMs;
    // How much slower this machine is than the one that made the regressions, as seen so far.
    const slowness = expectedMs === 0 ? 1 : Math.max(1, spentMs / expectedMs);
    const needMs = regression.took_ms * slowness * reserve;
    const left = input.budgetMs === null ? Infinity : input.budgetMs - spentMs;
    const result: RegressionResult =
      needMs <= left
        ? await runRegression(regression)
        : { regression, outcome: { kind: "skipped", why: whySkipped(needMs, left) }, tookMs: 0 };
    if (result.outcome.kind !== "skipped") expectedMs += regression.took_ms;
    results.push(result);
    input.onResult(result);
  }
  return results;
}

function whySkipped(needMs: number, leftMs: number): string {
  const seconds = (ms: number): string => (Math.max(0, ms) / 1000).toFixed(1);
  return `it may need ${seconds(needMs)} s, and ${seconds(leftMs)} s of the budget are left`;
}
