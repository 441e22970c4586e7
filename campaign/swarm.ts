// The swarm: many short and long faults on top of one another, as only a simulation can carry out and confirm at once. A schedule is
// the same plain `Fault[]` that the nemesis uses, so a plan holds it, a replay repeats it and shrinking takes parts of it away.
import { linkName, type GroupLayout, type NodeName } from "../cluster/index.js";
import { createRandom, type FaultStage, type JsonValue, type Random } from "../history/index.js";
import {
  planFault,
  touchesLinks,
  type ActiveFault,
  type ClusterView,
  type Fault,
  type FaultAction,
  type FaultRecord,
  type HealReport,
  type Nemesis,
  type PartitionShape,
  type Target,
} from "../nemesis/index.js";
import type { DiskTrouble, SimulatedNode, World } from "../simulation/index.js";
import { ScenePlayer, type ServingWatch } from "./play-scenes.js";
import type { Scene } from "./scenes.js";
import type { Trigger } from "./triggers.js";

export interface SwarmInput {
  readonly seed: number;
  readonly groups: number;
  readonly timeLimitMs: number;
  readonly electionTimeoutMs: number;
  /** However rare they are by chance; default: for each full minute ten. */
  readonly leastFaults?: number;
}

const shapes: readonly PartitionShape[] = [
  "isolate-one",
  "isolate-leader",
  "halves",
  "majorities-ring",
  "one-way-in",
  "one-way-out",
];
/** More faults than this in one schedule say nothing new. */
const faultsMax = 400;
/** Of a load of a minute or more; some of them find no target. */
const leastFaultsAMinute = 10;

export function leastFaultsOf(timeLimitMs: number): number {
  return Math.floor(timeLimitMs / 60_000) * leastFaultsAMinute;
}

/** Every knob of a schedule, drawn in one place. A fault lasts from a tenth to twenty election timeouts, log-uniformly. */
export function drawSwarm(input: SwarmInput): readonly Fault[] {
  const { seed, groups, timeLimitMs, electionTimeoutMs } = input;
  const random = createRandom(seed, "swarm");
  const meanGapMs = electionTimeoutMs * 0.4 * 40 ** random.unit();
  const weights = [
    ["crash", random.pick([0, 1, 3])],
    ["pause", random.pick([0, 1, 2])],
    ["partition", random.pick([1, 3])],
    ["latency", random.pick([0, 0, 1])],
  ] as const;
  // Some seeds strike only here or there: a mix of everything all the time wears every leader down before it can do harm.
  const leaderBias = random.pick([0.2, 0.5, 0.8]);
  const modes = random.pick([["reset", "drop", "stall"], ["stall"], ["drop"], ["reset"]] as const);
  const faults: Fault[] = [];
  const drawSpec = (): Timeless<Fault> => {
    const group = random.integer(0, groups - 1);
    return drawKind(random, random.pickWeighted(weights), group, leaderBias, modes);
  };
  const endMs = timeLimitMs - electionTimeoutMs;
  for (
    let atMs = random.exponential(meanGapMs);
    atMs < endMs && faults.length < faultsMax;
    atMs += random.exponential(meanGapMs)
  ) {
    const lasts = 0.1 * 200 ** random.unit() * electionTimeoutMs;
    const timed = {
      at_ms: Math.round(atMs),
      for_ms: Math.max(1, Math.round(Math.min(lasts, endMs - atMs))),
      glitch: true,
    };
    faults.push({ ...timed, ...drawSpec() });
  }
  // Rare faults are worth having and a long run without any is not: what chance left out comes at any time.
  const least = input.leastFaults ?? leastFaultsOf(timeLimitMs);
  while (faults.length < least) {
    const forMs = Math.round(electionTimeoutMs * (1 + 2 * random.unit()));
    const at_ms = random.integer(0, Math.floor(endMs) - forMs);
    faults.push({ at_ms, for_ms: forMs, glitch: true, ...drawSpec() });
  }
  return faults.sort((one, other) => one.at_ms - other.at_ms);
}

/** Most seeds lose no disk, so that the rest of the swarm is seen among nodes that are all there. */
const damageChance = 0.3;

/**
 * Disks that are damaged or wiped, from a stream of its own: with them or without, the rest of a seed is the same. A node is lost for good
 * by each that is found, so there are few.
 */
