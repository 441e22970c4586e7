// A run has a few teeth of its own, and some for each fault and each node. The latter are clearer as tables.
import type { TeethMeasure } from "../../../checker/index.js";

/** Measures that are told for each fault or each node, as the rows and columns of one table. */
export interface Pivot {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [string, ReadonlyMap<string, TeethMeasure>])[];
}

export interface Sorted {
  readonly single: readonly TeethMeasure[];
  readonly byFault: Pivot;
  readonly byNode: Pivot;
}

const ofFault = /^fault (\d+) .*?: (.+)$/;
const ofNode = /^(.+) on ([a-z][a-z0-9-]*)$/;

function pivot(cells: readonly (readonly [string, string, TeethMeasure])[]): Pivot {
  const rows = new Map<string, Map<string, TeethMeasure>>();
  for (const [row, column, tooth] of cells) rows.set(row, (rows.get(row) ?? new Map()).set(column, tooth));
  return {
    columns: [...new Set(cells.map(([, column]) => column))],
    rows: [...rows].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })),
  };
}

/** Takes the measures apart by their names; one that no table can hold stays single, so that none is lost. */
export function sortTeeth(teeth: readonly TeethMeasure[], nodes: ReadonlySet<string>): Sorted {
  const faults: (readonly [string, string, TeethMeasure])[] = [];
  const perNode: (readonly [string, string, TeethMeasure])[] = [];
  const single: TeethMeasure[] = [];
  for (const tooth of teeth) {
    const [, fault, what] = ofFault.exec(tooth.name) ?? [];
    const [, base, node] = ofNode.exec(tooth.name) ?? [];
    if (fault !== undefined && what !== undefined && tooth.floor === null) faults.push([fault, what, tooth]);
    else if (base !== undefined && node !== undefined && nodes.has(node) && tooth.floor === null)
      perNode.push([node, base, tooth]);
    else single.push(tooth);
  }
  return { single, byFault: pivot(faults), byNode: pivot(perNode) };
}

/** Whether a measure is on the right side of its floor or its limit, and the word for it; no word where nothing was asked. */
export function standingOf({ value, floor, ceiling }: TeethMeasure): {
  readonly enough: boolean;
  readonly word: string;
} {
  if (floor !== null) return value < floor ? { enough: false, word: "▼ below" } : { enough: true, word: "✓ above" };
  if (ceiling == null) return { enough: true, word: "" };
  return value > ceiling ? { enough: false, word: "▲ above" } : { enough: true, word: "✓ below" };
}
