// Shows what a world does to bytes, disks, clocks and processes, with the smallest system that can tell: nodes that send the number
// of their tick to each other and write down what they hear.
import { describe, expect, test } from "vitest";
import { nodeName, type ClusterEvent } from "../cluster/index.js";
import { createRandom } from "../history/index.js";
import { drawSettings, settingNames, type PinnedSettings } from "./settings.js";
import { echoSystem, type EchoDisk, type EchoNode } from "./testing/echo-system.js";
import { World } from "./world.js";

const [n1, n2] = [nodeName("n1"), nodeName("n2")];
const there = { from: n1, to: n2 };
const second = 1e9;
const calm: PinnedSettings = {
  latencyNs: 1e6,
  tailChance: 0,
  resetEveryMs: 0,
  linkBytesPerS: 1e9,
  fsyncNs: 1e6,
  slowFsyncChance: 0,
  driftPpm: 0,
};

function worldOf(pinned: PinnedSettings = {}, seed = 1, system = echoSystem()) {
  const world = new World({ seed, nodes: 2, replication: 2, system, pinned: { ...calm, ...pinned } });
  for (const name of world.names) world.start(name);
  world.runUntil(second);
  return { world, system };
}

const nodeOf = (world: World, name = n2): EchoNode => world.nodeNamed(name).node as EchoNode;
const numbers = (node: EchoNode): readonly number[] => node.heard.map(([, number]) => number);
const ascends = (list: readonly number[]): boolean =>
  list.every((number, at) => at === 0 || number > (list[at - 1] ?? 0));
const diskOf = (world: World, name = n2): readonly number[] => (world.nodeNamed(name).disk.image as EchoDisk).numbers;

describe("links", () => {
  test("numbers arrive in order, a latency late", () => {
    const { world } = worldOf();
    const heard = numbers(nodeOf(world));
    expect(heard.length).toBeGreaterThan(80);
    expect(ascends(heard)).toBe(true);
  });

  test("a stall delivers late what was sent, over the same connection, and nothing before", () => {
    const { world } = worldOf();
    const before = nodeOf(world).heard.length;
    const accepted = world.link(there).accepted;
    world.cut(there, "stall");
    world.runUntil(2 * second);
    expect(nodeOf(world).heard.length).toBe(before);
    world.heal(there);
    world.runUntil(2.1 * second);
    const heard = numbers(nodeOf(world));
    expect(heard.length - before).toBeGreaterThan(100);
    expect(heard.every((number, at) => at === 0 || number === (heard[at - 1] ?? 0) + 1)).toBe(true);
    expect(world.link(there).accepted).toBe(accepted);
  });

  test("a drop loses what was sent, and its connection dies at the heal", () => {
    const { world } = worldOf();
    const before = nodeOf(world).heard.length;
    world.cut(there, "drop");
    world.runUntil(2 * second);
    expect(nodeOf(world).heard.length).toBe(before);
    world.heal(there);
    world.runUntil(3 * second);
    const node = nodeOf(world);
    const gap = (numbers(node)[before] ?? 0) - (numbers(node)[before - 1] ?? 0);
    expect(gap).toBeGreaterThan(100);
    expect(node.links.slice(-2)).toEqual(["in 1 down", "in 1 up"]);
  });

  test("a cut is one-way", () => {
    const { world } = worldOf();
    world.cut(there, "reset");
    const before = nodeOf(world, n1).heard.length;
    world.runUntil(2 * second);
    expect(nodeOf(world, n1).heard.length - before).toBeGreaterThan(90);
    expect(world.link(there).connection).toBeNull();
    expect(world.link(there).refused).toBeGreaterThan(0);
  });

  test("a reset loses a suffix of what was under way, never anything in the middle", () => {
    const lost: number[] = [];
    for (let seed = 1; seed <= 40; seed += 1) {
      const { world } = worldOf({ latencyNs: 100e6 }, seed);
      const sent = nodeOf(world, n1).ticks;
      const node = nodeOf(world);
      world.network.reset(0, 1);
      world.runUntil(1.3 * second);
      const old = numbers(node).filter((number) => number <= sent);
      expect(old.every((number, at) => at === 0 || number === (old[at - 1] ?? 0) + 1)).toBe(true);
      lost.push(sent - (old.at(-1) ?? 0));
    }
    expect(Math.min(...lost)).toBeLessThan(Math.max(...lost));
    expect(Math.max(...lost)).toBeGreaterThan(5);
  });

  test("a new connection supersedes one whose bytes are still under way: late ones are discarded", () => {
    const { world } = worldOf();
    world.cut(there, "stall");
    world.runUntil(1.5 * second);
    world.network.reset(0, 1);
    world.runUntil(2 * second);
    world.heal(there);
    world.runUntil(2.5 * second);
    // The hoards of both connections come out at once; whatever their order, no number comes twice or out of order.
    expect(ascends(numbers(nodeOf(world)))).toBe(true);
  });

  test("when nothing is under way, every byte that was offered has been delivered or is known to be lost", () => {
    let lost = 0;
    for (let seed = 1; seed <= 20; seed += 1) {
      const { world } = worldOf({ latencyNs: 30e6, resetEveryMs: 200 }, seed);
      for (const [at, mode] of (["drop", "stall", "reset"] as const).entries()) {
        world.cut(there, mode);
        world.runUntil((2 + at) * second);
        if (mode === "stall") world.network.reset(0, 1);
        world.heal(there);
        world.runUntil((2.5 + at) * second);
      }
      // Nobody dials, and nobody is there to send.
      for (const name of world.names) world.stop(name, "SIGKILL");
      world.runUntil(6 * second);
      for (const { offeredBytes, deliveredBytes, lostBytes = 0 } of world.observeLinks()) {
        expect(deliveredBytes + lostBytes, `seed ${seed}`).toBe(offeredBytes);
        lost += lostBytes;
      }
    }
    expect(lost).toBeGreaterThan(0);
  });

  test("a slow link delays by its latency and keeps the order", () => {
    const { world } = worldOf();
    world.shape(there, { latencyMs: 300, jitterMs: 200 });
    world.runUntil(2 * second);
    const behind = nodeOf(world, n1).ticks - (numbers(nodeOf(world)).at(-1) ?? 0);
    expect(behind).toBeGreaterThanOrEqual(9);
    expect(ascends(numbers(nodeOf(world)))).toBe(true);
  });
});

