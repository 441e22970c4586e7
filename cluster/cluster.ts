// The contract of a cluster: where a system runs and what can be done to it there.
import type { Address, DirectedLink, NodeName } from "./names.js";
import type { NodeStatus } from "./system.js";

export type ClusterKind = "simulation" | "local" | "docker";

/** What a fault may need. A cluster says for each whether it can do it, and if not, why. */
export const capabilityNames = [
  "kill",
  "terminate",
  "pause",
  "cut-reset",
  "cut-drop",
  "cut-stall",
  "shape-latency",
  "shape-bandwidth",
  "shape-slicing",
  "shape-limit-data",
  "shape-reset",
  "shape-slow-close",
  "wipe-disk",
  "bit-flip",
  "truncate",
  "latent-error",
  "clock",
  "disk-full",
  "disk-read-only",
  "disk-slow",
  "roll-back",
  "cpu-quota",
  "memory-limit",
  "packets",
  "packet-loss",
  "client-death",
  "repeat-requests",
] as const;
export type CapabilityName = (typeof capabilityNames)[number];
export type Capability = { readonly able: true } | { readonly able: false; readonly reason: string };
export type Capabilities = Readonly<Record<CapabilityName, Capability>>;

/**
 * How a directed link is cut. `reset`: connections end (FIN), new ones are refused. `drop`: bytes are discarded and the
 * connection dies at heal. `stall`: bytes are kept and delivered late at heal. ACKs still flow below the proxy.
 */
export type CutMode = "reset" | "drop" | "stall";

/** What a node's process looks like from outside, read from the operating system or the engine, never from our own memory. */
export interface ProcessObservation {
  readonly node: NodeName;
  readonly state: "running" | "paused" | "exited" | "never-started";
  readonly pid: number | null;
  /** Tells two processes with one pid apart (start time, container start). Changes at every start. */
  readonly incarnation: string | null;
  readonly cpuTimeMs: number | null;
  /** Memory in use, where it costs nothing to read. */
  readonly residentBytes?: number | null;
  readonly exitCode: number | null;
  readonly exitSignal: string | null;
  /** Of one that has exited: whether the kernel ended it for want of memory. Absent where that cannot be read. */
  readonly outOfMemory?: boolean;
  /** How long the kernel held it back for want of CPU quota, in ms since its control group was made; null where that cannot be read. */
  readonly throttledMs?: number | null;
}

/**
 * Bytes of one directed link (whoever dialled), summed over all connections since boot: `offered` were read by the proxy
 * from the sender's socket, `delivered` were written by it to the receiver's.
 */
export interface LinkObservation {
  readonly link: DirectedLink;
  readonly offeredBytes: number;
  readonly deliveredBytes: number;
  /** Of those offered: known never to come, as their connection has ended or discards them. Absent where nobody can know. */
  readonly lostBytes?: number;
  /** Connections from `link.from` to `link.to` open now, and accepted since boot. */
  readonly openConnections: number;
  readonly acceptedConnections: number;
  /** Open, or ended by one side while the other was not told. Absent where such cannot be. */
  readonly heldConnections?: number;
  /** Attempts by `link.from` refused since boot, where the proxy can count them; null where it cannot (use `attempt`). */
  readonly refusedConnections: number | null;
  /**
   * Between when the counts were read, by the clock of whoever read them, in ms: narrower than what a caller can measure around
   * its question, and good for differences between readings only.
   */
  readonly read?: { readonly startedMs: number; readonly endedMs: number };
}

/** Packets of one directed link since the rule that drops some of them was made. */
export interface PacketCounts {
  readonly link: DirectedLink;
  readonly offeredPackets: number;
  readonly droppedPackets: number;
}

/** What it took to write so much into a node's data directory, and to make it durable. */
export interface WriteProbe {
  readonly bytes: number;
  readonly tookMs: number;
}

export interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface LinkShape {
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  readonly bandwidthKbPerS?: number;
  /** Bytes go on in pieces of so many at the most, `pauseMs` after one another. */
  readonly slicing?: { readonly pieceBytes: number; readonly pauseMs: number };
  /** Each connection ends after so many bytes each way. */
  readonly limitBytes?: number;
  /** Each connection is reset so many milliseconds after data arrived on it; none comes through. */
  readonly resetAfterMs?: number;
  /** The end of each connection reaches the other side so many milliseconds late. */
  readonly closeAfterMs?: number;
}

/**
 * What a node is told of the time of day, against the machine's: ahead by so much, running away by so many milliseconds a second, or
 * ahead and not in turn.
 */
export type ClockTrouble =
  | { readonly how: "jump"; readonly offsetMs: number }
  | { readonly how: "drift"; readonly msPerS: number }
  | { readonly how: "strobe"; readonly offsetMs: number; readonly periodMs: number };

/** Things that a cluster reports while it runs. */
export type ClusterEvent =
  | { readonly type: "started"; readonly node: NodeName; readonly pid: number | null; readonly incarnation: string }
  | {
      readonly type: "exited";
      readonly node: NodeName;
      readonly code: number | null;
      readonly signal: string | null;
      /** True when kill or terminate of this cluster asked for it. */
      readonly expected: boolean;
      readonly logTail: readonly string[];
    }
  | { readonly type: "panic"; readonly node: NodeName; readonly line: string }
  | { readonly type: "proxy-died"; readonly detail: string }
  | { readonly type: "error"; readonly detail: string }
  /** Worth keeping in the run's record, no reason to doubt it (e.g. a proxy that had to be made again). */
  | { readonly type: "notice"; readonly detail: string };

export interface BootReport {
  readonly bootMs: number;
  /** Which proxy, image, engine, … for environment.json and the first lines of a run. */
  readonly details: Readonly<Record<string, string>>;
}

/** What teardown could not remove; empty means nothing was left behind. */
export interface TeardownReport {
  readonly teardownMs: number;
  readonly leftBehind: readonly string[];
}

/** Raised by clusters when the machine is not fit (no engine, port taken, node died at boot). Exit code 255, not a verdict. */
export class ClusterError extends Error {
  constructor(
    message: string,
    /** What the user can do about it. */
    readonly hint: string | null = null,
    readonly logTail: readonly string[] = [],
  ) {
    super(message);
    this.name = "ClusterError";
  }
}

/**
 * One running cluster. Methods that change something resolve once the request was carried out as far as its API says; whether
 * it took effect is read from `observeProcess`, `observeLinks` and `attempt`. All honour `signal` where they have one, and
 * none waits longer than ten seconds.
 */
export interface Cluster {
  readonly kind: ClusterKind;
  readonly nodes: readonly NodeName[];
  readonly capabilities: Capabilities;

  /** Starts proxies and nodes and waits until every node is ready. Rejects with ClusterError and cleans up behind itself. */
  boot(signal: AbortSignal): Promise<BootReport>;
  onEvent(listener: (event: ClusterEvent) => void): void;

  /** Through the client proxy; stable over restarts. */
  clientAddress(node: NodeName): Address;
  /** The path that no fault touches. */
  adminAddress(node: NodeName): Address;
  status(node: NodeName, signal: AbortSignal): Promise<NodeStatus>;

  start(node: NodeName): Promise<void>;
  /** SIGKILL. */
  kill(node: NodeName): Promise<void>;
  /** The system's stop signal. */
  terminate(node: NodeName): Promise<void>;
  pause(node: NodeName): Promise<void>;
  resume(node: NodeName): Promise<void>;
  observeProcess(node: NodeName): Promise<ProcessObservation>;

