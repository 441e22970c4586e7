// What presets are made of: cards, each of which draws one disturbance of one group for a place in a schedule.
import type { NodeName } from "../cluster/index.js";
import type { Random } from "../history/index.js";
import { moments, swizzled } from "./compositions.js";
import type { Fault, FaultKind, PartitionShape } from "./fault.js";
import { leftBehind, twoElections } from "./sequences.js";

/** Named mixes of faults, gentlest first. */
export const presets = {
  none: "Nothing: for control runs.",
  gentle: "One follower at a time is killed, stopped, paused or slow: what a group should hardly notice.",
  partitions: "Partitions only: of `standard`.",
  crashes: "Processes only, of `standard`, and the system's own stop signal.",
  links:
    "Links only: a leader's links are slow, narrow, cut bytes into pieces, or end after a few bytes or again and again; one node hears nobody or is heard by nobody; two are cut off one by one and come back in a drawn order.",
  standard:
    "Kill, pause, partition and latency, of a majority of a group only for moments. Each schedule that has room isolates a leader by `stall` and by `drop`, kills a leader and pauses one, lets a node that was left behind decide an election and a leader miss two, and ends where a leader's connections are cut short.",
  brutal:
    "A leader's links flap, leaders crash again and again, groups are restarted in turn or lose their majority, links are cut as partial connectivity and random graphs have it, leaders get a few kilobytes a second, bytes in small pieces, or connections that end after a few bytes or are reset; clients die, ask twice or ask without pausing.",
} as const;
export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as readonly PresetName[];

/** Where in a schedule a card is played. */
export interface Place {
  /** The lane that it is played on. */
  readonly group: number;
  readonly members: readonly NodeName[];
  readonly atMs: number;
  readonly forMs: number;
  readonly random: Random;
  /** A name for the faults that it draws, if they are a series. */
  readonly series: string;
}

