// How many runs of a campaign are under way at a time. More of them end sooner, until they take the machine from each other: then a runner
// falls behind its own clock, and what it sees of the system is worth less. So a campaign begins with what cores and memory allow, makes
// one more at a time while its runs are calm, and one less when one was not; while the machine has no room, none is started beside others.
import { availableParallelism, freemem, loadavg } from "node:os";
import type { RunDocument } from "./runs.js";

/** Asked before each start and told each end. */
export interface Parallel {
  /** May one more be started beside `underWay`? With none under way always. */
  allows(underWay: number): boolean;
  ended(document: RunDocument | null): void;
  /** What it allows now, and why it may change. */
  readonly limit: number;
}

/** What is free of a machine. */
export interface Machine {
  readonly cores: number;
  freeBytes(): number;
  /** Processes that want to run, on the average of the last minute. */
  load(): number;
}

export const thisMachine: Machine = {
  cores: availableParallelism(),
  // Of a container with a limit only the rest of it; see docs of process.availableMemory.
  freeBytes: () => (typeof process.availableMemory === "function" ? process.availableMemory() : freemem()),
  load: () => loadavg()[0] ?? 0,
};

export interface RoomOfRun {
  /** At the beginning so many for each run. */
  readonly cores: number;
  readonly bytes: number;
}

const gibibyte = 2 ** 30;
/** Six nodes, a proxy and a runner that keeps the history: a core when they are busy, and room for another. */
export const roomOfCluster: RoomOfRun = { cores: 2, bytes: gibibyte };
/** One process that is always busy, and has no clock to fall behind. */
export const roomOfSimulation: RoomOfRun = { cores: 1, bytes: gibibyte / 2 };

export function fixedParallel(limit: number): Parallel {
  return { limit, allows: (underWay) => underWay < limit, ended: () => undefined };
}

/** Of its limit; above this a run was not calm, and one less is under way. */
const strainedShare = 0.5;
/** Below this one more could be. */
const calmShare = 0.25;
/** So many calm runs in a row for each that is allowed. */
const calmRuns = 3;
/** For each core: more than this many wait for each other. */
const crowded = 1.5;

export class AdaptiveParallel implements Parallel {
  readonly #machine: Machine;
  readonly #room: RoomOfRun;
  readonly #most: number;
  #limit: number;
  #calm = 0;

  constructor(room: RoomOfRun, machine: Machine = thisMachine) {
    this.#machine = machine;
    this.#room = room;
    this.#most = Math.max(1, machine.cores);
    const byMemory = Math.floor(machine.freeBytes() / room.bytes);
    this.#limit = Math.max(1, Math.min(Math.floor(machine.cores / room.cores), byMemory, this.#most));
  }

  get limit(): number {
    return this.#limit;
  }

  allows(underWay: number): boolean {
    if (underWay === 0) return true;
    const { freeBytes, load, cores } = this.#machine;
    return underWay < this.#limit && freeBytes() >= this.#room.bytes && load() < crowded * cores;
  }

  ended(document: RunDocument | null): void {
    const share = strainOf(document);
    if (share > strainedShare) {
      this.#limit = Math.max(1, this.#limit - 1);
      this.#calm = 0;
    } else if (share > calmShare) this.#calm = 0;
    else this.#calm += 1;
    if (this.#calm < calmRuns * this.#limit) return;
    this.#limit = Math.min(this.#most, this.#limit + 1);
    this.#calm = 0;
  }
}

const aboutRunner = /runner lag|runner's lag|throttl/i;

/** How much of what its plan allows a run's runner lagged or was throttled: above 1 it was starved. Without a document nobody knows. */
export function strainOf(document: RunDocument | null): number {
  if (isStarved(document)) return Infinity;
  const shares = (document?.teeth ?? []).flatMap(({ name, value, ceiling }) =>
    aboutRunner.test(name) && typeof ceiling === "number" && ceiling > 0 ? [value / ceiling] : [],
  );
  return Math.max(0, ...shares);
}

/** The machine had no time for the run: what it saw shows nothing of the system, except for a violation. */
export function isStarved(document: Pick<RunDocument, "valid" | "unknown" | "teeth"> | null): boolean {
  if (document?.valid !== "unknown") return false;
  const { unknown = [], teeth = [] } = document;
  const overrun = teeth.some(
    ({ name, value, ceiling }) => aboutRunner.test(name) && typeof ceiling === "number" && value > ceiling,
  );
  return overrun || unknown.some(({ code }) => code === "starved");
}
