// Scenes: directed faults that follow the protocol through several steps, for what faults at random times hardly ever set up. Two kinds.
//
// - Partial connectivity (Ng, Haridi, Carbone: Omni-Paxos, EuroSys 2023, section 2): quorum loss, constrained election, chained. In each
//   of them somebody still hears a majority, so the group must go on serving, and that is demanded while the links are cut.
// - Hand-over: leadership is taken from node to node by cutting off, stopping or killing whoever leads or follows as soon as the leader
//   before has decided something, and the node struck before comes back at that very moment. `leads-twice` goes on until the first leader
//   leads again.
//
// They name events of the protocol, never a planted bug; every hunt draws from the same set with the same weights.
import type { JsonValue, Random } from "../history/index.js";

export const connectivityCases = ["quorum-loss", "constrained-election", "chained"] as const;
export type ConnectivityCase = (typeof connectivityCases)[number];

export interface ConnectivityScene {
  readonly scene: ConnectivityCase;
  readonly group: number;
  /** Not before, in ms since the load began; it waits for a group in peace. */
  readonly at_ms: number;
  readonly for_ms: number;
  readonly mode: "reset" | "drop" | "stall";
  /** Of `constrained-election`: how long the one node misses the log's end before all the other links are cut. */
  readonly lag_ms: number;
}

export interface HandOverStep {
  readonly strikes: "leader" | "follower";
  readonly do: "cut" | "kill" | "pause";
  readonly mode: "reset" | "drop" | "stall";
  /** The next step comes when the group has decided so many commands more. */
  readonly decides: number;
  /** How long the node struck before stays away once this one is struck; 0: it is back at the same moment. */
  readonly overlap_ms: number;
}

export interface HandOverScene {
  readonly scene: "hand-over" | "leads-twice";
  readonly group: number;
  readonly at_ms: number;
  /** Of each step at most. */
  readonly for_ms: number;
  readonly steps: readonly HandOverStep[];
}

export type Scene = ConnectivityScene | HandOverScene;

export const isConnectivity = (scene: Scene): scene is ConnectivityScene => "lag_ms" in scene;

const modes = ["reset", "drop", "stall"] as const;
const deeds = ["cut", "kill", "pause"] as const;
const struck = ["leader", "follower"] as const;
const scenesMax = 20;
const stepsMax = 12;

export interface SceneInput {
  readonly groups: number;
  readonly timeLimitMs: number;
  readonly electionTimeoutMs: number;
}

/** A longer load has a scene for each so long a part of it. */
const sceneEveryMs = 10_000;

/**
 * Draws the scenes of a seed, one after another; two seeds of three have none. A load too short for one has none either. Those of
 * connectivity keep to themselves.
 */
export function drawScenes(random: Random, { groups, timeLimitMs, electionTimeoutMs }: SceneInput): readonly Scene[] {
  if (!random.chance(1 / 3) || timeLimitMs < 12 * electionTimeoutMs) return [];
  const count = Math.min(scenesMax, Math.max(1, Math.floor(timeLimitMs / sceneEveryMs)));
  const partMs = timeLimitMs / count;
  let connectivity: boolean | null = null;
  return Array.from({ length: count }, (_, index): Scene => {
    const group = random.integer(0, groups - 1);
    connectivity ??= random.chance(0.45);
    const place = { group, fromMs: index * partMs, partMs, electionTimeoutMs };
    return connectivity ? drawConnectivity(random, place) : drawHandOver(random, place);
  });
}

interface ScenePlace {
  readonly group: number;
  /** The part of the load that the scene begins in. */
  readonly fromMs: number;
  readonly partMs: number;
  readonly electionTimeoutMs: number;
}

function drawConnectivity(random: Random, { group, fromMs, partMs, electionTimeoutMs }: ScenePlace): ConnectivityScene {
  const forMs = Math.round(electionTimeoutMs * (6 + 6 * random.unit()));
  return {
    scene: random.pick(connectivityCases),
    group,
    at_ms: Math.round(fromMs + random.unit() * Math.max(0, partMs - forMs - 2 * electionTimeoutMs)),
    for_ms: forMs,
    mode: random.pick(modes),
    lag_ms: random.integer(10, 500),
  };
}

function drawHandOver(random: Random, { group, fromMs, partMs, electionTimeoutMs }: ScenePlace): HandOverScene {
  const one = random.chance(0.5) ? random.pick(deeds) : null;
  const drawStep = (): HandOverStep => ({
    strikes: random.pick(struck),
    do:
      one ??
      random.pickWeighted([
        ["cut", 4],
        ["kill", 2],
        ["pause", 1],
      ] as const),
    mode: random.pick(modes),
    decides: random.pick([1, 1, 2, 5, 20]),
    overlap_ms: random.chance(0.7) ? 0 : random.integer(1, 500),
  });
  const twice = random.chance(0.3);
  const steps = Array.from({ length: random.integer(3, 8) }, drawStep).map((step, at) =>
    twice || at === 0 ? { ...step, strikes: "leader" as const } : step,
  );
  return {
    scene: twice ? "leads-twice" : "hand-over",
    group,
    at_ms: Math.round(fromMs + random.unit() * 0.4 * partMs),
    for_ms: Math.round(electionTimeoutMs * (2 + 4 * random.unit())),
    steps,
  };
}

/** Reads them back from a plan. Throws with the place of what is wrong. */
export function parseScenes(value: JsonValue | undefined): readonly Scene[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > scenesMax)
    throw new Error(`scenes: expected a list of at most ${scenesMax}`);
  return value.map((one: JsonValue, at) => parseScene(one, `scenes[${at}]`));
}

function fieldsOf(value: JsonValue | undefined, place: string) {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${place}: expected an object`);
  const fields = value as { readonly [name: string]: JsonValue };
  return {
    fields,
    number: (name: string): number => {
      const number = fields[name];
      if (typeof number !== "number" || !(number >= 0)) throw new Error(`${place}.${name}: expected a number`);
      return number;
    },
    word: <T extends string>(name: string, words: readonly T[]): T => {
      const word = words.find((candidate) => candidate === fields[name]);
      if (word === undefined) throw new Error(`${place}.${name}: expected one of ${words.join(", ")}`);
      return word;
    },
  };
}

function parseScene(value: JsonValue, place: string): Scene {
  const { fields, number, word } = fieldsOf(value, place);
  const scene = word("scene", [...connectivityCases, "hand-over", "leads-twice"] as const);
  const timed = { group: number("group"), at_ms: number("at_ms"), for_ms: number("for_ms") };
  if (scene !== "hand-over" && scene !== "leads-twice")
    return { scene, ...timed, mode: word("mode", modes), lag_ms: number("lag_ms") };
  const list: JsonValue | undefined = fields["steps"];
  if (!Array.isArray(list) || list.length > stepsMax)
    throw new Error(`${place}.steps: expected a list of at most ${stepsMax}`);
  const steps = list.map((one: JsonValue, at): HandOverStep => {
    const step = fieldsOf(one, `${place}.steps[${at}]`);
    return {
      strikes: step.word("strikes", struck),
      do: step.word("do", deeds),
      mode: step.word("mode", modes),
      decides: step.number("decides"),
      overlap_ms: step.number("overlap_ms"),
    };
  });
  return { scene, ...timed, steps };
}