  /** Cuts are about bytes, not about who dialled: n1>n2 covers both proxies between the two. Cutting a cut link is an error. */
  cut(links: readonly DirectedLink[], mode: CutMode): Promise<void>;
  /** Undoes `cut` and `shape` on these links. */
  heal(links: readonly DirectedLink[]): Promise<void>;
  shape(links: readonly DirectedLink[], shape: LinkShape): Promise<void>;
  /** All n(n-1) links. */
  observeLinks(): Promise<readonly LinkObservation[]>;
  /** A fresh connection attempt on the way that `link.from` uses to `link.to`: was it refused? */
  attempt(link: DirectedLink): Promise<"accepted" | "refused">;
  /** Disables every link proxy at once; for conformance: afterwards no two nodes exchange a byte. */
  disableAllLinks(): Promise<void>;
  /** Enables every proxy, removes every toxic, resumes and starts whatever is down. The nemesis's last word. */
  healEverything(): Promise<void>;

  /** Makes the next start of a stopped node begin on an empty disk. */
  wipe?(node: NodeName): Promise<void>;
  /**
   * Of a stopped node: turns over so many bits of what is durable, never of the last batch, cuts a file amid what is durable, or makes a
   * sector unreadable.
   */
  damageDisk?(node: NodeName, how: "bit-flip" | "truncate" | "latent-error", bits: number): Promise<void>;

  /** Lets the node's processes have no more than so many cores, a fraction allowed; null: as many as before any fault. */
  limitCpu?(node: NodeName, cores: number | null): Promise<void>;

  /**
   * Lowers the limit of the node's memory until the kernel ends its process for it, which is then an expected end; null: the limit that it
   * had before any fault.
   */
  limitMemory?(node: NodeName, how: "until-killed" | null): Promise<void>;

  /** Loses so many in a hundred of the links' packets below TCP; null: none any more. Needs `packetRules`. */
  dropPackets?(links: readonly DirectedLink[], percent: number | null): Promise<void>;

  /** Of the links of which packets are lost now, by the kernel's own counters. Needs `packetRules`. */
  observePackets?(): Promise<readonly PacketCounts[]>;

  /** Lets the node's processes write so many bytes a second to its disk; null: as many as it takes. */
  slowDisk?(node: NodeName, bytesPerS: number | null): Promise<void>;

  /** Tries the disk as the node's own processes would. */
  probeWrites?(node: NodeName, bytes: number): Promise<WriteProbe>;

  /** Fills the node's disk to its last byte, or takes away again what filled it. Needs `limitedDisks`. */
  fillDisk?(node: NodeName, full: boolean): Promise<void>;

  /** As the file system of the node's data directory says. Needs `limitedDisks`. */
  observeDisk?(node: NodeName): Promise<DiskSpace>;

  /** Changes the time of day that the node's processes read, never the machine's; null: the machine's. Needs `fakeClocks`. */
  setClock?(node: NodeName, trouble: ClockTrouble | null): Promise<void>;

  /** How a person gets at a node that is paused, and its files. */
  readonly inspection?: Inspection;

  /** Stops and removes everything. Safe to call twice, and after a failed boot. */
  teardown(): Promise<TeardownReport>;
}

export interface Inspection {
  /** A command, or where to look, on one line. */
  attachLine(node: NodeName): Promise<string>;
  /** Copies the node's data directory, running or paused, to a directory of this machine that need not exist. */
  copyData(node: NodeName, directory: string): Promise<void>;
}

/** What every cluster is made from. */
export interface ClusterOptions {
  readonly system: import("./system.js").SystemUnderTest;
  readonly nodes: readonly NodeName[];
  readonly replication: number;
  /** The run's id: labels, directory names and process titles carry it. Lower-case letters, digits, "-". */
  readonly runId: string;
  /** Where data directories and node logs go: `<directory>/nodes/<n>/{data,log.txt}`. */
  readonly directory: string;
  /** The nodes run under a library through which their clocks can be changed. Default: not, so that it disturbs no other run. */
  readonly fakeClocks?: boolean;
  /** Each node's data directory has an end of its own, so that faults can fill it. */
  readonly limitedDisks?: boolean;
  /** Faults may drop packets below TCP. */
  readonly packetRules?: boolean;
}