describe("disks", () => {
  test("what was told durable survives a crash; of the batch under way all, none or some of it does", () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 60; seed += 1) {
      const { world } = worldOf({ fsyncNs: 50e6, keptAtCrashChance: 0.3, tornAtCrashChance: 0.3 }, seed);
      const durable = [...diskOf(world)];
      world.stop(n2, "SIGKILL");
      expect(diskOf(world).slice(0, durable.length)).toEqual(durable);
      outcomes.add(/under way: (.*)$/.exec(world.log(n2).at(-1) ?? "")?.[1] ?? "");
    }
    expect([...outcomes].sort()).toEqual(["kept", "lost", "torn"]);
  });

  test("a node whose reader refuses what a crash left does not start, and that is told", () => {
    const system = {
      ...echoSystem(),
      recoverTorn: () => {
        throw new Error("half a batch makes no sense");
      },
    };
    const { world } = worldOf({ fsyncNs: 500e6, keptAtCrashChance: 0, tornAtCrashChance: 1 }, 1, system);
    const events: ClusterEvent[] = [];
    world.onEvent((event) => events.push(event));
    world.stop(n2, "SIGKILL");
    world.start(n2);
    expect(world.observeProcess(n2).state).toBe("exited");
    expect(events).toContainEqual({ type: "panic", node: n2, line: "FATAL half a batch makes no sense" });
  });

  test("a batch that the log cannot take ends its node", () => {
    const system = {
      ...echoSystem(),
      applyBatch: () => {
        throw new Error("an append at 7 to a log of 3 entries");
      },
    };
    const { world } = worldOf({}, 1, system);
    expect(world.observeProcess(n2)).toMatchObject({ state: "exited", exitCode: 1 });
    expect(world.log(n2).at(-1)).toContain("an append at 7 to a log of 3 entries");
  });

  test.each(["fail-fsync", "fill-disk"] as const)(
    "%s ends the process, as it must, and a healed disk starts again with all that was told durable",
    (how) => {
      const { world } = worldOf({ fsyncNs: 2e6 });
      const events: ClusterEvent[] = [];
      world.onEvent((event) => events.push(event));
      const before = [...diskOf(world)];
      world.troubleDisk(n2, how);
      world.runUntil(1.5 * second);
      expect(world.observeProcess(n2).state).toBe("exited");
      expect(events).toMatchObject([{ type: "exited", node: "n2", expected: true, code: 1 }]);
      expect(diskOf(world).length - before.length).toBeLessThan(3);
      expect(diskOf(world).slice(0, before.length)).toEqual(before);
      world.mendDisk(n2);
      world.start(n2);
      world.runUntil(2 * second);
      expect(world.observeProcess(n2).state).toBe("running");
      expect(diskOf(world).length).toBeGreaterThan(before.length);
    },
  );

  test("a slow disk holds every fsync until it is healed, and nothing is durable meanwhile", () => {
    const { world } = worldOf({ fsyncNs: 2e6 });
    world.troubleDisk(n2, "slow-disk");
    world.runUntil(1.1 * second);
    const held = diskOf(world).length;
    world.runUntil(2 * second);
    expect(diskOf(world).length).toBe(held);
    expect(world.observeProcess(n2).state).toBe("running");
    world.mendDisk(n2);
    world.runUntil(2.1 * second);
    expect(diskOf(world).length).toBeGreaterThan(held + 50);
  });

  test("an fsync that was under way at a crash never returns", () => {
    const { world } = worldOf({ fsyncNs: 500e6, keptAtCrashChance: 0, tornAtCrashChance: 0 });
    expect(world.nodeNamed(n2).disk.busy).toBe(true);
    world.stop(n2, "SIGKILL");
    const after = [...diskOf(world)];
    world.runUntil(3 * second);
    expect(diskOf(world)).toEqual(after);
  });
});

