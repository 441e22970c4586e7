// A node's disk with the semantics of fsync: one batch is under way at a time, and it is durable only when its fsync returned.
// Of a batch under way at a crash the disk holds all, nothing, or some of its bytes, and the system's own reader finds out.
import type { DeterministicSystem, DiskDamage } from "../cluster/index.js";
import type { Random } from "../history/index.js";
import type { EventQueue } from "./queue.js";
import type { WorldSettings } from "./settings.js";

interface Write {
  readonly number: number;
  readonly batch: unknown;
}

/**
 * What may go wrong with a disk within the fault model: the next fsync fails, no write fits any more, or every fsync takes long. The first
 * two end the process, as the store does: what the page cache holds after a failed fsync is anybody's guess, so nobody tries again.
 */
export const diskTroubles = ["fail-fsync", "fill-disk", "slow-disk"] as const;
export type DiskTrouble = (typeof diskTroubles)[number];

export type CrashOutcome = "nothing under way" | "kept" | "torn" | "lost";

/** The disk refused; whoever asked has to stop. */
export class DiskFailed extends Error {
  override readonly name = "DiskFailed";
}

/** The system cannot or will not start on what the disk gives back; so it must be after damage. */
export class DiskRefused extends Error {
  override readonly name = "DiskRefused";
}

/** Bits turned over in one place at most: a sector. */
const sectorBits = 512 * 8;

export class SimulatedDisk {
  readonly #system: DeterministicSystem;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #settings: WorldSettings;
  readonly #durable: (write: number) => void;
  readonly #failed: (error: Error) => void;
  #underWay: Write | null = null;
  /** An fsync that a slow disk holds back. */
  #held: (() => void) | null = null;
  #trouble: DiskTrouble | null = null;
  /** Grows with each crash: an fsync that was planned before it never returns. */
  #epoch = 0;
  /** Owned by the system; what it holds survives every crash. */
  image: unknown;
  /** How often it was emptied. */
  wipes = 0;
  /** Done to durable bytes and not read yet. */
  #damage: DiskDamage[] = [];
  #unreadableSector = false;
  #refusal: DiskRefused | null = null;
  /** What the system's reader says of a log that it cannot believe: it starts from this disk no more. */
  unreadable: Error | null = null;
  writes = 0;

  constructor(
    system: DeterministicSystem,
    queue: EventQueue,
    random: Random,
    settings: WorldSettings,
    durable: (write: number) => void,
    failed: (error: Error) => void,
  ) {
    this.#system = system;
    this.#queue = queue;
    this.#random = random;
    this.#settings = settings;
    this.#durable = durable;
    this.#failed = failed;
    this.image = system.emptyDisk();
  }

  get busy(): boolean {
    return this.#underWay !== null;
  }

  /** Why nobody starts on it again; null: as far as is known, one can. */
  get refusal(): string | null {
    return this.#refusal?.message ?? null;
  }

  /**
   * Turns bits over in one of the batches that are durable, but not in the last: a change there cannot be told from a torn tail. Whoever has
   * read the disk already does not see it. Null when there are too few batches, or the system's disks have none.
   */
  flipBits(random: Random, bits: number): DiskDamage | null {
    const count = this.#system.batchesOn?.(this.image) ?? 0;
    if (this.#system.recoverDamaged === undefined || count < 2 || this.#damage.length > 0) return null;
    const damage = { batch: random.integer(0, count - 2), at: random.unit(), bits: Math.min(bits, sectorBits) };
    this.#damage.push(damage);
    return damage;
  }

  /** A sector gives an error instead of bytes from now on. */
  breakSector(): void {
    this.#unreadableSector = true;
  }

  /** Between two processes. */
  wipe(): void {
    this.image = this.#system.emptyDisk();
    this.wipes += 1;
    this.#damage = [];
    this.#unreadableSector = false;
    this.#refusal = null;
    this.unreadable = null;
  }

  /** What a start reads. Throws DiskRefused after damage, and what the log's own contradictions are otherwise. */
  open(): unknown {
    if (this.#refusal !== null) throw this.#refusal;
    if (this.unreadable !== null) throw this.unreadable;
    try {
      if (this.#unreadableSector) throw new Error("read: input/output error");
      if (this.#damage.length > 0) this.#system.recoverDamaged?.(this.image, this.#damage);
    } catch (error) {
      this.#refusal = new DiskRefused(error instanceof Error ? error.message : String(error));
      throw this.#refusal;
    }
    this.#damage = [];
    return this.image;
  }

  /** From now on, until `mend`. */
  trouble(how: DiskTrouble): void {
    this.#trouble = how;
  }

  /** Fsyncs that waited for a slow disk return in their usual time from now. */
  mend(): void {
    this.#trouble = null;
    const held = this.#held;
    this.#held = null;
    if (held !== null) this.#queue.after(this.#fsyncNs(), held);
  }

  get troubled(): DiskTrouble | null {
    return this.#trouble;
  }

  write(write: Write): void {
    if (this.#underWay !== null) throw new Error("a batch was written before the fsync of the one before it returned");
    if (this.#trouble === "fill-disk") throw new DiskFailed("write: no space left on the disk");
    this.#underWay = write;
    this.writes += 1;
    const epoch = this.#epoch;
    const synced = (): void => {
      if (epoch !== this.#epoch) return;
      if (this.#trouble === "slow-disk") {
        this.#held = synced;
        return;
      }
      // The batch stays under way: the end of the process decides what of it is on the disk, as at any crash.
      if (this.#trouble === "fail-fsync") return this.#failed(new DiskFailed("fdatasync: input/output error"));
      this.#underWay = null;
      if (this.#apply(() => this.#system.applyBatch(this.image, write.batch))) this.#durable(write.number);
      else this.#failed(this.unreadable ?? new Error("its log cannot be read"));
    };
    this.#queue.after(this.#fsyncNs(), synced);
  }

  /** The process or its machine is gone. */
  crash(): CrashOutcome {
    this.#epoch += 1;
    this.#held = null;
    const write = this.#underWay;
    this.#underWay = null;
    const { keptAtCrashChance, tornAtCrashChance } = this.#settings;
    const drawn = this.#random.unit();
    const share = this.#random.unit();
    if (write === null) return "nothing under way";
    if (drawn < keptAtCrashChance) {
      this.#apply(() => this.#system.applyBatch(this.image, write.batch));
      return "kept";
    }
    if (drawn >= keptAtCrashChance + tornAtCrashChance) return "lost";
    this.#apply(() => this.#system.recoverTorn(this.image, write.batch, share));
    return "torn";
  }

  /** False when what is on the disk contradicts itself from now on. */
  #apply(change: () => void): boolean {
    try {
      change();
      return true;
    } catch (error) {
      this.unreadable ??= error instanceof Error ? error : new Error(String(error));
      return false;
    }
  }

  #fsyncNs(): number {
    const { fsyncNs, slowFsyncChance, slowFsyncNs } = this.#settings;
    if (slowFsyncChance > 0 && this.#random.chance(slowFsyncChance)) return this.#random.unit() * slowFsyncNs;
    return fsyncNs * (0.5 + this.#random.unit());
  }
}
