// Partition shapes: which directed links each one cuts. Pure.
import { linkName, nodeName, type DirectedLink, type NodeName } from "../cluster/index.js";
import type { Random } from "../history/index.js";
import type { PartitionShape } from "./fault.js";
import { linksAmong, linksBetween } from "./view.js";

/** What is known about a shape before any node is. */
export interface ShapeEntry {
  readonly shape: PartitionShape;
  readonly description: string;
  readonly needsLeader: boolean;
  /** In a smaller group the shape would cut nothing. */
  readonly leastMembers: number;
}

export const shapeEntries: readonly ShapeEntry[] = [
  {
    shape: "isolate-one",
    description: "One node, drawn at random, is cut from all others, both ways.",
    needsLeader: false,
    leastMembers: 2,
  },
  {
    shape: "isolate-leader",
    description: "The leader is cut from all others, both ways: a deposed leader that does not know it.",
    needsLeader: true,
    leastMembers: 2,
  },
  {
    shape: "halves",
    description: "Two sides, as even as can be, drawn at random; nothing passes between them.",
    needsLeader: false,
    leastMembers: 2,
  },
  {
    shape: "random-halves",
    description: "Each node draws its side, so that the two are of any size but empty; nothing passes between them.",
    needsLeader: false,
    leastMembers: 2,
  },
  {
    shape: "minority-third",
    description:
      "A third of the nodes (rounded down, at least one), drawn at random, is cut from the others, both ways.",
    needsLeader: false,
    leastMembers: 2,
  },
  {
    shape: "bridge",
    description: "Two halves that hear each other through one node only, which is of neither and hears all.",
    needsLeader: false,
    leastMembers: 3,
  },
  {
    shape: "random-graph",
    description: "Each directed link draws whether it is cut; at least one is, and at least one is not.",
    needsLeader: false,
    leastMembers: 2,
  },
  {
    shape: "majorities-ring",
    description:
      "In a random ring each node hears a majority (itself and its nearest), and no two hear the same one. With three nodes that is a one-way ring.",
    needsLeader: false,
    leastMembers: 3,
  },
  {
    shape: "one-way-in",
    description: "One node hears nobody but is heard; half of the time it is the leader.",
    needsLeader: false,
    leastMembers: 2,
  },
  {
    shape: "one-way-out",
    description: "One node is heard by nobody but hears all; half of the time it is the leader.",
    needsLeader: false,
    leastMembers: 2,
  },
  {
    shape: "quorum-loss",
    description:
      "All nodes are connected to one follower only, which is drawn at random: of five, it alone hears a majority, and the leader does not.",
    needsLeader: true,
    leastMembers: 3,
  },
  {
    shape: "constrained-election",
    description: "The leader is cut from all others, and these are connected to one of them only, drawn at random.",
    needsLeader: true,
    leastMembers: 3,
  },
  {
    shape: "chained",
    description: "Each node hears its neighbours in a row only, at one end of which is the leader.",
    needsLeader: true,
    leastMembers: 3,
  },
];

const majoritySize = (members: number): number => Math.floor(members / 2) + 1;

/**
 * Each node of a shuffled ring keeps the links from the window of a majority's size around it; the idea is Jepsen's
 * "majorities ring". Windows of different nodes differ, so no majority agrees about who is there.
 */
function majoritiesRing(members: readonly NodeName[], random: Random): readonly DirectedLink[] {
  const ring = random.shuffle(members);
  const window = majoritySize(ring.length);
  const before = Math.floor(window / 2);
  const hears = (listener: number, speaker: number): boolean => {
    const distance = (speaker - listener + before + ring.length) % ring.length;
    return distance < window;
  };
  const position = new Map(ring.map((node, index) => [node, index]));
  return linksAmong(ring).filter((link) => !hears(position.get(link.to) ?? 0, position.get(link.from) ?? 0));
}

/** All links among `members` but those of `hub`, both ways: the partial connectivity of Ng, Haridi and Carbone (EuroSys 2023). */
const starAround = (hub: NodeName, members: readonly NodeName[]): readonly DirectedLink[] =>
  linksAmong(members).filter(({ from, to }) => from !== hub && to !== hub);

