// Shows which links each shape cuts, whom each target means, and when a fault is void. Pure functions on a view made by hand.
import { describe, expect, test } from "vitest";
import { linkName, nodeNames, type NodeName } from "../cluster/index.js";
import { createRandom } from "../history/index.js";
import { planFault } from "./compile.js";
import { provedDelayMs } from "./confirm-latency.js";
import { watchOn } from "./confirm.js";
import type { Fault, PartitionShape, Target } from "./fault.js";
import type { Sample } from "./observe.js";
import { shapeEntries, shapeLinks } from "./shapes.js";
import { agreedLeader, type ClusterView } from "./view.js";

const nodes = nodeNames(6);
const groups = [
  { group: 0, members: nodes.slice(0, 3) },
  { group: 1, members: nodes.slice(3) },
];
const node = (number: number): NodeName => nodes[number - 1] as NodeName;
const view: ClusterView = {
  nodes,
  groups,
  leaders: new Map([
    [0, node(2)],
    [1, null],
  ]),
  processes: new Map(nodes.map((name) => [name, "running"])),
  busyLinks: new Set(),
};
const timed = { at_ms: 0, for_ms: 1_500 };
const kill = (target: Target): Fault => ({ kind: "kill", target, ...timed });
const plan = (fault: Fault, seed = 1, over: Partial<ClusterView> = {}) =>
  planFault(fault, { ...view, ...over }, createRandom(seed));
const targets = (fault: Fault, seed = 1): readonly string[] => {
  const planned = plan(fault, seed);
  if (planned.type === "void") throw new Error(planned.reason);
  return planned.targets;
};
const names = (shape: PartitionShape, members: readonly NodeName[], seed: number): string[] =>
  shapeLinks(shape, members, node(2), createRandom(seed)).map(linkName).sort();
const seeds = Array.from({ length: 50 }, (_, seed) => seed);

