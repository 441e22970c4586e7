// How much this very history could have shown: it is damaged in one place at a time, as a faulty system would have damaged it, and
// judged again. What the checker does not catch here, it would not have caught in the run either.
//
// Two questions. Of the reads, how many would have given away an older value: each with the answer that the register held before.
// And of 1,000 damages drawn by a seed, how many are caught: a read that answers one of the three values before its own (stale), an
// acknowledged write that is gone from the record (dropped), two reads that follow each other and exchange their answers (swapped).
//
// Bounded by work and not by time, so that the same history always gives the same figures; how much was judged is said. Histories in
// which something is wrong, and keys too large to be judged again and again, are left alone.
import { createRandom, type JsonValue, type Operation, type Random } from "../history/index.js";
import { Budget, BudgetExhausted } from "./budget.js";
import { judgeOperations } from "./engine.js";
import { splitByKey } from "./keys.js";
import type { AnyModel } from "./model.js";
import { casRegister } from "./models/index.js";
import { canonical, fieldOf } from "./values.js";
import type { KeyResult, TeethMeasure } from "./verdict.js";

export interface CorruptionInput {
  readonly operations: readonly Operation[];
  readonly model: AnyModel;
  readonly initial: JsonValue;
  /** As the linearizability checker judged them; only keys that are valid are damaged. */
  readonly keys: readonly KeyResult[];
  readonly seed: number;
  /** How many corruptions to draw. Default 1,000; 0: none, and no reads either. */
  readonly count?: number;
  /** Least share of reads that must expose an older value. */
  readonly exposingReadShare?: number;
  /** When faults acted, and for some time after each: reads count there twice. */
  readonly nearFaults?: readonly Stretch[];
  /** Least number of reads there that must expose an older value. */
  readonly exposingReadsNearFaults?: number;
  /** Why these two floors are not asked for, by their names in a plan. */
  readonly floorsNotAsked?: { readonly [floor: string]: string };
}

export interface Stretch {
  readonly fromNs: number;
  readonly untilNs: number;
}

/** The two figures that say most of how much a history could have shown. */
export const corruptionMeasures = [
  "share of reads that would have exposed an older value",
  "share of corruptions caught",
] as const;
const [exposedReads, caughtDamage] = corruptionMeasures;

const exposedNearFaults = "reads near faults that would have exposed an older value";

const usualCount = 1000;
/** A larger part would use up all of the work at once. */
const largestPart = 200_000;
/** Operations that may be judged again, for each question: about half a second of searchless judging. */
const workForReads = 600_000;
const workForCorruptions = 1_500_000;
/** A search that needs more than this is left undecided. A configuration costs about as much as so many operations. */
const configurations = 2_000;
const workOfConfiguration = 4;
const olderValues = 3;

type Kind = "stale" | "dropped" | "swapped";
const kinds: readonly Kind[] = ["stale", "dropped", "swapped"];

interface Part {
  readonly operations: readonly Operation[];
  readonly model: AnyModel;
  /** Answered reads, by position, with the values before their own, the latest first. */
  readonly reads: readonly { readonly position: number; readonly older: readonly JsonValue[] }[];
  /** Positions of acknowledged changes. */
  readonly writes: readonly number[];
  /** Positions of reads that follow each other with different answers. */
  readonly pairs: readonly (readonly [number, number])[];
}

/** Nothing where nothing can be damaged. */
export function measureCorruptions(input: CorruptionInput): readonly TeethMeasure[] {
  if (input.count === 0) return [];
  const parts = partsOf(input);
  const random = createRandom(input.seed, "teeth");
  return [
    ...exposingReads(parts, input, random.fork("reads")),
    ...caughtCorruptions(parts, input, random.fork("damage")),
  ];
}

function partsOf({ operations, model, initial, keys }: CorruptionInput): readonly Part[] {
  const judged = new Map(keys.map((key) => [canonical(key.key), key]));
  return splitByKey(operations, model.partition).flatMap((part) => {
    const linearization = judged.get(canonical(part.key))?.linearization ?? null;
    if (linearization === null || part.operations.length > largestPart) return [];
    const told = model.inRegisterWords?.(part.operations) ?? null;
    return told === null
      ? [describe(part.operations, model, initial, linearization)]
      : [describe(told, casRegister, initial, linearization)];
  });
}

