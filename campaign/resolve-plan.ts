// From what somebody asked for to a plan in which every field has a value, and a record of where each value came from.
import { randomInt } from "node:crypto";
import {
  nodeNames,
  type Capabilities,
  type GroupLayout,
  type PeerAddressing,
  type SystemUnderTest,
} from "../cluster/index.js";
import {
  checkSchedule,
  drawSchedule,
  faultKinds,
  parseFaults,
  presetNames,
  type Fault,
  type FaultKind,
  type PresetName,
} from "../nemesis/index.js";
import { workloads, type Workload } from "../workloads/index.js";
import { whyNotApplicable } from "./canary.js";
import { UsageError } from "./exit-code.js";
import { knobs, ofNodes, type KnobName, type KnobValue, type KnobValues } from "./knobs.js";
import { lieNames } from "./lies.js";
import type { Floors, Plan } from "./plan.js";
import { floorsOfPreset } from "./preset-floors.js";

/** Where a knob's value came from. */
export type Origin = "default" | "plan" | "flag" | "seed" | "derived";
export type Provenance = Readonly<Record<string, { readonly value: unknown; readonly from: Origin }>>;

export interface PlanRequest {
  readonly flags: KnobValues;
  /** Fields of a plan file, already checked. */
  readonly file: PlanFile | null;
}

export interface PlanFile {
  readonly knobs: KnobValues;
  /** A schedule to be carried out as it stands, instead of a drawn one. */
  readonly faults: readonly Fault[] | null;
  readonly floors: Partial<Floors>;
  readonly workloadOptions: Plan["workload"]["options"];
}

/** The knobs with their values, before the system and the cluster are known. */
export interface ResolvedKnobs {
  readonly values: Readonly<Record<KnobName, KnobValue>>;
  readonly provenance: Record<string, { value: unknown; from: Origin }>;
}

export function resolveKnobs(request: PlanRequest): ResolvedKnobs {
  const provenance: Record<string, { value: unknown; from: Origin }> = {};
  const values = {} as Record<KnobName, KnobValue>;
  const set = (name: KnobName, value: KnobValue, from: Origin): void => {
    values[name] = value;
    provenance[name] = { value, from };
  };
  const prefers = preferencesOf(request);
  for (const knob of knobs) {
    const flag = request.flags[knob.name];
    const planned = request.file?.knobs[knob.name];
    const preferred = prefers[knob.name];
    if (flag !== undefined) set(knob.name, flag, "flag");
    else if (planned !== undefined) set(knob.name, planned, "plan");
    else if (preferred !== undefined) set(knob.name, preferred, "derived");
    else set(knob.name, knob.default, "default");
  }
  if (values.seed === null) set("seed", randomInt(2 ** 32 - 1), "derived");
  if (values.concurrency === null) set("concurrency", 3 * Number(values.nodes), "derived");
  const threads = ofNodes("concurrency", values.concurrency, Number(values.nodes));
  if (threads !== values.concurrency) set("concurrency", threads, provenance["concurrency"]?.from ?? "derived");
  if (values.name === null) set("name", values.workload, "derived");
  if (values.on === "auto") set("on", "local", "derived");
  return { values, provenance };
}

function preferencesOf(request: PlanRequest): KnobValues {
  const name = request.flags.workload ?? request.file?.knobs.workload ?? "register";
  const workload = workloads.get(String(name));
  if (workload === undefined) {
    throw new UsageError(`no workload is called "${String(name)}"`, `there are ${[...workloads.keys()].join(", ")}`);
  }
  const { keys, nodes } = workload.prefers ?? {};
  return { ...(keys === undefined ? {} : { keys }), ...(nodes === undefined ? {} : { nodes }) };
}

/** What is known of the place where the plan is to run. */
export interface PlanSurroundings {
  readonly system: SystemUnderTest;
  readonly build: string | null;
  readonly capabilities: Capabilities;
}

/** The groups that a system of this size will form, for drawing a schedule before anything runs: only their number and size count. */
export function expectedGroups(nodes: number, replication: number): readonly GroupLayout[] {
  const names = nodeNames(nodes);
  const groups: GroupLayout[] = [];
  for (let first = 0; first + replication <= nodes; first += replication) {
    groups.push({ group: groups.length, members: names.slice(first, first + replication) });
  }
  return groups;
}

