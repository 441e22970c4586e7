// One run from plan to report: cluster → history → verdict → report. Everything that it learns lies in the run's directory, so
// that whatever happens to this process, what was recorded up to then can be judged.
import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  ClusterError,
  nodeNames,
  sampleStatus,
  steadyUnixMs,
  type Address,
  type BootReport,
  type Cluster,
  type ClusterEvent,
  type ClusterOptions,
  type LeaderChange,
  type StatusSample,
  type SystemUnderTest,
} from "../cluster/index.js";
import type { NodeDecisions, Verdict } from "../checker/index.js";
import { createRandom, FileSink, Recorder, SinkError, systemClock, type JsonValue } from "../history/index.js";
import { createNemesis, faultKinds, type HealReport, type Nemesis } from "../nemesis/index.js";
import { workloads, type WorkloadRun } from "../workloads/index.js";
import type { CanaryOutcome } from "./canary.js";
import { goesOnAfterViolation, keepCanary, lyingDriverOf, warningsOfCanary } from "./canary-run.js";
import { recordOfClusterEvent } from "./cluster-records.js";
import { ClusterView } from "./cluster-view.js";
import { coverageOf, type Coverage } from "./coverage.js";
import { describeEnvironment, type Environment } from "./environment.js";
import { startLagMonitor } from "./lag-monitor.js";
import { throttledSince, readThrottling } from "./throttling.js";
import type { LyingDriver } from "./lying-driver.js";
import type { Plan } from "./plan.js";
import type { RunObserver } from "./progress.js";
import { createRealDriver } from "./real-driver.js";
import { workloadOptionsOf, type Provenance } from "./resolve-plan.js";
import { RunLoop } from "./run-loop.js";
import { runSimulation } from "./run-simulation.js";
import { Freeze, type FrozenReport } from "./freeze.js";
import { createRunDirectory, writeJson, type RunDirectory } from "./store.js";
import { collectDecisions, writeDecisions } from "./collect-decisions.js";
import { rerunLine } from "./prepare.js";
import { noProgress, watchRun, type SeenLive } from "./watch-run.js";
import { createLoad } from "./listed-load.js";
import { judgeRun, writeReportOf } from "./judge-run.js";

export interface RunInput {
  readonly plan: Plan;
  readonly provenance: Provenance;
  readonly system: SystemUnderTest;
  readonly createCluster: (options: ClusterOptions) => Cluster;
  readonly storeRoot: string;
  readonly observer: RunObserver;
  /** Aborted by Ctrl-C: heal, stop, save, judge what there is. */
  readonly signal: AbortSignal;
  /** The command line that does this run again; null: it is told from the plan. */
  readonly rerun: string | null;
  /** Holds every node still when a violation is seen, for so long after all was copied; null: the run goes on a little and ends. */
  readonly freezeForMs?: number | null;
}

export interface RunResult {
  readonly directory: RunDirectory;
  readonly verdict: Verdict;
  readonly bootMs: number;
  readonly teardownMs: number;
  /** What teardown could not remove. */
  readonly leftBehind: readonly string[];
  /** Of a run whose clients lied: whether it was found. */
  readonly canary: CanaryOutcome | null;
  /** Which faults struck which operations. */
  readonly coverage: Coverage;
  /** Of a run that was frozen when a violation was seen. */
  readonly frozen?: FrozenReport | null;
}

/** `addresses.json` of a run under way: where its nodes listen for clients. */
export interface RunAddresses {
  readonly client: Readonly<Record<string, Address>>;
}

/** Why a run ended before its time; the verdict is then unknown at best. */
type CutShort = { readonly reason: string; readonly cause: "interrupted" | "infrastructure" | "violation" };

/** Lag of the event loop from which on it is recorded. */
const lagThresholdMs = 100;
const statusEveryMs = 100;

export function runIdOf(directory: RunDirectory, seed: number): string {
  const stamp = directory.path.split(/[/\\]/).at(-1) ?? "";
  return `${stamp.toLowerCase().replaceAll(/[^a-z0-9]/g, "")}-${seed.toString(36)}-${process.pid.toString(36)}`;
}

