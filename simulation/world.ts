// A world: nodes with disks, links and clients in virtual time, all out of one seed. Everything here is synchronous and pure but for
// `drive`, which lets promises that wait on virtual time go on between events.
import {
  nodeNames,
  type ClusterEvent,
  type CutMode,
  type DeterministicSystem,
  type DirectedLink,
  type DiskDamage,
  type LinkObservation,
  type LinkShape,
  type NodeName,
  type NodeOutput,
  type ProcessObservation,
} from "../cluster/index.js";
import { createRandom, type Random } from "../history/index.js";
import { ClientConnections, SimulatedClient } from "./clients.js";
import { DiskFailed, DiskRefused, type DiskTrouble } from "./disk.js";
import { Invariants, type InvariantViolation } from "./invariants.js";
import { SimulatedNetwork, type Link } from "./network.js";
import { SimulatedNode } from "./node.js";
import { EventQueue } from "./queue.js";
import { drawSettings, type PinnedSettings, type WorldSettings } from "./settings.js";
import type { Trace } from "./trace.js";

export interface WorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly replication: number;
  readonly system: DeterministicSystem;
  readonly pinned?: PinnedSettings;
  /** Check invariants while it runs; default true. */
  readonly invariants?: boolean;
  readonly onViolation?: (violation: InvariantViolation) => void;
  readonly trace?: Trace;
}

/** Sees each message when it is sent and when it arrives; what it wants done because of it, it plans. */
export type MessageWatcher = (
  what: "sent" | "received",
  from: SimulatedNode,
  to: SimulatedNode,
  messages: readonly unknown[],
) => void;

export interface WorldCounts {
  readonly events: number;
  readonly turns: number;
  readonly frames: number;
  readonly messages: number;
  readonly writes: number;
}

const logTailLength = 40;
/** Events between two looks at what promises wait for. */
const sliceLength = 512;

export class World {
  readonly queue = new EventQueue();
  readonly settings: WorldSettings;
  readonly names: readonly NodeName[];
  readonly nodes: readonly SimulatedNode[];
  readonly network: SimulatedNetwork;
  readonly invariants: Invariants | null;
  readonly options: WorldOptions;
  readonly #connections: ClientConnections;
  readonly #listeners: ((event: ClusterEvent) => void)[] = [];
  readonly #logs: string[][];
  readonly #trace: Trace | null;
  readonly #flips: Random;
  #pauseAsked = false;
  #watcher: MessageWatcher | null = null;

