// One run in virtual time, in memory: the same generators, run loop, nemesis and recorder as on a real cluster, with a world in the
// place of machines. Nothing here reads a clock or draws a number that is not the seed's, so equal plan, build and seed give
// an equal history, byte for byte.
import { setMaxListeners } from "node:events";
import type {
  DeterministicNode,
  DeterministicSystem,
  GroupLayout,
  LeaderChange,
  NodeName,
  NodeStatus,
  StatusSample,
  SystemUnderTest,
} from "../cluster/index.js";
import { LeaderWatch } from "../cluster/index.js";
import {
  createIncrementalChecker,
  type CheckerResult,
  type NodeDecisions,
  type Verdict,
  type ViolationClass,
} from "../checker/index.js";
import { createRandom, Recorder, type AppendSink, type HistoryEvent, type JsonValue } from "../history/index.js";
import { createNemesis, type Nemesis } from "../nemesis/index.js";
import {
  createSimulatedDriver,
  describeSettings,
  parseSettings,
  SimulatedCluster,
  World,
  type InvariantName,
  type InvariantViolation,
  type PinnedSettings,
  type Trace,
  type WorldCounts,
  type WorldSettings,
} from "../simulation/index.js";
import { workloads, type WorkloadRun } from "../workloads/index.js";
import { goesOnAfterViolation, lyingDriverOf } from "./canary-run.js";
import { recordOfClusterEvent } from "./cluster-records.js";
import { ClusterView } from "./cluster-view.js";
import { CheckersDisagree } from "./judge-run.js";
import type { LyingDriver } from "./lying-driver.js";
import type { Plan } from "./plan.js";
import { workloadOptionsOf } from "./resolve-plan.js";
import { RunLoop } from "./run-loop.js";
import { createLoad } from "./listed-load.js";
import { ServingWatch } from "./play-scenes.js";
import { parseScenes } from "./scenes.js";
import { parseTriggers } from "./triggers.js";
import { createSwarmNemesis, type SwarmNemesis } from "./swarm.js";

export interface SimulateInput {
  readonly plan: Plan;
  readonly system: SystemUnderTest;
  readonly deterministic: DeterministicSystem;
  /** Null: nothing is written, and the run's events are all there is. */
  readonly sink: AppendSink | null;
  readonly pinned?: PinnedSettings;
  /** Default true. */
  readonly invariants?: boolean;
  /** Judge the clients' history while it grows, and end the load at the first violation; default true. */
  readonly live?: boolean;
  readonly trace?: Trace;
  /** Ends the load early; then the run is unknown at best. */
  readonly signal?: AbortSignal;
}

export interface SimulatedRun {
  readonly events: readonly HistoryEvent[];
  readonly samples: readonly StatusSample[];
  readonly decisions: readonly NodeDecisions[];
  readonly groups: readonly GroupLayout[];
  readonly workload: WorkloadRun;
  /** What told the lies, in a run with a canary. */
  readonly lying: LyingDriver | null;
  readonly violations: readonly InvariantViolation[];
  readonly invariantChecks: Readonly<Record<InvariantName, number>> | null;
  /** What the live verdict saw, if it saw a violation. */
  readonly seenLive: string | null;
  /** Why the run ended before its time, if it did. */
  readonly cutShort: string | null;
  /** A violated invariant, or a violation seen live, ended the load. */
  readonly endedByViolation: boolean;
  /** Faults carried out: of the plan's, or of as many of a swarm's as found a target. */
  readonly faults: number;
  /** Those of a swarm that found none. */
  readonly skippedFaults: number;
  readonly counts: WorldCounts;
  readonly simulatedMs: number;
  readonly bootMs: number;
  readonly settings: string;
  /** The world's knobs, to be pinned in a plan. */
  readonly knobs: WorldSettings;
  readonly notes: readonly string[];
  /** Each node's log, by name. */
  readonly logs: ReadonlyMap<NodeName, readonly string[]>;
}

const sampleEveryNs = 100_000_000;
/** A run that takes longer than its load by this much hangs. */
const graceNs = 600e9;
/** Counted in configurations only: a budget of time or memory would make the machine decide when a run ends. */
const liveBudget = { configurations: 100_000, timeMs: 86_400_000, memoryMb: 1_000_000 };
/** A simulated run has no date; a date would make two equal runs differ. */
const startedAt = "1970-01-01T00:00:00.000Z";

/** The option of a plan's nemesis that pins knobs of the world. */
export const settingsOption = "settings";

/** The nemesis by whose name a plan asks for the swarm (`swarm.ts`). */
export const swarmName = "swarm";

export async function simulate(input: SimulateInput): Promise<SimulatedRun> {
  return new SimulatedExecution(input).perform();
}

