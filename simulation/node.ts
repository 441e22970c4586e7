// One node's process: a system's node, its disk, and the little that an operating system does between them: turns, ticks, stops
// and deaths. Everything that arrives while a turn lasts is handled in the next one.
import type { DeterministicNode, DeterministicSystem, NodeInput, NodeName, NodeOutput } from "../cluster/index.js";
import type { Random } from "../history/index.js";
import { SimulatedDisk, type CrashOutcome } from "./disk.js";
import type { EventQueue } from "./queue.js";
import type { WorldSettings } from "./settings.js";

export interface NodeHooks {
  send(from: number, to: number, messages: readonly unknown[]): void;
  answer(node: number, connection: number, response: unknown): void;
  /** After each turn, before anything of it leaves. */
  turned(node: SimulatedNode, output: NodeOutput): void;
  /** An fsync returned. */
  durable?(node: SimulatedNode, write: number): void;
  /** It died by itself. */
  died(node: SimulatedNode, error: Error): void;
}

export interface NodeIdentity {
  /** Place among the nodes, from 0. */
  readonly at: number;
  readonly nodes: readonly NodeName[];
  readonly replication: number;
  readonly clusterId: string;
}

/** What may wait for a process that is stopped. */
const waitingMax = 1_000_000;

export class SimulatedNode {
  readonly at: number;
  readonly name: NodeName;
  readonly disk: SimulatedDisk;
  state: "never-started" | "running" | "paused" | "exited" = "never-started";
  incarnation = 0;
  /** Processor time of the present process, as its turns add up. */
  cpuNs = 0;
  turns = 0;
  exit: { readonly code: number | null; readonly signal: string | null } | null = null;
  node: DeterministicNode | null = null;
  readonly #identity: NodeIdentity;
  readonly #system: DeterministicSystem;
  readonly #queue: EventQueue;
  readonly #settings: WorldSettings;
  readonly #hooks: NodeHooks;
  readonly #tickNs: number;
  readonly #random: Random;
  #inbox: NodeInput[] = [];
  #waiting: (() => void)[] = [];
  #busyUntilNs = 0;
  #turnPlanned = false;

  constructor(
    identity: NodeIdentity,
    system: DeterministicSystem,
    queue: EventQueue,
    random: Random,
    settings: WorldSettings,
    hooks: NodeHooks,
  ) {
    this.#identity = identity;
    this.at = identity.at;
    const name = identity.nodes[identity.at];
    if (name === undefined) throw new Error(`there is no node ${identity.at}`);
    this.name = name;
    this.#system = system;
    this.#queue = queue;
    this.#settings = settings;
    this.#hooks = hooks;
    this.#random = random;
    const drift = (2 * random.unit() - 1) * settings.driftPpm * 1e-6;
    this.#tickNs = Math.round(system.tickMs * 1e6 * (1 + drift));
    this.disk = new SimulatedDisk(
      system,
      queue,
      random,
      settings,
      (write) => {
        hooks.durable?.(this, write);
        this.post({ type: "persisted", write });
      },
      (error) => this.#die(error),
    );
  }

  get alive(): boolean {
    return this.node !== null;
  }

  /** Drawn by the system when it finds a disk empty. */
  get #diskIdentity(): string {
    const { wipes } = this.disk;
    return wipes === 0 ? `disk of ${this.name}` : `disk of ${this.name}, emptied ${wipes} times`;
  }

  /** As whom it greets its peers. */
  get identity(): string {
    return this.node?.identity ?? this.#diskIdentity;
  }

  /** Why it serves no more, whatever is healed; null while it may. */
  get lost(): string | null {
    const { refusal, wipes } = this.disk;
    if (refusal !== null) return refusal;
    return wipes > 0 && this.node?.status().ready !== true ? "it is on an empty disk and no part of the cluster" : null;
  }

  start(): void {
    if (this.node !== null) throw new Error(`${this.name} runs already`);
    const { at, nodes, replication, clusterId } = this.#identity;
    this.incarnation += 1;
    this.state = "running";
    this.exit = null;
    this.cpuNs = 0;
    this.#inbox = [];
    this.#waiting = [];
    this.#busyUntilNs = this.#queue.nowNs;
    const { incarnation } = this;
    const options = { node: at + 1, nodes, replication, clusterId, identity: this.#diskIdentity, incarnation };
    try {
      this.node = this.#system.createNode(options, this.disk.open());
    } catch (error) {
      this.#die(error);
      return;
    }
    this.#turn();
    this.#planTick(incarnation, this.#tickNs * this.#random.unit());
  }

  /** The process ends at once; says what became of the batch under way. */
  crash(exit: { readonly code: number | null; readonly signal: string | null }): CrashOutcome {
    this.node = null;
    this.state = "exited";
    this.exit = exit;
    this.#inbox = [];
    this.#waiting = [];
    return this.disk.crash();
  }

  pause(): void {
    this.state = "paused";
  }

  resume(): void {
    this.state = "running";
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const action of waiting) action();
    this.#wake();
  }

  /** Does it now, or when the stopped process runs again; never when it dies before. */
  whenRunning(action: () => void): void {
    if (this.node === null) return;
    if (this.state === "running") action();
    else {
      if (this.#waiting.length >= waitingMax) throw new Error(`too much waits for ${this.name}`);
      this.#waiting.push(action);
    }
  }

  post(input: NodeInput): void {
    if (this.node === null) return;
    this.#inbox.push(input);
    this.#wake();
  }

  #wake(): void {
    if (this.#turnPlanned || this.state !== "running" || this.#inbox.length === 0) return;
    if (this.#queue.nowNs >= this.#busyUntilNs) {
      this.#turn();
      return;
    }
    this.#turnPlanned = true;
    this.#queue.at(this.#busyUntilNs, this.#plannedTurn);
  }

  readonly #plannedTurn = (): void => {
    this.#turnPlanned = false;
    this.#wake();
  };

  #turn(): void {
    const { node } = this;
    if (node === null) return;
    const inputs = this.#inbox;
    this.#inbox = [];
    const costNs = this.#settings.turnNs + this.#settings.inputNs * inputs.length;
    this.#busyUntilNs = this.#queue.nowNs + costNs;
    this.cpuNs += costNs;
    this.turns += 1;
    try {
      const output = node.turn(inputs);
      this.#hooks.turned(this, output);
      for (const { to, messages } of output.sends) this.#hooks.send(this.at, to - 1, messages);
      if (output.write !== null) this.disk.write(output.write);
      for (const { connection, response } of output.answers) this.#hooks.answer(this.at, connection, response);
    } catch (error) {
      this.#die(error);
    }
  }

  #die(error: unknown): void {
    this.node = null;
    this.state = "exited";
    this.exit = { code: 1, signal: null };
    this.#inbox = [];
    this.#waiting = [];
    this.disk.crash();
    this.#hooks.died(this, error instanceof Error ? error : new Error(String(error)));
  }

  #planTick(incarnation: number, delayNs: number): void {
    const tick = (): void => {
      if (this.incarnation !== incarnation || this.node === null) return;
      this.#queue.after(this.#tickNs, tick);
      // A timer that fires while the process is stopped, or again within one turn, fires once.
      if (!this.#inbox.some((input) => input.type === "tick")) this.post({ type: "tick" });
    };
    this.#queue.after(delayNs, tick);
  }
}