function describe(
  operations: readonly Operation[],
  model: AnyModel,
  initial: JsonValue,
  linearization: readonly number[],
): Part {
  const positionOf = new Map(operations.map(({ index }, position) => [index, position]));
  const older = olderAnswers(operations, linearization, positionOf, model.register ? [initial] : null);
  const reads: Part["reads"][number][] = [];
  const isRead = model.open((opened) => (operation: Operation) => opened.isRead(operation));
  const writes: number[] = [];
  const pairs: [number, number][] = [];
  let last: { readonly position: number; readonly answer: string } | null = null;
  for (const [position, operation] of operations.entries()) {
    if (operation.outcome !== "ok") continue;
    if (operation.function !== "get") {
      if (!isRead(operation)) writes.push(position);
      continue;
    }
    reads.push({ position, older: older.get(position) ?? [] });
    const answer = canonical(operation.output);
    if (last !== null && last.answer !== answer) pairs.push([last.position, position]);
    last = { position, answer };
  }
  return { operations, model, reads, writes, pairs };
}

/** For each read the different values before its own, in the order that the certificate proves possible. */
function olderAnswers(
  operations: readonly Operation[],
  linearization: readonly number[],
  positionOf: ReadonlyMap<number, number>,
  /** What a register held at first; null: it is no register. */
  held: readonly JsonValue[] | null,
): ReadonlyMap<number, readonly JsonValue[]> {
  const answers = new Map<number, readonly JsonValue[]>();
  // The latest first. Without a register's writes only what other reads answered is known.
  let values: readonly JsonValue[] = held ?? [];
  let latest: string | null = null;
  const see = (value: JsonValue): void => {
    const text = canonical(value);
    if (text === latest) return;
    latest = text;
    values = [value, ...values.filter((other) => canonical(other) !== text)].slice(0, olderValues + 1);
  };
  for (const index of linearization) {
    const position = positionOf.get(index);
    const operation = position === undefined ? undefined : operations[position];
    if (operation === undefined || position === undefined) continue;
    if (operation.function === "get") {
      if (operation.outcome === "ok") see(operation.output);
      answers.set(position, values.slice(1));
    } else if (held !== null) {
      const written = writtenBy(operation);
      if (written !== undefined) see(written);
    }
  }
  return answers;
}

function writtenBy({ function: name, input, output, outcome }: Operation): JsonValue | undefined {
  if (name === "put") return input;
  if (name !== "cas" || (outcome === "ok" && fieldOf(output, "status") !== "ok")) return undefined;
  return fieldOf(input, "new");
}

/** Judges damaged parts until the work is used up. */
class Judge {
  #left: number;
  judged = 0;
  undecided = 0;
  constructor(
    work: number,
    readonly initial: JsonValue,
  ) {
    this.#left = work;
  }
  get exhausted(): boolean {
    return this.#left <= 0;
  }
  /** Null: undecided. */
  isCaught(operations: readonly Operation[], model: AnyModel): boolean | null {
    // So few configurations need no watch over the heap, which takes longer than most of these searches.
    const budget = new Budget({ configurations, timeMs: 2_000 }, undefined, () => 0);
    try {
      const { answer } = judgeOperations(operations, model, this.initial, budget);
      this.judged += 1;
      return !answer.valid;
    } catch (error) {
      if (!(error instanceof BudgetExhausted)) throw error;
      this.undecided += 1;
      return null;
    } finally {
      this.#left -= operations.length + workOfConfiguration * budget.spent;
    }
  }
  /** `; 12 more were too hard to decide` */
  get rest(): string {
    return this.undecided === 0 ? "" : `; ${this.undecided} more were too hard to decide`;
  }
}