export function drawDamage({ seed, groups, timeLimitMs, electionTimeoutMs }: SwarmInput): readonly Fault[] {
  const random = createRandom(seed, "disk damage");
  const endMs = timeLimitMs - electionTimeoutMs;
  if (!random.chance(damageChance) || endMs < 2 * electionTimeoutMs) return [];
  return Array.from({ length: random.integer(1, 2) }, (): Fault => {
    const group = random.integer(0, groups - 1);
    const target: Target = random.pick([
      { by: "leader", group },
      { by: "follower", group },
      { by: "random", count: 1 },
    ]);
    const at_ms = Math.round(endMs * (0.05 + 0.75 * random.unit()));
    const lastsMs = 0.1 * 100 ** random.unit() * electionTimeoutMs;
    const timed = { at_ms, for_ms: Math.max(1, Math.round(Math.min(lastsMs, endMs - at_ms))), glitch: true };
    const kind = random.pickWeighted([
      ["bit-flip", 2],
      ["wipe-disk", 2],
      ["latent-error", 1],
    ] as const);
    if (kind !== "bit-flip") return { ...timed, kind, target };
    return { ...timed, kind, target, bits: random.pick([1, 1, 8, 64, 4096]) };
  });
}

type Timeless<T> = T extends unknown ? Omit<T, "at_ms" | "for_ms" | "glitch"> : never;

function drawKind(
  random: Random,
  kind: "crash" | "pause" | "partition" | "latency",
  group: number,
  leaderBias: number,
  modes: readonly ("reset" | "drop" | "stall")[],
): Timeless<Fault> {
  const others: readonly Target[] = [
    { by: "random", count: 1 },
    { by: "follower", group },
    { by: "minority", group },
    { by: "majority", group },
    { by: "all" },
  ];
  const target: Target = random.chance(leaderBias)
    ? { by: "leader", group }
    : random.pickWeighted(others.map((other, at) => [other, [8, 8, 4, 2, 1][at] ?? 1] as const));
  switch (kind) {
    case "crash":
      return { kind: "kill", target };
    case "pause":
      return { kind: "pause", target };
    case "latency":
      return { kind: "latency", target, latency_ms: random.integer(5, 400), jitter_ms: random.integer(0, 100) };
    case "partition": {
      const shape = random.chance(leaderBias) ? "isolate-leader" : random.pick(shapes);
      return { kind: "partition", shape, mode: random.pick(modes), group, scope: "group" };
    }
  }
}

export interface SwarmNemesisOptions {
  readonly world: World;
  readonly faults: readonly Fault[];
  readonly triggers: readonly Trigger[];
  readonly scenes: readonly Scene[];
  /** Sees every event of the run. */
  readonly serving: ServingWatch;
  /** When the load ends: nothing is triggered any more. */
  readonly endMs: number;
  readonly random: Random;
  readonly groups: () => readonly GroupLayout[];
  readonly leaderOf: (group: number) => NodeName | null;
  readonly record: (event: FaultRecord) => void;
}

/** A disk that fails or is slow: nothing that the nemesis can do to real machines. */
type DiskFault = Pick<Fault, "at_ms" | "for_ms" | "glitch"> & { readonly kind: DiskTrouble; readonly target: Target };
type DiskAction = { readonly type: "disk"; readonly how: DiskTrouble; readonly nodes: readonly NodeName[] };

/** Faults of real clusters only: a plan with one of them is refused before a world is made. */
type RealAction = Extract<
  FaultAction,
  { readonly type: "limit-cpu" | "exhaust-memory" | "clock" | "clients" | "fill-disk" | "slow-disk" | "drop-packets" }
>;
type WorldAction = Exclude<FaultAction, RealAction>;

const isReal = (action: FaultAction): action is RealAction =>
  action.type === "limit-cpu" ||
  action.type === "exhaust-memory" ||
  action.type === "clock" ||
  action.type === "fill-disk" ||
  action.type === "slow-disk" ||
  action.type === "drop-packets" ||
  action.type === "clients";

interface OpenFault {
  readonly fault: number;
  readonly spec: Fault | DiskFault;
  readonly targets: readonly string[];
  readonly action: WorldAction | DiskAction;
}

/** Between two looks for a target: soon at first, then ever more rarely. */
const retryMs = 20;
const retryMaxMs = 250;

/** What the swarm did, for the judge. */
export interface SwarmNemesis extends Nemesis {
  /** Faults that were carried out; the others found no target while they were due. */
  readonly carriedOut: number;
  readonly skipped: number;
}

export function createSwarmNemesis(options: SwarmNemesisOptions): SwarmNemesis {
  return new Swarm(options);
}

