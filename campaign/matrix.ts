// A campaign: many runs of one request, over seeds, workloads, nemeses and mutants.
import { UsageError } from "./exit-code.js";
import type { LieName } from "./lies.js";

/** What varies from run to run; each is given to `minos run` as flags. */
export interface Cell {
  readonly workload: string | null;
  readonly nemesis: string | null;
  readonly mutant: string | null;
  readonly seed: number | null;
  /** Where it runs; without, as its plan says. */
  readonly on?: string;
  /** Of the campaign's plans, the one that it starts from. */
  readonly entry?: number;
  /** A run of the canary: its clients tell this lie. */
  readonly canary?: LieName;
}

export interface MatrixRequest {
  readonly workloads: readonly string[];
  readonly nemeses: readonly string[];
  readonly mutants: readonly string[];
  readonly seeds: readonly number[];
}

/** More runs than this are surely a slip of the hand. */
const maxRuns = 100_000;

/** Every combination; an empty list stands for the one default. Seeds vary fastest. */
export function matrixOf(request: MatrixRequest): readonly Cell[] {
  const orDefault = <T>(values: readonly T[]): readonly (T | null)[] => (values.length === 0 ? [null] : values);
  const cells = orDefault(request.workloads).flatMap((workload) =>
    orDefault(request.nemeses).flatMap((nemesis) =>
      orDefault(request.mutants).flatMap((mutant) =>
        orDefault(request.seeds).map((seed) => ({ workload, nemesis, mutant, seed })),
      ),
    ),
  );
  if (cells.length > maxRuns) throw new UsageError(`${cells.length} runs are more than ${maxRuns}`);
  return cells;
}

/** `1..100`, `7`, `1,5,9..12`. */
export function parseSeeds(text: string): readonly number[] {
  return text.split(",").flatMap((part) => {
    const range = /^(\d+)(?:\.\.(\d+))?$/.exec(part.trim());
    if (range?.[1] === undefined) throw new UsageError(`--seeds: "${part}" is no seed`, 'write "1..100" or "1,2,7"');
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (last < first || last >= 2 ** 32) throw new UsageError(`--seeds: "${part}" is no range of seeds`);
    if (last - first >= maxRuns) throw new UsageError(`--seeds: "${part}" are more than ${maxRuns} runs`);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}

export function cellFlags(cell: Cell): readonly string[] {
  return [
    ...(cell.workload === null ? [] : ["--workload", cell.workload]),
    ...(cell.nemesis === null ? [] : ["--nemesis", cell.nemesis]),
    ...(cell.mutant === null ? [] : ["--mutant", cell.mutant]),
    ...(cell.seed === null ? [] : ["--seed", String(cell.seed)]),
    ...(cell.on === undefined ? [] : ["--on", cell.on]),
    ...(cell.canary === undefined ? [] : ["--canary", cell.canary]),
  ];
}

/** `register standard M14 seed 3`. */
export function cellTitle(cell: Cell): string {
  const parts = [
    cell.workload,
    cell.nemesis,
    cell.mutant,
    cell.on === undefined ? null : `on ${cell.on}`,
    cell.seed === null ? null : `seed ${cell.seed}`,
    cell.canary === undefined ? null : `canary ${cell.canary}`,
  ];
  return parts.filter((part) => part !== null).join(" ") || "default plan";
}
