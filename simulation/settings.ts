// Every knob of a world, drawn from the seed in one function: a swarm, so that each seed lives in a different place (fast or slow
// links, good or bad disks, steady or drifting clocks). Each knob can be pinned.
import { createRandom, type JsonValue } from "../history/index.js";

/** Times in nanoseconds unless the name says otherwise; chances between 0 and 1. */
export interface WorldSettings {
  /** Median of a message's way from node to node, one way. */
  readonly latencyNs: number;
  /** How often it takes `tailFactor` times as long at most. */
  readonly tailChance: number;
  readonly tailFactor: number;
  /** Bytes that a link carries in a second. */
  readonly linkBytesPerS: number;
  /** From a client to its node, one way. */
  readonly clientLatencyNs: number;
  /** Mean time between two resets of connections between nodes that nobody asked for; 0: never. */
  readonly resetEveryMs: number;
  /** Median of an fsync. */
  readonly fsyncNs: number;
  readonly slowFsyncChance: number;
  readonly slowFsyncNs: number;
  /** What becomes of the batch under way at a crash: kept whole, torn, or else lost. */
  readonly keptAtCrashChance: number;
  readonly tornAtCrashChance: number;
  /** A node's ticks come this much too fast or too slow at most, in parts of a million. */
  readonly driftPpm: number;
  /** What a turn of a node costs, and each thing that it handles in it. */
  readonly turnNs: number;
  readonly inputNs: number;
}

export type PinnedSettings = Partial<WorldSettings>;

export const settingNames: readonly (keyof WorldSettings)[] = [
  "latencyNs",
  "tailChance",
  "tailFactor",
  "linkBytesPerS",
  "clientLatencyNs",
  "resetEveryMs",
  "fsyncNs",
  "slowFsyncChance",
  "slowFsyncNs",
  "keptAtCrashChance",
  "tornAtCrashChance",
  "driftPpm",
  "turnNs",
  "inputNs",
];

const microsecondNs = 1_000;
const millisecondNs = 1_000_000;

/** The one place where a world's knobs are drawn. Every knob is drawn whether pinned or not, so that a pin changes only itself. */
export function drawSettings(seed: number, pinned: PinnedSettings = {}): WorldSettings {
  const random = createRandom(seed, "world settings");
  const logUniform = (low: number, high: number): number => low * (high / low) ** random.unit();
  const whole = (low: number, high: number): number => Math.round(logUniform(low, high));
  const drawn: WorldSettings = {
    latencyNs: whole(50 * microsecondNs, 5 * millisecondNs),
    tailChance: random.pick([0, 0.001, 0.01, 0.05]),
    tailFactor: logUniform(2, 20),
    linkBytesPerS: whole(1e6, 1e9),
    clientLatencyNs: whole(50 * microsecondNs, millisecondNs),
    resetEveryMs: random.chance(0.5) ? 0 : whole(500, 20_000),
    fsyncNs: whole(100 * microsecondNs, 5 * millisecondNs),
    slowFsyncChance: random.pick([0, 0, 0.001, 0.01]),
    slowFsyncNs: whole(10 * millisecondNs, 400 * millisecondNs),
    keptAtCrashChance: random.pick([0, 0.3, 0.5]),
    tornAtCrashChance: random.pick([0, 0.2, 0.5]),
    driftPpm: whole(1, 50_000),
    turnNs: whole(10 * microsecondNs, 200 * microsecondNs),
    inputNs: whole(2 * microsecondNs, 20 * microsecondNs),
  };
  return { ...drawn, ...pinned };
}

/** Reads pinned knobs from a plan. Throws with the name of what is wrong. */
export function parseSettings(value: JsonValue | undefined): PinnedSettings {
  if (value === undefined) return {};
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new Error("settings: expected an object");
  for (const [name, number] of Object.entries(value)) {
    if (!settingNames.some((known) => known === name)) throw new Error(`settings.${name}: there is no such knob`);
    if (typeof number !== "number" || !(number >= 0)) throw new Error(`settings.${name}: expected a number`);
  }
  return value as PinnedSettings;
}

/** The number on a line of a trace or of environment.json. */
export function describeSettings(settings: WorldSettings): string {
  return settingNames.map((name) => `${name} ${Number(settings[name].toPrecision(4))}`).join(", ");
}
