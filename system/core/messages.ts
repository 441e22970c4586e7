// Messages between nodes. Those that a peer must not see before the sender's state is durable are told apart by type.
import type {
  Ballot,
  ClientResponse,
  Command,
  GroupId,
  NodeId,
  PartitionTable,
  Waiter,
  ClientRequest,
} from "./interface.js";

// PLACEHOLDER: the owner of core/ completes this file.
export type UnguardedMessage =
  | { readonly type: "CheckIn"; readonly identity: string; readonly clusterId: string; readonly replication: number }
  | {
      readonly type: "Route";
      readonly hops: number;
      readonly group: GroupId;
      readonly waiter: Waiter;
      readonly request: ClientRequest;
    };
export type GuardedMessage =
  | { readonly type: "Boot"; readonly table: PartitionTable }
  | {
      readonly type: "Promise";
      readonly ballot: Ballot;
      readonly accepted: Ballot;
      readonly suffix: readonly Command[];
      readonly decided: number;
    }
  | { readonly type: "RoutedReply"; readonly to: NodeId; readonly waiter: Waiter; readonly response: ClientResponse };
export type PeerMessage = UnguardedMessage | GuardedMessage;