class Swarm implements SwarmNemesis {
  readonly #options: SwarmNemesisOptions;
  readonly #open = new Map<number, OpenFault>();
  readonly #triggered: Promise<void>[] = [];
  /** Nodes whose disks were damaged or wiped. */
  readonly #harmed = new Set<NodeName>();
  /** What the first fault of each series did. */
  readonly #series = new Map<string, FaultAction>();
  carriedOut = 0;
  skipped = 0;

  constructor(options: SwarmNemesisOptions) {
    this.#options = options;
  }

  active(): readonly ActiveFault[] {
    return [...this.#open.values()].map(({ fault, spec, targets }) => {
      return { fault, kind: spec.kind, targets, stage: "confirmed-on" as const };
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { faults, triggers, world, endMs } = this.#options;
    const timed = Promise.all([
      ...faults.map((fault) => this.#one(fault, signal)),
      this.#playScenes(world.queue.nowNs, signal),
    ]);
    if (triggers.length > 0) {
      const originNs = world.queue.nowNs;
      this.#watch(originNs, signal);
      await world.delay(endMs, signal);
      world.watchMessages(null);
    }
    await timed;
    await Promise.all(this.#triggered);
  }

  async #playScenes(originNs: number, signal: AbortSignal): Promise<void> {
    const { world, scenes, random, endMs, groups, serving } = this.#options;
    const hands = {
      begin: (what: Pick<OpenFault, "spec" | "targets" | "action">, cause: JsonValue) => this.#start(what, cause),
      end: (open: OpenFault) => this.#end(open),
    };
    const player = new ScenePlayer({ world, hands, random: random.fork("scenes"), originNs, endMs, groups, serving });
    const played = await Promise.all(scenes.map((scene, at) => player.play(scene, at, signal)));
    this.skipped += played.filter((done) => !done).length;
  }

  /** Strikes when messages that a trigger waits for are sent or arrive. */
  #watch(originNs: number, signal: AbortSignal): void {
    const { triggers, world } = this.#options;
    const { nameOf } = world.options.system;
    if (nameOf === undefined) return;
    const states = triggers.map((trigger) => ({ trigger, skipped: 0, struck: 0 }));
    world.watchMessages((what, from, to, messages) => {
      if (signal.aborted) return;
      for (const state of states) {
        const { trigger } = state;
        if (trigger.what !== what || state.struck >= trigger.times) continue;
        if (world.queue.nowNs < originNs + trigger.from_ms * 1e6) continue;
        if (!messages.some((message) => nameOf(message) === trigger.on)) continue;
        state.skipped += 1;
        if (state.skipped <= trigger.skips) continue;
        state.skipped = 0;
        state.struck += 1;
        this.#triggered.push(this.#strike(trigger, trigger.strikes === "sender" ? from : to, originNs, signal));
      }
    });
  }

  /** The same fault as the nemesis would make of it, at the node that the event names. */
  async #strike(trigger: Trigger, node: SimulatedNode, originNs: number, signal: AbortSignal): Promise<void> {
    const { world, groups, endMs } = this.#options;
    await world.delay(trigger.delay_ms, signal);
    const nowMs = (world.queue.nowNs - originNs) / 1e6;
    const group = groups().find(({ members }) => members.includes(node.name));
    if (signal.aborted || group === undefined || nowMs >= endMs) return;
    const timed = {
      at_ms: Math.round(nowMs),
      for_ms: Math.min(trigger.for_ms, Math.ceil(endMs - nowMs)),
      glitch: true,
    };
    const named: Target = { by: "name", nodes: [node.name] };
    const others = group.members.filter((member) => member !== node.name);
    const links = others.flatMap((other) => [
      { from: node.name, to: other },
      { from: other, to: node.name },
    ]);
    let open: Pick<OpenFault, "spec" | "targets" | "action">;
    if (trigger.do === "cut") {
      const { mode } = trigger;
      if (links.some((link) => world.link(link).cut !== null)) return;
      const spec = { kind: "partition", shape: "isolate-one", mode, group: group.group, scope: "group" } as const;
      open = { spec: { ...timed, ...spec }, targets: links.map(linkName), action: { type: "cut", mode, links } };
    } else {
      if (node.state !== "running") return;
      const nodes = [node.name];
      const deed = trigger.do;
      if (deed === "kill") {
        const action = { type: "stop", how: "kill", nodes } as const;
        open = { spec: { ...timed, kind: deed, target: named }, targets: nodes, action };
      } else if (deed === "pause") {
        open = { spec: { ...timed, kind: deed, target: named }, targets: nodes, action: { type: "pause", nodes } };
      } else {
        if (node.disk.troubled !== null) return;
        const action = { type: "disk", how: deed, nodes } as const;
        open = { spec: { ...timed, kind: deed, target: named }, targets: nodes, action };
      }
    }
    const event = `${trigger.on} ${trigger.what}, ${trigger.delay_ms} ms before; strikes its ${trigger.strikes}`;
    await this.#carryOut(open, timed.for_ms, signal, { triggered_by: event });
  }