/** Runs a plan. Rejects with ClusterError when the machine is not fit for it; everything else ends in a verdict. */
export async function run(input: RunInput): Promise<RunResult> {
  const startedAt = new Date();
  const directory = createRunDirectory(input.storeRoot, input.plan.name, startedAt);
  const runId = runIdOf(directory, input.plan.seed);
  writeJson(directory.planFile, input.plan);
  writeJson(directory.environmentFile, describeEnvironment(input.system, null, input.provenance));
  input.observer.note(`run ${runId} in ${directory.path}`);
  if (input.plan.on === "simulation") return runSimulation(input, directory);
  const cluster = input.createCluster({
    system: input.system,
    nodes: nodeNames(input.plan.nodes),
    replication: input.plan.replication,
    runId,
    directory: directory.path,
    fakeClocks: input.plan.nemesis.faults.some(({ kind }) => faultKinds[kind].mayNeed.includes("clock")),
    packetRules: input.plan.nemesis.faults.some(({ kind }) => faultKinds[kind].mayNeed.includes("packet-loss")),
    limitedDisks: input.plan.nemesis.faults.some(({ kind }) => faultKinds[kind].mayNeed.includes("disk-full")),
  });
  const execution = new Execution(input, cluster, directory, runId, startedAt);
  let bootMs: number;
  try {
    bootMs = await execution.boot();
    await execution.perform();
  } finally {
    await execution.end();
  }
  const verdict = execution.judge();
  return {
    directory,
    verdict,
    bootMs,
    teardownMs: execution.teardownMs,
    leftBehind: execution.leftBehind,
    canary: execution.canary,
    coverage: execution.coverage,
    frozen: execution.frozen,
  };
}

/** The state of one run under way. */
class Execution {
  readonly #input: RunInput;
  readonly #cluster: Cluster;
  readonly #directory: RunDirectory;
  readonly #runId: string;
  readonly #startedAt: Date;
  readonly #view = new ClusterView();
  readonly #samples: StatusSample[] = [];
  #decisions: readonly NodeDecisions[] = [];
  /** Ends the load: the user, a violation seen live, or broken infrastructure. */
  readonly #stop = new AbortController();
  readonly #samplerStop = new AbortController();
  #sampling: Promise<void> = Promise.resolve();
  #clock = systemClock();
  #recorder: Recorder | null = null;
  #recording = false;
  #cutShort: CutShort | null = null;
  #environment: Environment | null = null;
  #run: WorkloadRun | null = null;
  #lying: LyingDriver | null = null;
  canary: CanaryOutcome | null = null;
  coverage: Coverage = { seen: [], possible: [] };
  #seenLive: SeenLive | null = null;
  readonly #freeze: Freeze | null;
  /** Ends the load alone: what is frozen is not healed yet. */
  readonly #stopLoad = new AbortController();
  /** Why nothing more could be written, if that happened. */
  #diskFull: string | null = null;
  teardownMs = 0;
  leftBehind: readonly string[] = [];

