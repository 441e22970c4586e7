// Faults as data: what is to go wrong, at whom, when and for how long. Times are milliseconds since load began.

/** Whom a fault is aimed at; resolved when it starts. Partition shapes apply inside one group unless `scope` is "all". */
export type Target =
  | { readonly by: "name"; readonly nodes: readonly string[] }
  | { readonly by: "random"; readonly count: number }
  | { readonly by: "leader"; readonly group: number | "random" }
  | { readonly by: "follower"; readonly group: number | "random" }
  | { readonly by: "minority"; readonly group: number | "random" }
  | { readonly by: "majority"; readonly group: number | "random" }
  | { readonly by: "all" };

export type PartitionShape =
  | "isolate-one"
  | "isolate-leader"
  | "halves"
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
}

export type Fault = Timed &
  (
    | { readonly kind: "kill"; readonly target: Target }
    | { readonly kind: "terminate"; readonly target: Target }
    | { readonly kind: "pause"; readonly target: Target }
    | {
        readonly kind: "partition";
        readonly shape: PartitionShape;
        readonly mode: "reset" | "drop" | "stall";
        readonly group: number | "random";
        readonly scope: "group" | "all";
      }
    | { readonly kind: "latency"; readonly target: Target; readonly latency_ms: number; readonly jitter_ms: number }
  );
export type FaultKind = Fault["kind"];
