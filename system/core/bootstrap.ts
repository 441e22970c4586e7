// Bootstrap: once, when all configured nodes have checked in, the node with the lowest id assigns the groups and makes the table
// durable; from then on any node that has the table gives it to any that lacks it, so no single node's death matters.
//
// Departures from the course: its threshold was a number below the number of nodes, so that late nodes were in no group; its
// bootstrap server was needed for ever and forgot the table with its process.
import type { Counters } from "./counters.js";
import type { CoreConfiguration, NodeId, PartitionTable } from "./interface.js";
import type { CheckIn } from "./messages.js";
import type { Outbox } from "./outbox.js";
import { assignGroups, equalTables, refuseTable } from "./partition-table.js";

export class Bootstrap {
  readonly #configuration: CoreConfiguration;
  readonly #outbox: Outbox;
  readonly #counters: Counters;
  readonly #onTable: (table: PartitionTable) => void;
  readonly #peers: readonly NodeId[];
  readonly #lowest: NodeId;
  #table: PartitionTable | null = null;
  /** Identities of the nodes that have checked in, this one included. */
  readonly #checkedIn = new Map<NodeId, string>();
  /** Nodes known to have the table on disk. */
  readonly #ready = new Set<NodeId>();
  #assigned = false;
  #ticks = 0;

  constructor(
    configuration: CoreConfiguration,
    outbox: Outbox,
    counters: Counters,
    onTable: (table: PartitionTable) => void,
  ) {
    this.#configuration = configuration;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#onTable = onTable;
    this.#peers = configuration.nodes.filter((node) => node !== configuration.node);
    this.#lowest = configuration.nodes.reduce((lowest, node) => (node < lowest ? node : lowest));
  }

  get table(): PartitionTable | null {
    return this.#table;
  }

  /** A table on disk is never assigned again. */
  restore(table: PartitionTable | null): void {
    if (table !== null) {
      const refusal = refuseTable(table, this.#configuration);
      if (refusal !== null) throw new Error(`the partition table on this disk is refused: ${refusal}`);
      this.#take(table);
      return;
    }
    this.#checkedIn.set(this.#configuration.node, this.#configuration.identity);
    this.#checkIn(this.#peers);
    this.#assignWhenComplete();
  }

  onCheckIn(from: NodeId, message: CheckIn): void {
    if (!this.#sameConfiguration(message)) {
      this.#counters.count("check_ins_refused");
      return;
    }
    if (this.#table === null) {
      this.#checkedIn.set(from, message.identity);
      this.#assignWhenComplete();
      return;
    }
    if (this.#table.identities.get(from) !== message.identity) {
      this.#counters.count("check_ins_refused");
      return;
    }
    this.#boot(from, this.#table);
  }

  onBoot(from: NodeId, table: PartitionTable): void {
    if (this.#table === null) {
      if (refuseTable(table, this.#configuration) !== null) {
        this.#counters.count("tables_refused");
        return;
      }
      this.#outbox.store({ type: "table", table });
      this.#take(table);
    } else if (!equalTables(this.#table, table)) {
      this.#counters.count("tables_refused");
      return;
    }
    // Guarded: it says that the table is on this disk.
    this.#outbox.sendAfterPersist(from, { type: "Ready" });
  }

  onReady(from: NodeId): void {
    this.#ready.add(from);
  }

  onLinkUp(peer: NodeId): void {
    if (this.#table === null) this.#checkIn([peer]);
  }

  onTick(): void {
    this.#ticks += 1;
    if (this.#ticks < this.#configuration.timing.resend) return;
    this.#ticks = 0;
    if (this.#table === null) this.#checkIn(this.#peers);
    else if (this.#assigned) for (const peer of this.#peers) if (!this.#ready.has(peer)) this.#boot(peer, this.#table);
  }

  #sameConfiguration(message: CheckIn): boolean {
    const { clusterId, nodes, replication } = this.#configuration;
    return (
      message.clusterId === clusterId &&
      message.replication === replication &&
      message.nodes.length === nodes.length &&
      message.nodes.every((node) => nodes.includes(node))
    );
  }

  /** The threshold is all configured nodes: a group must have exactly its members, and the table every node's identity. */
  #assignWhenComplete(): void {
    const { node, nodes, replication, clusterId } = this.#configuration;
    if (node !== this.#lowest || this.#checkedIn.size < nodes.length) return;
    const table: PartitionTable = {
      clusterId,
      replication,
      groups: assignGroups(nodes, replication),
      identities: new Map([...this.#checkedIn].sort(([left], [right]) => left - right)),
    };
    this.#outbox.store({ type: "table", table });
    this.#assigned = true;
    for (const peer of this.#peers) this.#boot(peer, table);
    this.#take(table);
  }

  /** Guarded: the table is durable before the first Boot, or a restarted assigner could make another one. */
  #boot(to: NodeId, table: PartitionTable): void {
    this.#outbox.sendAfterPersist(to, { type: "Boot", table });
  }

  #checkIn(to: readonly NodeId[]): void {
    const { identity, clusterId, nodes, replication } = this.#configuration;
    for (const peer of to) this.#outbox.sendNow(peer, { type: "CheckIn", identity, clusterId, nodes, replication });
  }

  #take(table: PartitionTable): void {
    this.#table = table;
    this.#checkedIn.clear();
    this.#onTable(table);
  }
}
