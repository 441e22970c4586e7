// What was lately seen is likely to be seen again: lists that writer and reader keep alike, so that a place in them says a number.

/** Numbers by when they were last used, the latest first. */
export class Recent {
  readonly #numbers: number[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#numbers.length;
  }

  /** -1 where it is not among them. */
  placeOf(number: number): number {
    return this.#numbers.indexOf(number);
  }

  at(place: number): number {
    const number = this.#numbers[place];
    if (number === undefined) throw new RangeError("the report's data points past the end of a list");
    return number;
  }

  /** Puts a new one first; the one that was not used for longest leaves a full list. */
  add(number: number): void {
    this.#numbers.unshift(number);
    if (this.#numbers.length > this.#limit) this.#numbers.pop();
  }

  first(place: number): void {
    if (place === 0) return;
    const number = this.at(place);
    this.#numbers.copyWithin(1, 0, place);
    this.#numbers[0] = number;
  }

  last(place: number): void {
    const number = this.at(place);
    this.#numbers.splice(place, 1);
    this.#numbers.push(number);
  }
}

/** Numbers that change places with the one before them whenever they are used: soon the most frequent stand first, and stay there. */
export class Frequent {
  readonly #numbers: number[] = [];
  readonly #places = new Map<number, number>();

  get length(): number {
    return this.#numbers.length;
  }

  placeOf(number: number): number | undefined {
    return this.#places.get(number);
  }

  add(number: number): void {
    this.#places.set(number, this.#numbers.length);
    this.#numbers.push(number);
  }

  /** The number at a place, which is one place nearer to the front from now on. */
  use(place: number): number {
    const number = this.#numbers[place];
    if (number === undefined) throw new RangeError("the report's data points past the end of a list");
    const before = this.#numbers[place - 1];
    if (before === undefined) return number;
    this.#numbers[place - 1] = number;
    this.#numbers[place] = before;
    this.#places.set(number, place - 1);
    this.#places.set(before, place);
    return number;
  }
}

const slots = 8;
const forget = 1 / 16;
const farOff = 100;
const missLimit = 1e6;

/**
 * Positions in a few logs, told by key: keys of one replication group count along one log, but nobody says which keys those are. Each key
 * follows the slot that came nearest to its positions so far; slots that many keys follow are nearer, so keys of a group come together.
 */
export class Positions {
  readonly #heads = new Float64Array(slots);
  readonly #missed = new Map<number, Float64Array>();

  #slot(missed: Float64Array): number {
    let best = 0;
    for (let slot = 1; slot < slots; slot++) if ((missed[slot] ?? 0) < (missed[best] ?? 0)) best = slot;
    return best;
  }

  #of(key: number): Float64Array {
    let missed = this.#missed.get(key);
    if (missed === undefined) {
      // Keys start apart: from one slot for all, no two groups would ever part.
      missed = new Float64Array(slots).fill(farOff);
      missed[key % slots] = 0;
      this.#missed.set(key, missed);
    }
    return missed;
  }

  expected(key: number): number {
    return this.#heads[this.#slot(this.#of(key))] ?? 0;
  }

  seen(key: number, position: number): void {
    const missed = this.#of(key);
    const own = this.#slot(missed);
    for (let slot = 0; slot < slots; slot++) {
      const miss = Math.min(Math.abs(position - (this.#heads[slot] ?? 0)), missLimit);
      missed[slot] = (missed[slot] ?? 0) * (1 - forget) + miss * forget;
    }
    this.#heads[own] = position;
  }
}
