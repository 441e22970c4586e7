// One run of the world under faults, all drawn from a seed, then healed: safety is judged after every turn by the oracle, liveness
// after the healing. Which kinds of faults a run has is drawn too: a run with all of them hides what one kind alone would show.
import type { NodeId } from "../core/index.js";
import type { CutMode } from "./network.js";
import { Violation } from "./oracle.js";
import { Random } from "./random.js";
import type { MakeCore, SimulatedNode } from "./simulated-node.js";
import { World, calmPace, type WorldOptions } from "./world.js";

/** What a run did, so that a test can claim that it did something. */
export interface ChaosOutcome {
  readonly seed: number;
  readonly decided: number;
  readonly completed: number;
  readonly leaderships: number;
  readonly faults: number;
  readonly messages: number;
  readonly gaps: number;
  /** Ticks from the healing until each group was led and all its members followed. */
  readonly recoveryTicks: number;
  readonly heartbeat: number;
}

const FAULTS = ["crash", "crash-leader", "pause", "pause-leader", "cut", "isolate", "reset", "split"] as const;
type Fault = (typeof FAULTS)[number];

/** Longest time to recover from anything once all is healed, in heartbeat periods; see `recoveryLimit`. */
export const RECOVERY_HEARTBEATS_MAX = 8;

function drawOptions(seed: number, random: Random, makeCore: MakeCore | undefined): WorldOptions {
  const shape = random.next();
  const [nodes, replication] =
    shape < 0.6
      ? [3, 3]
      : shape < 0.85
        ? [5, 5]
        : shape < 0.93
          ? [6, 3]
          : shape < 0.96
            ? [2, 2]
            : shape < 0.98
              ? [4, 4]
              : [1, 1];
  return {
    seed,
    nodes,
    replication,
    timing: { heartbeat: 10, resend: random.pick([3, 6, 10]), detector: 15, detectorStep: 5 },
    // Few, so that sessions expire; with 2 the clients expire each other's for ever, and are not asked to be served.
    sessions: random.pick([2, Math.max(2, nodes), 100, 100]),
    clients: Math.max(2, nodes),
    clientTimeout: 50,
    // Slower than a heartbeat in some runs: leaders come and go for no reason, and messages are old when they arrive.
    pace: {
      delayMax: random.pick([0.2, 0.5, 1, 3, 6]),
      fsyncMax: random.pick([0.1, 0.5, 3, 6]),
      turnDelayMax: random.pick([0.01, 0.3, 1]),
    },
    ...(makeCore === undefined ? {} : { makeCore }),
  };
}

class Chaos {
  readonly #world: World;
  readonly #random: Random;
  readonly #enabled: readonly Fault[];
  readonly #mode: CutMode;
  readonly #meanGap: number;
  #active = true;
  faults = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    const enabled = FAULTS.filter(() => random.chance(0.4));
    this.#enabled = enabled.length === 0 ? [random.pick(FAULTS)] : enabled;
    this.#mode = random.pick(["reset", "drop", "stall"]);
    this.#meanGap = random.pick([1, 3, 8, 15]);
  }

  start(): void {
    this.#next();
  }

  /** Ends every fault. */
  heal(): void {
    this.#active = false;
    this.#world.setPace(calmPace);
    this.#world.network.healAll();
    for (const node of this.#world.nodes) {
      if (node.core === null) this.#world.startNode(node);
      else if (node.paused) node.resume();
    }
  }

  #next(): void {
    this.#world.agenda.in(this.#random.next() * 2 * this.#meanGap, () => {
      if (!this.#active) return;
      this.#strike(this.#random.pick(this.#enabled));
      this.#next();
    });
  }

  #strike(fault: Fault): void {
    const world = this.#world;
    const random = this.#random;
    this.faults += 1;
    const victim = this.#victim(fault.endsWith("leader"));
    switch (fault) {
      case "crash":
      case "crash-leader":
        if (victim.core === null) return;
        world.crashNode(victim);
        this.#later(() => {
          if (victim.core === null) world.startNode(victim);
        });
        return;
      case "pause":
      case "pause-leader":
        if (victim.core === null) return;
        victim.paused = true;
        this.#later(() => victim.resume());
        return;
      case "reset":
        if (world.ids.length > 1) this.#pair((from, to) => world.network.reset(from, to));
        return;
      case "cut":
        if (world.ids.length > 1) this.#pair((from, to) => this.#cut([[from, to]]));
        return;
      case "isolate":
        this.#cut(world.ids.flatMap((id) => (id === victim.id ? [] : this.#sides(id, victim.id))));
        return;
      case "split": {
        const side = new Set(world.ids.filter(() => random.chance(0.5)));
        this.#cut(
          world.ids.flatMap((from) =>
            world.ids.filter((to) => side.has(from) !== side.has(to)).map((to) => [from, to] as const),
          ),
        );
        return;
      }
    }
  }

  #victim(leader: boolean): SimulatedNode {
    const group = this.#random.below(this.#world.options.nodes / this.#world.options.replication);
    const led = leader ? this.#world.leaderOf(group) : null;
    return led === null ? this.#random.pick(this.#world.nodes) : this.#world.node(led);
  }

  #pair(use: (from: NodeId, to: NodeId) => void): void {
    const from = this.#random.pick(this.#world.ids);
    use(from, this.#random.pick(this.#world.ids.filter((id) => id !== from)));
  }

  #sides(left: NodeId, right: NodeId): (readonly [NodeId, NodeId])[] {
    const which = this.#random.below(4);
    if (which === 0) return [[left, right]];
    if (which === 1) return [[right, left]];
    return [
      [left, right],
      [right, left],
    ];
  }

  #cut(pairs: readonly (readonly [NodeId, NodeId])[]): void {
    for (const [from, to] of pairs) this.#world.network.cut(from, to, this.#mode);
    this.#later(() => {
      for (const [from, to] of pairs) this.#world.network.heal(from, to);
    });
  }

  #later(end: () => void): void {
    this.#world.agenda.in(this.#random.next() * this.#random.pick([2, 5, 15, 50]), () => {
      if (this.#active) end();
    });
  }
}

