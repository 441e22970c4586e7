// Operations of unknown outcome that may still take effect: interchangeable within a kind, so that only their number counts.
import type { StandIns } from "./configuration.js";
import type { LiveOperation, ValueKey } from "./operation.js";
import type { Rules } from "./rules.js";

export interface UnknownKind {
  readonly id: number;
  readonly text: string;
  /** Any one of them. */
  readonly operation: LiveOperation;
  /** Called and not certainly used up. */
  count: number;
}

export class UnknownKinds<State> {
  readonly #rules: Rules<State>;
  readonly #byText = new Map<string, UnknownKind>();
  readonly #byId = new Map<number, UnknownKind>();
  /** Registers: kinds by the value that they write. */
  readonly #writing = new Map<ValueKey, Set<UnknownKind>>();
  /** Registers: by the kind of a cas, the kind of a plain write that leaves the same value. */
  readonly #standIns = new Map<number, number>();
  #nextId = 0;

  constructor(rules: Rules<State>) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#byText.size;
  }

  get standIns(): StandIns {
    return this.#standIns;
  }

  add(operation: LiveOperation, count = 1): UnknownKind {
    const text = this.#rules.kindOf(operation);
    const known = this.#byText.get(text);
    if (known !== undefined) {
      known.count += count;
      return known;
    }
    const kind: UnknownKind = { id: this.#nextId++, text, operation, count };
    this.#byText.set(text, kind);
    this.#byId.set(kind.id, kind);
    if (this.#rules.observesValues) {
      const writing = this.#writing.get(operation.value) ?? new Set();
      this.#writing.set(operation.value, writing.add(kind));
      this.#matchStandIns(writing);
    }
    return kind;
  }

  /** Some of them were used up in every configuration. */
  settle(id: number, count: number): void {
    const kind = this.#byId.get(id);
    if (kind === undefined || kind.count < count) throw new Error("invariant: more was used up than was there");
    kind.count -= count;
    if (kind.count > 0) return;
    this.#byId.delete(id);
    this.#byText.delete(kind.text);
    const writing = this.#writing.get(kind.operation.value);
    writing?.delete(kind);
    this.#standIns.delete(id);
    if (kind.operation.word === "write") for (const other of writing ?? []) this.#standIns.delete(other.id);
    if (writing?.size === 0) this.#writing.delete(kind.operation.value);
  }

  /** Kinds that write one value. */
  #matchStandIns(kinds: Iterable<UnknownKind>): void {
    for (const write of kinds) {
      if (write.operation.word !== "write") continue;
      for (const other of kinds) if (other.operation.word === "cas") this.#standIns.set(other.id, write.id);
    }
  }

  all(): Iterable<UnknownKind> {
    return this.#byText.values();
  }

  /**
   * Registers: the kinds that lead to a value that an open operation looks at, by themselves or through each other. With an open
   * operation that only says what the value was not, that is every kind.
   */
  towards(open: Iterable<LiveOperation>): Iterable<UnknownKind> {
    const wanted: ValueKey[] = [];
    for (const { word, value, expected } of open) {
      if (word === "not" || word === "replace") return this.all();
      if (word === "read") wanted.push(value);
      if (word === "cas") wanted.push(expected);
    }
    const found = new Set<UnknownKind>();
    for (let value = wanted.pop(); value !== undefined; value = wanted.pop()) {
      for (const kind of this.#writing.get(value) ?? []) {
        if (found.has(kind)) continue;
        found.add(kind);
        if (kind.operation.word === "cas") wanted.push(kind.operation.expected);
      }
    }
    return found;
  }
}
