// A node's disk with the semantics of fsync: one batch is under way at a time, and it is durable only when its fsync returned.
// Of a batch under way at a crash the disk holds all, nothing, or some of its bytes, and the system's own reader finds out.
import type { DeterministicSystem } from "../cluster/index.js";
import type { Random } from "../history/index.js";
import type { EventQueue } from "./queue.js";
import type { WorldSettings } from "./settings.js";

interface Write {
  readonly number: number;
  readonly batch: unknown;
}

export type CrashOutcome = "nothing under way" | "kept" | "torn" | "lost";

export class SimulatedDisk {
  readonly #system: DeterministicSystem;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #settings: WorldSettings;
  readonly #durable: (write: number) => void;
  readonly #failed: (error: Error) => void;
  #underWay: Write | null = null;
  /** Grows with each crash: an fsync that was planned before it never returns. */
  #epoch = 0;
  /** Owned by the system; what it holds survives every crash. */
  readonly image: unknown;
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

  write(write: Write): void {
    if (this.#underWay !== null) throw new Error("a batch was written before the fsync of the one before it returned");
    this.#underWay = write;
    this.writes += 1;
    const epoch = this.#epoch;
    this.#queue.after(this.#fsyncNs(), () => {
      if (epoch !== this.#epoch) return;
      this.#underWay = null;
      if (this.#apply(() => this.#system.applyBatch(this.image, write.batch))) this.#durable(write.number);
      else this.#failed(this.unreadable ?? new Error("its log cannot be read"));
    });
  }

  /** The process or its machine is gone. */
  crash(): CrashOutcome {
    this.#epoch += 1;
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
