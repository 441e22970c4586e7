// Texts that are put and appended to, told as a register's history: what was read says in which order the appends took effect that
// were seen, without a search. An append that was seen is a cas from the text before it to the text after it; one that nobody saw
// leaves a text that nobody knows, as a put that nobody saw does; both are writes of a value of their own.
//
// A text that was read is taken apart from its beginning. Where no written text begins with another one there is one way only to do so,
// and then the register has a linearization exactly if the texts have one. Otherwise the way that was found may be a wrong one: what
// comes of it as a linearization is one all the same, as a linearization of the register always is. Where texts were merely written
// twice, the gets that show one of those are then forgotten: for what remains there is one way again, and if even that has no
// linearization, neither has the whole. Anything else is left to the search.
import type { JsonValue, Operation } from "../../history/index.js";
import type { Budget } from "../budget.js";
import { casKind, readKind, writeKind, type RegisterColumns } from "../register/columns.js";
import type { Scratch } from "../scratch.js";
import { judgeWithoutSearch } from "./index.js";

export type TextAnswer =
  /** `order`: positions in the list of operations given. It lies in the scratch memory. */
  | { readonly kind: "linearizable"; readonly order: Int32Array }
  /** `stuck`: position of a get that tells of something that nobody wrote; null: it is none in particular. */
  | { readonly kind: "violation"; readonly stuck: number | null }
  /** `reason`: what about the history needs a search, in words. */
  | { readonly kind: "not-applicable"; readonly reason: string };

/** Operations of get, put and append on one key, validated. Throws BudgetExhausted. */
export function judgeTexts(
  operations: readonly Operation[],
  initial: JsonValue,
  scratch: Scratch,
  budget?: Budget,
): TextAnswer {
  if (initial !== "" && typeof initial === "string")
    return { kind: "not-applicable", reason: "there is a text before the first operation" };
  const order = linearize(operations, scratch, budget);
  if (order instanceof Int32Array) return { kind: "linearizable", order };
  const twice = writtenTwice(operations);
  if (twice === null) return { kind: "not-applicable", reason: "a written text begins with another one" };
  if (twice.length === 0) return { kind: "violation", stuck: order.stuck };
  const positions: number[] = [];
  const plain: Operation[] = [];
  for (let position = 0; position < operations.length; position++) {
    const operation = operations[position];
    if (operation === undefined || showsAny(operation, twice)) continue;
    positions.push(position);
    plain.push(operation);
  }
  const rest = linearize(plain, scratch, budget);
  if (rest instanceof Int32Array) return { kind: "not-applicable", reason: "a text that was seen is written twice" };
  return { kind: "violation", stuck: rest.stuck === null ? null : (positions[rest.stuck] ?? null) };
}

/** An order that explains every answer; or that none was found, and the get that could not be taken apart, if it was for that. */
function linearize(
  operations: readonly Operation[],
  scratch: Scratch,
  budget: Budget | undefined,
): Int32Array | { readonly stuck: number | null } {
  const reader = new TextReader(operations, scratch);
  const stuck = reader.read();
  if (stuck !== null) return { stuck };
  const answer = judgeWithoutSearch(reader.columns(), scratch, budget);
  // A register told so always can be judged: each value has a writer of its own, and nobody writes the initial one.
  if (answer.kind === "not-applicable") throw new Error(`invariant: ${answer.reason}`);
  return answer.kind === "linearizable" ? answer.order : { stuck: null };
}

/** Texts written more than once; null where one is empty or begins with another one, so that a text can be taken apart in two ways. */
function writtenTwice(operations: readonly Operation[]): readonly string[] | null {
  const texts: string[] = [];
  for (const { function: name, input, outcome } of operations)
    if (name !== "get" && outcome !== "fail" && typeof input === "string") texts.push(input);
  // Texts that begin with another one stand right behind it, or behind more of the kind.
  texts.sort();
  const twice: string[] = [];
  for (let at = 0; at < texts.length; at++) {
    const text = texts[at] ?? "";
    const next = texts[at + 1];
    if (text === "") return null;
    if (next === text) twice.push(text);
    else if (next?.startsWith(text) === true) return null;
  }
  return twice;
}

