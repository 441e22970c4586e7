// Messages between nodes, named as in the course. They come in two types: a guarded message reports or rests on durable state and
// may leave only once the writes before it are on disk; the type of `sendNow` cannot hold one, so "sent before persisted" cannot
// be written.
import type {
  Ballot,
  ClientRequest,
  ClientResponse,
  Command,
  GroupId,
  NodeId,
  PartitionTable,
  Waiter,
} from "./interface.js";

/** A client's request on its way to its group's leader. `hops`: how many times it has been forwarded. */
export interface RoutedRequest {
  readonly hops: number;
  readonly group: GroupId;
  readonly waiter: Waiter;
  readonly request: Exclude<ClientRequest, { readonly type: "hello" }>;
}

/** An answer on its way back to the node that the client asked. */
export interface RoutedAnswer {
  readonly waiter: Waiter;
  readonly response: ClientResponse;
}

/** A node without a table presents itself; whoever has the table answers with Boot. */
export interface CheckIn {
  readonly type: "CheckIn";
  readonly identity: string;
  readonly clusterId: string;
  readonly nodes: readonly NodeId[];
  readonly replication: number;
}

/** Many requests in one message: those of one turn that go to the same node. */
export interface Route {
  readonly type: "Route";
  readonly requests: readonly RoutedRequest[];
}

/** Failure detector. */
export interface HeartbeatRequest {
  readonly type: "HeartbeatRequest";
  readonly sequence: number;
}
export interface HeartbeatReply {
  readonly type: "HeartbeatReply";
  readonly sequence: number;
}

/** Ballot leader election. */
export interface HeartbeatReq {
  readonly type: "HeartbeatReq";
  readonly round: number;
}
export interface HeartbeatResp {
  readonly type: "HeartbeatResp";
  readonly round: number;
  /** The replier's own ballot; number 0 as long as it never took over in this incarnation. */
  readonly ballot: Ballot;
  /** The ballot that the replier follows. */
  readonly leader: Ballot;
  readonly happy: boolean;
}

/** "Prepare me again": from a follower that restarted, noticed a gap or has a new connection with the leader. */
export interface PrepareReq {
  readonly type: "PrepareReq";
}

/** What the leader has, so that a follower sends only what the leader lacks. */
export interface Prepare {
  readonly type: "Prepare";
  readonly ballot: Ballot;
  readonly accepted: Ballot;
  readonly length: number;
  readonly decided: number;
}

/**
 * The follower's log in the terms of its own state; `suffix` begins at `base` and is there only when the follower's
 * (accepted, length) is greater than the leader's. Long suffixes travel in parts 0, 1, …, the last one marked.
 */
export interface Promise {
  readonly type: "Promise";
  readonly ballot: Ballot;
  readonly accepted: Ballot;
  readonly length: number;
  readonly decided: number;
  readonly base: number;
  readonly suffix: readonly Command[];
  readonly part: number;
  readonly last: boolean;
}

/** Replaces everything from `base` on; counter 0 of its session. In parts like Promise, taken as one at the last. */
export interface AcceptSync {
  readonly type: "AcceptSync";
  readonly ballot: Ballot;
  readonly session: number;
  readonly base: number;
  readonly suffix: readonly Command[];
  readonly decided: number;
  readonly part: number;
  readonly last: boolean;
}

export interface Accept {
  readonly type: "Accept";
  readonly ballot: Ballot;
  readonly session: number;
  readonly counter: number;
  readonly commands: readonly Command[];
}

/** The sender's log up to `length` is durable under `ballot`. */
export interface Accepted {
  readonly type: "Accepted";
  readonly ballot: Ballot;
  readonly length: number;
}

export interface Decide {
  readonly type: "Decide";
  readonly ballot: Ballot;
  readonly session: number;
  readonly counter: number;
  readonly decided: number;
}

/**
 * The sender has promised `ballot`, which is greater than the one it was asked under. Guarded like every message that tells of a
 * promise: were it lost in a crash, its receiver would follow a ballot that nobody knows any more.
 */
export interface NotAccepted {
  readonly type: "NotAccepted";
  readonly ballot: Ballot;
}

export interface Boot {
  readonly type: "Boot";
  readonly table: PartitionTable;
}

/** The sender's table is durable. */
export interface Ready {
  readonly type: "Ready";
}

export interface RoutedReply {
  readonly type: "RoutedReply";
  readonly answers: readonly RoutedAnswer[];
}

export type UnguardedMessage =
  | CheckIn
  | Route
  | HeartbeatRequest
  | HeartbeatReply
  | HeartbeatReq
  | HeartbeatResp
  | PrepareReq
  | AcceptSync
  | Accept
  | Decide;

export type GuardedMessage = Boot | Ready | Prepare | Promise | Accepted | NotAccepted | RoutedReply;

export type PeerMessage = UnguardedMessage | GuardedMessage;

export type SequencePaxosMessage =
  | PrepareReq
  | Prepare
  | Promise
  | AcceptSync
  | Accept
  | Accepted
  | Decide
  | NotAccepted;