  constructor(input: RunInput, cluster: Cluster, directory: RunDirectory, runId: string, startedAt: Date) {
    this.#input = input;
    this.#cluster = cluster;
    this.#directory = directory;
    this.#runId = runId;
    this.#startedAt = startedAt;
    cluster.onEvent((event) => this.#onClusterEvent(event));
    this.#stop.signal.addEventListener("abort", () => this.#stopLoad.abort(), { once: true });
    const { freezeForMs = null, signal, observer } = input;
    this.#freeze =
      freezeForMs === null || input.plan.canary !== undefined
        ? null
        : new Freeze({
            cluster,
            directory: directory.path,
            waitMs: freezeForMs,
            signal,
            statusOf: (node) => this.#samples.findLast((sample) => sample.node === node) ?? null,
            note: (text) => observer.note(text),
          });
  }

  get frozen(): FrozenReport | null {
    return this.#freeze?.report ?? null;
  }

  async boot(): Promise<number> {
    const { observer, plan, system, signal } = this.#input;
    observer.progress(noProgress(plan, "boot"));
    const report: BootReport = await this.#cluster.boot(signal);
    this.#environment = describeEnvironment(system, report, this.#input.provenance);
    writeJson(this.#directory.environmentFile, this.#environment);
    const { nodes } = this.#cluster;
    const addresses: RunAddresses = {
      client: Object.fromEntries(nodes.map((node) => [node, this.#cluster.clientAddress(node)])),
    };
    writeJson(this.#addressesFile, addresses);
    const details = Object.entries(report.details).map(([name, value]) => `${name} ${value}`);
    observer.note(`${plan.nodes} nodes up in ${(report.bootMs / 1000).toFixed(2)} s; ${details.join("; ")}`);
    await this.#startSampling();
    return report.bootMs;
  }

  /** Waits until every group is known and led: nothing that happens before counts. */
  async #startSampling(): Promise<void> {
    const { plan, system } = this.#input;
    this.#sampling = sampleStatus({
      cluster: this.#cluster,
      directory: this.#directory.path,
      everyMs: statusEveryMs,
      signal: this.#samplerStop.signal,
      nowNs: () => this.#clock(),
      onSample: (sample) => {
        this.#view.update(sample.node, sample.status, performance.now());
        if (this.#recording) this.#samples.push(sample);
      },
      onLeaderChange: (change) => this.#onLeaderChange(change),
      onTrouble: (detail) => this.#input.observer.note(detail),
    }).done;
    const expected = Math.max(1, Math.floor(plan.nodes / plan.replication));
    const deadline = performance.now() + system.timing.bootTimeoutMs;
    while (!this.#allGroupsLed(expected)) {
      if (this.#input.signal.aborted) throw new ClusterError("interrupted before the load began");
      if (performance.now() > deadline) return this.#loadUnled(expected);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /**
   * Where every node is up and says to which groups it belongs, a group without a leader is the system's own doing, or a machine's that is
   * too slow: clients find out which, and the judge with them. Where not even that is known, there is nothing that could be judged.
   */
  #loadUnled(expected: number): void {
    const { groups } = this.#view;
    const unled = groups.filter(({ group }) => this.#view.leaderOf(group, performance.now()) === null);
    const limitMs = this.#input.system.timing.bootTimeoutMs;
    if (groups.length < expected) {
      throw new ClusterError(
        `only ${groups.length} of ${expected} groups were known ${limitMs} ms after boot`,
        `see the nodes' logs in ${this.#directory.path}/nodes`,
      );
    }
    for (const { group } of unled)
      this.#input.observer.note(`group ${group} had no leader ${limitMs} ms after boot; the load begins without one`);
  }

  #allGroupsLed(expected: number): boolean {
    const { groups } = this.#view;
    return (
      groups.length >= expected && groups.every(({ group }) => this.#view.leaderOf(group, performance.now()) !== null)
    );
  }

  #onLeaderChange({ group, leader, ballot, previous }: LeaderChange): void {
    if (previous === null) return;
    const detail = { group, from: previous.leader, to: leader, from_ballot: previous.ballot, to_ballot: ballot };
    this.#record({ type: "node", node: leader, what: "leader-change", expected: true, detail });
  }

  #onClusterEvent(event: ClusterEvent): void {
    this.#record(recordOfClusterEvent(event));
    const { observer } = this.#input;
    if (event.type === "proxy-died") this.#cut({ reason: `the proxy died: ${event.detail}`, cause: "infrastructure" });
    if (!this.#recording) return;
    if (event.type === "error") observer.note(`cluster: ${event.detail}`);
    if (event.type === "exited" && !event.expected)
      observer.note(`${event.node} exited by itself (${event.signal ?? event.code})`);
  }

  /** Records while the run is recorded; a disk that is full ends the run and is no reason to crash in a callback. */
  #record(record: Parameters<Recorder["record"]>[0]): void {
    if (!this.#recording || this.#recorder === null) return;
    try {
      this.#recorder.record(record);
    } catch (error) {
      this.#cutByError(error);
    }
  }

  #cutByError(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof SinkError) this.#recording = false;
    if (isDiskFull(error)) this.#diskFull ??= reason;
    this.#cut({ reason, cause: "infrastructure" });
  }

  #cut(cut: CutShort): void {
    if (this.#cutShort === null) {
      this.#cutShort = cut;
      this.#input.observer.note(`the run ends early: ${cut.reason}`);
    }
    this.#stop.abort();
  }

  async perform(): Promise<void> {
    const { plan, system } = this.#input;
    this.#clock = systemClock();
    if (this.#environment !== null) {
      this.#environment = { ...this.#environment, clock_zero_unix_ms: steadyUnixMs() };
      writeJson(this.#directory.environmentFile, this.#environment);
    }
    const recorder = new Recorder({
      clock: this.#clock,
      sink: new FileSink(this.#directory.historyFile),
      header: {
        model: system.model,
        initial: system.initialValue,
        keyed: true,
        plan: plan.name,
        run: this.#runId,
        build: system.buildHash,
        concurrency: plan.concurrency,
        startedAt: this.#startedAt.toISOString(),
      },
    });
    this.#recorder = recorder;
    this.#recording = true;
    const onInterrupt = (): void => {
      this.#record({ type: "runner", what: "interrupted", detail: "asked to stop" });
      this.#cut({ reason: "interrupted", cause: "interrupted" });
    };
    if (this.#input.signal.aborted) onInterrupt();
    else this.#input.signal.addEventListener("abort", onInterrupt, { once: true });
    const lag = startLagMonitor(lagThresholdMs, (lagMs) =>
      this.#record({ type: "runner", what: "lag", detail: { lag_ms: Math.round(lagMs) } }),
    );
    const throttledBefore = readThrottling();
    const loadEnded = (): void => {
      const lag_p99_ms = Math.round(lag.p99Ms * 1000) / 1000;
      const detail = { lag_p99_ms, ...throttledSince(throttledBefore) };
      this.#record({ type: "runner", what: "lag", detail });
    };
    try {
      await this.#phases(recorder, loadEnded);
    } catch (error) {
      this.#cutByError(error);
    } finally {
      lag.stop();
      this.#input.signal.removeEventListener("abort", onInterrupt);
      this.#record({ type: "runner", what: "lag", detail: { lag_ms: Math.round(lag.worstMs), worst: true } });
      this.#record({ type: "phase", phase: "end" });
      this.#recording = false;
      recorder.close();
    }
  }

  async #phases(recorder: Recorder, loadEnded: () => void): Promise<void> {
    const { plan, system } = this.#input;
    const workload = workloads.get(plan.workload.name);
    if (workload === undefined) throw new Error(`no workload is called ${plan.workload.name}`);
    const run = createLoad(workload, workloadOptionsOf(plan, system, this.#view.groups), plan.seed);
    this.#run = run;
    const driver = createRealDriver({
      system,
      clientAddress: (node) => this.#cluster.clientAddress(node),
      now: this.#clock,
      signal: new AbortController().signal,
    });
    this.#lying = lyingDriverOf(plan, driver);
    const loop = new RunLoop({
      driver: this.#lying ?? driver,
      recorder,
      nodes: this.#cluster.nodes,
      concurrency: plan.concurrency,
      operationTimeoutMs: plan.operation_timeout_ms,
    });
    const nemesis = this.#createNemesis(loop);
    const stopWatching = watchRun({
      ...this.#input,
      recorder,
      loop,
      nemesis,
      clock: this.#clock,
      onViolation: (seen) => {
        this.#seenLive = seen;
        this.#record({ type: "runner", what: "note", detail: detailOf(seen) });
        if (this.#freeze !== null) void this.#holdStill(this.#freeze);
      },
      onEvidence: () => {
        if (goesOnAfterViolation(plan) || this.#freeze !== null) return;
        this.#cut({ reason: "a violation was seen", cause: "violation" });
      },
    });
    try {
      this.#record({ type: "phase", phase: "load" });
      let breakingOn = true;
      const loading = loop.drive(run.load, this.#stopLoad.signal, () => breakingOn);
      const breaking = nemesis.run(this.#stop.signal).finally(() => {
        breakingOn = false;
      });
      // A load that fails must end the nemesis too, and the other way round.
      await Promise.all([loading.catch((error: unknown) => this.#cutByError(error)), breaking]);
      await this.#freeze?.done();
      loadEnded();
      this.#lying?.beHonest();
      this.#record({ type: "phase", phase: "heal" });
      // Healing is never interrupted by what interrupted the load: paused nodes and cut links must not be left behind.
      const report = await nemesis.finalHeal(AbortSignal.timeout(30_000));
      for (const problem of report.problems) this.#input.observer.note(`heal: ${problem}`);
      if (!report.linksHealed) {
        this.#cut({
          reason: `the links were not seen to heal: ${report.problems.join("; ")}`,
          cause: "infrastructure",
        });
      }
      const dropped = run.load.droppedArrivals();
      if (dropped > 0) this.#record({ type: "runner", what: "dropped-arrivals", detail: { count: dropped } });
      // After a violation the final reads still tell which of two contradicting values lasted.
      if (this.#cutShort === null || this.#cutShort.cause === "violation") {
        const refused = this.#recordRefused(report.refused);
        this.#record({ type: "phase", phase: "quiet" });
        this.#record({ type: "phase", phase: "final-read" });
        await loop.drive(run.finalReads(plan.recovery_bound_ms, refused), this.#input.signal);
        const note = (text: string): void => this.#input.observer.note(text);
        const groups = this.#view.groups.map(({ group, members }) => ({
          group,
          members: members.filter((member) => !refused.has(member)),
        }));
        this.#decisions = await collectDecisions(system, this.#cluster, groups, note);
        writeDecisions(this.#directory, this.#decisions);
      }
    } finally {
      stopWatching();
      driver.close();
    }
  }

  /** Everything stands still until it is released; then the run ends as after any violation. */
  async #holdStill(freeze: Freeze): Promise<void> {
    const frozen = freeze.begin();
    const reason = "a violation was seen";
    this.#cutShort ??= { reason, cause: "violation" };
    this.#stopLoad.abort();
    try {
      const { all_paused_after_ms, held_ms } = await frozen;
      this.#record({ type: "runner", what: "note", detail: { frozen: { all_paused_after_ms, held_ms } } });
    } catch (error) {
      this.#input.observer.note(`frozen: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#cut({ reason, cause: "violation" });
  }

  /** Nodes that serve no more after damage to their disks, as it must be; nobody asks them for their part in the end. */
  #recordRefused(refused: HealReport["refused"]): ReadonlySet<string> {
    for (const { node, reason } of refused)
      this.#record({ type: "node", node, what: "refused", expected: true, detail: { reason } });
    return new Set(refused.map(({ node }) => node));
  }

  #createNemesis(loop: RunLoop): Nemesis {
    const { plan } = this.#input;
    const { in_flight_at_fault: inFlight, called_during_fault: leastCalled = 0 } = plan.floors;
    const load = { underWay: () => loop.operationsUnderWay, called: () => loop.operationsCalled, leastCalled };
    const freeze = this.#freeze;
    return createNemesis({
      cluster: freeze === null ? this.#cluster : freeze.guarded(this.#cluster),
      ...(freeze === null ? {} : { nowMs: freeze.nowMs, delay: freeze.delay }),
      faults: plan.nemesis.faults,
      random: createRandom(plan.seed, "nemesis"),
      groups: () => this.#view.groups,
      leaderOf: (group) => this.#view.leaderOf(group, performance.now()),
      record: (event) => this.#record(event),
      clients: loop.clients,
      // A schedule without such floors keeps to its times: a script may count on them.
      ...(inFlight === undefined && leastCalled === 0 ? {} : { load }),
    });
  }

  get #addressesFile(): string {
    return join(this.#directory.path, "addresses.json");
  }

  async end(): Promise<void> {
    rmSync(this.#addressesFile, { force: true });
    this.#samplerStop.abort();
    await this.#sampling.catch(() => undefined);
    const report = await this.#cluster.teardown();
    this.teardownMs = report.teardownMs;
    this.leftBehind = report.leftBehind;
    for (const thing of report.leftBehind) this.#input.observer.note(`left behind: ${thing}`);
  }

  /**
   * Throws ClusterError when the store's disk was full: nodes share that disk, so what they did on it is no evidence against them,
   * and a verdict could not be kept.
   */
  judge(): Verdict {
    try {
      const verdict = this.#judge();
      if (this.#diskFull === null) return verdict;
    } catch (error) {
      if (this.#diskFull === null && !isDiskFull(error)) throw error;
      this.#diskFull ??= error instanceof Error ? error.message : String(error);
    }
    throw new ClusterError(
      `the disk is full: ${this.#diskFull}`,
      `make room, then judge what was recorded with: minos check ${this.#directory.path}`,
    );
  }

  #judge(): Verdict {
    const { plan, provenance, system, observer } = this.#input;
    const rerun = this.#input.rerun ?? rerunLine(plan, provenance, this.#directory.planFile);
    observer.progress(noProgress(plan, "check"));
    const judged = judgeRun({
      directory: this.#directory,
      plan,
      system,
      groups: this.#view.groups,
      keys: this.#run?.keys ?? [],
      ownJudge: this.#run?.judge ?? null,
      samples: this.#samples,
      decisions: this.#decisions,
      interrupted: this.#cutShort === null || this.#cutShort.cause === "violation" ? null : this.#cutShort.reason,
      seenLive: this.#seenLive,
      warnings: warningsOfCanary(this.#lying),
    });
    this.coverage = coverageOf(judged.document.events, workloads.get(plan.workload.name)?.functions ?? []);
    this.canary = keepCanary(this.#directory, this.#lying, judged);
    observer.progress(noProgress(plan, "report"));
    writeReportOf({
      directory: this.#directory,
      plan,
      environment: this.#environment,
      judged,
      samples: this.#samples,
      rerun,
    });
    return judged.verdict;
  }
}

function detailOf({ violation, delayMs, afterReturnMs }: SeenLive): JsonValue {
  const { key, operation, sentence } = violation;
  const delays = { delay_ms: delayMs, after_return_ms: afterReturnMs };
  return { live_violation: { key, operation: operation.index, sentence, ...delays } };
}

function isDiskFull(error: unknown): boolean {
  if (error instanceof SinkError) return error.reason === "disk-full";
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}
