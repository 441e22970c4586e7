// The border of the pure core: what goes in, what comes out. `runtime/` (sockets and disk) and `simulation/` drive the very
// same core through these values; nothing in `core/` knows a socket, timer, clock, file, random number or promise.
import type { PeerMessage, UnguardedMessage } from "./messages.js";

declare const nodeIdBrand: unique symbol;
/** 1 … n: a node's position in the configuration + 1. */
export type NodeId = number & { readonly [nodeIdBrand]: true };
export const nodeId = (id: number): NodeId => id as NodeId;

/** A replication group, from 0. */
export type GroupId = number;

/** Totally ordered by (number, priority, node); unique because a node never reuses a number. */
export interface Ballot {
  readonly number: number;
  readonly priority: number;
  readonly node: NodeId;
}

export type Value = null | boolean | number | string;

/** What a client asks of one key. */
export type KvOperation =
  | { readonly function: "get"; readonly key: string }
  | { readonly function: "put"; readonly key: string; readonly value: Value }
  | { readonly function: "cas"; readonly key: string; readonly expected: Value; readonly new: Value };

/** The state machine's answer. `index` is the decided index of the command; `observed` the value the CAS saw. */
export type KvResult =
  | { readonly function: "get"; readonly found: boolean; readonly value: Value; readonly index: number }
  | { readonly function: "put"; readonly previous: Value; readonly index: number }
  | {
      readonly function: "cas";
      readonly status: "ok" | "mismatch" | "not-found";
      readonly observed: Value;
      readonly index: number;
    };

/** From a client over its connection. `id` is the client's own number, echoed in the answer. */
export type ClientRequest =
  | { readonly type: "hello"; readonly id: number }
  | { readonly type: "open-session"; readonly id: number; readonly group: GroupId }
  | {
      readonly type: "operation";
      readonly id: number;
      readonly group: GroupId;
      /** Log index of the session's OpenSession in that group. */
      readonly session: number;
      /** 1, 2, 3, … within the session; the same for each attempt. */
      readonly number: number;
      /** Every answer below this number has reached the client. */
      readonly acknowledgedBelow: number;
      readonly operation: KvOperation;
    };

export type ClientResponse =
  | { readonly type: "welcome"; readonly id: number; readonly node: NodeId; readonly groups: number }
  | { readonly type: "session-opened"; readonly id: number; readonly group: GroupId; readonly session: number }
  | { readonly type: "result"; readonly id: number; readonly result: KvResult }
  /** `definite`: this node has given the request to no log, buffer or other node. Everything else is `definite: false`. */
  | { readonly type: "refused"; readonly id: number; readonly definite: boolean; readonly reason: RefusalReason };

export type RefusalReason =
  | "not-ready"
  | "no-leader"
  | "overloaded"
  | "wrong-group"
  | "hop-limit"
  | "lost-leadership"
  | "unknown-session"
  | "session-expired"
  | "below-acknowledged"
  | "malformed";

/** A client's connection at the node that it talks to; given by the runtime, never reused within an incarnation. */
export type ConnectionId = number;

/** One command of a group's log. */
export type Command =
  | { readonly type: "noop" }
  /** (origin, incarnation, connection, id) tell who waits for the answer; they take no part in state. */
  | { readonly type: "open-session"; readonly waiter: Waiter }
  | {
      readonly type: "operation";
      readonly session: number;
      readonly number: number;
      readonly acknowledgedBelow: number;
      readonly operation: KvOperation;
      readonly waiter: Waiter;
    };

/** The address to which an answer goes: the client's connection at the node it asked. Travels in the operation. */
export interface Waiter {
  readonly origin: NodeId;
  readonly incarnation: number;
  readonly connection: ConnectionId;
  readonly id: number;
}

/** The partition table: made once by the lowest node, durable before the first Boot, never changed. */
export interface PartitionTable {
  readonly clusterId: string;
  readonly replication: number;
  /** groups[g] are the members of group g. */
  readonly groups: readonly (readonly NodeId[])[];
  /** The identity that each node's data directory drew at its first boot. */
  readonly identities: ReadonlyMap<NodeId, string>;
}

/** Changes of durable state. A list of them is written atomically, in order: all or none survive a crash. */
export type StorageOperation =
  | { readonly type: "table"; readonly table: PartitionTable }
  | { readonly type: "promised"; readonly ballot: Ballot }
  | { readonly type: "accepted"; readonly ballot: Ballot }
  /** Drops every entry at `length` and beyond. */
  | { readonly type: "truncate"; readonly length: number }
  /** Appends at `index` (0-based), which is the log's length. */
  | { readonly type: "append"; readonly index: number; readonly commands: readonly Command[] }
  | { readonly type: "decided"; readonly length: number };

