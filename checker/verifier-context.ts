// The certificate verifier: what the operations of a key may have done, seen from a core.
import type { Operation } from "../history/index.js";
import { part, text } from "./verifier.js";

export interface CoreClaim {
  /** Operation.index of the core. */
  readonly operations: readonly number[];
  readonly context: "own-window" | "any-time" | "open-ended";
}

export interface Move {
  readonly operation: Operation;
  readonly from: number;
  /** Infinity: at any later time. */
  readonly until: number;
  /** `must` happen; may happen `once`; may happen as `often` as it likes. */
  readonly use: "must" | "once" | "often";
  /** Moves of one kind that never end stand for each other. */
  readonly kind: string;
}

/** An operation outside the core, its answer forgotten: what it may have written, or null for nothing. */
function shadowOf(operation: Operation, context: CoreClaim["context"]): Operation | null {
  const blind = { ...operation, outcome: "info", output: null } as const;
  if (operation.function === "get") return null;
  if (operation.outcome === "info" || context === "open-ended") return blind;
  const status = part(operation.output, "status");
  if (status !== undefined && status !== "ok") return null;
  const previous = part(operation.output, "previous");
  if (previous === undefined) return blind;
  return { ...blind, function: "cas", input: { expected: previous, new: operation.input } };
}

export function movesOf(operations: readonly Operation[], { operations: core, context }: CoreClaim): Move[] {
  const moves: Move[] = [];
  const often = new Set<string>();
  for (const operation of operations) {
    if (operation.outcome === "fail") continue;
    const inside = core.includes(operation.index);
    const shadow = inside ? operation : shadowOf(operation, context);
    if (shadow === null) continue;
    const kind = `${shadow.function} ${text(shadow.key)} ${text(shadow.input)}`;
    const { callNs: from, returnNs } = operation;
    const until = returnNs === null || (!inside && context === "open-ended") ? Infinity : returnNs;
    if (inside && returnNs !== null) moves.push({ operation, from, until, use: "must", kind });
    else if (inside || context !== "any-time") moves.push({ operation: shadow, from, until, use: "once", kind });
    else if (!often.has(kind)) moves.push({ operation: shadow, from: -Infinity, until: Infinity, use: "often", kind });
    if (!inside) often.add(kind);
  }
  return context === "open-ended" ? moves : withoutUnseen(moves, core);
}

/** Leaves out writes outside the core whose value cannot be looked at in it, not even through a chain of comparisons. */
function withoutUnseen(moves: readonly Move[], core: readonly number[]): Move[] {
  const looked = new Set<string>();
  const written = ({ function: name, input }: Operation) => text(name === "put" ? input : part(input, "new"));
  const isCore = ({ operation }: Move) => core.includes(operation.index);
  for (const { operation } of moves.filter(isCore)) {
    const { function: name, input, output } = operation;
    const seen = name === "get" ? output : (part(output, "observed") ?? part(output, "previous"));
    if (seen === undefined && part(output, "status") === "mismatch") return [...moves];
    looked
      .add(text(seen))
      .add(text(part(input, "expected")))
      .add(part(output, "status") === "not-found" ? "null" : "");
  }
  for (let size = -1; size !== looked.size;) {
    size = looked.size;
    for (const { operation } of moves)
      if (operation.function === "cas" && looked.has(written(operation)))
        looked.add(text(part(operation.input, "expected")));
  }
  return moves.filter((move) => isCore(move) || looked.has(written(move.operation)));
}