/** A preset, or kinds joined by commas out of the standard one. Throws UsageError. */
export function parseNemesis(text: string): {
  readonly preset: PresetName;
  readonly kinds: readonly FaultKind[] | null;
} {
  const preset = presetNames.find((name) => name === text);
  if (preset !== undefined) return { preset, kinds: null };
  const known = Object.values(faultKinds).map(({ kind }) => kind);
  const kinds = text.split(",").map((word) => {
    const kind = known.find((name) => name === word);
    if (kind === undefined) {
      throw new UsageError(
        `--nemesis: "${word}" is neither a preset nor a kind of fault`,
        `presets: ${presetNames.join(", ")}; kinds: ${known.join(", ")}`,
      );
    }
    return kind;
  });
  return { preset: "standard", kinds };
}

/**
 * The full plan. Throws UsageError when a value cannot stand (a size the system refuses, a fault the cluster cannot do, a
 * schedule that breaks the rules): before anything is started.
 */
export function resolvePlan(request: PlanRequest, resolved: ResolvedKnobs, around: PlanSurroundings): Plan {
  const { values } = resolved;
  const integer = (name: KnobName): number => Number(values[name]);
  const nodes = integer("nodes");
  const replication = integer("replication");
  const refusal = around.system.refuses(nodes, replication);
  if (refusal !== null) throw new UsageError(refusal, `nodes ${nodes}, replication ${replication}`);
  if (integer("concurrency") < nodes) {
    throw new UsageError(
      `--concurrency: ${integer("concurrency")} is less than the ${nodes} nodes`,
      "each node needs a thread of its own for the final reads",
    );
  }
  const workload = workloads.get(String(values.workload));
  if (workload === undefined) throw new UsageError(`no workload is called "${String(values.workload)}"`);
  const lie = lieNames.find((name) => name === values.canary) ?? null;
  if (lie !== null) {
    const why = whyNotApplicable(lie, functionsOf(workload, around.system));
    if (why !== null) throw new UsageError(`--canary ${lie}: ${why} in ${workload.name} on ${around.system.name}`);
  }
  const faults = scheduleOf(request, values, around, workloadFaults(request, values, around));
  const { preset, kinds } = parseNemesis(String(values.nemesis));
  const isBursty = workload.ownOptions.some(({ name }) => name === "burst");
  const ownSchedule = request.file?.faults != null || workload.ownFaults != null;
  // A scripted load does what its script says and knows its own floors.
  const further =
    !ownSchedule && workload.floors === undefined
      ? floorsOfPreset({
          preset,
          kinds,
          on: values.on as Plan["on"],
          timeLimitMs: integer("time_limit_ms"),
          ratePerS: Number(values.rate_per_s),
          electsLeaders: around.system.electsLeaders === true,
          electionTimeoutMs: around.system.timing.electionTimeoutMs,
          beyondLoad: workload.floorsBeyond ?? {},
        })
      : null;
  // Two clients at a time are what it takes for operations to overlap all the time, not only while the system stalls.
  const bursts = !isBursty || Object.keys(further?.asked ?? {}).length === 0 ? {} : { burst: 2 };
  const plan: Plan = {
    version: 1,
    name: String(values.name),
    system: around.system.name,
    build: around.build,
    mutant: values.mutant === null ? null : String(values.mutant),
    ...(lie === null ? {} : { canary: lie }),
    on: values.on as Plan["on"],
    nodes,
    replication,
    seed: integer("seed"),
    workload: { name: workload.name, options: { ...bursts, ...request.file?.workloadOptions } },
    nemesis: { name: String(values.nemesis), options: {}, faults },
    time_limit_ms: integer("time_limit_ms"),
    rate_per_s: Number(values.rate_per_s),
    concurrency: integer("concurrency"),
    keys: integer("keys"),
    operation_timeout_ms: integer("operation_timeout_ms"),
    recovery_bound_ms: integer("recovery_bound_ms"),
    floors: {
      ...defaultFloors(integer("time_limit_ms"), Number(values.rate_per_s), faults.length, nodes),
      ...further?.asked,
      ...request.file?.floors,
    },
    ...(further === null ? {} : { floors_not_asked: further.notAsked }),
    checker: { time_ms: integer("checker_time_ms"), memory_mb: integer("checker_memory_mb") },
  };
  const options = workloadOptionsOf(plan, around.system, expectedGroups(nodes, replication));
  const problems = workload.problems(options);
  if (problems.length > 0) throw new UsageError(problems.join("; "));
  resolved.provenance["nemesis.faults"] = { value: faults.length, from: request.file?.faults ? "plan" : "seed" };
  if (request.file !== null && Object.keys(request.file.floors).length > 0)
    resolved.provenance["floors"] = { value: request.file.floors, from: "plan" };
  if (request.file !== null && Object.keys(request.file.workloadOptions).length > 0)
    resolved.provenance["workload.options"] = { value: request.file.workloadOptions, from: "plan" };
  const own = workload.floors?.(options);
  if (own === undefined) return plan;
  // A scripted workload does what its script says, whatever the rate: it knows its own floors.
  const floors = { completed_operations: own.completedOperations, operations_per_node: own.operationsPerNode };
  return { ...plan, floors: { ...plan.floors, ...floors, ...request.file?.floors } };
}