class SimulatedExecution {
  readonly #input: SimulateInput;
  readonly #world: World;
  readonly #cluster: SimulatedCluster;
  readonly #view = new ClusterView();
  readonly #samples: StatusSample[] = [];
  readonly #latest = new Map<NodeName, StatusSample>();
  readonly #leaders = new LeaderWatch((change) => this.#onLeaderChange(change));
  readonly #stop = new AbortController();
  readonly #notes: string[] = [];
  #swarm: SwarmNemesis | null = null;
  #lying: LyingDriver | null = null;
  #seenLive: string | null = null;
  #recorder: Recorder | null = null;
  #originNs = 0;
  #recording = false;
  #cutShort: { readonly reason: string; readonly violation: boolean } | null = null;

  constructor(input: SimulateInput) {
    this.#input = input;
    // Every fault of a swarm waits on it.
    setMaxListeners(0, this.#stop.signal);
    const { plan, deterministic, invariants, trace } = input;
    const pinned = { ...parseSettings(plan.nemesis.options[settingsOption]), ...input.pinned };
    this.#world = new World({
      seed: plan.seed,
      nodes: plan.nodes,
      replication: plan.replication,
      system: deterministic,
      onViolation: (violation) => this.#onViolation(violation),
      pinned,
      ...(invariants === undefined ? {} : { invariants }),
      ...(trace === undefined ? {} : { trace }),
    });
    this.#cluster = new SimulatedCluster({ system: input.system, world: this.#world });
    this.#cluster.onEvent((event) => this.#record(recordOfClusterEvent(event)));
  }

  async perform(): Promise<SimulatedRun> {
    const { plan, system, sink, signal } = this.#input;
    const world = this.#world;
    const { bootMs } = await this.#cluster.boot(new AbortController().signal);
    this.#sampleForEver();
    const leaderless = this.#waitForLeaders();
    this.#originNs = world.queue.nowNs;
    this.#input.trace?.begin(this.#originNs);
    const recorder = new Recorder({
      clock: () => world.queue.nowNs - this.#originNs,
      sink,
      header: {
        model: system.model,
        initial: system.initialValue,
        keyed: true,
        plan: plan.name,
        run: `simulation-${plan.seed}`,
        build: system.buildHash,
        concurrency: plan.concurrency,
        startedAt,
      },
    });
    this.#recorder = recorder;
    this.#recording = true;
    if (leaderless !== null) this.#holdElection(leaderless);
    if (this.#input.live !== false) this.#judgeLive(recorder);
    const onInterrupt = (): void => this.#cut("interrupted", false);
    signal?.addEventListener("abort", onInterrupt, { once: true });
    const workload = workloads.get(plan.workload.name);
    if (workload === undefined) throw new Error(`no workload is called ${plan.workload.name}`);
    const run = createLoad(workload, workloadOptionsOf(plan, system, this.#view.groups), plan.seed);
    let decisions: readonly NodeDecisions[] = [];
    try {
      const limitNs = world.queue.nowNs + plan.time_limit_ms * 1e6 + graceNs;
      await world.drive(this.#phases(recorder, run), limitNs);
      decisions = this.#collectDecisions();
      this.#record({ type: "phase", phase: "end" });
    } finally {
      this.#recording = false;
      recorder.close();
      signal?.removeEventListener("abort", onInterrupt);
    }
    return {
      events: recorder.events,
      samples: this.#samples,
      decisions,
      groups: this.#view.groups,
      workload: run,
      lying: this.#lying,
      // In the time of the history, as every other violation.
      violations: (world.invariants?.violations ?? []).map((one) => ({ ...one, timeNs: one.timeNs - this.#originNs })),
      invariantChecks: world.invariants?.checks ?? null,
      seenLive: this.#seenLive,
      cutShort: this.#cutShort?.reason ?? null,
      endedByViolation: this.#cutShort?.violation ?? false,
      faults: this.#swarm?.carriedOut ?? plan.nemesis.faults.length,
      skippedFaults: this.#swarm?.skipped ?? 0,
      counts: world.counts,
      simulatedMs: (world.queue.nowNs - this.#originNs) / 1e6,
      bootMs,
      settings: describeSettings(world.settings),
      knobs: world.settings,
      notes: this.#notes,
      logs: new Map(world.names.map((name) => [name, world.log(name)])),
    };
  }

  #judgeLive(recorder: Recorder): void {
    const { system } = this.#input;
    const live = createIncrementalChecker(system.model, { initial: system.initialValue, budget: liveBudget });
    for (const event of recorder.events) live.feed(event);
    const unsubscribe = recorder.subscribe((event) => {
      live.feed(event);
      if (live.verdict.valid !== false) return;
      const { key, sentence } = live.verdict.violation;
      unsubscribe();
      this.#seenLive = sentence;
      // Not amid the writing of the event that showed it.
      this.#world.queue.after(0, () => {
        this.#record({ type: "runner", what: "note", detail: { live_violation: { key, sentence } } });
        if (!goesOnAfterViolation(this.#input.plan)) this.#cut(sentence, true);
      });
    });
  }

  async #phases(recorder: Recorder, run: WorkloadRun): Promise<void> {
    const { plan } = this.#input;
    const world = this.#world;
    const driver = createSimulatedDriver(world);
    this.#lying = lyingDriverOf(plan, driver);
    const loop = new RunLoop({
      driver: this.#lying ?? driver,
      recorder,
      nodes: world.names,
      concurrency: plan.concurrency,
      operationTimeoutMs: plan.operation_timeout_ms,
    });
    const nemesis = this.#createNemesis(loop);
    this.#record({ type: "phase", phase: "load" });
    let breakingOn = true;
    const loading = loop.drive(run.load, this.#stop.signal, () => breakingOn);
    const breaking = nemesis.run(this.#stop.signal).finally(() => {
      breakingOn = false;
    });
    await Promise.all([loading, breaking]);
    this.#lying?.beHonest();
    this.#record({ type: "phase", phase: "heal" });
    const report = await nemesis.finalHeal(new AbortController().signal);
    this.#notes.push(...report.problems.map((problem) => `heal: ${problem}`));
    const dropped = run.load.droppedArrivals();
    if (dropped > 0) this.#record({ type: "runner", what: "dropped-arrivals", detail: { count: dropped } });
    if (this.#cutShort !== null && !this.#cutShort.violation) return;
    const lost = this.#recordRefused();
    this.#record({ type: "phase", phase: "quiet" });
    this.#record({ type: "phase", phase: "final-read" });
    await loop.drive(run.finalReads(plan.recovery_bound_ms, lost), new AbortController().signal);
  }

  /** Nodes that serve no more after damage to their disks, as it must be; nobody asks them for their part in the end. */
  #recordRefused(): ReadonlySet<string> {
    const lost = this.#world.nodes.filter((node) => node.lost !== null);
    for (const { name, lost: reason } of lost)
      this.#record({ type: "node", node: name, what: "refused", expected: true, detail: { reason } });
    return new Set(lost.map(({ name }) => name));
  }

  #createNemesis(loop: RunLoop): Nemesis {
    const { plan } = this.#input;
    const world = this.#world;
    const options = {
      faults: plan.nemesis.faults,
      random: createRandom(plan.seed, "nemesis"),
      groups: () => this.#view.groups,
      record: (event: Parameters<Recorder["record"]>[0]) => this.#record(event),
    };
    const nowMs = (): number => world.queue.nowNs / 1e6;
    if (plan.nemesis.name === swarmName) {
      const scenes = parseScenes(plan.nemesis.options["scenes"]);
      const serving = new ServingWatch((key) => this.#input.system.groupOfKey(key, this.#view.groups));
      if (scenes.length > 0) this.#recorder?.subscribe((event) => serving.feed(event));
      const swarm = createSwarmNemesis({
        ...options,
        world,
        triggers: parseTriggers(plan.nemesis.options["triggers"]),
        scenes,
        serving,
        endMs: plan.time_limit_ms,
        leaderOf: (group) => {
          for (const name of world.names) this.#look(name);
          return this.#view.leaderOf(group, nowMs());
        },
      });
      this.#swarm = swarm;
      return swarm;
    }
    return createNemesis({
      ...options,
      cluster: this.#cluster,
      clients: loop.clients,
      leaderOf: (group) => this.#view.leaderOf(group, nowMs()),
      nowMs,
      delay: (ms, signal) => world.delay(ms, signal),
    });
  }

  /** Nothing that happens before every group is known and led counts. Returns a group that never was, if there is one. */
  #waitForLeaders(): GroupLayout | null {
    const { plan, system } = this.#input;
    const { queue } = this.#world;
    const expected = Math.max(1, Math.floor(plan.nodes / plan.replication));
    const limitNs = queue.nowNs + system.timing.bootTimeoutMs * 1e6;
    const known = (): boolean => this.#view.groups.length >= expected;
    const leaderless = (): GroupLayout | undefined =>
      this.#view.groups.find(({ group }) => this.#view.leaderOf(group, queue.nowNs / 1e6) === null);
    while (!known() || leaderless() !== undefined) {
      if (queue.nowNs > limitNs) break;
      this.#world.runUntil(queue.nowNs + sampleEveryNs);
    }
    if (!known())
      throw new Error(
        `only ${this.#view.groups.length} of ${expected} groups were known ${system.timing.bootTimeoutMs} simulated ms after boot`,
      );
    return leaderless() ?? null;
  }

  /** Nothing has been broken yet: a group that elects nobody now serves nobody, and nothing but the system is to blame. */
  #holdElection({ group, members }: GroupLayout): void {
    const { invariants } = this.#world;
    const sentence = `group ${group} had no leader that its members agree on ${this.#input.system.timing.bootTimeoutMs} ms after boot, before any fault`;
    const [member] = members;
    if (invariants === null || member === undefined) throw new Error(sentence);
    invariants.serves(this.#world.nodeNamed(member), false, () => sentence);
  }

  #sampleForEver(): void {
    for (const name of this.#world.names) this.#sample(name);
    if (this.#recording) this.#leaders.update(this.#world.queue.nowNs - this.#originNs, this.#latest);
    this.#world.queue.after(sampleEveryNs, () => this.#sampleForEver());
  }

  #look(name: NodeName): NodeStatus | null {
    const node = this.#world.nodeNamed(name);
    const status = node.node !== null && node.state === "running" ? node.node.status() : null;
    this.#view.update(name, status, this.#world.queue.nowNs / 1e6);
    return status;
  }

  #sample(name: NodeName): void {
    const status = this.#look(name);
    if (!this.#recording) return;
    const { nowNs } = this.#world.queue;
    const node = this.#world.nodeNamed(name);
    const error = status === null ? `no answer: ${node.state}` : null;
    const timeNs = nowNs - this.#originNs;
    const sample = { time_ns: timeNs, node: name, status, error, cpu_time_ms: node.cpuNs / 1e6, resident_bytes: null };
    this.#samples.push(sample);
    this.#latest.set(name, sample);
  }

  #onLeaderChange({ group, leader, ballot, previous }: LeaderChange): void {
    if (previous === null) return;
    const detail = { group, from: previous.leader, to: leader, from_ballot: previous.ballot, to_ballot: ballot };
    this.#record({ type: "node", node: leader, what: "leader-change", expected: true, detail });
  }

  #onViolation({ invariant, sentence }: InvariantViolation): void {
    this.#record({ type: "runner", what: "note", detail: { violated_invariant: invariant, sentence } });
    this.#cut(sentence, true);
  }

  #cut(reason: string, violation: boolean): void {
    this.#cutShort ??= { reason, violation };
    this.#stop.abort();
  }

  #record(record: Parameters<Recorder["record"]>[0]): void {
    if (this.#recording) this.#recorder?.record(record);
  }

  /** All of each member's decided log; read once where all members have equal hashes of equal lengths. */
  #collectDecisions(): readonly NodeDecisions[] {
    // Without a log there is nothing to be held against: an empty one would accuse every write of being lost.
    if (this.#input.system.decisions === undefined) return [];
    return this.#view.groups.flatMap(({ group, members }) => {
      const known = new Map<string, NodeDecisions["decisions"]>();
      return members.flatMap((name): NodeDecisions[] => {
        const { node } = this.#world.nodeNamed(name);
        const view = node?.status().groups.find((one) => one.group === group);
        if (node === null || view === undefined) return [];
        const state = `${view.decidedIndex} ${view.logHash}`;
        const decisions = known.get(state) ?? allDecisions(node);
        known.set(state, decisions);
        return [{ node: name, group, decisions }];
      });
    });
  }
}

