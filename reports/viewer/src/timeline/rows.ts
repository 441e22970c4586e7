// Which operation is drawn where. A lane is a process's thread, a key or a node; where operations of a lane overlap it is split into
// rows, none of which holds two operations at once. Each row carries running sums, so that a pixel over thousands of operations
// costs two binary searches rather than a walk.
import { outcomeFail, outcomeInfo, outcomeOpen, type Operations } from "../../../columns.js";
import type { LaneKind } from "../view.js";

export interface Row {
  /** Operations by time; none begins before the one before it was given up or answered. */
  readonly operations: Int32Array;
  /** Sums over the first n operations: time spent, failures, unknown outcomes. */
  readonly busyNs: Float64Array;
  readonly fails: Uint32Array;
  readonly infos: Uint32Array;
  readonly top: number;
  readonly height: number;
}

export interface Lane {
  readonly label: string;
  readonly detail: string;
  /** The node that its operations went to, -1 for many. */
  readonly node: number;
  readonly top: number;
  readonly height: number;
  readonly rows: readonly Row[];
}

export interface Layout {
  readonly lanes: readonly Lane[];
  readonly height: number;
  /** Row of each operation (index over all rows), -1 where it is filtered out. */
  readonly rowOf: Int32Array;
  readonly rows: readonly Row[];
}

/** More rows than this in one lane are drawn on top of each other. */
const rowsPerLane = 48;

/** When an operation stops taking up its row. */
export function occupiedUntil(operations: Operations, row: number, endNs: number): number {
  const end = operations.endNs[row] ?? Number.NaN;
  return Number.isNaN(end) ? endNs : end;
}

/** First place in `sorted` whose value, as `of` tells it, is at least `wanted`. */
export function lowerBound(length: number, wanted: number, of: (place: number) => number, from = 0): number {
  let low = from;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (of(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

class RowBuilder {
  readonly operations: number[] = [];
  freeFromNs = Number.NEGATIVE_INFINITY;
}

function plainKey(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

/** Members of each lane: their order and names. */
function lanesOf(
  operations: Operations,
  kind: LaneKind,
): { readonly of: Int32Array; readonly order: readonly number[] } {
  const of = kind === "process" ? operations.thread : kind === "key" ? operations.key : operations.node;
  const present = new Set<number>();
  for (let row = 0; row < operations.count; row++) present.add(of[row] ?? 0);
  const name = (lane: number): string =>
    kind === "process"
      ? String(lane)
      : kind === "key"
        ? plainKey(operations.keys[lane] ?? "")
        : (operations.nodes[lane] ?? "");
  return {
    of,
    order: [...present].sort((a, b) => name(a).localeCompare(name(b), "en", { numeric: true })),
  };
}

function heights(kind: LaneKind, lanes: number): { readonly row: number; readonly pad: number } {
  if (kind === "process") return { row: lanes <= 20 ? 22 : lanes <= 40 ? 16 : 11, pad: 0 };
  return { row: lanes <= 40 ? 11 : 8, pad: 7 };
}

function sums(operations: Operations, own: Int32Array, endNs: number): Pick<Row, "busyNs" | "fails" | "infos"> {
  const busyNs = new Float64Array(own.length + 1);
  const fails = new Uint32Array(own.length + 1);
  const infos = new Uint32Array(own.length + 1);
  for (let place = 0; place < own.length; place++) {
    const operation = own[place] ?? 0;
    const outcome = operations.outcome[operation] ?? 0;
    const spent = occupiedUntil(operations, operation, endNs) - (operations.callNs[operation] ?? 0);
    busyNs[place + 1] = (busyNs[place] ?? 0) + spent;
    fails[place + 1] = (fails[place] ?? 0) + (outcome === outcomeFail ? 1 : 0);
    infos[place + 1] = (infos[place] ?? 0) + (outcome === outcomeInfo || outcome === outcomeOpen ? 1 : 0);
  }
  return { busyNs, fails, infos };
}

function detailOf(operations: Operations, kind: LaneKind, own: readonly RowBuilder[], node: number): string {
  if (kind === "process") return operations.nodes[node] ?? "";
  return String(own.reduce((sum, row) => sum + row.operations.length, 0));
}

/** The node of a lane when all its operations went to one. */
function nodeOf(operations: Operations, own: readonly RowBuilder[]): number {
  const first = own[0]?.operations[0];
  if (first === undefined) return -1;
  const node = operations.node[first] ?? -1;
  for (const row of own) for (const operation of row.operations) if (operations.node[operation] !== node) return -1;
  return node;
}

/** Lays out all operations, or those of one key. */
export function layOut(operations: Operations, kind: LaneKind, key: number | null, endNs: number): Layout {
  const { of, order } = lanesOf(operations, kind);
  const builders = new Map<number, RowBuilder[]>(order.map((lane) => [lane, []]));
  for (let operation = 0; operation < operations.count; operation++) {
    if (key !== null && operations.key[operation] !== key) continue;
    const own = builders.get(of[operation] ?? 0);
    if (own === undefined) continue;
    const callNs = operations.callNs[operation] ?? 0;
    let row = own.find((candidate) => candidate.freeFromNs <= callNs);
    if (row === undefined) {
      row = own.length < rowsPerLane ? new RowBuilder() : own[rowsPerLane - 1];
      if (row === undefined) continue;
      if (own.length < rowsPerLane) own.push(row);
    }
    row.operations.push(operation);
    row.freeFromNs = Math.max(row.freeFromNs, occupiedUntil(operations, operation, endNs));
  }
  const shown = order.filter((lane) => key === null || (builders.get(lane)?.length ?? 0) > 0);
  const { row: height, pad } = heights(kind, shown.length);
  const rowOf = new Int32Array(operations.count).fill(-1);
  const rows: Row[] = [];
  const lanes: Lane[] = [];
  let top = 0;
  for (const lane of shown) {
    const own = builders.get(lane) ?? [];
    const node = nodeOf(operations, own);
    const laneTop = top;
    top += pad / 2;
    const laneRows = own.map((builder): Row => {
      const members = Int32Array.from(builder.operations);
      for (const operation of members) rowOf[operation] = rows.length;
      const row = { operations: members, ...sums(operations, members, endNs), top, height };
      rows.push(row);
      top += height;
      return row;
    });
    if (own.length === 0) top += height;
    top += pad / 2;
    const label =
      kind === "process"
        ? `thread ${lane}`
        : kind === "key"
          ? plainKey(operations.keys[lane] ?? "")
          : (operations.nodes[lane] ?? "no node");
    lanes.push({
      label,
      detail: detailOf(operations, kind, own, node),
      node,
      top: laneTop,
      height: top - laneTop,
      rows: laneRows,
    });
  }
  return { lanes, height: top, rowOf, rows };
}

/** The operation of a row nearest to a moment, within a tolerance; null when none is that near. */
export function operationAt(
  operations: Operations,
  row: Row,
  ns: number,
  toleranceNs: number,
  endNs: number,
): number | null {
  const after = lowerBound(row.operations.length, ns, (place) => operations.callNs[row.operations[place] ?? 0] ?? 0);
  let best: number | null = null;
  let bestDistance = toleranceNs;
  for (const place of [after - 1, after]) {
    const operation = row.operations[place];
    if (operation === undefined) continue;
    const from = operations.callNs[operation] ?? 0;
    const to = occupiedUntil(operations, operation, endNs);
    const distance = ns < from ? from - ns : ns > to ? ns - to : 0;
    if (distance <= bestDistance) {
      best = operation;
      bestDistance = distance;
    }
  }
  return best;
}
