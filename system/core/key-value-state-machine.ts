// The state machine: a map from keys to values, changed by decided operations only and in their order. Deterministic: the same
// log gives the same map, the same answers and the same hash on every replica.
import { Hasher, addDigest, removeDigest, zeroDigest, type Digest } from "./hash.js";
import type { KvOperation, KvResult, Value } from "./interface.js";

interface Cell {
  readonly key: string;
  value: Value;
  digest: Digest;
}

export class KeyValueStateMachine {
  readonly #cells = new Map<string, Cell>();
  #digest: Digest = zeroDigest;

  get size(): number {
    return this.#cells.size;
  }

  /** Over all keys and values; kept up to date, not computed. */
  get digest(): Digest {
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
    const digest = new Hasher().text(key).value(value).digest();
    if (cell === undefined) this.#cells.set(key, { key, value, digest });
    else {
      this.#digest = removeDigest(this.#digest, cell.digest);
      cell.value = value;
      cell.digest = digest;
    }
    this.#digest = addDigest(this.#digest, digest);
  }
}
