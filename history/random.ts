// The one source of chance of a run. Every draw of a generator, a schedule or a test comes from a `Random` made of the run's
// seed, so that the seed alone repeats it.

/** A stream of pseudo-random numbers. Two streams made of the same seed and label give the same numbers for ever. */
export interface Random {
  /** Uniform over the integers 0 … 2^32 - 1. */
  uint32(): number;
  /** Uniform in [0, 1), 32 bits of it. */
  unit(): number;
  /** Uniform over the integers `low` … `high`, both included; at most 2^32 of them. */
  integer(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of the items, each as likely as the next. Throws when there is none. */
  pick<T>(items: readonly T[]): T;
  /** One of the items, as likely as its weight says. Throws when the weights do not sum to more than 0. */
  pickWeighted<T>(items: readonly (readonly [item: T, weight: number])[]): T;
  /** A copy in random order (Fisher–Yates). */
  shuffle<T>(items: readonly T[]): T[];
  /** Exponentially distributed with this mean: the gap between two arrivals of a Poisson stream. */
  exponential(mean: number): number;
  /** A stream of its own that depends on this one's seed and the label only, not on what was drawn so far. */
  fork(label: string): Random;
}

const twoTo32 = 2 ** 32;

/** FNV-1a over UTF-16 units, 32 bits, from an offset that carries the first half of the seed. */
function hashText(text: string, basis: number): number {
  let hash = basis >>> 0;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash;
}

/** One step of SplitMix with 32-bit words (Steele, Lea and Flood; the finalizer is MurmurHash3's): spreads a poor seed. */
function splitMix(state: number): number {
  let word = state >>> 0;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return (word ^ (word >>> 16)) >>> 0;
}

const rotateLeft = (word: number, by: number): number => ((word << by) | (word >>> (32 - by))) >>> 0;

/** A generator of 32-bit words: xoshiro128** 1.1 of Blackman and Vigna, period 2^128 - 1. Not for secrets. */
function xoshiro128(seed: string): () => number {
  const words = [0, 1, 2, 3].map((lane) => splitMix(hashText(seed, 0x811c9dc5 ^ splitMix(lane + 1))));
  let [a = 1, b = 2, c = 3, d = 4] = words;
  if ((a | b | c | d) === 0) a = 1;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** A stream of the run's seed; `label` sets streams of one seed apart (`"workload"`, `"nemesis"`). */
export function createRandom(seed: number | string, label = ""): Random {
  if (typeof seed === "number" && !Number.isSafeInteger(seed)) throw new Error(`seed ${seed} is no safe integer`);
  const identity = `${seed}/${label}`;
  const word = xoshiro128(identity);

  const unit = (): number => word() / twoTo32;
  const integer = (low: number, high: number): number => {
    const size = high - low + 1;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || size < 1 || size > twoTo32)
      throw new Error(`no integer to draw from ${low} to ${high}`);
    // Words beyond the last whole multiple of `size` would favour small results: draw again (fewer than 2 draws on average).
    const limit = twoTo32 - (twoTo32 % size);
    for (;;) {
      const drawn = word();
      if (drawn < limit) return low + (drawn % size);
    }
  };
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new Error("nothing to pick from");
    return items[integer(0, items.length - 1)] as T;
  };
  return {
    uint32: word,
    unit,
    integer,
    chance: (probability) => unit() < probability,
    pick,
    pickWeighted: <T>(items: readonly (readonly [T, number])[]): T => {
      const total = items.reduce((sum, [, weight]) => sum + weight, 0);
      if (!(total > 0) || items.some(([, weight]) => weight < 0)) throw new Error("weights must sum to more than 0");
      let rest = unit() * total;
      const positive = items.filter(([, weight]) => weight > 0);
      for (const [item, weight] of positive) {
        rest -= weight;
        if (rest < 0) return item;
      }
      return (positive.at(-1) as readonly [T, number])[0];
    },
    shuffle: <T>(items: readonly T[]): T[] => {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = integer(0, last);
        [shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T];
      }
      return shuffled;
    },
    exponential: (mean) => -Math.log(1 - unit()) * mean,
    fork: (inner) => createRandom(identity, inner),
  };
}
