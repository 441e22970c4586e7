// The contract of a system that can be simulated: its nodes and clients as values without input or output. Whoever drives them
// decides what arrives when, what the disk keeps and how time passes. What is `unknown` here (messages, requests, batches,
// disks) belongs to the system; a simulation only carries it. A value that was handed over is never changed afterwards.
import type { ClientReply, ClientRequest } from "./client.js";
import type { NodeName } from "./names.js";
import type { Decision, NodeStatus } from "./system.js";
import type { TracedState, TraceTeller } from "./trace.js";

export interface DeterministicNodeOptions {
  /** 1 … n: the node's place in `nodes` + 1. */
  readonly node: number;
  readonly nodes: readonly NodeName[];
  readonly replication: number;
  readonly clusterId: string;
  /** The data directory's own, drawn at its first start. */
  readonly identity: string;
  /** Grows at each start. */
  readonly incarnation: number;
}

export type NodeInput =
  /** What one peer sent at once, in order. */
  | { readonly type: "messages"; readonly from: number; readonly messages: readonly unknown[] }
  | { readonly type: "request"; readonly connection: number; readonly request: unknown }
  | { readonly type: "tick" }
  /** The write with this number, and every one before it, is durable. */
  | { readonly type: "persisted"; readonly write: number }
  /** `out`: this node's connection to the peer; `in`: the peer's to this node. */
  | { readonly type: "link"; readonly peer: number; readonly direction: "in" | "out"; readonly up: boolean };

/** What a node wants done after one turn. It holds back by itself whatever must wait for a write. */
export interface NodeOutput {
  readonly sends: readonly { readonly to: number; readonly messages: readonly unknown[] }[];
  /** Written atomically. A node asks for the next write only after `persisted` told of the last one. */
  readonly write: { readonly number: number; readonly batch: unknown } | null;
  readonly answers: readonly { readonly connection: number; readonly response: unknown }[];
}

/** What a node says of its protocol, for the invariants that are checked while a simulation runs. */
export interface NodeInspection {
  readonly group: number;
  /** The greatest ballot that it has promised, compared number by number from the left. */
  readonly ballot: readonly number[];
  /** It proposes under that ballot. */
  readonly leads: boolean;
  readonly decided: number;
  /** Over the decided log and over the state after it. */
  readonly logHash: string;
  readonly stateHash: string;
}

/** What a disk holds, in the same terms. */
export interface DiskInspection {
  readonly promised: readonly number[];
  readonly accepted: readonly number[];
  readonly length: number;
}

/** What a message claims of its sender's durable state. */
export interface MessageClaim {
  readonly type: "promised" | "accepted";
  readonly ballot: readonly number[];
  /** For `accepted`: how much of the log. */
  readonly length: number;
  /** For `promised`, where the message tells of it: the sender's log, by the ballot under which it was accepted and its length. */
  readonly log?: { readonly accepted: readonly number[]; readonly length: number };
}

/** Durable bytes that a disk gives back otherwise than they were written. */
export interface DiskDamage {
  /** Which of the batches on the disk, from 0. */
  readonly batch: number;
  /** Where in its bytes, 0 … 1. */
  readonly at: number;
  /** Bits turned over from there on; as far as they go beyond the batch, they do not count. */
  readonly bits: number;
}

/** One node between a start and a crash. A `turn` that throws is a panic: the node is gone. */
export interface DeterministicNode {
  turn(inputs: readonly NodeInput[]): NodeOutput;
  status(): NodeStatus;
  decisions(from: number): readonly Decision[];
  /** Null before the node belongs to a group. */
  inspect(): NodeInspection | null;
  /** For a trace. */
  traceState?(): TracedState | null;
  /** As whom it makes itself known to its peers; the disk's identity where it does not say. */
  readonly identity?: string;
  /** It takes no connection of a peer that makes itself known so, ever: the peer's disk is not the one that it knew. */
  refusesPeer?(peer: number, identity: string): boolean;
}

export type DeterministicClientEvent =
  | { readonly type: "invoke"; readonly invocation: ClientRequest; readonly timeoutMs: number }
  | { readonly type: "connected" }
  | { readonly type: "disconnected"; readonly error: string }
  | { readonly type: "response"; readonly response: unknown }
  | { readonly type: "timer" }
  | { readonly type: "close" };

export type DeterministicClientEffect =
  | { readonly type: "connect" }
  | { readonly type: "disconnect" }
  /** `call`: the first bytes of the open operation. */
  | { readonly type: "send"; readonly request: unknown; readonly call: boolean }
  /** Replaces any earlier wake. */
  | { readonly type: "wake"; readonly atMs: number }
  | { readonly type: "complete"; readonly reply: ClientReply };

/** One sequential client, pinned to one node. */
export interface DeterministicClient {
  handle(event: DeterministicClientEvent, nowMs: number): readonly DeterministicClientEffect[];
}

export interface DeterministicSystem {
  /** Period of a node's ticks. */
  readonly tickMs: number;
  readonly electionTimeoutMs: number;
  emptyDisk(): unknown;
  /** Makes a batch durable: changes `disk`. */
  applyBatch(disk: unknown, batch: unknown): void;
  /**
   * Recovers from a crash in which of the batch under way only the first `share` (0 … 1) of its bytes reached the disk. Changes
   * `disk` as far as the system's own reader believes what is there; throws when it refuses to start.
   */
  recoverTorn(disk: unknown, batch: unknown, share: number): void;
  /** How many batches `disk` holds. */
  batchesOn?(disk: unknown): number;
  /**
   * A start on a disk of which some bytes have changed. Changes `disk` to what the system's own reader believes; throws when it refuses
   * to start. Where it is missing, bits are never turned over.
   */
  recoverDamaged?(disk: unknown, damage: readonly DiskDamage[]): void;
  /**
   * A group goes on when a minority of its disks is lost for good, and a node on an emptied disk is refused by the others: then a
   * simulation may damage and wipe disks.
   */
  readonly survivesLostDisks?: boolean;
  /** Starts a node on what `disk` holds, which it copies. */
  createNode(options: DeterministicNodeOptions, disk: unknown): DeterministicNode;
  createClient(): DeterministicClient;
  /** Of a request that a fault may have sent again: what tells it from every other one of its client; null for others. */
  repeatableRequest?(request: unknown): string | null;
  /** The same of the request that a response answers. */
  repeatedAnswer?(response: unknown): string | null;
  inspectDisk?(disk: unknown): DiskInspection;
  claimOf?(message: unknown): MessageClaim | null;
  /** The name of a message's kind, for faults that wait for one. */
  nameOf?(message: unknown): string;
  /** Kinds of messages by which nodes come to agree; those sent once an election first, those of every request last. */
  readonly messageNames?: readonly string[];
  /** Messages for one peer as text, for a wire that carries text (Maelstrom's). Without it, they are JSON themselves. */
  encode?(messages: readonly unknown[]): string;
  decode?(text: string): readonly unknown[];
  /** For a trace. Without it, messages are told as JSON. */
  readonly tell?: TraceTeller;
}