describe("shapes", () => {
  test("isolate-leader cuts all links of the leader, both ways, inside its group", () => {
    expect(names("isolate-leader", nodes.slice(0, 3), 1)).toEqual(["n1>n2", "n2>n1", "n2>n3", "n3>n2"]);
  });

  test("isolate-one cuts all links of one node, and over seeds each node is it", () => {
    const isolated = new Set(seeds.map((seed) => names("isolate-one", nodes.slice(0, 3), seed).join(" ")));
    expect([...isolated].sort()).toEqual([
      "n1>n2 n1>n3 n2>n1 n3>n1",
      "n1>n2 n2>n1 n2>n3 n3>n2",
      "n1>n3 n2>n3 n3>n1 n3>n2",
    ]);
  });

  test("halves of six nodes cut nine pairs, both ways", () => {
    for (const seed of seeds) expect(names("halves", nodes, seed)).toHaveLength(18);
  });

  test("partial connectivity leaves one node, or the middle of a row, with a majority, and not the leader", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const five = nodes.slice(0, 5);
      const heardBy = (cut: readonly string[], to: NodeName): number =>
        five.filter((from) => from === to || !cut.includes(linkName({ from, to }))).length;
      for (const [shape, connected] of [
        ["quorum-loss", 1],
        ["constrained-election", 1],
        ["chained", 3],
      ] as const) {
        const cut = names(shape, five, seed);
        const majority = five.filter((one) => heardBy(cut, one) >= 3);
        expect(majority, shape).toHaveLength(connected);
        expect(majority, shape).not.toContain(node(2));
        expect(heardBy(cut, node(2)), shape).toBe(shape === "constrained-election" ? 1 : 2);
      }
    }
  });

  test("random halves are two sides of any size with nothing between them, and over seeds of every size", () => {
    const sizes = new Set<number>();
    for (const seed of seeds) {
      const cut = new Set(names("random-halves", nodes, seed));
      const side = nodes.filter((other) => other === node(1) || !cut.has(`n1>${other}`));
      const others = nodes.filter((other) => !side.includes(other));
      sizes.add(side.length);
      expect(cut.size).toBe(2 * side.length * others.length);
      for (const one of side) for (const other of others) expect(cut.has(`${one}>${other}`)).toBe(true);
    }
    expect(sizes).toEqual(new Set([1, 2, 3, 4, 5]));
  });

  test("a minority third is a third of the nodes, and never none", () => {
    expect(names("minority-third", nodes, 1)).toHaveLength(2 * 2 * 4);
    expect(names("minority-third", nodes.slice(0, 3), 1)).toHaveLength(2 * 2);
    expect(names("minority-third", nodes.slice(0, 2), 1)).toHaveLength(2);
  });

  test("a bridge leaves one node that hears all, between two halves that do not hear each other", () => {
    for (const seed of seeds) {
      const five = nodes.slice(0, 5);
      const cut = names("bridge", five, seed);
      const touched = five.filter((one) => cut.some((name) => name.startsWith(`${one}>`)));
      expect(touched).toHaveLength(4);
      expect(cut).toHaveLength(2 * 2 * 2);
    }
  });

  test("a random graph cuts some links and never all, and directions apart", () => {
    const sizes = seeds.map((seed) => {
      const cut = names("random-graph", nodes.slice(0, 3), seed);
      expect(new Set(cut).size).toBe(cut.length);
      return cut.length;
    });
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...sizes)).toBe(5);
    expect(new Set(sizes).size).toBeGreaterThanOrEqual(4);
    expect(seeds.some((seed) => names("random-graph", nodes.slice(0, 2), seed).length === 1)).toBe(true);
  });

  test.each(shapeEntries)(
    "$shape cuts a link in the smallest group that it is allowed in",
    ({ shape, leastMembers }) => {
      for (const seed of seeds)
        expect(shapeLinks(shape, nodes.slice(0, leastMembers), node(2), createRandom(seed)), shape).not.toEqual([]);
    },
  );

  test("one-way shapes cut one direction of one node's links", () => {
    for (const seed of seeds) {
      const into = names("one-way-in", nodes.slice(0, 3), seed);
      expect(new Set(into.map((name) => name.split(">")[1])).size).toBe(1);
      expect(into).toHaveLength(2);
      const out = names("one-way-out", nodes.slice(0, 3), seed);
      expect(new Set(out.map((name) => name.split(">")[0])).size).toBe(1);
      expect(out).toHaveLength(2);
    }
  });

  test.each([3, 4, 5, 6, 7])(
    "in a majorities ring of %i each node hears a majority, and no two hear the same",
    (size) => {
      for (const seed of seeds) {
        const members = nodeNames(size);
        const cut = new Set(names("majorities-ring", members, seed));
        const heard = members.map((to) => members.filter((from) => from === to || !cut.has(`${from}>${to}`)));
        for (const majority of heard) expect(majority).toHaveLength(Math.floor(size / 2) + 1);
        expect(new Set(heard.map((majority) => majority.join())).size).toBe(size);
      }
    },
  );
});

describe("targets", () => {
  test("roles resolve to the nodes that have them", () => {
    expect(targets(kill({ by: "leader", group: 0 }))).toEqual(["n2"]);
    for (const seed of seeds) {
      expect(["n1", "n3"]).toContain(targets(kill({ by: "follower", group: 0 }), seed)[0]);
      expect(targets(kill({ by: "minority", group: 1 }), seed)).toHaveLength(1);
      expect(targets(kill({ by: "majority", group: 1 }), seed)).toHaveLength(2);
      expect(targets(kill({ by: "random", count: 4 }), seed)).toHaveLength(4);
    }
    expect(targets(kill({ by: "followers", group: 0 }))).toEqual(["n1", "n3"]);
    expect(new Set(seeds.map((seed) => targets(kill({ by: "ring-neighbours", group: 1 }), seed).join()))).toEqual(
      new Set(["n4,n5", "n5,n6", "n4,n6"]),
    );
    expect(targets(kill({ by: "name", nodes: ["n5", "n1"] }))).toEqual(["n1", "n5"]);
    expect(targets(kill({ by: "all" }))).toEqual(nodes);
  });

  test("a role that nobody has now is void for now; a node that is not there for good", () => {
    expect(plan(kill({ by: "leader", group: 1 }))).toMatchObject({ type: "void", transient: true });
    expect(plan(kill({ by: "name", nodes: ["n9"] }))).toMatchObject({ type: "void", transient: false });
  });

  test("latency touches all links between the target and its group, both ways, each once", () => {
    const fault: Fault = {
      kind: "latency",
      target: { by: "leader", group: 0 },
      latency_ms: 100,
      jitter_ms: 0,
      ...timed,
    };
    expect([...targets(fault)].sort()).toEqual(["n1>n2", "n2>n1", "n2>n3", "n3>n2"]);
    expect([...targets({ ...fault, target: { by: "name", nodes: ["n1", "n2"] } })].sort()).toEqual([
      "n1>n2",
      "n1>n3",
      "n2>n1",
      "n2>n3",
      "n3>n1",
      "n3>n2",
    ]);
  });

  test("a link that is cut already, or whose end is down, makes a link fault void", () => {
    const cut: Fault = { kind: "partition", shape: "isolate-leader", mode: "drop", group: 0, scope: "group", ...timed };
    expect(plan(cut).type).toBe("planned");
    expect(plan(cut, 1, { busyLinks: new Set(["n3>n2"]) })).toMatchObject({ type: "void", transient: true });
    const processes = new Map(view.processes).set(node(3), "paused");
    expect(plan(cut, 1, { processes })).toMatchObject({ type: "void", transient: true });
  });

  test("a custom partition cuts the links that it names, each once", () => {
    const links = ["n1>n2", "n3>n1", "n1>n2"];
    expect(targets({ kind: "partition", shape: "custom", mode: "drop", links, ...timed })).toEqual(["n1>n2", "n3>n1"]);
  });

  test("a partition of scope all reaches beyond the group", () => {
    const cut: Fault = { kind: "partition", shape: "isolate-leader", mode: "drop", group: 0, scope: "all", ...timed };
    expect(targets(cut)).toHaveLength(10);
  });
});