export interface Card {
  /** None: the card is played only when its kind is asked for by name. */
  readonly presets: readonly PresetName[];
  /** Dealt in every schedule that has room; the others take turns. */
  readonly essential: boolean;
  /** Played only as a group's last, where that has room for five. */
  readonly closing?: true;
  readonly kind: FaultKind;
  /** Kinds that it plays besides. */
  readonly with?: readonly FaultKind[];
  readonly draw: (place: Place) => readonly Fault[];
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
type Timeless = DistributiveOmit<Fault, "at_ms" | "for_ms" | "glitch" | "series">;
type Mode = "reset" | "drop" | "stall";

/** One fault for as long as the place is. */
const one =
  (fault: (group: number, random: Random) => Timeless): Card["draw"] =>
  ({ group, random, atMs, forMs }) => [{ ...fault(group, random), at_ms: atMs, for_ms: forMs }];

const partition =
  (shape: PartitionShape, mode: Mode) =>
  (group: number): Timeless => ({ kind: "partition", shape, mode, group, scope: "group" });

/**
 * A round trip takes longer than a client waits before it asks again, and less than it waits in all. Much less than this could not be
 * proved by byte counts where these are read through a container engine, some forty milliseconds apart.
 */
const latency = (by: "leader" | "follower"): Card["draw"] =>
  one((group, random) => ({
    kind: "latency",
    target: { by, group },
    latency_ms: random.integer(140, 180),
    jitter_ms: random.integer(0, 20),
  }));

/** A few kilobytes a second are less than what a leader sends under load and more than its heartbeats. */
const bandwidth: Card["draw"] = one((group, random) => ({
  kind: "bandwidth",
  target: { by: "leader", group },
  rate_kb_per_s: random.integer(2, 6),
}));

/** Connections that a leader needs end again and again, some of them with messages half through. */
const limitData: Card["draw"] = one((group, random) => ({
  kind: "limit-data",
  target: { by: "leader", group },
  limit_bytes: random.integer(300, 1_500),
}));
const slicing: Card["draw"] = one((group, random) => ({
  kind: "slicing",
  target: { by: "leader", group },
  piece_bytes: random.integer(5, 20),
  pause_ms: random.integer(4, 6),
}));
const reset: Card["draw"] = one((group, random) => ({
  kind: "reset",
  target: { by: "leader", group },
  after_ms: random.integer(50, 200),
}));

const anyMode: readonly Mode[] = ["reset", "drop", "stall"];
const anyPartition = (shapes: readonly PartitionShape[], modes: readonly Mode[] = anyMode): Card["draw"] =>
  one((group, random) => partition(random.pick(shapes), random.pick(modes))(group));

/** What it takes, at the most likely, until a fault that comes again and again is confirmed on and off each time. */
const repeatAllowanceMs = 900;
/** A place leaves so much behind it for confirmations; a series may use it. */
const placeAllowanceMs = 1_200;
const mostRepeats = 5;

/** The same fault on and off, as often as the place has room for, at the targets of the first time. */
const again =
  (fault: (group: number, random: Random) => Timeless): Card["draw"] =>
  ({ group, random, atMs, forMs, series }) => {
    const [onMs, offMs] = [random.integer(150, 400), random.integer(150, 400)];
    const room = Math.floor((forMs + placeAllowanceMs) / (onMs + offMs + repeatAllowanceMs));
    const timeless = fault(group, random);
    const times = Math.min(mostRepeats, Math.max(2, room));
    return moments(atMs, onMs, offMs, times).map((timed) => ({ ...timeless, ...timed, glitch: true, series }));
  };

/**
 * A leader's links end and are there again before anybody asks for an election: what was under way on them is lost, and whoever missed
 * it has to notice by itself. Nothing follows, for another fault could hide by an election that nobody did.
 */
const briefResets: Card["draw"] = ({ group, random, atMs, series }) =>
  moments(atMs, random.integer(5, 20), random.integer(400, 700), 3).map((timed) => ({
    ...partition("isolate-leader", "reset")(group),
    ...timed,
    glitch: true,
    series,
  }));

/** The same where connections count their bytes: each carries a second's messages of a leader or less, and its end takes some of them. */
const shortLives: Card["draw"] = one((group, random) => ({
  kind: "limit-data",
  target: { by: "leader", group },
  limit_bytes: random.integer(1_500, 2_500),
}));

/** Longer than an election takes: a leader that is gone looks connected until another one leads. */
const slowClose: Card["draw"] = one((group, random) => ({
  kind: "slow-close",
  target: { by: "leader", group },
  delay_ms: random.integer(1_000, 2_000),
}));

/** Of clients: they die with a request under way, send one several times, or ask without pausing. */
const clientDeath: Card["draw"] = one((group, random) => ({
  kind: "client-death",
  target: { by: random.pick(["leader", "follower"] as const), group },
}));
/** The last copy comes long after most requests were answered, and after the client's next one. */
const duplicateRequests: Card["draw"] = one((group, random) => ({
  kind: "duplicate-requests",
  target: { by: random.pick(["leader", "follower"] as const), group },
  copies: random.integer(1, 4),
  every_ms: random.integer(5, 40),
}));
const retryStorm: Card["draw"] = one((group, random) => ({
  kind: "retry-storm",
  target: { by: random.pick(["leader", "follower"] as const), group },
  every_ms: random.integer(2, 5),
}));

/** Every member in turn, in a random order. */
const rollingRestart: Card["draw"] = ({ members, random, atMs, series }) => {
  const kind = random.pick(["kill", "terminate"] as const);
  const [onMs, offMs] = [random.integer(100, 300), random.integer(100, 300)];
  const at = moments(atMs, onMs, offMs, members.length);
  return random.shuffle(members).flatMap((node, index) => {
    const timed = at[index];
    return timed === undefined ? [] : [{ kind, target: { by: "name", nodes: [node] }, ...timed, glitch: true, series }];
  });
};

/** Two members are cut off one after the other and come back in a drawn order: between the two moments a group of three has no majority. */
const swizzle: Card["draw"] = ({ members, random, atMs, forMs }) => {
  const nodes = random.shuffle(members).slice(0, 2);
  const stepMs = Math.floor(forMs / 5);
  return swizzled({
    mode: random.pick(anyMode),
    among: members,
    nodes,
    release: random.shuffle(nodes),
    atMs,
    stepMs,
    holdMs: 2 * stepMs,
  });
};

const process = (
  kind: "kill" | "terminate" | "pause",
  by: readonly ("leader" | "follower" | "minority" | "majority")[],
) => one((group, random) => ({ kind, target: { by: random.pick(by), group } }));

/** A leader that is cut off, paused or killed is where most bugs show, so these are dealt first in `standard`. `stall` delivers late what
 * was sent to or by a deposed leader; `drop` lets it believe in itself the longest. */
export const cards: readonly Card[] = [
  {
    presets: ["standard", "partitions"],
    essential: true,
    kind: "partition",
    draw: one(partition("isolate-leader", "stall")),
  },
  {
    presets: ["standard", "partitions"],
    essential: true,
    kind: "partition",
    draw: one(partition("isolate-leader", "drop")),
  },
  {
    presets: ["standard", "partitions"],
    essential: false,
    kind: "partition",
    draw: anyPartition(["isolate-one", "isolate-leader"], ["reset"]),
  },
  {
    presets: ["standard", "partitions"],
    essential: false,
    kind: "partition",
    draw: anyPartition(["halves", "isolate-one"]),
  },
  {
    presets: ["standard", "partitions"],
    essential: false,
    kind: "partition",
    draw: one((group, random) => partition("majorities-ring", random.pick(anyMode))(group)),
  },
  {
    presets: ["standard", "partitions"],
    essential: false,
    kind: "partition",
    draw: anyPartition(["one-way-in", "one-way-out"]),
  },
  {
    presets: ["standard", "crashes"],
    essential: true,
    kind: "kill",
    draw: one((group) => ({ kind: "kill", target: { by: "leader", group } })),
  },
  {
    presets: ["standard", "crashes"],
    essential: false,
    kind: "kill",
    draw: process("kill", ["minority", "follower"]),
  },
  {
    presets: ["standard", "crashes"],
    essential: true,
    kind: "pause",
    draw: one((group) => ({ kind: "pause", target: { by: "leader", group } })),
  },
  {
    presets: ["standard", "crashes"],
    essential: false,
    kind: "pause",
    draw: process("pause", ["minority", "follower"]),
  },
  {
    presets: ["crashes"],
    essential: false,
    kind: "terminate",
    draw: process("terminate", ["leader", "minority"]),
  },
  { presets: ["standard"], essential: true, kind: "partition", with: ["kill"], draw: leftBehind },
  { presets: ["standard"], essential: true, kind: "partition", with: ["pause", "kill"], draw: twoElections },
  { presets: ["standard"], essential: false, closing: true, kind: "partition", draw: briefResets },
  { presets: ["standard"], essential: false, closing: true, kind: "limit-data", draw: shortLives },
  // A slow link makes clients ask twice while both attempts come through: nothing else tries deduplication so hard.
  {
    presets: ["standard"],
    essential: true,
    kind: "latency",
    draw: (place) => latency(place.random.pick(["leader", "follower"] as const))(place),
  },
  {
    presets: [],
    essential: false,
    kind: "restart",
    draw: one((group, random) => ({
      kind: "restart",
      how: random.pick(["kill", "terminate"] as const),
      target: { by: random.pick(["leader", "follower"] as const), group },
    })),
  },
  { presets: [], essential: false, kind: "bandwidth", draw: bandwidth },
  { presets: [], essential: false, kind: "limit-data", draw: limitData },
  { presets: [], essential: false, kind: "slicing", draw: slicing },
  { presets: [], essential: false, kind: "reset", draw: reset },
  { presets: [], essential: false, kind: "slow-close", draw: slowClose },
  { presets: [], essential: false, kind: "client-death", draw: clientDeath },
  { presets: [], essential: false, kind: "duplicate-requests", draw: duplicateRequests },
  { presets: [], essential: false, kind: "retry-storm", draw: retryStorm },

  // A black hole in one direction is where a leader is believed by some only; what is slow or narrow fills buffers and queues.
  { presets: ["links"], essential: true, kind: "partition", draw: anyPartition(["one-way-out"], ["drop", "stall"]) },
  { presets: ["links"], essential: true, kind: "partition", draw: anyPartition(["one-way-in"], ["drop", "stall"]) },
  { presets: ["links"], essential: true, kind: "partition", draw: swizzle },
  { presets: ["links"], essential: true, kind: "bandwidth", draw: bandwidth },
  { presets: ["links"], essential: false, kind: "latency", draw: latency("leader") },
  { presets: ["links"], essential: false, kind: "latency", draw: latency("follower") },
  { presets: ["links"], essential: false, kind: "limit-data", draw: limitData },
  { presets: ["links"], essential: false, kind: "slicing", draw: slicing },
  { presets: ["links"], essential: false, kind: "reset", draw: reset },

  { presets: ["gentle"], essential: true, kind: "kill", draw: process("kill", ["follower"]) },
  { presets: ["gentle"], essential: true, kind: "pause", draw: process("pause", ["follower"]) },
  { presets: ["gentle"], essential: false, kind: "terminate", draw: process("terminate", ["follower"]) },
  { presets: ["gentle"], essential: false, kind: "latency", draw: latency("follower") },

  {
    presets: ["brutal"],
    essential: true,
    kind: "partition",
    draw: again((group, random) => partition("isolate-leader", random.pick(anyMode))(group)),
  },
  {
    presets: ["brutal"],
    essential: true,
    kind: "kill",
    draw: again((group) => ({ kind: "kill", target: { by: "leader", group } })),
  },
  {
    presets: ["brutal"],
    essential: true,
    kind: "partition",
    draw: anyPartition(["quorum-loss", "constrained-election", "chained"]),
  },
  {
    presets: ["brutal"],
    essential: true,
    kind: "partition",
    draw: anyPartition(["isolate-leader"], ["stall", "drop"]),
  },
  {
    presets: ["brutal"],
    essential: false,
    kind: "partition",
    draw: anyPartition(["random-graph", "random-halves", "bridge", "minority-third", "majorities-ring"]),
  },
  { presets: ["brutal"], essential: false, kind: "kill", draw: rollingRestart },
  { presets: ["brutal"], essential: false, kind: "kill", draw: process("kill", ["majority"]) },
  { presets: ["brutal"], essential: false, kind: "pause", draw: process("pause", ["majority", "leader"]) },
  { presets: ["brutal"], essential: false, kind: "bandwidth", draw: bandwidth },
  { presets: ["brutal"], essential: false, kind: "limit-data", draw: limitData },
  { presets: ["brutal"], essential: false, kind: "slicing", draw: slicing },
  { presets: ["brutal"], essential: false, kind: "reset", draw: reset },
  { presets: ["brutal"], essential: false, kind: "latency", draw: latency("leader") },
  { presets: ["brutal"], essential: false, kind: "client-death", draw: clientDeath },
  { presets: ["brutal"], essential: false, kind: "duplicate-requests", draw: duplicateRequests },
  { presets: ["brutal"], essential: false, kind: "retry-storm", draw: retryStorm },
];

export const kindsOf = (card: Card): readonly FaultKind[] => [card.kind, ...(card.with ?? [])];

/** Cards of these take a group's majority, or would only double others. */
const notByKind: readonly PresetName[] = ["gentle", "brutal", "links"];

/** Cards that are played when kinds are asked for by name: those of presets in which no group loses its majority. */
export const ofKind = (card: Card, kinds: readonly FaultKind[]): boolean =>
  kindsOf(card).every((kind) => kinds.includes(kind)) &&
  (card.presets.length === 0 || card.presets.some((name) => !notByKind.includes(name)));
