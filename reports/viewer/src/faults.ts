// Faults in words and as spans on the time axis.
import type { JsonValue } from "../../../history/index.js";
import type { FaultRecord } from "../../payload.js";

/** A fault as it is drawn: when it acted and on whom. */
export interface FaultSpan {
  readonly record: FaultRecord;
  readonly fromNs: number;
  readonly toNs: number;
  /** Nodes that it singled out; all where it singled out none. */
  readonly nodes: ReadonlySet<string>;
}

function text(spec: JsonValue, name: string): string | null {
  if (spec === null || typeof spec !== "object" || Array.isArray(spec)) return null;
  const value = (spec as { readonly [name: string]: JsonValue })[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

/** `partition isolate-leader, stall`, `kill`, `latency 40 ± 15 ms`. */
export function faultTitle({ kind, spec }: FaultRecord): string {
  if (kind === "partition") return `partition ${text(spec, "shape") ?? ""}, ${text(spec, "mode") ?? ""}`;
  const latency = text(spec, "latency_ms");
  if (kind === "bandwidth") return `at most ${text(spec, "rate_kb_per_s") ?? "?"} kB/s`;
  if (kind === "slicing") return `pieces of ${text(spec, "piece_bytes") ?? "?"} B`;
  if (kind === "limit-data") return `${text(spec, "limit_bytes") ?? "?"} B a connection`;
  if (kind === "slow-close") return `ends ${text(spec, "delay_ms") ?? "?"} ms late`;
  if (kind === "latency" && latency !== null) return `latency ${latency} ± ${text(spec, "jitter_ms") ?? "0"} ms`;
  return kind;
}

/** The same where there is little room: `isolate-leader, stall`. */
export function faultShort(record: FaultRecord): string {
  return faultTitle(record).replace(/^partition /, "");
}

/** Nodes of targets such as `n1` and links such as `n2>n1`. */
function ends(target: string): readonly string[] {
  return target.split(">");
}

/** Nodes that a fault singled out: those that every link of a cut touches, or all it names. */
export function singledOut(targets: readonly string[]): ReadonlySet<string> {
  const links = targets.map(ends);
  const named = new Set(links.flat());
  if (links.every((link) => link.length === 1)) return named;
  const common = [...named].filter((node) => links.every((link) => link.includes(node)));
  return common.length > 0 ? new Set(common) : named;
}

/** `n2 ⇎ n1, n3` for a cut of one node, else the targets as they are. */
export function targetText(targets: readonly string[]): string {
  const links = targets.map(ends);
  if (targets.length === 0) return "";
  if (links.every((link) => link.length === 1))
    return targets.length > 5 ? `${targets.length} nodes` : targets.join(", ");
  const out = new Set(singledOut(targets));
  const others = [...new Set(links.flat())].filter((node) => !out.has(node));
  if (out.size === 1) {
    const [node = ""] = out;
    const leaving = links.some(([from]) => from === node);
    const arriving = links.some(([, to]) => to === node);
    return `${node} ${leaving && arriving ? "⇹" : leaving ? "→" : "←"} ${others.join(", ")}`;
  }
  return targets.length > 4 ? `${targets.slice(0, 4).join(", ")} and ${targets.length - 4} more` : targets.join(", ");
}

export function faultSpans(faults: readonly FaultRecord[], endNs: number): readonly FaultSpan[] {
  return faults.flatMap((record) => {
    const fromNs = record.requestedNs ?? record.confirmedOnNs;
    if (fromNs === null) return [];
    const last = record.confirmedOffNs ?? record.healRequestedNs;
    const toNs = last ?? (record.state === "void" ? fromNs : endNs);
    return [{ record, fromNs, toNs, nodes: singledOut(record.targets) }];
  });
}

/** Stretches of time under at least one fault that was carried out, without overlaps. */
export function mergedSpans(
  faults: readonly FaultSpan[],
): readonly { readonly fromNs: number; readonly toNs: number }[] {
  const merged: { fromNs: number; toNs: number }[] = [];
  for (const { fromNs, toNs, record } of faults.toSorted((a, b) => a.fromNs - b.fromNs)) {
    if (record.state === "void") continue;
    const last = merged.at(-1);
    if (last !== undefined && fromNs <= last.toNs) last.toNs = Math.max(last.toNs, toNs);
    else merged.push({ fromNs, toNs });
  }
  return merged;
}

/** Faults that acted at some moment of a span. */
export function faultsDuring(faults: readonly FaultSpan[], fromNs: number, toNs: number): readonly FaultSpan[] {
  return faults.filter((fault) => fault.record.state !== "void" && fault.fromNs <= toNs && fault.toNs >= fromNs);
}