/** What the workload asks for and the system's clients can do. */
export function functionsOf(workload: Workload, system: SystemUnderTest): readonly string[] {
  return workload.functions.filter((name) => system.functions.includes(name));
}

function workloadFaults(
  request: PlanRequest,
  values: Readonly<Record<KnobName, KnobValue>>,
  around: PlanSurroundings,
): readonly Fault[] | null {
  const workload = workloads.get(String(values.workload));
  if (workload?.ownFaults == null) return null;
  // A workload with a schedule of its own yields to what the user says of the nemesis.
  if (request.flags.nemesis !== undefined || request.file?.knobs.nemesis !== undefined) return null;
  const nodes = Number(values.nodes);
  const groups = expectedGroups(nodes, Number(values.replication));
  const options = {
    nodes: nodeNames(nodes),
    groups,
    groupOfKey: (key: Parameters<SystemUnderTest["groupOfKey"]>[0]) => around.system.groupOfKey(key, groups),
    initialValue: around.system.initialValue,
    concurrency: Number(values.concurrency),
    keys: Number(values.keys),
    ratePerS: Number(values.rate_per_s),
    timeLimitMs: Number(values.time_limit_ms),
    operationTimeoutMs: Number(values.operation_timeout_ms),
    own: request.file?.workloadOptions ?? {},
  };
  return parseFaults(workload.ownFaults(options));
}

function scheduleOf(
  request: PlanRequest,
  values: Readonly<Record<KnobName, KnobValue>>,
  around: PlanSurroundings,
  own: readonly Fault[] | null,
): readonly Fault[] {
  const nodes = Number(values.nodes);
  const limits = {
    nodes: nodeNames(nodes),
    groups: expectedGroups(nodes, Number(values.replication)),
    timeLimitMs: Number(values.time_limit_ms),
    operationTimeoutMs: Number(values.operation_timeout_ms),
    electionTimeoutMs: around.system.timing.electionTimeoutMs,
    capabilities: around.capabilities,
    peerAddressing: around.system.peerAddressing satisfies PeerAddressing,
  };
  const given = request.file?.faults ?? own;
  const { preset, kinds } = parseNemesis(String(values.nemesis));
  const faults =
    given ?? drawSchedule({ ...limits, seed: Number(values.seed), preset, ...(kinds === null ? {} : { kinds }) });
  const problems = checkSchedule(faults, limits);
  if (problems.length > 0) throw new UsageError(`the schedule of faults cannot run: ${problems.join("; ")}`);
  return faults;
}

/** The workload's view of a plan. */
export function workloadOptionsOf(plan: Plan, system: SystemUnderTest, groups: readonly GroupLayout[]) {
  return {
    nodes: nodeNames(plan.nodes),
    groups,
    groupOfKey: (key: Parameters<SystemUnderTest["groupOfKey"]>[0]) => system.groupOfKey(key, groups),
    initialValue: system.initialValue,
    concurrency: plan.concurrency,
    keys: plan.keys,
    ratePerS: plan.rate_per_s,
    timeLimitMs: plan.time_limit_ms,
    operationTimeoutMs: plan.operation_timeout_ms,
    own: plan.workload.options,
  };
}

/** A quarter of the arrivals must complete, every scheduled fault must be confirmed, each node must have been asked something. */
function defaultFloors(timeLimitMs: number, ratePerS: number, faults: number, nodes: number): Floors {
  const arrivals = (timeLimitMs / 1000) * ratePerS;
  return {
    completed_operations: Math.max(1, Math.floor(arrivals / 4)),
    confirmed_faults: faults,
    operations_per_node: Math.max(1, Math.floor(arrivals / nodes / 20)),
    max_info_share: 0.1,
    max_runner_lag_ms: 2000,
  };
}