function showsAny({ function: name, output }: Operation, texts: readonly string[]): boolean {
  if (name !== "get" || typeof output !== "string") return false;
  for (const text of texts) if (output.includes(text)) return true;
  return false;
}

/** What is known of the text that grew from one put, or from the initial one. */
interface Growth {
  /** As far as it was seen. */
  text: string;
  /** Of each operation that made it, in order: the length of the text after it, and the value that stands for that. */
  readonly lengths: number[];
  readonly values: number[];
}

/** So many growths, the latest first, and operations not seen before, the earliest first, are tried before all are looked up by text. */
const looks = 8;

class TextReader {
  #count = 0;
  readonly #position: Int32Array;
  readonly #kind: Uint8Array;
  readonly #value: Int32Array;
  readonly #expected: Int32Array;
  readonly #call: Float64Array;
  readonly #return: Float64Array;
  /** Rows of writes, linked in order: from that of `length` on; -1: the end. Those that were seen are left out in passing. */
  readonly #next: Int32Array;
  /** By row, 1: it was seen. */
  readonly #seen: Uint8Array;
  readonly #recent: Growth[] = [];
  /** By the row of the operation that a text begins with; null until it is needed. */
  #growths: Map<number, Growth> | null = null;
  #byText: Map<string, number> | null = null;
  /** Different lengths of written texts. */
  #lengths: readonly number[] = [];
  readonly #initial: Growth = { text: "", lengths: [0], values: [0] };

  constructor(
    readonly operations: readonly Operation[],
    scratch: Scratch,
  ) {
    const { length } = operations;
    this.#position = scratch.int32(length);
    this.#kind = scratch.uint8(length);
    this.#value = scratch.int32(length);
    this.#expected = scratch.int32(length);
    this.#call = scratch.float64(length);
    this.#return = scratch.float64(length);
    this.#next = scratch.int32(length + 1);
    this.#seen = scratch.uint8(length).fill(0);
  }

  /** Fills the columns. Null, or the position of a get that cannot be taken apart. */
  read(): number | null {
    const { operations } = this;
    let last = operations.length;
    for (let position = 0; position < operations.length; position++) {
      const operation = operations[position];
      if (operation === undefined || operation.outcome === "fail") continue;
      const isGet = operation.function === "get";
      if (isGet && operation.outcome === "info") continue;
      const row = this.#count++;
      this.#position[row] = position;
      this.#kind[row] = isGet ? readKind : writeKind;
      this.#value[row] = row + 1;
      this.#expected[row] = -1;
      this.#call[row] = operation.callNs;
      this.#return[row] = operation.returnNs ?? Infinity;
      if (isGet) continue;
      this.#next[last] = row;
      last = row;
    }
    this.#next[last] = -1;
    for (let row = 0; row < this.#count; row++) {
      if (this.#kind[row] !== readKind) continue;
      const position = this.#position[row] ?? 0;
      const output = operations[position]?.output;
      const value = typeof output === "string" ? this.#valueOf(output) : -1;
      if (value === -1) return position;
      this.#value[row] = value;
    }
    return null;
  }

  columns(): RegisterColumns {
    const count = this.#count;
    const values = { size: count + 1, texts: noTexts };
    const position = this.#position;
    // A new view takes longer than all that is done with a row.
    if (count === position.length)
      return {
        count,
        position,
        kind: this.#kind,
        value: this.#value,
        expected: this.#expected,
        call: this.#call,
        return: this.#return,
        values,
      };
    return {
      count,
      position: position.subarray(0, count),
      kind: this.#kind.subarray(0, count),
      value: this.#value.subarray(0, count),
      expected: this.#expected.subarray(0, count),
      call: this.#call.subarray(0, count),
      return: this.#return.subarray(0, count),
      values,
    };
  }

  /** The value that stands for a text; -1: it cannot be taken apart, or not together with those before it. */
  #valueOf(text: string): number {
    if (text === "") return 0;
    const growth = this.#recentOf(text) ?? this.#growthOf(text);
    if (growth === null) return -1;
    return text.length > growth.text.length ? this.#grow(growth, text) : valueAt(growth, text.length);
  }