function exposingReads(parts: readonly Part[], input: CorruptionInput, random: Random): TeethMeasure[] {
  const { initial, seed, exposingReadShare, nearFaults = [], exposingReadsNearFaults, floorsNotAsked = {} } = input;
  const { exposing_read_share: whyNoShare, exposing_reads_near_faults: whyNoneNear } = floorsNotAsked;
  const all = parts.flatMap((part) => part.reads.map((read) => ({ part, ...read })));
  const near = (told: readonly [exposed: number, judged: number]): TeethMeasure[] =>
    nearFaults.length === 0 && exposingReadsNearFaults === undefined && whyNoneNear === undefined
      ? []
      : [
          floored(
            measure(exposedNearFaults, told[0], "reads", `of the ${told[1]} judged there`),
            exposingReadsNearFaults,
            whyNoneNear,
          ),
        ];
  if (all.length === 0) return near([0, 0]);
  const judge = new Judge(workForReads, initial);
  let exposed = 0;
  let judgedNear = 0;
  let exposedNear = 0;
  // A read before which there was no other value cannot give one away: judged at no cost.
  let safe = 0;
  for (const { part, position, older } of random.shuffle(all)) {
    if (judge.exhausted) break;
    const [previous] = older;
    const isNear = overlapsAny(part.operations[position], nearFaults);
    const caught =
      previous === undefined ? false : judge.isCaught(withAnswer(part.operations, position, previous), part.model);
    if (previous === undefined) safe += 1;
    if (caught === true) exposed += 1;
    if (isNear && caught !== null) judgedNear += 1;
    if (isNear && caught === true) exposedNear += 1;
  }
  const judged = judge.judged + safe;
  const meaning = `judged again with one read answering the value before its own, for ${judged} of ${all.length} reads, drawn with seed ${seed}${judge.rest}`;
  const told = measure(exposedReads, share(exposed, judged), "share", meaning);
  return [floored(told, exposingReadShare, whyNoShare), ...near([exposedNear, judgedNear])];
}

function floored(told: TeethMeasure, floor: number | undefined, why: string | undefined): TeethMeasure {
  if (floor !== undefined) return { ...told, floor };
  return why === undefined ? told : { ...told, notAsked: why };
}

function overlapsAny(operation: Operation | undefined, stretches: readonly Stretch[]): boolean {
  if (operation === undefined) return false;
  const { callNs, returnNs } = operation;
  return stretches.some(({ fromNs, untilNs }) => callNs <= untilNs && (returnNs ?? Infinity) >= fromNs);
}

function caughtCorruptions(
  parts: readonly Part[],
  { initial, seed, count = usualCount }: CorruptionInput,
  random: Random,
): TeethMeasure[] {
  const pools = {
    stale: parts.flatMap((part) => part.reads.flatMap((read) => (read.older.length > 0 ? [{ part, ...read }] : []))),
    dropped: parts.flatMap((part) => part.writes.map((position) => ({ part, position }))),
    swapped: parts.flatMap((part) => part.pairs.map((pair) => ({ part, pair }))),
  };
  const possible = kinds.filter((kind) => pools[kind].length > 0);
  if (possible.length === 0) return [];
  const draw = (kind: Kind): { readonly part: Part; readonly damaged: readonly Operation[] } => {
    if (kind === "stale") {
      const { part, position, older } = random.pick(pools.stale);
      return { part, damaged: withAnswer(part.operations, position, random.pick(older)) };
    }
    if (kind === "dropped") {
      const { part, position } = random.pick(pools.dropped);
      return { part, damaged: part.operations.toSpliced(position, 1) };
    }
    const { part, pair } = random.pick(pools.swapped);
    const [first, second] = pair;
    const answer = (position: number): JsonValue => part.operations[position]?.output ?? null;
    const half = withAnswer(part.operations, first, answer(second));
    return { part, damaged: withAnswer(half, second, answer(first)) };
  };
  const judge = new Judge(workForCorruptions, initial);
  const tally = {
    stale: { judged: 0, caught: 0 },
    dropped: { judged: 0, caught: 0 },
    swapped: { judged: 0, caught: 0 },
  };
  let drawn = 0;
  for (; drawn < count && !judge.exhausted; drawn++) {
    const kind = possible[drawn % possible.length] ?? "stale";
    const { part, damaged } = draw(kind);
    const caught = judge.isCaught(damaged, part.model);
    if (caught === null) continue;
    tally[kind].judged += 1;
    if (caught) tally[kind].caught += 1;
  }
  const caught = kinds.reduce((sum, kind) => sum + tally[kind].caught, 0);
  const how = kinds.map((kind) => `${kind} ${tally[kind].caught} of ${tally[kind].judged}`).join(", ");
  const meaning = `damaged in one place and judged again: ${how}; ${judge.judged} of ${count} judged, drawn with seed ${seed}${judge.rest}`;
  return [
    measure(caughtDamage, share(caught, judge.judged), "share", meaning),
    measure("corruptions judged", judge.judged, "corruptions", `of ${count} wanted; seed ${seed}`),
  ];
}

function withAnswer(operations: readonly Operation[], position: number, output: JsonValue): readonly Operation[] {
  const read = operations[position];
  if (read === undefined) throw new Error(`invariant: no operation at ${position}`);
  return operations.with(position, { ...read, output });
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000;
}

function measure(name: string, value: number, unit: string, meaning: string): TeethMeasure {
  return { name, value, unit, floor: null, meaning };
}
