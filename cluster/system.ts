// The contract of a system under test: everything the suite needs to know of it, as data and pure functions.
import type { JsonValue } from "../history/index.js";
import type { Client } from "./client.js";
import type { DeterministicSystem } from "./deterministic.js";
import type { Address, NodeName } from "./names.js";

/** How a node learns where its peers are. `shared`: all nodes use one address per peer, so directed link faults are refused. */
export type PeerAddressing = "per-observer" | "hostname-per-observer" | "shared";

/** What a node is told when it is launched. */
export interface NodeContext {
  readonly node: NodeName;
  /** All nodes of the cluster, in order; a node's numeric id is its position + 1. */
  readonly nodes: readonly NodeName[];
  /** Where it listens. */
  readonly listen: { readonly client: Address; readonly peer: Address; readonly admin: Address };
  /** Each peer's peer port as *this* node must dial it (a link proxy). */
  readonly peers: ReadonlyMap<NodeName, Address>;
  /**
   * How all other nodes dial this one, where that is one text for all of them (a name that resolves differently for each
   * observer); absent where each of them has an address of its own.
   */
  readonly advertisedPeer?: Address;
  /** Survives kill and restart. */
  readonly dataDirectory: string;
  /** Nodes in one replication group. */
  readonly replication: number;
  /** Distinguishes clusters that share a machine. */
  readonly clusterId: string;
}

/**
 * What to run. `node` is a directory with a JavaScript entry, run by Node.js on the host or in an image made of it;
 * `image` a ready container image; `executable` a program of the host.
 */
export type Program =
  | { readonly kind: "node"; readonly directory: string; readonly entry: string }
  | { readonly kind: "executable"; readonly path: string }
  | { readonly kind: "image"; readonly reference: string; readonly command: readonly string[] };

export interface Launch {
  readonly program: Program;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Configuration files, path relative to the data directory. */
  readonly files: readonly { readonly path: string; readonly content: string }[];
}

/** One replication group as a node sees it. */
export interface GroupStatus {
  readonly group: number;
  readonly members: readonly NodeName[];
  readonly leader: NodeName | null;
  /** Tells ballots apart, e.g. `3.0.n2`. Where it begins with a number, that number never falls at one node. */
  readonly ballot: string;
  readonly phase: string;
  readonly decidedIndex: number;
  /** Hash over the decided log up to `decidedIndex`: equal index ⇒ equal hash, or the replicas diverged. */
  readonly logHash: string;
}

/** The answer of a node's admin port; sampled every 100 ms into `nodes/<n>/status.jsonl`. */
export interface NodeStatus {
  readonly node: NodeName;
  readonly ready: boolean;
  readonly incarnation: number;
  readonly groups: readonly GroupStatus[];
  readonly suspected: readonly NodeName[];
  /** The node's time of day (ms since 1970) and the machine's monotonic clock, read one after the other; clock faults need it. */
  readonly clock?: { readonly wallMs: number; readonly monotonicMs: number };
  /** Anything else the system wants kept. */
  readonly extra?: JsonValue;
}

/** A replication group: who is in it and which keys it serves. */
export interface GroupLayout {
  readonly group: number;
  readonly members: readonly NodeName[];
}

/** One decided command of a node's log, for agreement between replicas. */
export interface Decision {
  readonly group: number;
  readonly index: number;
  readonly hash: string;
  /** What was decided, where the system tells; null for what is no client's operation. */
  readonly command?: DecidedCommand | null;
}

/** A client's operation as it stands in a log. */
export interface DecidedCommand {
  /** Equal for repetitions of one request, different for different requests. */
  readonly id: string;
  readonly function: string;
  readonly key: JsonValue;
  readonly input: JsonValue;
}

/** A file of a node's data directory. */
export interface DiskFile {
  /** Below the data directory, with "/". */
  readonly path: string;
  readonly bytes: Buffer;
}

/** Bytes of such a file from `from` up to but not including `to`. */
export interface DiskRange {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

export interface SystemTiming {
  /** A leader that is gone is replaced within about this time; gaps between faults are at least four of these. */
  readonly electionTimeoutMs: number;
  /** Longest time from launch to ready on a healthy machine. */
  readonly bootTimeoutMs: number;
}

export interface SystemUnderTest {
  readonly name: string;
  readonly version: string;
  /** Content hash of the build, where there is one. */
  readonly buildHash: string | null;
  /** The model it claims, kebab-case, and every key's initial value. */
  readonly model: string;
  readonly initialValue: JsonValue;
  /** Functions that its clients support. */
  readonly functions: readonly string[];
  readonly peerAddressing: PeerAddressing;
  /** Ports used inside a container; on loopback free ports are drawn instead. */
  readonly ports: { readonly client: number; readonly peer: number; readonly admin: number };
  readonly stopSignal: "SIGTERM" | "SIGINT";
  readonly timing: SystemTiming;
  /** A log line that matches means a crash, even when the process lives on. */
  readonly crashPatterns: readonly RegExp[];
  /** Paths below the data directory that are kept in the store. */
  readonly filesToCollect: readonly string[];
  readonly wipedNodeMayRejoin: boolean;
  /**
   * Its nodes refuse one of them that comes back on an emptied disk, for good: then a fault may empty a disk, and the node has to be refused.
   * Default: false, and where it may not rejoin either, no disk is emptied.
   */
  readonly refusesWipedNodes?: boolean;
  /**
   * Which bytes of a stopped node's files were durable and are noticed when they change. Absent where a system does not say: then no bits
   * are turned over on its disks.
   */
  readonly durableRanges?: (files: readonly DiskFile[]) => readonly DiskRange[];
  /** A node notices when a file with such bytes has lost its end, wherever it was cut. Default: false, and no file is cut. */
  readonly noticesTruncation?: boolean;
  /** Its clients send a request again, byte for byte, when a fault asks for it. Default: false, and such faults are refused. */
  readonly repeatsRequests?: boolean;
  /** Its groups elect leaders and `status` names them: a run must then have seen some change. Default: false. */
  readonly electsLeaders?: boolean;
  /** The sizes it can run in: a sentence that says what is wrong, or null. */
  refuses(nodes: number, replication: number): string | null;
  launch(context: NodeContext): Launch;
  /** Once after boot, e.g. to join nodes; most systems need none. */
  setUp?(clients: ReadonlyMap<NodeName, Address>, signal: AbortSignal): Promise<void>;
  /** Reads the admin port. Rejects when the node does not answer. */
  status(admin: Address, signal: AbortSignal): Promise<NodeStatus>;
  /** The group that serves a key. */
  groupOfKey(key: JsonValue, groups: readonly GroupLayout[]): number;
  /** The decided log of one group from an index on, where the system has one. */
  decisions?(admin: Address, group: number, from: number, signal: AbortSignal): Promise<readonly Decision[]>;
  /** A client pinned to the node behind `address`. Connects lazily: never rejects because the node is away. */
  connect(address: Address, signal: AbortSignal): Promise<Client>;
  /** Its nodes and clients without input or output, for simulation; absent where a system has none. */
  deterministic?(): Promise<DeterministicSystem>;
}