test("the leader is whom more than half of the members name", () => {
  const status = (name: NodeName, leader: NodeName | null) => ({
    node: name,
    ready: true,
    incarnation: 1,
    suspected: [],
    groups: [{ group: 0, members: [], leader, ballot: "", phase: "", decidedIndex: 0, logHash: "" }],
  });
  const layout = { group: 0, members: nodes.slice(0, 3) };
  const [old, fresh] = [node(1), node(2)];
  expect(agreedLeader([status(old, old), status(fresh, fresh), status(node(3), fresh)], layout)).toBe(fresh);
  expect(agreedLeader([status(old, old), status(fresh, fresh)], layout)).toBeNull();
  // Another group's node has no vote.
  expect(agreedLeader([status(old, old), status(node(4), old), status(node(5), old)], layout)).toBeNull();
});

describe("a delay is proved by byte counts", () => {
  const reading = (startedMs: number, endedMs: number, offered: number, delivered: number) => ({
    startedMs,
    endedMs,
    offered,
    delivered,
  });

  test("from the end of the reading that had the bytes in to the start of the last one that had them not out", () => {
    const readings = [
      reading(0, 5, 100, 100),
      reading(20, 25, 160, 100),
      reading(90, 95, 200, 150),
      reading(150, 155, 200, 200),
    ];
    expect(provedDelayMs(readings, 0)).toBe(65);
  });

  test("by the clock of whoever read the counters, where that is told: answers that come late do not blur it", () => {
    const link = { from: node(1), to: node(2) };
    const sample = (at: number, offeredBytes: number, deliveredBytes: number, told: boolean): Sample => ({
      startedMs: at,
      endedMs: at + 100,
      processes: new Map(),
      ready: new Map(),
      attempts: new Map(),
      failures: [],
      links: new Map([
        [
          linkName(link),
          {
            link,
            offeredBytes,
            deliveredBytes,
            openConnections: 1,
            acceptedConnections: 1,
            refusedConnections: null,
            ...(told ? { read: { startedMs: at + 7_050, endedMs: at + 7_060 } } : {}),
          },
        ],
      ]),
    });
    const proved = (told: boolean): boolean => {
      const action = { type: "shape", links: [link], shape: { latencyMs: 150 } } as const;
      const watcher = watchOn(action, [sample(0, 0, 0, told)], 0);
      watcher.see(sample(200, 50, 0, told));
      return watcher.see(sample(310, 50, 0, told)).confirmed;
    };
    expect([proved(false), proved(true)]).toEqual([false, true]);
  });

  test("bytes lost before do not count", () => {
    const readings = [reading(0, 5, 160, 100), reading(200, 205, 220, 160)];
    expect(provedDelayMs(readings, 60)).toBe(0);
    expect(provedDelayMs(readings, 0)).toBe(0);
    expect(provedDelayMs([...readings, reading(300, 305, 220, 160)], 0)).toBe(95);
  });
});
