// What is done to the cluster, or to its clients, for a fault and for its heal. Nothing here says that it worked: that is seen afterwards.
import type { ClockTrouble, Cluster, DirectedLink, NodeName } from "../cluster/index.js";
import type { ClientControl, ClientTrouble } from "./client-control.js";
import type { DiskDamageKind, FaultAction } from "./compile.js";

/** Longest wait for one call that changes the cluster: the contract's ten seconds. */
export const callTimeoutMs = 10_000;

export interface DeedsOptions {
  readonly cluster: Cluster;
  /** Null: no fault of clients can be carried out. */
  readonly clients: ClientControl | null;
  readonly nowMs: () => number;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly pollMs: number;
}

export class Deeds {
  readonly #options: DeedsOptions;
  /** Nodes whose disks were damaged, and how: they may be refused for good. */
  readonly damaged = new Map<NodeName, DiskDamageKind>();

  constructor(options: DeedsOptions) {
    this.#options = options;
  }

  carryOut(action: FaultAction): Promise<unknown> {
    const cluster = this.#options.cluster;
    switch (action.type) {
      case "stop":
        return Promise.all(
          action.nodes.map((node) => (action.how === "kill" ? cluster.kill(node) : cluster.terminate(node))),
        );
      case "restart":
        return Promise.all(action.nodes.map((node) => this.#restart(node, action.how)));
      case "damage":
        return Promise.all(action.nodes.map((node) => this.#damage(node, action)));
      case "clock":
        return Promise.all(action.nodes.map((node) => this.#setClock(node, action.trouble)));
      case "limit-cpu":
        return Promise.all(action.nodes.map((node) => this.#limitCpu(node, action.cores)));
      case "exhaust-memory":
        return Promise.all(action.nodes.map((node) => this.#limitMemory(node, "until-killed")));
      case "pause":
        return Promise.all(action.nodes.map((node) => cluster.pause(node)));
      case "clients":
        return this.#troubleClients(action.nodes, action.trouble);
      case "fill-disk":
        return Promise.all(action.nodes.map((node) => this.#fillDisk(node, true)));
      case "slow-disk":
        return Promise.all(action.nodes.map((node) => this.#slowDisk(node, action.bytesPerS)));
      case "drop-packets":
        return this.#dropPackets(action.links, action.percent);
      case "cut":
        return cluster.cut(action.links, action.mode);
      case "shape":
        return cluster.shape(action.links, action.shape);
    }
  }

  async #slowDisk(node: NodeName, bytesPerS: number | null): Promise<void> {
    const { cluster } = this.#options;
    if (cluster.slowDisk === undefined) throw new Error("the cluster cannot slow disks");
    await cluster.slowDisk(node, bytesPerS);
  }

  async #dropPackets(links: readonly DirectedLink[], percent: number | null): Promise<void> {
    const { cluster } = this.#options;
    if (cluster.dropPackets === undefined) throw new Error("the cluster cannot drop packets");
    await cluster.dropPackets(links, percent);
  }

  async #fillDisk(node: NodeName, full: boolean): Promise<void> {
    const { cluster } = this.#options;
    if (cluster.fillDisk === undefined) throw new Error("the cluster cannot fill disks");
    await cluster.fillDisk(node, full);
  }

  async #troubleClients(nodes: readonly NodeName[], trouble: ClientTrouble | null): Promise<void> {
    const { clients } = this.#options;
    if (clients === null) throw new Error("there are no clients that a fault could strike");
    clients.trouble(nodes, trouble);
  }

  async #setClock(node: NodeName, trouble: ClockTrouble | null): Promise<void> {
    if (this.#options.cluster.setClock === undefined) throw new Error("the cluster cannot change clocks");
    await this.#options.cluster.setClock(node, trouble);
  }

  async #limitMemory(node: NodeName, how: "until-killed" | null): Promise<void> {
    if (this.#options.cluster.limitMemory === undefined) throw new Error("the cluster cannot limit memory");
    await this.#options.cluster.limitMemory(node, how);
  }

  async #limitCpu(node: NodeName, cores: number | null): Promise<void> {
    if (this.#options.cluster.limitCpu === undefined) throw new Error("the cluster cannot limit CPU time");
    await this.#options.cluster.limitCpu(node, cores);
  }

  async #restart(node: NodeName, how: "kill" | "terminate"): Promise<void> {
    await (how === "kill" ? this.#options.cluster.kill(node) : this.#options.cluster.terminate(node));
    if (!(await this.#untilExited(node))) throw new Error(`${node} did not end, so it was not started again`);
    await this.#options.cluster.start(node);
  }

  /** A restart that was cut short leaves its node down. */
  async #startIfDown(node: NodeName): Promise<void> {
    if ((await this.#options.cluster.observeProcess(node)).state === "exited") await this.#options.cluster.start(node);
  }

  /** A signal was sent; false when the process outlives it for too long. */
  async #untilExited(node: NodeName): Promise<boolean> {
    const giveUpMs = this.#options.nowMs() + callTimeoutMs / 2;
    for (;;) {
      if ((await this.#options.cluster.observeProcess(node)).state === "exited") return true;
      if (this.#options.nowMs() >= giveUpMs) return false;
      await this.#options.delay(this.#options.pollMs, new AbortController().signal);
    }
  }

  async #damage(node: NodeName, { how, bits }: Extract<FaultAction, { readonly type: "damage" }>): Promise<void> {
    const cluster = this.#options.cluster;
    await cluster.kill(node);
    // Only a stopped node's disk may be touched.
    await this.#untilExited(node);
    if (how === "wipe-disk" && cluster.wipe !== undefined) await cluster.wipe(node);
    else if (how !== "wipe-disk" && cluster.damageDisk !== undefined) await cluster.damageDisk(node, how, bits);
    else throw new Error(`the cluster cannot do "${how}"`);
    this.damaged.set(node, how);
  }

  undo(action: FaultAction): Promise<unknown> {
    const cluster = this.#options.cluster;
    switch (action.type) {
      case "restart":
        return Promise.all(action.nodes.map((node) => this.#startIfDown(node)));
      case "stop":
      case "damage":
        return Promise.all(action.nodes.map((node) => cluster.start(node)));
      case "clock":
        return Promise.all(action.nodes.map((node) => this.#setClock(node, null)));
      case "limit-cpu":
        return Promise.all(action.nodes.map((node) => this.#limitCpu(node, null)));
      case "exhaust-memory":
        return Promise.all(
          action.nodes.map(async (node) => {
            await this.#limitMemory(node, null);
            await cluster.start(node);
          }),
        );
      case "pause":
        return Promise.all(action.nodes.map((node) => cluster.resume(node)));
      case "clients":
        return this.#troubleClients(action.nodes, null);
      case "slow-disk":
        return Promise.all(action.nodes.map((node) => this.#slowDisk(node, null)));
      case "fill-disk":
        return Promise.all(
          action.nodes.map(async (node) => {
            await this.#fillDisk(node, false);
            // Whom the disk has ended is started again, on what the disk holds.
            await this.#startIfDown(node);
          }),
        );
      case "drop-packets":
        return this.#dropPackets(action.links, null);
      case "cut":
      case "shape":
        return cluster.heal(action.links);
    }
  }
}
