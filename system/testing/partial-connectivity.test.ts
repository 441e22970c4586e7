// The three partial connectivity cases of the Omni-Paxos paper (Ng, Haridi, Carbone, EuroSys 2023, section 2) and the one-way cuts
// of a leader, each with 20 seeds on simulated disks and network: progress within four election timeouts. The election timeout here
// is the shortest there can be, one heartbeat period and the time that its replies may take; the runtime's is about four of them.
import { describe, expect, test } from "vitest";

import type { CutMode } from "./network.js";
import { HEARTBEAT, LIMIT_TICKS, cutBoth, led, loseQuorum, ticksToProgress } from "./partial-connectivity.js";

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed + 1);
const MODES: readonly CutMode[] = ["reset", "drop", "stall"];

const cases = SEEDS.map((seed) => ({ seed, mode: MODES[seed % 3] ?? "reset" }));

describe.each(cases)("seed $seed, links cut in mode $mode", ({ seed, mode }) => {
  test("quorum loss: all are connected to one node only, and the leader is another", () => {
    const group = led(seed, 5);
    const { world, leader } = group;
    const hub = loseQuorum(group, mode);
    expect(ticksToProgress(world)).toBeLessThanOrEqual(LIMIT_TICKS);
    expect(world.leaderOf(0)).toBe(hub);
    expect(hub).not.toBe(leader);
  });

  test("constrained election: the only node with a quorum has missed the log's end, and the leader is gone", () => {
    const { world, leader, others } = led(seed, 5);
    const hub = world.random.pick(others);
    cutBoth(world, leader, hub, mode);
    world.agenda.runUntil(world.agenda.now + 3);
    for (const left of world.ids)
      for (const right of world.ids)
        if (left < right && ((left !== hub && right !== hub) || left === leader || right === leader))
          cutBoth(world, left, right, mode);
    expect(ticksToProgress(world)).toBeLessThanOrEqual(LIMIT_TICKS);
    expect(world.leaderOf(0)).toBe(hub);
  });

  test("chained: the ends of p1 – p2 – p3 do not hear each other, and do not depose each other for ever", () => {
    const { world, leader, others } = led(seed, 3);
    cutBoth(world, leader, world.random.pick(others), mode);
    expect(ticksToProgress(world)).toBeLessThanOrEqual(LIMIT_TICKS);
    const before = world.oracle.leaderships;
    world.agenda.runUntil(world.agenda.now + 30 * HEARTBEAT);
    expect(world.oracle.leaderships - before).toBeLessThanOrEqual(1);
    expect(ticksToProgress(world)).toBeLessThanOrEqual(LIMIT_TICKS);
  });

  test("a leader that is heard by nobody is replaced", () => {
    const { world, leader, others } = led(seed, 3);
    for (const other of others) world.network.cut(leader, other, mode);
    expect(ticksToProgress(world)).toBeLessThanOrEqual(LIMIT_TICKS);
    expect(world.leaderOf(0)).not.toBe(leader);
  });

  test("a leader that hears nobody is replaced", () => {
    const { world, leader, others } = led(seed, 3);
    for (const other of others) world.network.cut(other, leader, mode);
    expect(ticksToProgress(world)).toBeLessThanOrEqual(LIMIT_TICKS);
    expect(world.leaderOf(0)).not.toBe(leader);
  });
});