function allDecisions(node: DeterministicNode): NodeDecisions["decisions"] {
  const decisions = [];
  for (let page = node.decisions(0); page.length > 0; page = node.decisions(decisions.length)) decisions.push(...page);
  return decisions;
}

const classes: Readonly<Record<InvariantName, ViolationClass>> = {
  "one leader per ballot": "replica divergence",
  "ballots only grow": "replica divergence",
  "promises are kept": "replica divergence",
  "decided logs are prefixes of one another": "replica divergence",
  "nothing decided is forgotten": "lost write",
  "equal logs mean equal state": "replica divergence",
  "claims are durable": "lost write",
  "a connected group serves": "unavailable",
};

/** Throws when the live verdict and the check of the whole history contradict each other: Minos is broken. */
export function demandAgreement({ seenLive }: SimulatedRun, verdict: Verdict): void {
  const batch = verdict.checkers.find(({ checker }) => checker === "linearizability")?.valid;
  if (seenLive !== null && batch === true) {
    throw new CheckersDisagree(
      `the live verdict saw a violation where the check of the whole history finds none: ${seenLive}`,
    );
  }
}

/** What the invariants found, as a checker's result. */
export function judgeInvariants({ violations, invariantChecks, groups }: SimulatedRun): CheckerResult {
  const details: JsonValue = { checks: { ...invariantChecks }, groups: groups.length };
  return {
    checker: "invariants",
    valid: violations.length === 0,
    violations: violations.map(({ invariant, sentence, timeNs }) => ({
      class: classes[invariant],
      checker: "invariants",
      sentence: `${sentence} (invariant: ${invariant})`,
      key: null,
      operations: [],
      timeNs,
      fingerprint: `${classes[invariant]}/invariants/${invariant}`,
    })),
    unknown: [],
    details,
  };
}
