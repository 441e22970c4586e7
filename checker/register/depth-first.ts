// The most promising configurations first, and those after many returns before those after few. The others wait, and are gone back to where nothing
// leads on: a witness is found after few configurations even where there are very many, and no choice that was wrong makes the search begin
// again.
//
// A configuration that is reached is compared with all that were reached at the same return, gone over or not: what a better one leads
// to is found in its own time. Each is gone over once at most. So when none waits any more there is no linearization, unless some had to
// be forgotten because there were too many: then it gives up.
import type { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import { doubled, firstWord, levelCell, logCell, superseded, type ConfigurationSet } from "./configurations.js";
import { Extension } from "./extension.js";
import type { SweepPlan } from "./plan.js";
import type { SweepMemory } from "./sweep-memory.js";
import { placeReads } from "./write-log.js";

/** So many configurations are gone over together at first, and so many times as many whenever nothing leads on. */
const turnWidening = 2;
const widening = 1.5;
/** There is room for so many rows at first. */
const leastRows = 256;
/** With so many cells of rows some are forgotten. */
const defaultMostCells = 2 ** 24;

export class DepthFirst {
  readonly #extension: Extension;
  readonly #rows: ConfigurationSet;
  /** Waiting rows, + 1: the first of each level, which is a number of returns, and the next one of the same. */
  readonly #heads: Int32Array;
  #next: Int32Array;
  #applied = 0;
  #level = 0;
  #deepest = 0;
  #leastWidth = 1;
  #width = 1;
  #isPassing = false;
  #hasForgotten = false;
  #gaveUp = false;

  /** The plan must be its own: what is open at its moment stands there. */
  constructor(
    readonly plan: SweepPlan,
    readonly budget: Budget,
    memory: SweepMemory,
    readonly mostCells: number = defaultMostCells,
  ) {
    this.#extension = new Extension(plan, budget, memory);
    this.#rows = memory.current;
    this.#rows.reset(plan.layout);
    this.#heads = memory.scratch.int32(plan.returns.length + 1).fill(0);
    this.#next = memory.scratch.int32(leastRows);
    this.#extension.putFirst(this.#rows);
    this.#wait(0);
  }

  /** The share of the returns that were gone over. */
  get reached(): number {
    return this.#deepest / Math.max(1, this.plan.returns.length);
  }

  /** It went as far as it could and has no answer. */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  /** Goes on until about so many more configurations were visited; null: it is not decided by then. Throws BudgetExhausted. */
  run(configurations: number): EngineAnswer | null {
    const end = this.budget.spent + configurations;
    while (!this.#gaveUp && this.budget.spent <= end) {
      if (this.#level === this.plan.returns.length && this.#heads[this.#level] !== 0) return this.#witness();
      const chosen = this.#choose();
      if (chosen.length > 0) this.#goOver(chosen);
      else if (!this.#goForward() && !this.#goBack()) {
        if (!this.#hasForgotten) return { valid: false, stuck: this.#stuck() };
        this.#gaveUp = true;
      }
    }
    return null;
  }

  #witness(): EngineAnswer {
    const row = (this.#heads[this.#level] ?? 0) - 1;
    const newest = this.#rows.rows[row * this.plan.layout.size + logCell] ?? 0;
    return { valid: true, order: placeReads(this.plan, this.#extension.log.writes(this.plan, newest)) };
  }

  /** The first return that no configuration got over. */
  #stuck(): number | null {
    const { events, operations, returns } = this.plan;
    return operations[(events[returns[this.#deepest] ?? 0] ?? 0) >> 1]?.position ?? null;
  }

  #wait(row: number): void {
    while (row >= this.#next.length) this.#next = doubled(this.#next);
    const level = this.#rows.rows[row * this.plan.layout.size + levelCell] ?? 0;
    this.#next[row] = this.#heads[level] ?? 0;
    this.#heads[level] = row + 1;
  }

  /** Takes the most promising of those that wait at this level. */
  #choose(): readonly number[] {
    const { rows } = this.#rows;
    const { size } = this.plan.layout;
    const waiting: number[] = [];
    for (let member = this.#heads[this.#level] ?? 0; member !== 0; member = this.#next[member - 1] ?? 0)
      if (rows[(member - 1) * size] !== superseded) waiting.push(member - 1);
    this.#heads[this.#level] = 0;
    if (waiting.length <= this.#width) return waiting;
    if (this.#width === 1) return [this.#chooseOne(waiting)];
    const ranked = waiting.map((row) => ({ row, usedUp: this.#usedUp(row * size) }));
    ranked.sort((one, other) => one.usedUp - other.usedUp || one.row - other.row);
    const chosen = ranked.splice(0, this.#width);
    for (const { row } of ranked) this.#wait(row);
    return chosen.map(({ row }) => row);
  }

  /** The most promising one; the others wait again. */
  #chooseOne(waiting: readonly number[]): number {
    const { size } = this.plan.layout;
    let best = -1;
    let least = Infinity;
    for (const row of waiting) {
      const used = this.#usedUp(row * size);
      if (used > least || (used === least && row > best)) continue;
      best = row;
      least = used;
    }
    for (const row of waiting) if (row !== best) this.#wait(row);
    return best;
  }

  /**
   * How much a configuration has used up: operations of unknown outcome, and open writes but those that still fit into its gap. Reads that it
   * has answered count in its favour. The less, the more it can still do.
   */
  #usedUp(at: number): number {
    const { rows } = this.#rows;
    const { writeWords, readWords, counts, size } = this.plan.layout;
    let used = 0;
    for (let cell = at + counts; cell < at + size; cell++) used += rows[cell] ?? 0;
    let cell = at + firstWord;
    for (let word = 0; word < writeWords; word++, cell++)
      used += bitCount(rows[cell] ?? 0) - bitCount(rows[cell + writeWords] ?? 0);
    cell += writeWords;
    for (let word = 0; word < readWords; word++, cell++) used -= bitCount(rows[cell] ?? 0);
    return used;
  }

  /** Takes these rows of the level over the next return. */
  #goOver(chosen: readonly number[]): void {
    const { events, returns, layout } = this.plan;
    const { open, log } = this.#extension;
    const at = returns[this.#level] ?? 0;
    for (; this.#applied < at; this.#applied++) open.apply(events[this.#applied] ?? 0);
    const from = this.#rows.length;
    this.#extension.begin(this.#level, this.#rows);
    for (const row of chosen) this.#extension.offer(this.#rows.rows, row * layout.size);
    this.#extension.finish();
    open.apply(events[this.#applied++] ?? 0);
    this.#level += 1;
    for (let row = from; row < this.#rows.length; row++)
      if (this.#rows.rows[row * layout.size] !== superseded) this.#wait(row);
    if (this.#level > this.#deepest && this.#heads[this.#level] !== 0) {
      this.#deepest = this.#level;
      this.#width = this.#leastWidth;
      this.#isPassing = false;
    }
    if (this.#rows.length * layout.size > this.mostCells) this.#forget();
    if (log.isLarge) log.compact(this.#rows.rows, layout.size, logCell, this.#rows.length);
  }

  /**
   * Begins another pass with more configurations of each level at once: from the first level at which one waits, to the last. What was wrong may
   * have been done long before nothing led on.
   */
  widen(): void {
    this.#leastWidth *= turnWidening;
    this.#width = this.#leastWidth;
    const first = this.#heads.findIndex((head) => head !== 0);
    if (first !== -1) this.#moveTo(first);
    this.#isPassing = true;
  }

  #moveTo(level: number): void {
    const { events, returns } = this.plan;
    const { open } = this.#extension;
    const applied = level === 0 ? 0 : (returns[level - 1] ?? 0) + 1;
    while (this.#applied > applied) open.undo(events[--this.#applied] ?? 0);
    while (this.#applied < applied) open.apply(events[this.#applied++] ?? 0);
    this.#level = level;
  }

  /** During a pass, to the next level at which something waits. */
  #goForward(): boolean {
    if (!this.#isPassing) return false;
    let level = this.#level;
    while (level <= this.#deepest && this.#heads[level] === 0) level += 1;
    this.#isPassing = level <= this.#deepest;
    if (this.#isPassing) this.#moveTo(level);
    return this.#isPassing;
  }

  /** To the last level at which something waits; false: nothing does. */
  #goBack(): boolean {
    let level = this.#level;
    while (level >= 0 && this.#heads[level] === 0) level -= 1;
    if (level < 0) return false;
    this.#moveTo(level);
    this.#width = Math.ceil(this.#width * widening);
    return true;
  }

  /** Forgets the rows of the first levels, about half of all, but none of this level. When that is not enough, it gives up. */
  #forget(): void {
    const { size } = this.plan.layout;
    const before = this.#rows.length;
    const isWaiting = new Uint8Array(before);
    const ofLevel = new Int32Array(this.#heads.length);
    for (let row = 0; row < before; row++) {
      const level = this.#rows.rows[row * size + levelCell] ?? 0;
      ofLevel[level] = (ofLevel[level] ?? 0) + 1;
    }
    let cut = 0;
    for (let left = before; cut < this.#level && 2 * left > before; cut++) left -= ofLevel[cut] ?? 0;
    for (const [level, head] of this.#heads.entries()) {
      for (let member = head; member !== 0; member = this.#next[member - 1] ?? 0) {
        isWaiting[member - 1] = 1;
        if (level < cut && this.#rows.rows[(member - 1) * size] !== superseded) this.#hasForgotten = true;
      }
    }
    const kept = this.#rows.forgetBefore(cut);
    this.#heads.fill(0);
    for (const [row, old] of kept.entries()) if (isWaiting[old] === 1) this.#wait(row);
    if (4 * this.#rows.length * size > 3 * this.mostCells) this.#gaveUp = true;
  }
}

/** How many bits are set in a word of 32 (the sum of neighbouring bits, pairs, nibbles, bytes). */
function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