/** What the disk held at start. A node is a member of exactly one group. */
export interface DurableState {
  readonly table: PartitionTable | null;
  readonly promised: Ballot;
  readonly accepted: Ballot;
  readonly log: readonly Command[];
  readonly decided: number;
}

export interface CoreConfiguration {
  readonly node: NodeId;
  readonly nodes: readonly NodeId[];
  readonly replication: number;
  readonly clusterId: string;
  /** Drawn at the data directory's first boot, kept for ever. */
  readonly identity: string;
  /** Grows at every start. */
  readonly incarnation: number;
  /** All in ticks of the runtime. */
  readonly timing: {
    /** Period of election heartbeats. */
    readonly heartbeat: number;
    /** Period after which unanswered protocol messages are sent again. */
    readonly resend: number;
    /** First period of the failure detector, and by how much it grows on a false suspicion. */
    readonly detector: number;
    readonly detectorStep: number;
  };
  /**
   * Limits; beyond them requests are refused as `overloaded`, never queued without bound. `sessions` must be the same on all nodes:
   * beyond it the least recently used session expires, which is part of what the log means.
   */
  readonly limits: { readonly pendingOperations: number; readonly hops: number; readonly sessions: number };
}

/** Everything that can happen to a node. The first event is always `restored`. */
export type CoreEvent =
  | { readonly type: "restored"; readonly state: DurableState }
  | { readonly type: "message"; readonly from: NodeId; readonly message: PeerMessage }
  | { readonly type: "request"; readonly connection: ConnectionId; readonly request: ClientRequest }
  | { readonly type: "tick" }
  /** All writes up to and including this number are durable. */
  | { readonly type: "persisted"; readonly write: number }
  /** `in`: the peer's connection to us said Hello; `out`: ours to the peer did. */
  | { readonly type: "link-up"; readonly peer: NodeId; readonly direction: "in" | "out" }
  | { readonly type: "link-down"; readonly peer: NodeId; readonly direction: "in" | "out" };

/** What the core wants done, in this order. Sending a guarded message before its state is durable cannot be written. */
export interface CoreEffects {
  /** Sent at once. The type cannot hold Promise, Prepare, Accepted or a reply. */
  readonly sendNow: readonly { readonly to: NodeId; readonly message: UnguardedMessage }[];
  /** Written atomically as one write with this number; null when nothing changed. Numbers only grow and are no log index. */
  readonly persist: { readonly write: number; readonly operations: readonly StorageOperation[] } | null;
  /** Sent once every write up to and including `after` is durable (0: nothing to wait for). */
  readonly sendAfterPersist: readonly { readonly after: number; readonly to: NodeId; readonly message: PeerMessage }[];
  /** Answers to local clients, once every write up to `after` is durable. */
  readonly replies: readonly {
    readonly after: number;
    readonly connection: ConnectionId;
    readonly response: ClientResponse;
  }[];
}

/** What the node tells its admin port. */
export interface CoreStatus {
  readonly ready: boolean;
  readonly group: GroupId | null;
  readonly members: readonly NodeId[];
  readonly leader: NodeId | null;
  readonly ballot: Ballot;
  readonly role: "leader" | "follower";
  readonly phase: "recover" | "prepare" | "accept" | "none";
  readonly logLength: number;
  readonly decided: number;
  /** Hex; a chain over the decided commands, so that equal `decided` ⇒ equal hash unless replicas diverged. */
  readonly logHash: string;
  /** Hex; over the state machine's state (map and sessions) after `decided` commands. */
  readonly stateHash: string;
  readonly suspected: readonly NodeId[];
  readonly sessions: number;
  readonly keys: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface CoreDecision {
  /** The length of the log that ends with this command. */
  readonly index: number;
  /** Hex. */
  readonly hash: string;
  /** Null only where the log, against all rules, has lost it. */
  readonly command: Command | null;
}

/** One node's core: bootstrap, router, failure detector, election, Sequence Paxos, state machine and sessions, composed. */
export interface Core {
  handle(event: CoreEvent): CoreEffects;
  /**
   * Many events as one turn with one set of effects: one write, one Accept to each follower, one Accepted. A runtime under load
   * collects what arrived in one turn of its event loop and calls this; it is the batching that makes throughput. Events keep
   * their order, and effects are carried out before the next call. Guarded messages to one peer leave in the order given, also
   * across calls (`after` never shrinks, except 0: nothing to wait for).
   */
  handleBatch(events: readonly CoreEvent[]): CoreEffects;
  status(): CoreStatus;
  /** For each `length` in (from, decided]: the command at that place and the chain hash of the log up to it; at most 2,000. */
  decisions(from: number): readonly CoreDecision[];
}