  async #one(spec: Fault, signal: AbortSignal): Promise<void> {
    const { world, random } = this.#options;
    await world.delay(spec.at_ms, signal);
    // By its moment, not its place in the list: what it draws stays the same when shrinking takes away others.
    const action = await this.#begin(spec, random.fork(`swarm ${spec.kind} at ${spec.at_ms}`), signal);
    if (action === null) {
      this.skipped += 1;
      return;
    }
    await this.#carryOut({ spec, ...action }, spec.for_ms, signal, null);
  }

  async #carryOut(
    what: Pick<OpenFault, "spec" | "targets" | "action">,
    forMs: number,
    signal: AbortSignal,
    cause: JsonValue,
  ): Promise<void> {
    const open = this.#start(what, cause);
    await this.#options.world.delay(forMs, signal);
    this.#end(open);
  }

  #start(what: Pick<OpenFault, "spec" | "targets" | "action">, cause: JsonValue): OpenFault {
    const open: OpenFault = { fault: this.carriedOut, ...what };
    this.carriedOut += 1;
    this.#open.set(open.fault, open);
    this.#record(open, "requested", cause);
    this.#apply(open.action);
    this.#record(open, "confirmed-on", this.#evidence(open.action));
    return open;
  }

  /** Waits for a target for as long as the fault was to last. */
  async #begin(
    spec: Fault,
    random: Random,
    signal: AbortSignal,
  ): Promise<{ readonly action: WorldAction; readonly targets: readonly string[] } | null> {
    const { world } = this.#options;
    const giveUpNs = world.queue.nowNs + spec.for_ms * 1e6;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const first = spec.series === undefined ? undefined : this.#series.get(spec.series);
      const planned = planFault(spec, this.#view(spec), random.fork(`try ${attempt}`), first);
      if (planned.type === "planned" && spec.series !== undefined) this.#series.set(spec.series, planned.action);
      if (planned.type === "planned") {
        const { action, targets } = planned;
        if (isReal(action)) throw new Error(`a simulated node cannot have "${spec.kind}"`);
        return action.type === "damage" && !this.#mayHarm(action) ? null : { action, targets };
      }
      if (!planned.transient || world.queue.nowNs >= giveUpNs) return null;
      await world.delay(Math.min(retryMaxMs, retryMs * 1.5 ** attempt), signal);
    }
    return null;
  }

  #view(spec: Fault): ClusterView {
    const { world, groups, leaderOf } = this.#options;
    // A link may be cut while a node at its end is down: what it misses when it comes back is worth seeing.
    const ofLinks = touchesLinks(spec.kind);
    // A node that is refused for good is no target any more, so that faults of the others go on.
    const there = (name: NodeName): boolean => ofLinks || world.nodeNamed(name).lost === null;
    const layouts = groups().map(({ group, members }) => ({ group, members: members.filter(there) }));
    return {
      nodes: world.names.filter(there),
      groups: layouts,
      leaders: new Map(layouts.map(({ group }) => [group, leaderOf(group)])),
      processes: new Map(
        world.names.map((name) => [name, ofLinks ? ("running" as const) : world.observeProcess(name).state]),
      ),
      busyLinks: new Set(
        world.network.links
          .filter((link) => link.cut !== null || link.shape !== null)
          .map((link) => linkName({ from: world.node(link.from).name, to: world.node(link.to).name })),
      ),
    };
  }

  #apply(action: OpenFault["action"]): void {
    const { world } = this.#options;
    if (action.type === "disk") {
      for (const node of action.nodes) world.troubleDisk(node, action.how);
      return;
    }
    if (action.type === "damage") this.#damage(action);
    else if (action.type === "restart") for (const node of action.nodes) this.#restart(node);
    else if (action.type === "stop") for (const node of action.nodes) world.stop(node, "SIGKILL");
    else if (action.type === "pause") for (const node of action.nodes) world.pause(node);
    else if (action.type === "cut") for (const link of action.links) world.cut(link, action.mode);
    else for (const link of action.links) world.shape(link, action.shape);
  }

  #restart(node: NodeName): void {
    this.#options.world.stop(node, "SIGKILL");
    this.#options.world.start(node);
  }

  /** The disk changes under a process that dies with it: the next one reads what is there. */
  #damage({ how, bits, nodes }: Extract<FaultAction, { readonly type: "damage" }>): void {
    const { world, random } = this.#options;
    for (const node of nodes) {
      this.#harmed.add(node);
      if (how === "latent-error") world.breakSector(node);
      else if (how === "bit-flip") world.flipBits(node, bits, random.fork(`flip on ${node} at ${world.queue.nowNs}`));
      world.stop(node, "SIGKILL");
      if (how === "wipe-disk") world.wipeDisk(node);
    }
  }

  /** What is lost for good stays a minority of each group for the whole run, and a flip needs something to be flipped in. */
  #mayHarm({ how, nodes }: Extract<FaultAction, { readonly type: "damage" }>): boolean {
    const { world, groups } = this.#options;
    const { batchesOn } = world.options.system;
    if (nodes.some((node) => this.#harmed.has(node))) return false;
    if (how === "bit-flip" && nodes.some((node) => (batchesOn?.(world.nodeNamed(node).disk.image) ?? 0) < 2))
      return false;
    return groups().every(({ members }) => {
      const harmed = members.filter((member) => this.#harmed.has(member) || nodes.includes(member));
      return 2 * harmed.length < members.length;
    });
  }

  /** As the world shows it, not as it was asked for. */
  #evidence(action: OpenFault["action"]): JsonValue {
    const { world } = this.#options;
    if (action.type === "disk")
      return Object.fromEntries(action.nodes.map((node) => [node, world.nodeNamed(node).disk.troubled ?? "healthy"]));
    if (action.type === "damage")
      return Object.fromEntries(
        action.nodes.map((node) => {
          const { state } = world.observeProcess(node);
          return [node, { state, [action.how]: true, refused: world.nodeNamed(node).lost }];
        }),
      );
    if (action.type === "restart")
      return Object.fromEntries(
        action.nodes.map((node) => {
          const { state, incarnation } = world.observeProcess(node);
          return [node, { state, incarnation }];
        }),
      );
    if (action.type === "stop" || action.type === "pause")
      return Object.fromEntries(action.nodes.map((node) => [node, world.observeProcess(node).state]));
    return Object.fromEntries(
      action.links.map((link) => {
        const { cut, shape } = world.link(link);
        return [linkName(link), cut ?? (shape === null ? "whole" : "slow")];
      }),
    );
  }

  #end(open: OpenFault): void {
    if (!this.#open.delete(open.fault)) return;
    const { world } = this.#options;
    const { action } = open;
    this.#record(open, "heal-requested", null);
    if (action.type === "disk") {
      for (const node of action.nodes) world.mendDisk(node);
      // Whom the disk has ended is started again, on what the disk holds.
      for (const node of action.nodes) if (world.nodeNamed(node).state === "exited") world.start(node);
    } else if (action.type === "stop" || action.type === "restart" || action.type === "damage") {
      for (const node of action.nodes) if (!world.nodeNamed(node).alive) world.start(node);
    } else if (action.type === "pause") {
      for (const node of action.nodes) if (world.nodeNamed(node).state === "paused") world.resume(node);
    } else for (const link of action.links) world.heal(link);
    this.#record(open, "confirmed-off", this.#evidence(action));
  }

  #record({ fault, spec, targets }: OpenFault, stage: FaultStage, evidence: JsonValue): void {
    this.#options.record({
      type: "fault",
      fault,
      stage,
      kind: spec.kind,
      spec: spec as unknown as JsonValue,
      targets,
      evidence,
    });
  }

  async finalHeal(): Promise<HealReport> {
    const { world } = this.#options;
    for (const open of this.#open.values()) this.#end(open);
    for (const { from, to } of world.network.links)
      world.heal({ from: world.node(from).name, to: world.node(to).name });
    for (const node of world.nodes) {
      world.mendDisk(node.name);
      if (node.state === "paused") world.resume(node.name);
      else if (node.state === "exited" && node.lost === null) world.start(node.name);
    }
    const dead = world.nodes
      .filter((node) => !node.alive && node.lost === null)
      .map((node) => `${node.name} cannot be started`);
    return { healed: dead.length === 0, problems: dead, linksHealed: true, refused: [] };
  }
}
