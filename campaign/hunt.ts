// One run of a hunt: a seed gives a plan, the plan a simulated run, the run a verdict. All in memory, nothing kept.
import { judge, type Verdict } from "../checker/index.js";
import { nodeNames, type DeterministicSystem, type SystemUnderTest } from "../cluster/index.js";
import { createRandom, type JsonValue } from "../history/index.js";
import { parseFaults } from "../nemesis/index.js";
import type { Trace } from "../simulation/index.js";
import type { Plan } from "./plan.js";
import { demandAgreement, judgeInvariants, simulate, swarmName, type SimulatedRun } from "./simulate.js";
import { drawScenes, isConnectivity } from "./scenes.js";
import { drawRests, putRests, restMs } from "./calm.js";
import { drawDamage, drawSwarm, leastFaultsOf } from "./swarm.js";
import { drawTriggers } from "./triggers.js";

/** What all plans of a hunt share. */
export interface HuntBase {
  readonly system: SystemUnderTest;
  readonly deterministic: DeterministicSystem;
  readonly mutant: string | null;
  /** How long clients load the system, in simulated time. */
  readonly timeLimitMs: number;
  readonly ratePerS: number;
}

/** Sizes that a hunt draws from: one group of three, one of five, two of three. */
const sizes = [
  { nodes: 3, replication: 3 },
  { nodes: 5, replication: 5 },
  { nodes: 6, replication: 3 },
] as const;

/** The plan of a seed: size, load, the swarm's schedule and its directed faults. */
export function huntPlan(seed: number, { system, deterministic, mutant, timeLimitMs, ratePerS }: HuntBase): Plan {
  const random = createRandom(seed, "hunt");
  const { nodes, replication } = random.pick(
    sizes.filter((size) => system.refuses(size.nodes, size.replication) === null),
  );
  const groups = nodes / replication;
  const { electionTimeoutMs } = system.timing;
  // As a replay file gives them back, field by field in one order: the history holds them.
  const scenes = drawScenes(createRandom(seed, "scenes"), { groups, timeLimitMs, electionTimeoutMs });
  // A scene sets up what other faults would tear down at once: some have the load for themselves, those of connectivity always.
  const alone = scenes.length > 0 && (scenes.some(isConnectivity) || random.fork("alone").chance(0.7));
  const rests = alone ? [] : drawRests(createRandom(seed, "rests"), timeLimitMs);
  const busyMs = timeLimitMs - restMs(rests);
  const input = { seed, groups, timeLimitMs: busyMs, electionTimeoutMs, leastFaults: leastFaultsOf(timeLimitMs) };
  // Connectivity demands service of a group that is all there.
  const damaged = deterministic.survivesLostDisks === true && !scenes.some(isConnectivity) ? drawDamage(input) : [];
  const drawn = putRests([...(alone ? [] : drawSwarm(input)), ...damaged], rests).toSorted(
    (one, other) => one.at_ms - other.at_ms,
  );
  const faults = parseFaults(drawn as unknown as JsonValue);
  const names = deterministic.nameOf === undefined ? [] : (deterministic.messageNames ?? []);
  const triggers = scenes.some(isConnectivity)
    ? []
    : drawTriggers(createRandom(seed, "triggers"), names, timeLimitMs, electionTimeoutMs);
  return {
    version: 1,
    name: "hunt",
    system: system.name,
    build: system.buildHash,
    mutant,
    on: "simulation",
    nodes,
    replication,
    seed,
    workload: { name: "register", options: {} },
    nemesis: {
      name: swarmName,
      options: {
        triggers: triggers.map((trigger) => ({ ...trigger })),
        ...(scenes.length === 0 ? {} : { scenes: scenes as unknown as JsonValue }),
      },
      faults,
    },
    time_limit_ms: timeLimitMs,
    rate_per_s: ratePerS,
    concurrency: nodes * 2,
    // Enough that every group has one: which group serves a key is the system's choice.
    keys: groups === 1 ? random.integer(1, 4) : random.integer(6, 8),
    operation_timeout_ms: 500,
    recovery_bound_ms: 10_000,
    floors: {
      completed_operations: 0,
      confirmed_faults: 0,
      operations_per_node: 0,
      max_info_share: 1,
      max_runner_lag_ms: 2000,
    },
    checker: { time_ms: 20_000, memory_mb: 512 },
  };
}

export interface HuntedRun {
  readonly plan: Plan;
  readonly run: SimulatedRun;
  readonly verdict: Verdict;
}

/** The history as a file would hold it. */
export function historyText(run: SimulatedRun): string {
  return run.events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/** Runs a plan on the simulated cluster and judges it. */
export async function simulateAndJudge(
  plan: Plan,
  system: SystemUnderTest,
  deterministic: DeterministicSystem,
  trace?: Trace,
): Promise<HuntedRun> {
  const run = await simulate({ plan, system, deterministic, sink: null, ...(trace === undefined ? {} : { trace }) });
  const verdict = judge({
    mode: "run",
    events: run.events,
    model: system.model,
    initial: system.initialValue,
    budget: { timeMs: plan.checker.time_ms, memoryMb: plan.checker.memory_mb },
    corruptions: { count: 0 },
    floors: plan.floors,
    expectedFaults: run.faults,
    nodes: nodeNames(plan.nodes),
    keys: run.workload.keys,
    groups: run.groups,
    groupOfKey: (key) => system.groupOfKey(key, run.groups),
    recoveryBoundMs: plan.recovery_bound_ms,
    statuses: run.samples.map(({ time_ns, node, status }) => ({ timeNs: time_ns, node, groups: status?.groups ?? [] })),
    decisions: run.decisions,
    interrupted: run.endedByViolation ? null : run.cutShort,
    endedByViolation: run.endedByViolation,
  });
  demandAgreement(run, verdict);
  const invariants = judgeInvariants(run);
  const judged: Verdict =
    invariants.valid === true
      ? { ...verdict, checkers: [...verdict.checkers, invariants] }
      : {
          ...verdict,
          valid: false,
          summary: verdict.valid === false ? verdict.summary : (invariants.violations[0]?.sentence ?? verdict.summary),
          violations: [...verdict.violations, ...invariants.violations],
          checkers: [...verdict.checkers, invariants],
        };
  return { plan, run, verdict: judged };
}

/**
 * The protocol states that a run went through, as texts that are equal for equal states: for each group and sample (every 100 ms), the
 * roles and phases of its members, how many do not answer, and how many of them follow different leaders.
 */
export function statesOf(run: SimulatedRun): readonly string[] {
  const states = new Set<string>();
  const { groups, samples } = run;
  const count = groups.reduce((sum, { members }) => sum + members.length, 0);
  for (let at = 0; at + count <= samples.length; at += count) {
    const round = samples.slice(at, at + count);
    for (const { group, members } of groups) {
      const phases: string[] = [];
      const leaders = new Set<string>();
      for (const { node, status } of round) {
        if (!members.includes(node)) continue;
        const view = status?.groups.find((one) => one.group === group);
        phases.push(view?.phase ?? "silent");
        if (view !== undefined && view.leader !== null) leaders.add(view.leader);
      }
      states.add(`${members.length}: ${phases.toSorted().join(", ")}; ${leaders.size} leaders`);
    }
  }
  return [...states];
}
