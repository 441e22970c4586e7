// The state machine: a map from keys to values, changed by decided operations only and in their order. Deterministic: the same
// log gives the same map, the same answers and the same hash on every replica.
import { Hasher, addDigest, removeDigest, zeroDigest, type Digest } from "./hash.js";
import type { KvOperation, KvResult, Value } from "./interface.js";

interface Cell {
  readonly key: string;
  value: Value;
  /** Its share of the digest when that was last brought up to date. */
  share: Digest;
  stale: boolean;
}

/** Cells that may wait for their share of the digest to be brought up to date: no single question is long in answering. */
const STALE_MAX = 4096;

export class KeyValueStateMachine {
  readonly #cells = new Map<string, Cell>();
  #digest: Digest = zeroDigest;
  /** Cells that changed since their share of the digest was computed. */
  #stale: Cell[] = [];

  get size(): number {
    return this.#cells.size;
  }

  /** Over all keys and values; computed for those that have changed since it was last asked for. */
  get digest(): Digest {
    for (const cell of this.#stale) {
      const share = new Hasher().text(cell.key).value(cell.value).digest();
      this.#digest = addDigest(removeDigest(this.#digest, cell.share), share);
      cell.share = share;
      cell.stale = false;
    }
    this.#stale = [];
    return this.#digest;
  }

  /** The stored string for a key, so that a log of many operations on one key holds it once. */
  canonicalKey(key: string): string {
    return this.#cells.get(key)?.key ?? key;
  }

  /** `index`: the decided index of the operation. */
  apply(operation: KvOperation, index: number): KvResult {
    const cell = this.#cells.get(operation.key);
    switch (operation.function) {
      case "get":
        return { function: "get", found: cell !== undefined, value: cell?.value ?? null, index };
      case "put": {
        const previous = cell?.value ?? null;
        this.#set(cell, operation.key, operation.value);
        return { function: "put", previous, index };
      }
      case "cas": {
        if (cell === undefined) return { function: "cas", status: "not-found", observed: null, index };
        const observed = cell.value;
        if (observed !== operation.expected) return { function: "cas", status: "mismatch", observed, index };
        this.#set(cell, operation.key, operation.new);
        return { function: "cas", status: "ok", observed, index };
      }
    }
  }

  #set(cell: Cell | undefined, key: string, value: Value): void {
    let changed = cell;
    if (changed === undefined) {
      changed = { key, value, share: zeroDigest, stale: false };
      this.#cells.set(key, changed);
    } else {
      changed.value = value;
    }
    if (changed.stale) return;
    changed.stale = true;
    if (this.#stale.push(changed) >= STALE_MAX) void this.digest;
  }
}