  /** One of the latest, where the text is one with it. */
  #recentOf(text: string): Growth | null {
    const recent = this.#recent;
    for (let at = recent.length - 1; at >= 0; at--) {
      const growth = recent[at];
      if (growth === undefined) continue;
      if (areOne(growth.text, text)) return growth;
    }
    return null;
  }

  /** That which begins with the same operation, a new one if need be; null: with none. */
  #growthOf(text: string): Growth | null {
    const row = this.#at(text, 0);
    if (row === -1) return null;
    this.#growths ??= new Map();
    let growth = this.#growths.get(row);
    // Two texts that begin alike and are not one.
    if (growth !== undefined && !areOne(growth.text, text)) return null;
    if (growth === undefined) {
      // An append that was seen stands behind another one already.
      if (this.#seen[row] === 1) return null;
      const own = this.#textOf(row);
      const isPut = this.#operation(row).function === "put";
      // Two appends cannot both have come first.
      if (!isPut && this.#initial.values.length > 1) return null;
      growth = isPut ? { text: own, lengths: [own.length], values: [row + 1] } : this.#initial;
      this.#seen[row] = 1;
      if (!isPut) {
        this.#append(growth, row);
        growth.text = own;
      }
      this.#growths.set(row, growth);
      if (!areOne(own, text)) return null;
    }
    this.#recent.push(growth);
    if (this.#recent.length > looks) this.#recent.shift();
    return growth;
  }

  #grow(growth: Growth, text: string): number {
    for (let at = growth.text.length; at < text.length;) {
      const row = this.#at(text, at);
      if (row === -1 || this.#seen[row] === 1 || this.#operation(row).function !== "append") return -1;
      this.#seen[row] = 1;
      at = this.#append(growth, row);
    }
    growth.text = text;
    return growth.values.at(-1) ?? -1;
  }

  /** The row is an append that was seen at the end of this: how long the text is after it. */
  #append({ lengths, values }: Growth, row: number): number {
    const length = (lengths.at(-1) ?? 0) + this.#textOf(row).length;
    this.#kind[row] = casKind;
    this.#expected[row] = values.at(-1) ?? 0;
    lengths.push(length);
    values.push(row + 1);
    return length;
  }

  /** The row of an operation that writes what stands at this place of a text, -1: there is none. */
  #at(text: string, place: number): number {
    let before = this.operations.length;
    let row = this.#next[before] ?? -1;
    for (let tries = 0; row !== -1 && tries < looks; tries++) {
      while (row !== -1 && this.#seen[row] === 1) row = this.#next[before] = this.#next[row] ?? -1;
      if (row === -1) break;
      const own = this.#textOf(row);
      if (own !== "" && standsAt(text, own, place)) return row;
      before = row;
      row = this.#next[before] ?? -1;
    }
    return this.#lookedUp(text, place);
  }

  #lookedUp(text: string, place: number): number {
    if (this.#byText === null) {
      this.#byText = new Map();
      for (let row = 0; row < this.#count; row++)
        if (this.#kind[row] !== readKind) this.#byText.set(this.#textOf(row), row);
      this.#lengths = [...new Set(Array.from(this.#byText.keys(), ({ length }) => length))];
    }
    for (const length of this.#lengths) {
      const row = length === 0 ? undefined : this.#byText.get(text.slice(place, place + length));
      if (row !== undefined) return row;
    }
    return -1;
  }

  #operation(row: number): Operation {
    const operation = this.operations[this.#position[row] ?? -1];
    if (operation === undefined) throw new Error(`invariant: no operation of row ${row}`);
    return operation;
  }

  #textOf(row: number): string {
    const { input } = this.#operation(row);
    return typeof input === "string" ? input : "";
  }
}

function noTexts(): string[] {
  return [];
}

/** Does one begin with the other? */
function areOne(one: string, other: string): boolean {
  return one.length < other.length ? standsAt(other, one, 0) : standsAt(one, other, 0);
}

/** `startsWith` compares letter by letter, which takes ten times as long. */
function standsAt(text: string, part: string, place: number): boolean {
  return (place === 0 && text.length === part.length ? text : text.slice(place, place + part.length)) === part;
}

/** The value that stands for so long a beginning; -1: no operation ended there. */
function valueAt({ lengths, values }: Growth, length: number): number {
  let low = 0;
  let high = lengths.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lengths[middle] ?? 0) < length) low = middle + 1;
    else high = middle;
  }
  return lengths[low] === length ? (values[low] ?? -1) : -1;
}
