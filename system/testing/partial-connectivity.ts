// Worlds for the partial-connectivity cases: a led group under load, links cut both ways, and how long it takes to make progress.
import { nodeId, type NodeId } from "../core/index.js";
import type { CutMode } from "./network.js";
import type { MakeCore } from "./simulated-node.js";
import { World, calmPace } from "./world.js";

export const HEARTBEAT = 10;
/** Slow messages take up to four times `calmPace.delayMax` in this world. */
const ELECTION_TIMEOUT = HEARTBEAT + 4 * calmPace.delayMax;
export const LIMIT_TICKS = 4 * ELECTION_TIMEOUT;

export interface LedWorld {
  readonly world: World;
  readonly leader: NodeId;
  readonly others: readonly NodeId[];
}

/** A led group under load, and its leader. Throws when nobody comes to lead it. */
export function led(seed: number, nodes: number, makeCore?: MakeCore): LedWorld {
  const world = new World({
    seed,
    nodes,
    replication: nodes,
    timing: { heartbeat: HEARTBEAT, resend: 5, detector: 20, detectorStep: 5 },
    sessions: 100,
    clients: nodes * 2,
    clientTimeout: 4,
    pace: calmPace,
    ...(makeCore === undefined ? {} : { makeCore }),
  });
  world.start();
  const follows = (): boolean =>
    world.nodes.every(
      (node) => node.core?.status().phase === "accept" && node.core.status().leader === world.leaderOf(0),
    );
  if (!world.runUntil(follows, 10 * HEARTBEAT)) throw new Error("nobody came to lead the group");
  // A while in peace, not in step with the heartbeats.
  world.agenda.runUntil(world.agenda.now + 30 + world.random.next() * HEARTBEAT);
  const leader = world.leaderOf(0) ?? nodeId(0);
  return { world, leader, others: world.ids.filter((id) => id !== leader) };
}

export function cutBoth(world: World, left: NodeId, right: NodeId, mode: CutMode): void {
  world.network.cut(left, right, mode);
  world.network.cut(right, left, mode);
}

/** Quorum loss: all are connected to one follower only, which is returned. */
export function loseQuorum({ world, others }: LedWorld, mode: CutMode): NodeId {
  const hub = world.random.pick(others);
  for (const left of world.ids)
    for (const right of world.ids) if (left < right && left !== hub && right !== hub) cutBoth(world, left, right, mode);
  return hub;
}

/** Ticks until a request that was first asked for after now is decided; Infinity when not within the limit. */
export function ticksToProgress(world: World): number {
  const start = world.agenda.now;
  const completed = world.clients.map((client) => client.startedLater(start));
  const progressed = (): boolean => completed.some((isDone) => isDone());
  return world.runUntil(progressed, LIMIT_TICKS) ? world.agenda.now - start : Number.POSITIVE_INFINITY;
}
