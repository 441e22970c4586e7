// The perfect FIFO link's only decision: which connection of a peer counts. TCP keeps order within a connection, but a new
// connection can overtake bytes that an old one still has in flight (a stalled proxy delivers them late), so connections are
// ranked by what their sender says of them, never by the order in which they arrive.
import type { NodeId } from "./interface.js";

/** The first frame of every connection between nodes. */
export interface Hello {
  readonly cluster: string;
  /** Tells configurations apart: the nodes' names in order and the replication degree. */
  readonly configuration: string;
  readonly node: NodeId;
  /** Drawn by the sender's data directory at its first boot. */
  readonly identity: string;
  /** Grows at each start of the sender. */
  readonly incarnation: number;
  /** Grows with each connection that the sender opens to this peer within an incarnation. */
  readonly connection: number;
}

/** A connection's rank among all that one node ever opened to another. */
export interface ConnectionRank {
  readonly incarnation: number;
  readonly connection: number;
}

export type HelloRefusal =
  | "wrong-cluster"
  | "wrong-configuration"
  | "unknown-node"
  | "wrong-identity"
  | "superseded-connection";

export type HelloJudgement =
  | { readonly accepted: true }
  /** `final`: no later Hello of the same data directory can be accepted, so the sender stops dialling. */
  | { readonly accepted: false; readonly reason: HelloRefusal; readonly final: boolean };

/** What the receiver knows when a Hello comes. */
export interface HelloExpectation {
  readonly cluster: string;
  readonly configuration: string;
  readonly self: NodeId;
  readonly nodes: readonly NodeId[];
  /** The sender's identity in the partition table; null while there is no table. */
  readonly identity: string | null;
  /** The greatest rank accepted from that node since this node started; null for none. */
  readonly greatest: ConnectionRank | null;
}

export function isNewer(rank: ConnectionRank, than: ConnectionRank): boolean {
  if (rank.incarnation !== than.incarnation) return rank.incarnation > than.incarnation;
  return rank.connection > than.connection;
}

/** Whether a connection that opens with `hello` becomes the one that counts for its sender. */
export function judgeHello(hello: Hello, expected: HelloExpectation): HelloJudgement {
  if (hello.cluster !== expected.cluster) return refused("wrong-cluster");
  if (hello.configuration !== expected.configuration) return refused("wrong-configuration");
  if (hello.node === expected.self || !expected.nodes.includes(hello.node)) return refused("unknown-node");
  // A wiped disk: its node may have promised or accepted what it no longer knows, so it must never take part again.
  if (expected.identity !== null && hello.identity !== expected.identity) return refused("wrong-identity");
  if (expected.greatest !== null && !isNewer(hello, expected.greatest))
    return { accepted: false, reason: "superseded-connection", final: false };
  return { accepted: true };
}

function refused(reason: HelloRefusal): HelloJudgement {
  return { accepted: false, reason, final: true };
}