/** All links between nodes that are not next to each other in the row. */
const rowOf = (row: readonly NodeName[]): readonly DirectedLink[] =>
  linksAmong(row).filter(({ from, to }) => Math.abs(row.indexOf(from) - row.indexOf(to)) > 1);

/** Both sides get at least one node: who would leave a side empty goes there. */
function randomHalves(members: readonly NodeName[], random: Random): readonly DirectedLink[] {
  const [first, second, ...rest] = random.shuffle(members);
  const sides = { left: first === undefined ? [] : [first], right: second === undefined ? [] : [second] };
  for (const node of rest) sides[random.chance(0.5) ? "left" : "right"].push(node);
  return linksBetween(sides.left, sides.right);
}

function bridge(members: readonly NodeName[], random: Random): readonly DirectedLink[] {
  const [, ...sides] = random.shuffle(members);
  const half = Math.floor(sides.length / 2);
  return linksBetween(sides.slice(0, half), sides.slice(half));
}

function randomGraph(members: readonly NodeName[], random: Random): readonly DirectedLink[] {
  const [cut, kept, ...rest] = random.shuffle(linksAmong(members));
  if (cut === undefined || kept === undefined) return [];
  return [cut, ...rest.filter(() => random.chance(0.5))];
}

/** The links that a shape cuts among `members`. `leader` is used by the shapes that aim at it; for the others it may be null. */
export function shapeLinks(
  shape: PartitionShape,
  members: readonly NodeName[],
  leader: NodeName | null,
  random: Random,
): readonly DirectedLink[] {
  const others = (node: NodeName): readonly NodeName[] => members.filter((member) => member !== node);
  const oneNode = (): NodeName => (leader !== null && random.chance(0.5) ? leader : random.pick(members));
  switch (shape) {
    case "isolate-one": {
      const node = random.pick(members);
      return linksBetween([node], others(node));
    }
    case "isolate-leader":
      if (leader === null) throw new Error("isolate-leader needs a leader");
      return linksBetween([leader], others(leader));
    case "halves": {
      const shuffled = random.shuffle(members);
      const half = Math.floor(shuffled.length / 2);
      return linksBetween(shuffled.slice(0, half), shuffled.slice(half));
    }
    case "random-halves":
      return randomHalves(members, random);
    case "minority-third": {
      const shuffled = random.shuffle(members);
      const third = Math.max(1, Math.floor(shuffled.length / 3));
      return linksBetween(shuffled.slice(0, third), shuffled.slice(third));
    }
    case "bridge":
      return bridge(members, random);
    case "random-graph":
      return randomGraph(members, random);
    case "majorities-ring":
      return majoritiesRing(members, random);
    case "one-way-in": {
      const node = oneNode();
      return others(node).map((from) => ({ from, to: node }));
    }
    case "one-way-out": {
      const node = oneNode();
      return others(node).map((to) => ({ from: node, to }));
    }
    case "quorum-loss":
      if (leader === null) throw new Error("quorum-loss needs a leader");
      return starAround(random.pick(others(leader)), members);
    case "constrained-election": {
      if (leader === null) throw new Error("constrained-election needs a leader");
      const rest = others(leader);
      return [...linksBetween([leader], rest), ...starAround(random.pick(rest), rest)];
    }
    case "chained":
      if (leader === null) throw new Error("chained needs a leader");
      return rowOf([leader, ...random.shuffle(others(leader))]);
  }
}

export function shapeEntry(shape: PartitionShape): ShapeEntry {
  const entry = shapeEntries.find((candidate) => candidate.shape === shape);
  if (entry === undefined) throw new Error(`no shape "${shape}"`);
  return entry;
}

/** The links of a custom partition, each once. Throws an Error that names the first text that is no directed link. */
export function customLinks(names: readonly string[]): readonly DirectedLink[] {
  const links = names.map((name): DirectedLink => {
    const [from = "", to = "", ...more] = name.split(">");
    if (more.length > 0 || from === to || from === "" || to === "")
      throw new Error(`"${name}" is no directed link: expected two different nodes as in "n1>n2"`);
    return { from: nodeName(from), to: nodeName(to) };
  });
  return [...new Map(links.map((link) => [linkName(link), link])).values()];
}
