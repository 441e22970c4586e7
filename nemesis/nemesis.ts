// The executor: carries a schedule out on a cluster and confirms each step at the target. What happens when is decided by the
// timetable, what is done to whom by `compile.ts`, what counts as seen by `confirm.ts`; here is only the I/O between them.
import { linkName, type Cluster, type DirectedLink, type NodeName } from "../cluster/index.js";
import type { FaultStage, JsonValue } from "../history/index.js";
import { planFault, type FaultAction, type PlannedFault } from "./compile.js";
import { looksBefore, watchOff, watchOn } from "./confirm.js";
import {
  defaultNemesisLimits,
  type ActiveFault,
  type FaultRecord,
  type HealReport,
  type Nemesis,
  type NemesisLimits,
  type NemesisOptions,
  type RefusedNode,
} from "./contract.js";
import { callTimeoutMs, Deeds } from "./deeds.js";
import { delayWithTimer } from "./delay.js";
import type { Fault } from "./fault.js";
import { groupsDisturbed } from "./groups.js";
import { bounded, createObserver, type Observer, type Sample } from "./observe.js";
import { createTimetable, type Timetable } from "./timetable.js";
import type { Sight, Watcher } from "./watcher.js";
import type { ClusterView } from "./view.js";

/** Between two looks at the load: many operations take hardly longer. */
const loadPollMs = 1;

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** A fault that was asked for and is not over. */
interface OpenFault {
  readonly fault: number;
  readonly spec: Fault;
  readonly targets: readonly string[];
  readonly action: FaultAction;
  readonly before: readonly Sample[];
  stage: ActiveFault["stage"];
  /** Operations called before it was confirmed. */
  calledBefore: number;
}

class Executor implements Nemesis {
  readonly #options: NemesisOptions;
  readonly #cluster: Cluster;
  readonly #limits: NemesisLimits;
  readonly #nowMs: () => number;
  readonly #delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #observer: Observer;
  readonly #timetable: Timetable;
  readonly #open = new Map<number, OpenFault>();
  /** Links that any fault has touched: each must deliver in the end. */
  readonly #touched = new Map<string, DirectedLink>();
  readonly #deeds: Deeds;
  /** What the first fault of each series did. */
  readonly #series = new Map<string, FaultAction>();
  /** The history cannot be written, or a bug of ours: the schedule stops, what is on is healed, `run` rejects. */
  #failure: Error | null = null;
  #originMs = 0;
  /** Ends the present wait of the schedule's loop. */
  #wake: () => void = () => undefined;

  constructor(options: NemesisOptions) {
    this.#options = options;
    this.#cluster = options.cluster;
    this.#limits = { ...defaultNemesisLimits, ...options.limits };
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#delay = options.delay ?? delayWithTimer;
    const clients = options.clients ?? null;
    this.#observer = createObserver(options.cluster, this.#nowMs, clients);
    const { pollMs } = this.#limits;
    this.#deeds = new Deeds({ cluster: this.#cluster, clients, nowMs: this.#nowMs, delay: this.#delay, pollMs });
    const lanes = (fault: Fault) => groupsDisturbed(fault, options.groups());
    this.#timetable = createTimetable(options.faults, lanes, this.#limits.gapMs);
  }

