// Shows what each composition of a plan file is expanded into, that the rules for schedules take it, and that a wrong one is refused with
// its place. The names of series are not looked at, only which faults share one.
import { describe, expect, test } from "vitest";
import { capabilityNames, nodeNames, type Capabilities } from "../cluster/index.js";
import { checkSchedule } from "./check-schedule.js";
import { compositions } from "./compositions.js";
import type { Fault } from "./fault.js";
import { parseFaults } from "./parse.js";

const limits = {
  nodes: nodeNames(3),
  groups: [{ group: 0, members: nodeNames(3) }],
  timeLimitMs: 30_000,
  operationTimeoutMs: 500,
  electionTimeoutMs: 500,
  capabilities: Object.fromEntries(capabilityNames.map((name) => [name, { able: true }])) as unknown as Capabilities,
  peerAddressing: "per-observer" as const,
};
const exampleOf = (name: string) => {
  const entry = compositions.find(({ composition }) => composition === name);
  if (entry === undefined) throw new Error(`no composition ${name}`);
  return entry.example;
};
const times = (faults: readonly Fault[]) => faults.map(({ at_ms, for_ms }) => [at_ms, for_ms]);
const seriesOf = (faults: readonly Fault[]) => new Set(faults.map(({ series }) => series));

test.each(compositions)("the documented $composition is a schedule that may run", ({ example }) => {
  const faults = parseFaults([example]);
  // A black hole is another name for one fault; everything else is made of several.
  expect(faults.length).toBeGreaterThanOrEqual(example["composition"] === "black-hole" ? 1 : 2);
  expect(checkSchedule(faults, limits)).toEqual([]);
});

describe("a composition becomes single faults", () => {
  test("flapping: one series, at the same targets, on and off in turn", () => {
    const faults = parseFaults([exampleOf("flapping")]);
    expect(times(faults)).toEqual([
      [3000, 400],
      [3700, 400],
      [4400, 400],
      [5100, 400],
      [5800, 400],
    ]);
    expect(seriesOf(faults).size).toBe(1);
    expect(faults.every((fault) => fault.kind === "partition" && fault.glitch === true)).toBe(true);
  });

  test("an interval has no series, so each fault finds its own target", () => {
    expect(seriesOf(parseFaults([exampleOf("interval")]))).toEqual(new Set([undefined]));
  });

  test("two crash loops of one schedule do not share a series", () => {
    const loop = exampleOf("crash-loop");
    const faults = parseFaults([loop, { ...loop, at_ms: 12_000 }]);
    expect(faults).toHaveLength(10);
    expect(seriesOf(faults).size).toBe(2);
  });

  test("a rolling restart names each node in turn", () => {
    const faults = parseFaults([exampleOf("rolling-restart")]);
    expect(
      faults.map((fault) => fault.kind === "terminate" && fault.target.by === "name" && fault.target.nodes),
    ).toEqual([["n1"], ["n2"], ["n3"]]);
  });

  test("a swizzle cuts every link of its nodes once, and heals them in the order of release", () => {
    const example = { ...exampleOf("swizzle"), nodes: ["n1", "n2"], release: ["n2", "n1"] };
    const faults = parseFaults([example]);
    expect(faults.map((fault) => fault.kind === "partition" && fault.shape === "custom" && fault.links)).toEqual([
      ["n1>n2", "n2>n1", "n1>n3", "n3>n1"],
      ["n2>n3", "n3>n2"],
    ]);
    expect(faults.map(({ at_ms, for_ms }) => at_ms + for_ms)).toEqual([5200, 4800]);
  });
});

const wrong: readonly (readonly [string, object, string])[] = [
  ["an unknown name", { composition: "storm" }, "faults[0].composition: expected one of flapping"],
  ["no fault to repeat", { ...exampleOf("flapping"), fault: null }, "faults[0].fault: expected a fault"],
  [
    "a fault that is wrong itself",
    { ...exampleOf("flapping"), fault: { kind: "flood" } },
    "faults[0].kind: expected one of",
  ],
  ["too many times", { ...exampleOf("crash-loop"), times: 1_001 }, "faults[0].times: at most 1000"],
  ["a field too many", { ...exampleOf("crash-loop"), nodes: ["n1"] }, "faults[0]: unknown field nodes"],
  [
    "a release of other nodes",
    { ...exampleOf("swizzle"), release: ["n1", "n3"] },
    "faults[0].release: expected the same nodes",
  ],
  ["a node twice", { ...exampleOf("swizzle"), nodes: ["n1", "n1"] }, "faults[0].nodes: a node is named twice"],
];
test.each(wrong)("refuses %s", (_, composition, message) => {
  expect(() => parseFaults([composition as never])).toThrow(message);
});

test("a schedule of compositions has a bound", () => {
  const loop = { ...exampleOf("crash-loop"), times: 1_000 };
  expect(() => parseFaults(Array.from({ length: 11 }, () => loop))).toThrow("faults: more than 10000");
});