  constructor(options: WorldOptions) {
    const { seed, nodes: count, replication, system } = options;
    this.options = options;
    this.settings = drawSettings(seed, options.pinned);
    this.names = nodeNames(count);
    this.#logs = this.names.map(() => []);
    this.#trace = options.trace ?? null;
    const stream = (label: string): Random => createRandom(seed, label);
    this.#flips = stream("bit flips");
    const hooks = {
      send: (from: number, to: number, messages: readonly unknown[]) => {
        const node = this.node(from);
        this.invariants?.sending(node, messages);
        this.#trace?.sent(this.queue.nowNs, node.name, this.node(to).name, messages, this.network.link(from, to));
        this.#watcher?.("sent", node, this.node(to), messages);
        this.network.send(from, to, messages);
      },
      answer: (_node: number, connection: number, response: unknown) => this.#connections.answer(connection, response),
      turned: (node: SimulatedNode, output: NodeOutput) => {
        this.#trace?.turned(this.queue.nowNs, node, output);
        if (output.write !== null) this.invariants?.wrote(node);
      },
      durable: (node: SimulatedNode, write: number) => this.#trace?.durable(this.queue.nowNs, node.name, write),
      died: (node: SimulatedNode, error: Error) => this.#died(node, error),
    };
    this.nodes = this.names.map((name, at) => {
      const identity = { at, nodes: this.names, replication, clusterId: `simulation ${seed}` };
      return new SimulatedNode(identity, system, this.queue, stream(`node ${name}`), this.settings, hooks);
    });
    this.network = new SimulatedNetwork(count, this.queue, stream("network"), this.settings, {
      incarnation: (at) => {
        const node = this.node(at);
        return node.alive ? node.incarnation : null;
      },
      whenRunning: (at, action) => this.node(at).whenRunning(action),
      linkChanged: (at, peer, direction, up) => {
        const input = { type: "link", peer: peer + 1, direction, up } as const;
        this.node(at).whenRunning(() => this.node(at).post(input));
      },
      refuses: (at, peer) => this.node(at).node?.refusesPeer?.(peer + 1, this.node(peer).identity) === true,
      deliver: (to, from, messages) => {
        this.#trace?.received(this.queue.nowNs, this.node(from).name, this.node(to).name, messages);
        this.#watcher?.("received", this.node(from), this.node(to), messages);
        this.node(to).post({ type: "messages", from: from + 1, messages });
      },
    });
    this.#connections = new ClientConnections(this.nodes, this.queue, stream("clients"), this.settings, this.#trace);
    const now = (): number => this.queue.nowNs;
    this.invariants =
      options.invariants === false ? null : new Invariants(count, system, now, (seen) => this.#violated(seen));
  }

  get counts(): WorldCounts {
    const sum = (of: (node: SimulatedNode) => number): number =>
      this.nodes.reduce((total, node) => total + of(node), 0);
    return {
      events: this.queue.done,
      turns: sum((node) => node.turns),
      frames: this.network.frames,
      messages: this.network.messages,
      writes: sum((node) => node.disk.writes),
    };
  }

  node(at: number): SimulatedNode {
    const node = this.nodes[at];
    if (node === undefined) throw new Error(`there is no node ${at}`);
    return node;
  }

  nodeNamed(name: NodeName): SimulatedNode {
    return this.node(this.names.indexOf(name));
  }

  /** `thread`: whose it is, for the trace. */
  createClient(node: NodeName, thread = 0): SimulatedClient {
    return new SimulatedClient(this.options.system, this.#connections, this.nodeNamed(node), thread);
  }

  /** One watcher at a time; null: nobody. */
  watchMessages(watcher: MessageWatcher | null): void {
    this.#watcher = watcher;
  }

  onEvent(listener: (event: ClusterEvent) => void): void {
    this.#listeners.push(listener);
  }

  log(name: NodeName): readonly string[] {
    return this.#logs[this.names.indexOf(name)] ?? [];
  }

  start(name: NodeName): void {
    const node = this.nodeNamed(name);
    this.#note(node, `start ${node.incarnation + 1}`);
    this.#trace?.started(this.queue.nowNs, name, node.incarnation + 1);
    node.start();
    if (!node.alive) return;
    this.invariants?.started(node);
    this.network.started(node.at);
    this.#tell({ type: "started", node: name, pid: pidOf(node), incarnation: String(node.incarnation) });
  }

  stop(name: NodeName, signal: "SIGKILL" | "SIGTERM"): void {
    const node = this.nodeNamed(name);
    const outcome = node.crash(signal === "SIGKILL" ? { code: null, signal } : { code: 0, signal: null });
    this.#gone(node);
    this.#note(node, `${signal}; its batch under way: ${outcome}`);
    this.#trace?.crashed(this.queue.nowNs, name, signal, outcome);
    const exit = node.exit ?? { code: null, signal };
    this.#tell({ type: "exited", node: name, ...exit, expected: true, logTail: this.#tail(node) });
  }

  pause(name: NodeName): void {
    this.nodeNamed(name).pause();
    this.#note(this.nodeNamed(name), "paused");
    this.#trace?.fault(this.queue.nowNs, "pause", name, "paused");
  }

  resume(name: NodeName): void {
    this.#note(this.nodeNamed(name), "resumed");
    this.#trace?.fault(this.queue.nowNs, "resume", name, "resumed");
    this.nodeNamed(name).resume();
  }

  troubleDisk(name: NodeName, how: DiskTrouble): void {
    this.#note(this.nodeNamed(name), `disk: ${how}`);
    this.#trace?.fault(this.queue.nowNs, "disk", name, how);
    this.nodeNamed(name).disk.trouble(how);
  }

  /** What is durable on a node's disk changes; its next start sees it. Null when there is nothing to change yet. */
  flipBits(name: NodeName, bits: number, random: Random = this.#flips): DiskDamage | null {
    const node = this.nodeNamed(name);
    const damage = node.disk.flipBits(random, bits);
    if (damage !== null) this.#damaged(node, `${damage.bits} bits of batch ${damage.batch} turned over`);
    return damage;
  }

  /** A sector of a node's log cannot be read any more; its next start sees it. */
  breakSector(name: NodeName): void {
    const node = this.nodeNamed(name);
    node.disk.breakSector();
    this.#damaged(node, "a sector cannot be read any more");
  }

  /** Of a node that does not run. */
  wipeDisk(name: NodeName): void {
    const node = this.nodeNamed(name);
    if (node.alive) throw new Error(`${name} runs on its disk`);
    node.disk.wipe();
    this.invariants?.wiped(node);
    this.#damaged(node, "wiped");
  }

  #damaged(node: SimulatedNode, what: string): void {
    this.#note(node, `disk: ${what}`);
    this.#trace?.fault(this.queue.nowNs, "disk", node.name, what);
  }

  mendDisk(name: NodeName): void {
    const { disk } = this.nodeNamed(name);
    if (disk.troubled === null) return;
    this.#trace?.fault(this.queue.nowNs, "disk", name, "healthy again");
    disk.mend();
  }

  cut({ from, to }: DirectedLink, mode: CutMode): void {
    this.#trace?.fault(this.queue.nowNs, "cut", from, mode, to);
    this.network.cut(this.names.indexOf(from), this.names.indexOf(to), mode);
  }

  heal({ from, to }: DirectedLink): void {
    this.#trace?.fault(this.queue.nowNs, "heal", from, "", to);
    this.network.heal(this.names.indexOf(from), this.names.indexOf(to));
  }

  shape({ from, to }: DirectedLink, shape: LinkShape): void {
    this.#trace?.fault(this.queue.nowNs, "shape", from, JSON.stringify(shape), to);
    this.network.shape(this.names.indexOf(from), this.names.indexOf(to), shape);
  }

  link({ from, to }: DirectedLink): Link {
    return this.network.link(this.names.indexOf(from), this.names.indexOf(to));
  }

  observeProcess(name: NodeName): ProcessObservation {
    const node = this.nodeNamed(name);
    const { state, exit } = node;
    const there = state === "running" || state === "paused";
    return {
      node: name,
      state,
      pid: there ? pidOf(node) : null,
      incarnation: state === "never-started" ? null : String(node.incarnation),
      cpuTimeMs: there ? node.cpuNs / 1e6 : null,
      exitCode: exit?.code ?? null,
      exitSignal: exit?.signal ?? null,
    };
  }

  observeLinks(): readonly LinkObservation[] {
    const nowMs = this.queue.nowNs / 1e6;
    return this.network.links.map((link) => ({
      link: { from: this.node(link.from).name, to: this.node(link.to).name },
      offeredBytes: link.offeredBytes,
      deliveredBytes: link.deliveredBytes,
      lostBytes: link.lostBytes,
      openConnections: link.connection === null ? 0 : 1,
      acceptedConnections: link.accepted,
      refusedConnections: link.refused,
      read: { startedMs: nowMs, endedMs: nowMs },
    }));
  }

  /**
   * Resolves after so much virtual time, or early when `signal` aborts. Any delay at all moves time on: whoever waits for a moment and
   * finds, by a rounding of milliseconds, a hair of it left would else ask again for ever.
   */
  delay(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const finish = (): void => {
        this.queue.cancel(planned);
        signal.removeEventListener("abort", finish);
        this.#pauseAsked = true;
        resolve();
      };
      const planned = this.queue.after(ms > 0 ? Math.max(1, ms * 1e6) : 0, finish);
      signal.addEventListener("abort", finish, { once: true });
    });
  }

  /** Everything planned up to then happens. */
  runUntil(timeNs: number): void {
    for (let next = this.queue.nextNs; next !== null && next <= timeNs; next = this.queue.nextNs) this.queue.step();
  }

  /**
   * Runs virtual time until the promise settles. Between slices of events, and whenever a `delay` ends, promises go on; how many
   * events a slice has is fixed, so what a seed gives does not depend on the machine.
   */
  async drive<T>(promise: Promise<T>, limitNs = Number.POSITIVE_INFINITY): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    for (;;) {
      // A turn of the event loop runs every promise that is due.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      if (settled) return promise;
      this.#pauseAsked = false;
      for (let count = 0; count < sliceLength && !this.#pauseAsked; count += 1)
        if (!this.queue.step()) throw new Error("nothing is planned, and it is not over");
      if (this.queue.nowNs > limitNs) throw new Error(`not over after ${limitNs / 1e9} simulated seconds`);
    }
  }

  #died(node: SimulatedNode, error: Error): void {
    const line = `FATAL ${error.message}`;
    this.#note(node, line);
    this.#trace?.crashed(this.queue.nowNs, node.name, line, "nothing under way");
    this.#gone(node);
    // To stop when the disk fails is what a node has to do, and not to start on one that cannot be trusted.
    const expected = error instanceof DiskFailed || error instanceof DiskRefused;
    if (!expected) this.#tell({ type: "panic", node: node.name, line });
    const exit = node.exit ?? { code: 1, signal: null };
    this.#tell({ type: "exited", node: node.name, ...exit, expected, logTail: this.#tail(node) });
  }

  #gone(node: SimulatedNode): void {
    this.network.stopped(node.at);
    this.#connections.nodeStopped(node);
  }

  #violated(violation: InvariantViolation): void {
    this.#trace?.violation(violation.timeNs, violation.invariant, violation.sentence, violation.node);
    this.options.onViolation?.(violation);
  }

  #note(node: SimulatedNode, text: string): void {
    const log = this.#logs[node.at];
    log?.push(`${(this.queue.nowNs / 1e9).toFixed(6)} ${text}`);
    if (log !== undefined && log.length > 10_000) log.splice(0, 5_000);
  }

  #tail(node: SimulatedNode): readonly string[] {
    return (this.#logs[node.at] ?? []).slice(-logTailLength);
  }

  #tell(event: ClusterEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Where there are no processes, a number that no two of a run share. */
function pidOf(node: SimulatedNode): number {
  return node.incarnation * 1000 + node.at + 1;
}
