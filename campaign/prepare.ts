// From a request to everything that a run needs, with every reason to refuse it found before anything is started.
import { relative } from "node:path";
import { nodeNames } from "../cluster/index.js";
import { clusterFactory, type ClusterFactory, type ClusterSettings } from "./clusters.js";
import { knobs } from "./knobs.js";
import type { Plan } from "./plan.js";
import { resolveKnobs, resolvePlan, type PlanRequest, type Provenance } from "./resolve-plan.js";
import { isPath, systemNamed } from "./systems.js";
import type { SystemUnderTest } from "../cluster/index.js";

export interface PreparedRun {
  readonly plan: Plan;
  readonly provenance: Provenance;
  readonly system: SystemUnderTest;
  readonly createCluster: ClusterFactory;
}

/** Throws UsageError, ClusterError or PatchError. */
export async function prepareRun(request: PlanRequest, settings: ClusterSettings): Promise<PreparedRun> {
  // What workloads there are depends on the system: a module of one's own may bring some.
  const named = request.flags.system ?? request.file?.knobs.system;
  if (typeof named === "string" && isPath(named)) await systemNamed(named)(null);
  const resolved = resolveKnobs(request);
  const { values } = resolved;
  const mutant = values.mutant === null ? null : String(values.mutant);
  const system = await systemNamed(String(values.system))(mutant);
  const createCluster = await clusterFactory(values.on as Plan["on"], settings);
  // A cluster that is never booted costs nothing; it tells what it can do.
  const { capabilities } = createCluster({
    system,
    nodes: nodeNames(Number(values.nodes)),
    replication: Number(values.replication),
    runId: "capabilities",
    directory: ".",
  });
  const plan = resolvePlan(request, resolved, { system, build: system.buildHash, capabilities });
  return { plan, provenance: resolved.provenance, system, createCluster };
}

/**
 * The shortest command that gives this plan again: the seed, and whatever is not at its default. What no flag can say (a schedule of
 * one's own, floors, options of a workload) is taken from the stored plan.
 */
export function rerunLine(plan: Plan, provenance: Provenance, planFile: string): string {
  if (beyondFlags.some((name) => provenance[name]?.from === "plan")) return `minos run --plan ${shortPath(planFile)}`;
  const given: Record<string, unknown> = {
    ...plan,
    workload: plan.workload.name,
    nemesis: plan.nemesis.name,
    checker_time_ms: plan.checker.time_ms,
    checker_memory_mb: plan.checker.memory_mb,
  };
  const parts = knobs.flatMap((knob) => {
    const value = given[knob.name];
    if (typeof value !== "string" && typeof value !== "number") return [];
    if (knob.name === "name" && value === plan.workload.name) return [];
    if (knob.name === "concurrency" && value === 3 * plan.nodes) return [];
    if (knob.name !== "on" && value === knob.default) return [];
    return [`--${knob.flag} ${knob.kind === "duration" ? durationWord(Number(value)) : String(value)}`];
  });
  return ["minos run", ...parts].join(" ");
}

const beyondFlags = ["nemesis.faults", "floors", "workload.options"];

/** Relative to where the command was given, when the file lies below. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}

const durationWord = (milliseconds: number): string =>
  milliseconds % 1000 === 0 ? `${milliseconds / 1000}s` : `${milliseconds}ms`;