/** Its disk's reader refuses damage, as a store's checksums do. */
function suspicious() {
  return {
    ...echoSystem(),
    batchesOn: (disk: unknown) => (disk as EchoDisk).numbers.length,
    recoverDamaged: () => {
      throw new Error("its log is corrupt");
    },
  };
}

describe("damaged disks", () => {
  const random = createRandom(1, "test");

  test.each([
    ["bit-flip", "its log is corrupt", (world: World) => expect(world.flipBits(n2, 1, random)).not.toBeNull()],
    ["latent error", "read: input/output error", (world: World) => world.breakSector(n2)],
  ] as const)(
    "a %s under a running process is seen at its next start, which is refused for good",
    (_, reason, harm) => {
      const { world } = worldOf({}, 1, suspicious());
      const events: ClusterEvent[] = [];
      world.onEvent((event) => events.push(event));
      harm(world);
      world.runUntil(2 * second);
      expect(world.observeProcess(n2).state).toBe("running");
      expect(world.nodeNamed(n2).lost).toBeNull();
      for (let times = 0; times < 2; times += 1) {
        if (world.nodeNamed(n2).alive) world.stop(n2, "SIGKILL");
        world.start(n2);
        world.runUntil((3 + times) * second);
        expect(world.observeProcess(n2)).toMatchObject({ state: "exited", exitCode: 1 });
        expect(world.nodeNamed(n2).lost).toBe(reason);
      }
      // It is what the node has to do: an exit that was to be expected, and no panic.
      expect(events.map(({ type }) => type)).toEqual(["exited", "exited", "exited"]);
      expect(events.every((event) => event.type === "exited" && event.expected)).toBe(true);
    },
  );

  test("damage never lies in the last batch, and there is none where there is nothing to damage", () => {
    let batches = 2;
    const seen = new Set<number>();
    for (let times = 0; times < 40; times += 1) {
      const { world } = worldOf({}, 1, { ...suspicious(), batchesOn: () => batches });
      seen.add(world.flipBits(n2, 1, random)?.batch ?? -1);
      batches = 2 + (times % 4);
    }
    expect([...seen].toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3]);
    batches = 1;
    expect(worldOf({}, 1, { ...suspicious(), batchesOn: () => batches }).world.flipBits(n2, 1, random)).toBeNull();
    expect(worldOf().world.flipBits(n2, 1, random)).toBeNull();
    expect(worldOf({}, 1, suspicious()).world.flipBits(n2, 1_000_000, random)?.bits).toBe(4096);
  });

  test("a wiped disk is empty, whatever was wrong with it, and its node greets with another identity", () => {
    const system = suspicious();
    const { world } = worldOf({}, 1, system);
    const before = world.nodeNamed(n2).identity;
    expect(() => world.wipeDisk(n2)).toThrow("n2 runs on its disk");
    world.breakSector(n2);
    world.stop(n2, "SIGKILL");
    world.wipeDisk(n2);
    expect(diskOf(world)).toEqual([]);
    world.start(n2);
    expect(world.observeProcess(n2).state).toBe("running");
    expect(world.nodeNamed(n2).identity).not.toBe(before);
  });

  test("a node that its peer refuses by its identity is heard no more and stops dialling, but hears the others", () => {
    const known = echoSystem();
    const system = {
      ...known,
      createNode: (...words: Parameters<typeof known.createNode>) => {
        const { identity } = words[0];
        return Object.assign(known.createNode(...words), {
          identity,
          refusesPeer: (_: number, greeting: string) => greeting.includes("emptied"),
        });
      },
    };
    const { world } = worldOf({}, 1, system);
    world.stop(n2, "SIGKILL");
    world.wipeDisk(n2);
    world.start(n2);
    world.runUntil(2 * second);
    const heard = nodeOf(world, n1).heard.length;
    const refused = world.link({ from: n2, to: n1 }).refused;
    world.runUntil(5 * second);
    expect(nodeOf(world, n1).heard.length).toBe(heard);
    expect(world.link({ from: n2, to: n1 }).refused).toBe(refused);
    expect(nodeOf(world, n2).heard.length).toBeGreaterThan(200);
    expect(nodeOf(world, n2).links).not.toContain("out 1 up");
  });
});

