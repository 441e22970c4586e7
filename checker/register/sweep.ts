// Just-in-time linearization of one register with sets of configurations (after Lowe, "Testing for Linearizability", 2017): the
// events are swept in order of time, and at the return of an operation every configuration is extended until that operation is
// linearized in it. No configuration left: not linearizable.
//
// What keeps the sets small:
// - a read that the value satisfies is linearized at once;
// - unknown operations of one kind are interchangeable, so only their number counts, and one is used only where the very next
//   step depends on the value it leaves;
// - among open operations of one kind the earliest deadline goes first, a completed one before an unknown one;
// - a configuration that can do no more than another is dropped (configurations.ts);
// - a value that must still be seen and that nobody can write again is not left;
// - an open write of a value that nobody will look at any more takes effect, unseen, just before the next plain write.
import type { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import { bitsPerWord, ConfigurationSet, type Configuration, type Witness } from "./configurations.js";
import type { NormalisedRegister, RegisterOperation } from "./normalise.js";
import { planSweep, type SweepPlan, type WriteKind } from "./plan.js";

/**
 * Widths tried in turn. A sweep that keeps only the most promising configurations finds the witness of a long valid history
 * fast; only one that dropped none may say that there is no witness.
 */
const widths: readonly number[] = [64, 1024, Infinity];

/** Throws BudgetExhausted. */
export function searchRegister(normal: NormalisedRegister, budget: Budget): EngineAnswer {
  for (const width of widths) {
    const sweep = new Sweep(planSweep(normal), budget, width);
    const answer = sweep.run();
    if (answer.valid || !sweep.narrowed) return answer;
  }
  throw new Error("invariant: the widest sweep drops nothing");
}

class Slots {
  readonly #free: number[] = [];
  readonly #holder: number[] = [];
  take(operation: number): number {
    const slot = this.#free.pop() ?? this.#holder.length;
    this.#holder[slot] = operation;
    return slot;
  }
  give(slot: number): void {
    this.#free.push(slot);
  }
  holder(slot: number): number {
    return this.#holder[slot] ?? -1;
  }
}

class Sweep {
  /** True once a configuration was dropped only because there were too many. */
  narrowed = false;
  readonly #slotOf: Int32Array;
  readonly #writeSlots = new Slots();
  readonly #readSlots = new Slots();
  readonly #optionSlots = new Slots();
  /** Kinds with a completed operation open now; kinds of plain writes with an unknown operation called. */
  readonly #openKinds: WriteKind[] = [];
  readonly #unknownWrites: WriteKind[] = [];
  /** By value, words: slots of open reads of it, and of open "not"s of it; and all open "not"s. */
  readonly #readsOf = new Map<number, number[]>();
  readonly #notsOf = new Map<number, number[]>();
  readonly #nots: number[];
  readonly #readBase: number;
  readonly #optionBase: number;
  #configurations: Configuration[];
  #now = 0;
  /** The operation whose return is being swept. */
  #returning = -1;

  constructor(
    readonly plan: SweepPlan,
    readonly budget: Budget,
    readonly width: number,
  ) {
    const { layout } = plan;
    this.#slotOf = new Int32Array(plan.operations.length).fill(-1);
    this.#readBase = 1 + layout.writeWords;
    this.#optionBase = this.#readBase + layout.readWords;
    this.#nots = Array.from({ length: layout.readWords }, () => 0);
    const cells = Array.from({ length: layout.size }, () => 0);
    this.#configurations = [{ cells, witness: null, owing: false, superseded: false }];
  }

  run(): EngineAnswer {
    for (const [at, event] of this.plan.events.entries()) {
      this.#now = at;
      const index = event >> 1;
      if ((event & 1) === 0) this.#call(index);
      else {
        this.#return(index);
        if (this.#configurations.length === 0) return { valid: false, stuck: this.#operation(index).position };
      }
    }
    const order: number[] = [];
    for (let at = this.#configurations[0]?.witness ?? null; at !== null; at = at.previous)
      order.push(this.#operation(at.operation).position);
    return { valid: true, order: order.reverse() };
  }

  #operation(index: number): RegisterOperation {
    const operation = this.plan.operations[index];
    if (operation === undefined) throw new Error(`invariant: no operation ${index}`);
    return operation;
  }

  #call(index: number): void {
    const operation = this.#operation(index);
    const kind = this.plan.kindOf[index] ?? null;
    if (kind === null) this.#callRead(index, operation);
    else if (operation.return !== Infinity) this.#callWrite(index, kind);
    else {
      if (kind.called === 0 && !kind.isCas) this.#unknownWrites.push(kind);
      kind.called += 1;
    }
  }

  #callRead(index: number, { kind, value }: RegisterOperation): void {
    const slot = this.#readSlots.take(index);
    this.#slotOf[index] = slot;
    const word = Math.floor(slot / bitsPerWord);
    const bit = 1 << (slot % bitsPerWord);
    const byValue = kind === "read" ? this.#readsOf : this.#notsOf;
    const words = byValue.get(value) ?? Array.from({ length: this.plan.layout.readWords }, () => 0);
    byValue.set(value, words);
    words[word] = (words[word] ?? 0) | bit;
    if (kind === "not") this.#nots[word] = (this.#nots[word] ?? 0) | bit;
    for (const configuration of this.#configurations) {
      const { cells } = configuration;
      if ((cells[0] === value) !== (kind === "read")) continue;
      const at = this.#readBase + word;
      cells[at] = (cells[at] ?? 0) | bit;
      configuration.witness = { operation: index, previous: configuration.witness };
    }
  }

  #callWrite(index: number, kind: WriteKind): void {
    this.#slotOf[index] = (kind.isOptional ? this.#optionSlots : this.#writeSlots).take(index);
    if (kind.open.length === 0) this.#openKinds.push(kind);
    const deadline = this.#deadline(index);
    let at = kind.open.length;
    while (at > 0 && this.#deadline(kind.open[at - 1] ?? -1) > deadline) at -= 1;
    kind.open.splice(at, 0, index);
  }

  #deadline(index: number): number {
    return this.plan.deadline[index] ?? -1;
  }

  #return(index: number): void {
    const kind = this.plan.kindOf[index] ?? null;
    const slot = this.#slotOf[index] ?? -1;
    const base = kind === null ? this.#readBase : this.#baseOf(kind);
    const word = base + Math.floor(slot / bitsPerWord);
    const bit = 1 << (slot % bitsPerWord);
    const survivors = new ConfigurationSet(this.plan.layout);
    this.#returning = index;
    if (kind?.isOptional === true) this.#keep(word, bit, survivors);
    this.#extend(word, bit, survivors);
    this.#configurations = survivors.list();
    this.#narrow();
    if (kind === null) this.#endRead(index, slot);
    else {
      kind.open.splice(kind.open.indexOf(index), 1);
      if (kind.open.length === 0) this.#openKinds.splice(this.#openKinds.indexOf(kind), 1);
      (kind.isOptional ? this.#optionSlots : this.#writeSlots).give(slot);
    }
  }

  #baseOf(kind: WriteKind): number {
    return kind.isOptional ? this.#optionBase : 1;
  }

  /** An optional operation may just as well not have happened. */
  #keep(word: number, bit: number, survivors: ConfigurationSet): void {
    for (const { cells, witness } of this.#configurations) {
      if (((cells[word] ?? 0) & bit) !== 0) continue;
      survivors.add({ cells: cells.slice(), witness, owing: false, superseded: false });
    }
  }

  #endRead(index: number, slot: number): void {
    const { kind, value } = this.#operation(index);
    const word = Math.floor(slot / bitsPerWord);
    const mask = ~(1 << (slot % bitsPerWord));
    const byValue = kind === "read" ? this.#readsOf : this.#notsOf;
    const words = byValue.get(value);
    if (words !== undefined) {
      words[word] = (words[word] ?? 0) & mask;
      if (words.every((bits) => bits === 0)) byValue.delete(value);
    }
    if (kind === "not") this.#nots[word] = (this.#nots[word] ?? 0) & mask;
    this.#readSlots.give(slot);
  }

  /** Puts into `survivors`, its bit cleared, every configuration in which the returning operation is linearized. */
  #extend(word: number, bit: number, survivors: ConfigurationSet): void {
    const entered = new ConfigurationSet(this.plan.layout);
    const stack: Configuration[] = [];
    const meet = (configuration: Configuration): void => {
      this.budget.spend(1);
      const { cells } = configuration;
      if (((cells[word] ?? 0) & bit) === 0) {
        if (entered.add(configuration)) stack.push(configuration);
        return;
      }
      // Hidden before an unknown write that nobody needs yet: being linearized plainly, which is tried too, can do as much.
      if (configuration.owing) return;
      cells[word] = (cells[word] ?? 0) & ~bit;
      survivors.add(configuration);
    };
    for (const configuration of this.#configurations) meet(configuration);
    for (;;) {
      const configuration = stack.pop();
      if (configuration === undefined) return;
      if (configuration.superseded) continue;
      if (survivors.size > 4 * this.width || entered.size > 64 * this.width) {
        this.narrowed = true;
        return;
      }
      this.#successors(configuration, meet);
    }
  }

  /** Keeps the configurations that have used the fewest unknown operations: they can do most. */
  #narrow(): void {
    if (this.#configurations.length <= this.width) return;
    this.narrowed = true;
    const { size, optionWords } = this.plan.layout;
    const used = (configuration: Configuration): number => {
      let sum = 0;
      for (let at = this.#optionBase + optionWords; at < size; at++) sum += configuration.cells[at] ?? 0;
      return sum;
    };
    const ranked = this.#configurations.map((configuration) => ({ configuration, used: used(configuration) }));
    ranked.sort((left, right) => left.used - right.used);
    this.#configurations = ranked.slice(0, this.width).map(({ configuration }) => configuration);
  }

  #successors(from: Configuration, meet: (configuration: Configuration) => void): void {
    const state = from.cells[0] ?? 0;
    for (const kind of this.#openKinds) {
      if (kind.isCas ? kind.expected !== state : from.owing) continue;
      if (kind.isOptional && kind.value === state) continue;
      const index = this.#firstOpen(from, kind);
      if (index !== -1) this.#apply(from, kind, index, false, meet);
    }
    if (!from.owing)
      for (const kind of this.#unknownWrites) if (kind.value !== state) this.#applyUnknown(from, kind, meet);
    for (const kind of this.plan.casFrom[state] ?? []) this.#applyUnknown(from, kind, meet);
  }

  #applyUnknown(from: Configuration, kind: WriteKind, meet: (configuration: Configuration) => void): void {
    if (!this.#hasUnknown(from, kind) || this.#firstOpen(from, kind) !== -1) return;
    const index = kind.unknown[from.cells[kind.cell] ?? 0];
    if (index === undefined) throw new Error("invariant: an unknown operation was called but is not listed");
    this.#apply(from, kind, index, true, meet);
  }

  #hasUnknown(configuration: Configuration, kind: WriteKind): boolean {
    return kind.cell !== -1 && (configuration.cells[kind.cell] ?? 0) < kind.called;
  }

  /** The open operation of a kind with the earliest deadline that is not linearized yet, or -1. */
  #firstOpen({ cells }: Configuration, kind: WriteKind): number {
    for (const index of kind.open) if (!this.#isTaken(cells, kind, index)) return index;
    return -1;
  }

  #isTaken(cells: readonly number[], kind: WriteKind, index: number): boolean {
    const slot = this.#slotOf[index] ?? 0;
    return ((cells[this.#baseOf(kind) + Math.floor(slot / bitsPerWord)] ?? 0) & (1 << (slot % bitsPerWord))) !== 0;
  }

  #apply(
    from: Configuration,
    kind: WriteKind,
    index: number,
    unknown: boolean,
    meet: (configuration: Configuration) => void,
  ): void {
    const state = from.cells[0] ?? 0;
    if (kind.value !== state && this.#mustStay(from, state, index)) return;
    const cells = from.cells.slice();
    let witness = kind.isCas ? from.witness : this.#absorb(from, cells, index);
    if (unknown) cells[kind.cell] = (cells[kind.cell] ?? 0) + 1;
    else this.#take(cells, kind, index);
    cells[0] = kind.value;
    witness = { operation: index, previous: witness };
    const seen = this.#linearizeReads(cells, kind.value, witness);
    const needless = unknown || (kind.isOptional && index !== this.#returning);
    const owing = needless && seen === witness;
    const next: Configuration = { cells, witness: seen, owing, superseded: false };
    if (owing && !this.#casPossible(next, kind.value)) return;
    meet(next);
  }

  #take(cells: number[], kind: WriteKind, index: number): void {
    const slot = this.#slotOf[index] ?? 0;
    const at = this.#baseOf(kind) + Math.floor(slot / bitsPerWord);
    cells[at] = (cells[at] ?? 0) | (1 << (slot % bitsPerWord));
  }

  /** Linearizes every open read that the value satisfies. */
  #linearizeReads(cells: number[], value: number, witness: Witness): Witness {
    let newest = witness;
    const reads = this.#readsOf.get(value);
    const nots = this.#notsOf.get(value);
    for (let word = 0; word < this.plan.layout.readWords; word++) {
      const satisfied = (reads?.[word] ?? 0) | ((this.#nots[word] ?? 0) & ~(nots?.[word] ?? 0));
      const at = this.#readBase + word;
      let fresh = satisfied & ~(cells[at] ?? 0);
      cells[at] = (cells[at] ?? 0) | satisfied;
      while (fresh !== 0) {
        const lowest = fresh & -fresh;
        fresh &= ~lowest;
        const slot = word * bitsPerWord + (31 - Math.clz32(lowest));
        newest = { operation: this.#readSlots.holder(slot), previous: newest };
      }
    }
    return newest;
  }

  /** Can some cas from this value still be linearized here? */
  #casPossible(configuration: Configuration, value: number): boolean {
    for (const kind of this.plan.casFrom[value] ?? [])
      if (this.#hasUnknown(configuration, kind) || this.#firstOpen(configuration, kind) !== -1) return true;
    return false;
  }

  /** Leaving this value by any operation but a cas that needs it ends every chance of what must still see it. */
  #mustStay(configuration: Configuration, value: number, leaving: number): boolean {
    if ((this.plan.lastWriter[value] ?? -1) > this.#now) return false;
    let needed = (this.plan.lastObserver[value] ?? -1) > this.#now;
    if (!needed) {
      for (const kind of this.plan.casFrom[value] ?? [])
        for (const index of kind.isOptional ? [] : kind.open)
          if (index !== leaving && !this.#isTaken(configuration.cells, kind, index)) needed = true;
      if (!needed) return false;
    }
    for (const kind of this.plan.writersOf[value] ?? [])
      if (this.#hasUnknown(configuration, kind) || this.#firstOpen(configuration, kind) !== -1) return false;
    return true;
  }

  /** Linearizes, before a plain write hides them, the open plain writes of values that nobody will look at. */
  #absorb(from: Configuration, cells: number[], except: number): Witness | null {
    let { witness } = from;
    for (const kind of this.#openKinds) {
      if (kind.isCas || kind.isOptional || !this.#isUseless(from, kind.value)) continue;
      for (const index of kind.open) {
        if (index === except || this.#isTaken(cells, kind, index)) continue;
        this.#take(cells, kind, index);
        witness = { operation: index, previous: witness };
      }
    }
    return witness;
  }

  #isUseless(configuration: Configuration, value: number): boolean {
    if (this.plan.hasNot || (this.plan.lastPossibleObserver[value] ?? -1) > this.#now) return false;
    const reads = this.#readsOf.get(value);
    if (reads !== undefined)
      for (const [word, bits] of reads.entries())
        if ((bits & ~(configuration.cells[this.#readBase + word] ?? 0)) !== 0) return false;
    return !this.#casPossible(configuration, value);
  }
}
