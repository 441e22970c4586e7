// The one verdict type: what every checker returns and what a run ends with. Composed by false > unknown > true.
import type { JsonValue } from "../history/index.js";

export type Validity = true | false | "unknown";

export type ViolationClass =
  | "stale read"
  | "lost write"
  | "resurrected write"
  | "forked CAS"
  | "read of a failed write"
  | "value from nowhere"
  | "replica divergence"
  | "crash"
  | "unavailable";

/**
 * How the core of a linearizability violation was proved. The answers of operations outside the core are forgotten; each may have
 * happened any number of times or never, inside its own interval (`own-window`) or at any moment at all (`any-time`); or, for models
 * that are no registers, once at most, at any moment from its call on (`open-ended`). Even so the core has no linearization.
 * `minimal`: with any one operation put outside, the rest is consistent. `verified`: the separate verifier found the core
 * inconsistent too.
 */
export interface ViolationCertificate {
  readonly kind: "core";
  readonly context: "own-window" | "any-time" | "open-ended";
  readonly minimal: boolean;
  readonly verified: boolean;
}

export type SessionGuarantee = "monotonic writes" | "writes follow reads" | "monotonic reads" | "read your writes";

export interface SequentialFinding {
  /** `unknown`: the budget for explaining ended first. */
  readonly holds: Validity;
  /** Operation.index of operations that have no such order by themselves; empty where none so small is known. */
  readonly witness: readonly number[];
}

export interface GuaranteeFinding {
  readonly guarantee: SessionGuarantee;
  /** true: it holds, together with all others that hold. false: it cannot hold together with those in `given`. */
  readonly holds: Validity;
  /** Guarantees that hold and together with which this one fails. Empty: it fails by itself. */
  readonly given: readonly SessionGuarantee[];
  /** Operation.index of operations that show the failure by themselves; empty where it holds or they are too many to list. */
  readonly witness: readonly number[];
}

/** Which weaker models the operations on the key satisfy; about this key alone. */
export interface WeakerModels {
  /** The strongest that is known to hold, in words. */
  readonly strongest: string;
  readonly sequential: SequentialFinding;
  /** Registers only; in the order in which they were judged. */
  readonly guarantees: readonly GuaranteeFinding[];
}

/** Operations in an order that explains their answers, and what had no place in it. */
export interface PartialLinearization {
  /** Operation.index, in order; the last ones only. */
  readonly order: readonly number[];
  /** How many came before these. */
  readonly before: number;
  /** What was there afterwards, in words. */
  readonly state: string;
  readonly notPlaced: readonly { readonly operation: number; readonly reason: string }[];
}

/** More for a person who asks why. */
export interface Explanation {
  /** What the operations that are named here did, in words. */
  readonly legend: readonly { readonly operation: number; readonly text: string }[];
  /** stale read: for how long, at the least, the value read had been replaced when the read began. Null where that is not certain. */
  readonly stalenessMs: number | null;
  /** What was known when the violation became certain, each time in order but for one operation of the core; the longest first. */
  readonly partials: readonly PartialLinearization[];
  readonly weaker: WeakerModels;
}

/** One thing that went wrong, with what a person needs to see why. */
export interface Violation {
  readonly class: ViolationClass;
  /** Which checker found it: `linearizability`, `crash`, `availability`, `agreement`, … */
  readonly checker: string;
  /** One or two sentences for a person, times in seconds since the run began. */
  readonly sentence: string;
  readonly key: JsonValue;
  /** Indices (Operation.index) of a core of operations that is already inconsistent; empty where none applies. */
  readonly operations: readonly number[];
  /** Operations outside the core that the sentence names: the write whose value came back, the failed cas, … */
  readonly related?: readonly number[];
  /** linearizability only: Operation.index of the one whose answer is wrong. */
  readonly culprit?: number;
  /** linearizability only. */
  readonly certificate?: ViolationCertificate;
  /** linearizability only, for the first violations, as far as the budget for explaining went. */
  readonly explanation?: Explanation;
  /** What told the class beside the clients' answers. */
  readonly evidence?: "decided-log";
  /** When it became certain, for the report to jump to. */
  readonly timeNs: number | null;
  /** class, checker, shape: equal for repeats of one bug. */
  readonly fingerprint: string;
}

/** Why a verdict is unknown, as a machine-readable code and a sentence. */
export interface UnknownReason {
  readonly code:
    | "vacuous"
    | "weak"
    | "starved"
    | "budget"
    | "interrupted"
    | "infrastructure"
    | "checker-threw"
    | "nothing-to-judge"
    | "malformed"
    | "not-applicable";
  readonly sentence: string;
}

export interface KeyResult {
  readonly key: JsonValue;
  readonly valid: Validity;
  readonly operations: number;
  /** Which engine judged it and what it cost. */
  readonly engine: string;
  readonly durationMs: number;
  /** `valid: true`: Operation.index in an order that explains every answer (unknown operations only where used). */
  readonly linearization: readonly number[] | null;
  readonly reason: string | null;
}

export interface CheckerResult {
  readonly checker: string;
  readonly valid: Validity;
  readonly violations: readonly Violation[];
  readonly unknown: readonly UnknownReason[];
  /** linearizability only. */
  readonly keys?: readonly KeyResult[];
  readonly details?: JsonValue;
}

/** One measure of how much the run could have shown, with its floor. Below the floor the run is `unknown: weak`. */
export interface TeethMeasure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly floor: number | null;
  /** For measures where less is better: above this the run is `unknown: weak`, of the runner's lag `starved`. */
  readonly ceiling?: number | null;
  /** Why a floor that its preset has otherwise is not asked of this run. */
  readonly notAsked?: string;
  readonly meaning: string;
}

export interface Verdict {
  readonly version: 1;
  readonly valid: Validity;
  /** The verdict in a sentence. */
  readonly summary: string;
  readonly violations: readonly Violation[];
  readonly unknown: readonly UnknownReason[];
  readonly warnings: readonly string[];
  readonly checkers: readonly CheckerResult[];
  readonly teeth: readonly TeethMeasure[];
  /** What such a run cannot have seen. */
  readonly cannotSee: readonly string[];
  readonly counts: { readonly operations: number; readonly ok: number; readonly fail: number; readonly info: number };
}

/** false > unknown > true. */
export function composeValidity(parts: readonly Validity[]): Validity {
  if (parts.includes(false)) return false;
  return parts.includes("unknown") ? "unknown" : true;
}
