// Faults as data: what is to go wrong, at whom, when and for how long. Times are milliseconds since load began.

/** The ways to aim at members of a group by their role or place in it. */
export const groupTargets = ["leader", "follower", "followers", "ring-neighbours", "minority", "majority"] as const;

/** Whom a fault is aimed at; resolved when it starts. Partition shapes apply inside one group unless `scope` is "all". */
export type Target =
  | { readonly by: "name"; readonly nodes: readonly string[] }
  | { readonly by: "random"; readonly count: number }
  | { readonly by: (typeof groupTargets)[number]; readonly group: number | "random" }
  | { readonly by: "all" };

export type PartitionShape =
  | "isolate-one"
  | "isolate-leader"
  | "halves"
  | "random-halves"
  | "minority-third"
  | "bridge"
  | "random-graph"
  | "majorities-ring"
  | "one-way-in"
  | "one-way-out"
  | "quorum-loss"
  | "constrained-election"
  | "chained";

interface Timed {
  /** Start, milliseconds after load began. */
  readonly at_ms: number;
  /** How long it lasts once confirmed. */
  readonly for_ms: number;
  /** Allows a fault shorter than three operation time-outs. */
  readonly glitch?: boolean;
  /**
   * Faults of one series count as one disturbance, and each that does not name its nodes or links itself is aimed at what the first of
   * them to start was aimed at: a link that flaps, a process in a crash loop.
   */
  readonly series?: string;
}

/** Faults of disks that every cluster refuses, each with its reason. */
export type DiskStateKind = "disk-full" | "disk-read-only" | "roll-back";

export type Fault = Timed &
  (
    | { readonly kind: "kill"; readonly target: Target }
    | { readonly kind: "terminate"; readonly target: Target }
    | {
        /** Stopped and started at once: the node is down for as long as that takes, and no longer. */
        readonly kind: "restart";
        readonly target: Target;
        /** SIGKILL, or the system's own stop signal. */
        readonly how: "kill" | "terminate";
      }
    | { readonly kind: "pause"; readonly target: Target }
    | {
        readonly kind: "partition";
        readonly shape: PartitionShape;
        readonly mode: "reset" | "drop" | "stall";
        readonly group: number | "random";
        readonly scope: "group" | "all";
      }
    | {
        /** Links of one's own choice. */
        readonly kind: "partition";
        readonly shape: "custom";
        readonly mode: "reset" | "drop" | "stall";
        /** Directed links, "n1>n2": what n1 sends to n2 is cut. */
        readonly links: readonly string[];
      }
    | {
        /** Every byte between the target and its group's other members, both ways, waits for its turn. */
        readonly kind: "bandwidth";
        readonly target: Target;
        /** Kilobytes (1000 bytes) a second, for each direction of each connection. */
        readonly rate_kb_per_s: number;
      }
    | {
        /** Bytes between the target and its group's other members come in pieces, with a pause after each. */
        readonly kind: "slicing";
        readonly target: Target;
        readonly piece_bytes: number;
        readonly pause_ms: number;
      }
    | {
        /** Each connection between the target and its group's other members ends after so many bytes of one direction. */
        readonly kind: "limit-data";
        readonly target: Target;
        readonly limit_bytes: number;
      }
    | {
        /** Each connection between the target and its group's other members is reset soon after data arrives on it. */
        readonly kind: "reset";
        readonly target: Target;
        readonly after_ms: number;
      }
    | {
        /** The end of a connection between the target and its group's other members reaches the other side late. */
        readonly kind: "slow-close";
        readonly target: Target;
        readonly delay_ms: number;
      }
    | { readonly kind: "latency"; readonly target: Target; readonly latency_ms: number; readonly jitter_ms: number }
    | {
        /** What is durable on the target's disk changes; seen at its next start. */
        readonly kind: "bit-flip";
        readonly target: Target;
        /** Bits turned over, one after another. */
        readonly bits: number;
      }
    | { readonly kind: "truncate" | "latent-error" | "wipe-disk" | DiskStateKind; readonly target: Target }
    | {
        readonly kind: "disk-slow";
        readonly target: Target;
        /** Kilobytes (1000 bytes) a second that the target may write. */
        readonly rate_kb_per_s: number;
      }
    | {
        /** Of the packets that the target sends, so many in a hundred are lost. */
        readonly kind: "packet-loss";
        readonly target: Target;
        readonly percent: number;
      }
    | {
        /** Of the packets that the target sends, so many in a hundred are sent twice, sent late, or changed. */
        readonly kind: "packet-duplicate" | "packet-reorder" | "packet-corrupt";
        readonly target: Target;
        readonly percent: number;
      }
    | {
        /** The target's time of day jumps, and back when the fault is healed. */
        readonly kind: "clock-jump";
        readonly target: Target;
        /** Negative: into the past. */
        readonly offset_ms: number;
      }
    | {
        /** The target's time of day runs too fast, or too slowly. */
        readonly kind: "clock-drift";
        readonly target: Target;
        /** So many milliseconds a second more than it should; negative: less. */
        readonly ms_per_s: number;
      }
    | {
        /** The target's time of day jumps to and fro. */
        readonly kind: "clock-strobe";
        readonly target: Target;
        readonly offset_ms: number;
        /** From one jump to the next. */
        readonly period_ms: number;
      }
    | {
        /** The target's processes may have less and less memory, until the kernel ends one for it. */
        readonly kind: "memory-limit";
        readonly target: Target;
      }
    | {
        /** Clients of the target's, that is, those connected to it. */
        readonly kind: "client-death";
        readonly target: Target;
      }
    | {
        /** Each request of the target's clients goes out so many further times, answered or not. */
        readonly kind: "duplicate-requests";
        readonly target: Target;
        readonly copies: number;
        /** From one copy to the next. */
        readonly every_ms: number;
      }
    | {
        /** The target's clients ask again and again, without waiting, until they are answered. */
        readonly kind: "retry-storm";
        readonly target: Target;
        readonly every_ms: number;
      }
    | {
        /** The target's processes get no more CPU time than so many cores' together. */
        readonly kind: "cpu-quota";
        readonly target: Target;
        /** From 0.01; a fraction is the rule. */
        readonly cores: number;
      }
  );
export type FaultKind = Fault["kind"];

/** A partition in one of the named shapes. */
export type ShapedPartition = Extract<Fault, { readonly kind: "partition"; readonly shape: PartitionShape }>;