describe("processes", () => {
  test("a stopped process does nothing, and afterwards has missed no byte and all but one tick", () => {
    const { world } = worldOf();
    const ticks = nodeOf(world).ticks;
    const cpu = world.observeProcess(n2).cpuTimeMs;
    world.pause(n2);
    world.runUntil(2 * second);
    expect(world.observeProcess(n2)).toMatchObject({ state: "paused", cpuTimeMs: cpu });
    world.resume(n2);
    world.runUntil(2.02 * second);
    expect(nodeOf(world).ticks - ticks).toBeLessThanOrEqual(4);
    const heard = numbers(nodeOf(world));
    expect(heard.every((number, at) => at === 0 || number === (heard[at - 1] ?? 0) + 1)).toBe(true);
  });

  test("a restarted process is another incarnation and is linked again", () => {
    const { world } = worldOf();
    world.stop(n2, "SIGKILL");
    world.start(n2);
    world.runUntil(2 * second);
    expect(world.observeProcess(n2).incarnation).toBe("2");
    expect(nodeOf(world).links.toSorted()).toEqual(["in 1 up", "out 1 up"]);
    expect(nodeOf(world).heard.length).toBeGreaterThan(50);
  });

  test("a node that panics is gone, and that is told as an exit that nobody asked for", () => {
    const system = echoSystem(50);
    const world = new World({ seed: 1, nodes: 2, replication: 2, system, pinned: calm });
    const events: ClusterEvent[] = [];
    world.onEvent((event) => events.push(event));
    for (const name of world.names) world.start(name);
    world.runUntil(second);
    expect(events).toContainEqual({ type: "panic", node: n1, line: "FATAL tick 50 was one too many" });
    expect(events).toContainEqual(expect.objectContaining({ type: "exited", node: n1, expected: false, code: 1 }));
    expect(world.observeProcess(n1).state).toBe("exited");
  });

  test("clocks drift apart by what the seed says", () => {
    const { world } = worldOf({ driftPpm: 100_000 });
    world.runUntil(20 * second);
    const [one, other] = [nodeOf(world, n1).ticks, nodeOf(world, n2).ticks];
    expect(one).not.toBe(other);
    for (const ticks of [one, other]) expect(Math.abs(ticks - 2000)).toBeLessThanOrEqual(250);
  });
});

describe("settings", () => {
  test("a seed gives the same world again, and another seed another one", () => {
    expect(drawSettings(5)).toEqual(drawSettings(5));
    expect(drawSettings(5)).not.toEqual(drawSettings(6));
  });

  test("each knob can be pinned, and a pin changes nothing else", () => {
    const drawn = drawSettings(5);
    for (const name of settingNames) expect(drawSettings(5, { [name]: 0.125 })).toEqual({ ...drawn, [name]: 0.125 });
  });
});

test("a wait for less than a nanosecond moves time on, so that nobody waits for one moment for ever", async () => {
  const { world } = worldOf();
  const beforeNs = world.queue.nowNs;
  const waited = world.delay(1e-10, new AbortController().signal);
  world.runUntil(beforeNs + 10);
  await waited;
  expect(world.queue.nowNs).toBeGreaterThan(beforeNs);
});
