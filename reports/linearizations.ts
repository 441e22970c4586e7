// Orders that explain a key's answers, small: operations of a key take effect nearly in the order in which they were called, so an order is
// told as steps through the key's own operations, most of them to the next one. No Node and no DOM: the page reads with this file.
import { ByteReader, ByteWriter } from "./bytes.js";

/** Which operations each key has, by index, while they are counted one by one. */
export class KeyPlaces {
  readonly #keyOf: number[] = [];
  readonly #placeOf: number[] = [];
  readonly #counts: number[] = [];

  add(key: number): void {
    const place = this.#counts[key] ?? 0;
    this.#counts[key] = place + 1;
    this.#keyOf.push(key);
    this.#placeOf.push(place);
  }

  /** The key of all these operations; null when they are of several, or of none. */
  keyOf(operations: readonly number[]): number | null {
    const [first] = operations;
    const key = first === undefined ? undefined : this.#keyOf[first];
    return key !== undefined && operations.every((operation) => this.#keyOf[operation] === key) ? key : null;
  }

  placeOf(operation: number): number {
    return this.#placeOf[operation] ?? 0;
  }
}

export function writeLinearization(writer: ByteWriter, order: readonly number[], places: KeyPlaces): void {
  const key = places.keyOf(order);
  writer.unsigned(key === null ? 0 : key + 1);
  let next = 0;
  for (const operation of order) {
    const place = key === null ? operation : places.placeOf(operation);
    writer.signed(place - next);
    next = place + 1;
  }
}

/** Operations of each key, in order of call. */
export function operationsByKey(key: Int32Array, keys: number): readonly Int32Array[] {
  const counts = new Int32Array(keys);
  for (const own of key) counts[own] = (counts[own] ?? 0) + 1;
  const all = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let row = 0; row < key.length; row++) {
    const own = key[row] ?? 0;
    const place = counts[own] ?? 0;
    const list = all[own];
    if (list !== undefined) list[place] = row;
    counts[own] = place + 1;
  }
  return all;
}

export function readLinearization(reader: ByteReader, length: number, byKey: readonly Int32Array[]): Int32Array {
  const order = new Int32Array(length);
  const key = reader.unsigned();
  const own = key === 0 ? null : byKey[key - 1];
  if (own === undefined) throw new RangeError("the report's data orders operations of a key that it does not have");
  let next = 0;
  for (let at = 0; at < length; at++) {
    const place = next + reader.signed();
    const operation = own === null ? place : own[place];
    if (operation === undefined)
      throw new RangeError("the report's data orders an operation that its key does not have");
    order[at] = operation;
    next = place + 1;
  }
  return order;
}
