// A fast 64-bit hash in two 32-bit lanes: it finds accidental divergence, it is no defence against an adversary.
// The multipliers are xxHash's 32-bit primes; the finish is the avalanche of MurmurHash3.
import type { Command, KvOperation, Value } from "./interface.js";

/** Two unsigned 32-bit lanes. */
export interface Digest {
  readonly high: number;
  readonly low: number;
}

export const zeroDigest: Digest = { high: 0, low: 0 };

function avalanche(lane: number): number {
  let mixed = lane ^ (lane >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

export class Hasher {
  #high: number;
  #low: number;

  constructor(from: Digest = zeroDigest) {
    this.#high = from.high ^ 0x27d4eb2f;
    this.#low = from.low ^ 0x165667b1;
  }

  word(word: number): this {
    this.#high = Math.imul(this.#high ^ word, 0x9e3779b1);
    this.#high ^= this.#high >>> 15;
    this.#low = Math.imul(this.#low + word, 0x85ebca77);
    this.#low ^= this.#low >>> 13;
    return this;
  }

  /** A safe integer ≥ 0. */
  integer(integer: number): this {
    return this.word(integer | 0).word(Math.floor(integer / 0x1_0000_0000));
  }

  /** Two UTF-16 units a step, in local lanes: values are most of what is hashed. */
  text(text: string): this {
    const { length } = text;
    let high = this.#high ^ length;
    let low = this.#low + length;
    for (let index = 0; index < length; index += 2) {
      const second = index + 1 < length ? text.charCodeAt(index + 1) : 0;
      const word = text.charCodeAt(index) | (second << 16);
      high = Math.imul(high ^ word, 0x9e3779b1);
      high ^= high >>> 15;
      low = Math.imul(low + word, 0x85ebca77);
      low ^= low >>> 13;
    }
    this.#high = high;
    this.#low = low;
    return this.word(length);
  }

  value(value: Value): this {
    if (value === null) return this.word(1);
    if (typeof value === "string") return this.word(2).text(value);
    if (typeof value === "number") return this.word(3).text(String(value));
    return this.word(value ? 4 : 5);
  }

  operation(operation: KvOperation): this {
    if (operation.function === "get") return this.word(6).text(operation.key);
    if (operation.function === "put") return this.word(7).text(operation.key).value(operation.value);
    return this.word(8).text(operation.key).value(operation.expected).value(operation.new);
  }

  /** Without its waiter, which is an address and no part of what was agreed on. */
  command(command: Command): this {
    if (command.type === "noop") return this.word(9);
    if (command.type === "open-session") return this.word(10);
    return this.word(11)
      .integer(command.session)
      .integer(command.number)
      .integer(command.acknowledgedBelow)
      .operation(command.operation);
  }

  digest(): Digest {
    const high = avalanche(this.#high ^ (this.#low << 7));
    return { high, low: avalanche(this.#low ^ high) };
  }
}

/** Sum of digests lane by lane: the hash of a set, whatever the order, from which a member can be taken again. */
export function addDigest(set: Digest, member: Digest): Digest {
  return { high: (set.high + member.high) >>> 0, low: (set.low + member.low) >>> 0 };
}

export function removeDigest(set: Digest, member: Digest): Digest {
  return { high: (set.high - member.high) >>> 0, low: (set.low - member.low) >>> 0 };
}

const hexadecimal = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function formatLane(lane: number): string {
  const byte = (shift: number): string => hexadecimal[(lane >>> shift) & 0xff] ?? "";
  return byte(24) + byte(16) + byte(8) + byte(0);
}

/** 16 hexadecimal digits. */
export function formatDigest(digest: Digest): string {
  return formatLane(digest.high) + formatLane(digest.low);
}