  active(): readonly ActiveFault[] {
    return [...this.#open.values()].map(({ fault, spec, targets, stage }) => ({
      fault,
      kind: spec.kind,
      targets,
      stage,
    }));
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#originMs = this.#nowMs();
    const tasks = new Set<Promise<void>>();
    const start = (task: Promise<void>): void => {
      const tracked = task
        .catch((error: unknown) => void (this.#failure ??= asError(error)))
        .finally(() => {
          tasks.delete(tracked);
          this.#wake();
        });
      tasks.add(tracked);
    };
    const onAbort = (): void => this.#wake();
    signal.addEventListener("abort", onAbort, { once: true });
    while (this.#failure === null) {
      if (signal.aborted) this.#timetable.stop();
      const step = this.#timetable.next(this.#sinceStartMs());
      if (step.type === "done") break;
      if (step.type === "begin") start(this.#begin(step.fault, signal));
      else if (step.type === "heal") start(this.#heal(step.fault, signal));
      else await this.#sleep(step.untilMs);
    }
    signal.removeEventListener("abort", onAbort);
    await Promise.all(tasks);
    if (this.#failure !== null) {
      await Promise.all([...this.#open.values()].map((open) => this.#healOpen(open, signal)));
      throw this.#failure;
    }
    for (const fault of this.#timetable.pending()) this.#recordVoid(fault, "load ended before it could start");
  }

  #sinceStartMs(): number {
    return this.#nowMs() - this.#originMs;
  }

  /** Until a time of the schedule, or until something wakes the loop. */
  async #sleep(untilMs: number | null): Promise<void> {
    const waking = new AbortController();
    this.#wake = () => waking.abort();
    // Without a time only a task can wake the loop; the hour is a bound, not a plan.
    await this.#delay(untilMs === null ? 3_600_000 : untilMs - this.#sinceStartMs(), waking.signal);
  }

  #record(event: Omit<FaultRecord, "type">): void {
    try {
      this.#options.record({ type: "fault", ...event });
    } catch (error) {
      // A history that cannot be written must not keep us from healing: the schedule stops, `run` rejects at its end.
      this.#failure ??= asError(error);
    }
  }

  #recordStage(open: OpenFault, stage: FaultStage, evidence: JsonValue): void {
    const { fault, spec, targets } = open;
    this.#record({ fault, stage, kind: spec.kind, spec: spec as unknown as JsonValue, targets, evidence });
  }

  #recordVoid(fault: number, reason: string): void {
    const spec = this.#fault(fault);
    const evidence = { reason };
    this.#record({ fault, stage: "void", kind: spec.kind, spec: spec as unknown as JsonValue, targets: [], evidence });
  }

  #fault(index: number): Fault {
    const spec = this.#options.faults[index];
    if (spec === undefined) throw new Error(`no fault ${index}`);
    return spec;
  }

  /** From due to confirmed on (or given up). */
  async #begin(index: number, signal: AbortSignal): Promise<void> {
    const over = (): void => this.#timetable.update({ type: "over", fault: index, nowMs: this.#sinceStartMs() });
    const planned = await this.#resolve(index, signal);
    if (planned.type === "void") {
      this.#recordVoid(index, planned.reason);
      return over();
    }
    const { action, targets } = planned;
    const before = await this.#lookBefore(action, signal);
    await this.#untilOperationIsUnderWay(signal);
    const open: OpenFault = {
      fault: index,
      spec: this.#fault(index),
      targets,
      action,
      before,
      stage: "requested",
      calledBefore: 0,
    };
    this.#open.set(index, open);
    for (const link of linksOf(action)) this.#touched.set(linkName(link), link);
    this.#recordStage(open, "requested", null);
    const problem = await this.#call("the fault", () => this.#deeds.carryOut(action));
    const watched = await this.#confirm(
      watchOn(action, before, this.#limits.observationMs),
      new AbortController().signal,
    );
    // A process that ended shows nothing of its disk: that is read back by the call alone.
    const sight = action.type === "damage" && problem !== null ? { ...watched, confirmed: false } : watched;
    const evidence = problem === null ? sight.evidence : { error: problem, seen: sight.evidence };
    if (sight.confirmed) open.stage = "confirmed-on";
    open.calledBefore = this.#options.load?.called() ?? 0;
    this.#recordStage(open, sight.confirmed ? "confirmed-on" : "unconfirmed", evidence);
    this.#timetable.update({
      type: sight.confirmed ? "on" : "not-seen",
      fault: index,
      nowMs: this.#sinceStartMs(),
    });
  }

  /** Waits a bounded time for a target that may still come to be. */
  async #resolve(index: number, signal: AbortSignal): Promise<PlannedFault> {
    const giveUpMs = this.#nowMs() + this.#limits.resolveMs;
    for (;;) {
      const view = await this.#view();
      // One stream per fault, begun anew for each try: what one fault draws does not depend on when the others came.
      const fault = this.#fault(index);
      const first = fault.series === undefined ? undefined : this.#series.get(fault.series);
      const planned = planFault(fault, view, this.#options.random.fork(`fault ${index}`), first);
      if (planned.type === "planned" && fault.series !== undefined) this.#series.set(fault.series, planned.action);
      if (planned.type === "planned" || !planned.transient || this.#nowMs() >= giveUpMs) return planned;
      if (signal.aborted) return { ...planned, reason: `load ended; ${planned.reason}` };
      await this.#delay(this.#limits.pollMs, signal);
    }
  }

  async #untilOperationIsUnderWay(signal: AbortSignal): Promise<void> {
    const { load } = this.#options;
    if (load === undefined) return;
    const giveUpMs = this.#nowMs() + this.#limits.inFlightMs;
    while (load.underWay() === 0 && this.#nowMs() < giveUpMs && !signal.aborted) await this.#delay(loadPollMs, signal);
  }

  /** Where all clients wait for a group that is down, nobody calls anything while a short fault of another one acts. */
  async #untilEnoughWereCalled({ spec, stage, calledBefore }: OpenFault, signal: AbortSignal): Promise<void> {
    // What comes and goes is short on purpose, and counts as a whole.
    if (spec.series !== undefined) return;
    const { load } = this.#options;
    if (load === undefined || stage !== "confirmed-on") return;
    const giveUpMs = this.#nowMs() + this.#limits.prolongMs;
    while (load.called() - calledBefore < load.leastCalled && this.#nowMs() < giveUpMs && !signal.aborted)
      await this.#delay(loadPollMs, signal);
  }

  async #view(): Promise<ClusterView> {
    const { nodes } = this.#cluster;
    const groups = this.#options.groups();
    const underDamage = [...this.#open.values()].flatMap(({ action }) =>
      action.type === "damage" ? action.nodes : [],
    );
    const damaged = [...new Set([...this.#deeds.damaged.keys(), ...underDamage])];
    const sample = await this.#observer.look({ processes: nodes, ready: damaged, links: false, attempts: [] });
    const links = [...this.#open.values()].flatMap(({ action }) => linksOf(action));
    return {
      nodes,
      groups,
      leaders: new Map(groups.map(({ group }) => [group, this.#options.leaderOf(group)])),
      processes: new Map(nodes.map((node) => [node, sample.processes.get(node)?.state ?? "never-started"])),
      busyLinks: new Set(links.map(linkName)),
      lost: new Set(damaged.filter((node) => !sample.ready.get(node))),
    };
  }

  /** Byte counts are compared with what they were before; for a delay three looks tell late bytes from lost ones. */
  async #lookBefore(action: FaultAction, signal: AbortSignal): Promise<readonly Sample[]> {
    const samples = [await this.#observer.look(looksBefore(action))];
    while (action.type === "shape" && samples.length < 3) {
      await this.#delay(this.#limits.pollMs, signal);
      samples.push(await this.#observer.look(looksBefore(action)));
    }
    return samples;
  }

  /** A call that fails or hangs is evidence, not an end: what counts is what is seen afterwards. */
  async #call(what: string, action: () => Promise<unknown>): Promise<string | null> {
    try {
      await bounded(action(), callTimeoutMs, what);
      return null;
    } catch (error) {
      return asError(error).message;
    }
  }

  /** Looks until the watcher is convinced, the time is up or `signal` aborts. Always looks at least once. */
  async #confirm(watcher: Watcher, signal: AbortSignal): Promise<Sight> {
    const giveUpMs = this.#nowMs() + this.#limits.confirmMs;
    for (;;) {
      const sample = await this.#observer.look(watcher.looks());
      const sight = watcher.see(sample);
      if (sight.confirmed) return sight;
      if (this.#nowMs() >= giveUpMs || signal.aborted) {
        const evidence =
          sample.failures.length === 0 ? sight.evidence : { seen: sight.evidence, failures: sample.failures };
        return { confirmed: false, evidence };
      }
      await this.#delay(this.#limits.pollMs, signal);
    }
  }

  /** From heal requested to confirmed off (or given up). */
  async #heal(index: number, loading: AbortSignal): Promise<void> {
    const open = this.#open.get(index);
    if (open !== undefined) await this.#untilEnoughWereCalled(open, loading);
    // Nobody answers clients any more where the load has ended before its time.
    const patience = open?.action.type === "clients" ? loading : new AbortController().signal;
    if (open !== undefined) await this.#healOpen(open, patience);
    this.#timetable.update({ type: "over", fault: index, nowMs: this.#sinceStartMs() });
  }

  async #healOpen(open: OpenFault, signal: AbortSignal): Promise<string | null> {
    const beforeHeal = await this.#observer.look(looksBefore(open.action));
    open.stage = "heal-requested";
    this.#recordStage(open, "heal-requested", null);
    const problem = await this.#call("the heal", () => this.#deeds.undo(open.action));
    const sight = await this.#confirm(
      watchOff(open.action, open.before, beforeHeal, this.#limits.observationMs),
      signal,
    );
    const evidence = problem === null ? sight.evidence : { error: problem, seen: sight.evidence };
    this.#open.delete(open.fault);
    this.#recordStage(open, sight.confirmed ? "confirmed-off" : "unconfirmed", evidence);
    return sight.confirmed ? null : `fault ${open.fault} (${open.spec.kind}) was not seen to end`;
  }

  async finalHeal(signal: AbortSignal): Promise<HealReport> {
    const problems: string[] = [];
    const note = (problem: string | null): void => {
      if (problem !== null) problems.push(problem);
    };
    await Promise.all([...this.#open.values()].map(async (open) => note(await this.#healOpen(open, signal))));
    const links = [...this.#touched.values()].filter(
      ({ from, to }) => !this.#deeds.damaged.has(from) && !this.#deeds.damaged.has(to),
    );
    const beforeHeal = await this.#observer.look({ processes: [], ready: [], links: links.length > 0, attempts: [] });
    const problem = await this.#call("healing everything", () => this.#cluster.healEverything());
    note(problem === null ? null : `healing everything: ${problem}`);
    const whole = this.#cluster.nodes.filter((node) => !this.#deeds.damaged.has(node));
    const sight = await this.#confirm(watchWhole(whole, links, beforeHeal), signal);
    if (!sight.confirmed) note(`the cluster is not whole: ${JSON.stringify(sight.evidence)}`);
    if (this.#failure !== null) note(`the nemesis failed: ${this.#failure.message}`);
    const refused = await this.#refused();
    const linksHealed = problem === null && (sight.confirmed || silentIn(sight.evidence) === 0);
    return { healed: problems.length === 0, problems, linksHealed, refused };
  }

  /** Of the nodes with damaged disks those that ended by themselves, or run and never get ready. All were started again before. */
  async #refused(): Promise<readonly RefusedNode[]> {
    const giveUpMs = this.#nowMs() + this.#limits.settleMs;
    const refused: RefusedNode[] = [];
    const open = new Set(this.#deeds.damaged.keys());
    while (open.size > 0) {
      const nodes = [...open];
      const sample = await this.#observer.look({ processes: nodes, ready: nodes, links: false, attempts: [] });
      const late = this.#nowMs() >= giveUpMs;
      for (const node of nodes) {
        const seen = sample.processes.get(node);
        const after = `after ${this.#deeds.damaged.get(node) ?? "damage"} of its disk`;
        if (sample.ready.get(node)) open.delete(node);
        else if (seen?.state === "exited" && seen.exitCode !== null && seen.exitCode !== 0) {
          open.delete(node);
          refused.push({ node, reason: `it refused to start ${after}, with exit code ${seen.exitCode}` });
        } else if (late) {
          open.delete(node);
          if (seen?.state === "running")
            refused.push({ node, reason: `${after} it runs and was not ready for ${this.#limits.settleMs} ms` });
        }
      }
      if (open.size > 0) await this.#delay(this.#limits.pollMs, new AbortController().signal);
    }
    const { nodes } = this.#cluster;
    return refused.toSorted((one, other) => nodes.indexOf(one.node) - nodes.indexOf(other.node));
  }
}

/** How many links the evidence of `watchWhole` calls silent; infinitely many when nothing could be seen. */
function silentIn(evidence: JsonValue): number {
  const silent =
    evidence !== null && typeof evidence === "object" && "delivers_nothing" in evidence
      ? evidence["delivers_nothing"]
      : null;
  return Array.isArray(silent) ? silent.length : Infinity;
}

function linksOf(action: FaultAction): readonly DirectedLink[] {
  return "links" in action ? action.links : [];
}

/** Every node of these runs and is ready, every touched link delivers; the evidence names only what does not. */
function watchWhole(nodes: readonly NodeName[], links: readonly DirectedLink[], before: Sample): Watcher {
  const looks = { processes: nodes, ready: nodes, links: links.length > 0, attempts: [] };
  return {
    looks: () => looks,
    see: (sample) => {
      const down = nodes.filter((node) => sample.processes.get(node)?.state !== "running" || !sample.ready.get(node));
      const silent = links.map(linkName).filter((name) => {
        const [was, is] = [before.links.get(name), sample.links.get(name)];
        return was === undefined || is === undefined || is.deliveredBytes <= was.deliveredBytes;
      });
      return {
        confirmed: down.length === 0 && silent.length === 0,
        evidence: { not_running_or_not_ready: down, delivers_nothing: silent },
      };
    },
  };
}

export function createNemesis(options: NemesisOptions): Nemesis {
  return new Executor(options);
}
