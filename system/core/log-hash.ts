// The chain over the decided log: hash(length) = H(hash(length - 1), command). Two replicas with the same hash at the same length
// agree on everything before it; the first length at which they differ is where they forked.
import { Hasher, formatDigest, zeroDigest, type Digest } from "./hash.js";
import type { Command } from "./interface.js";

const CHUNK_LENGTH = 1024;
export const DECISIONS_PER_ANSWER_MAX = 2_000;

export class LogHash {
  /** Two lanes for each command, so that the fork can be found afterwards: 8 bytes per command. */
  readonly #chunks: Uint32Array[] = [];
  #digest: Digest = zeroDigest;
  #length = 0;
  /** The hash as text, once it was asked for. */
  #text: string | null = null;

  get length(): number {
    return this.#length;
  }

  get hash(): string {
    this.#text ??= formatDigest(this.#digest);
    return this.#text;
  }

  advance(command: Command): void {
    const digest = new Hasher(this.#digest).command(command).digest();
    const offset = (this.#length % CHUNK_LENGTH) * 2;
    if (offset === 0) this.#chunks.push(new Uint32Array(CHUNK_LENGTH * 2));
    const chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined) throw new Error("the chain has no chunk for its next hash");
    chunk[offset] = digest.high;
    chunk[offset + 1] = digest.low;
    this.#digest = digest;
    this.#text = null;
    this.#length += 1;
  }

  /** Hashes of the prefixes of length from + 1, from + 2, …, at most DECISIONS_PER_ANSWER_MAX of them. */
  after(from: number): { index: number; hash: string }[] {
    const hashes: { index: number; hash: string }[] = [];
    const end = Math.min(this.#length, from + DECISIONS_PER_ANSWER_MAX);
    for (let position = Math.max(0, from); position < end; position += 1) {
      const chunk = this.#chunks[Math.floor(position / CHUNK_LENGTH)];
      const offset = (position % CHUNK_LENGTH) * 2;
      const digest = { high: chunk?.[offset] ?? 0, low: chunk?.[offset + 1] ?? 0 };
      hashes.push({ index: position + 1, hash: formatDigest(digest) });
    }
    return hashes;
  }
}