/** Every group has a leader, all its members follow it in the accept phase, and nobody has undecided work from before. */
function settled(world: World): boolean {
  return (
    world.nodes.every((node) => {
      const status = node.core?.status();
      return status !== undefined && status.ready && status.phase === "accept" && status.leader === status.ballot.node;
    }) && sameBallots(world)
  );
}

function sameBallots(world: World): boolean {
  const ballots = new Map<number, string>();
  return world.nodes.every((node) => {
    const status = node.core?.status();
    if (status === undefined || status.group === null) return false;
    const ballot = JSON.stringify(status.ballot);
    const known = ballots.get(status.group) ?? ballot;
    ballots.set(status.group, known);
    return known === ballot;
  });
}

function sameDecided(world: World): boolean {
  return world.nodes.every((node) => {
    const status = node.core?.status();
    if (status === undefined || status.group === null) return false;
    return status.decided === world.oracle.decidedLength(status.group) && status.logLength === status.decided;
  });
}

/** Throws a Violation that names the seed. */
export function runChaos(seed: number, makeCore?: MakeCore): ChaosOutcome {
  const random = new Random(seed * 7919 + 1);
  const options = drawOptions(seed, random, makeCore);
  const world = new World(options);
  try {
    return runWorld(world, random);
  } catch (error) {
    throw new Violation(`seed ${seed}, at tick ${world.agenda.now.toFixed(1)}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function runWorld(world: World, random: Random): ChaosOutcome {
  const { options } = world;
  const { heartbeat } = options.timing;
  world.start();
  const chaos = new Chaos(world, random);
  // Some runs are disturbed from the first tick, while the table is being made.
  if (!random.chance(0.2)) world.runUntil(() => settled(world), 6 * heartbeat);
  chaos.start();
  world.agenda.runUntil(world.agenda.now + random.between(60, 200));
  chaos.heal();
  const healedAt = world.agenda.now;
  const limit = RECOVERY_HEARTBEATS_MAX * heartbeat;
  if (!world.runUntil(() => settled(world), limit))
    throw new Violation(`not every group was led ${limit} ticks after the healing: ${describe(world)}`);
  const recoveryTicks = world.agenda.now - healedAt;
  const settledAt = world.agenda.now;
  const thrashing = options.sessions < options.clients;
  const served = (): boolean => thrashing || world.clients.every((client) => client.lastCompleted > settledAt);
  if (!world.runUntil(served, 20 * heartbeat))
    throw new Violation(`a client was not served after the healing: ${describe(world)}`);
  for (const client of world.clients) client.active = false;
  if (!world.runUntil(() => sameDecided(world), 20 * heartbeat))
    throw new Violation(`replicas did not catch up after the healing: ${describe(world)}`);
  let decided = 0;
  for (let group = 0; group < options.nodes / options.replication; group += 1)
    decided += world.oracle.decidedLength(group);
  return {
    seed: options.seed,
    decided,
    completed: world.clients.reduce((sum, client) => sum + client.completed, 0),
    leaderships: world.oracle.leaderships,
    faults: chaos.faults,
    messages: world.network.messages,
    gaps: world.nodes.reduce((sum, node) => sum + (node.core?.status().counters["gaps"] ?? 0), 0),
    recoveryTicks,
    heartbeat,
  };
}

function describe(world: World): string {
  return world.nodes
    .map((node) => {
      const status = node.core?.status();
      if (status === undefined) return `n${node.id} down`;
      const { role, phase, ballot, leader, decided, logLength } = status;
      return `n${node.id} ${role}/${phase} ${ballot.number}.n${ballot.node} follows n${leader} ${decided}/${logLength}`;
    })
    .join(", ");
}
