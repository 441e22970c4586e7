// Shows what becomes of status samples: the boot's are left out, a long run is thinned without losing a silence, CPU is a share between two
// samples of one process, and two logs of one length with two hashes are told once.
import { expect, test } from "vitest";
import { nodeNames, type NodeName } from "../cluster/index.js";
import { gatherForks, gatherNodes, sinceLoad, type ReportStatusSample } from "./nodes.js";
import { readSeries, statesAt } from "./viewer/src/nodes/series.js";

const [n1, n2] = nodeNames(2) as [NodeName, NodeName];

function sample(node: NodeName, ms: number, decidedIndex: number | null, rest: Partial<ReportStatusSample> = {}) {
  const group = { group: 0, members: [n1, n2], leader: n1, ballot: "1", phase: "", decidedIndex: decidedIndex ?? 0 };
  const status = {
    node,
    ready: true,
    incarnation: 1,
    suspected: [],
    groups: [{ ...group, logHash: `h${decidedIndex}` }],
  };
  return { time_ns: ms * 1e6, node, status: decidedIndex === null ? null : status, ...rest };
}

test("samples from before the load, whose clock had another zero, are left out", () => {
  const samples = [sample(n1, 3400, 0), sample(n1, 3500, 0), sample(n2, 3450, 0), sample(n1, 90, 1), sample(n2, 95, 1)];
  expect(sinceLoad(samples)).toEqual([sample(n1, 90, 1), sample(n2, 95, 1)]);
  expect(sinceLoad([])).toEqual([]);
});

test("an hour is thinned to some hundred points, and a silence of one sample is still there", () => {
  const hour = Array.from({ length: 36_000 }, (_, at) => sample(n1, at * 100, at === 20_001 ? null : at));
  const [series] = gatherNodes(hour);
  expect(series?.decided.length).toBeLessThan(500);
  expect(series?.decided.filter((value) => value === null)).toHaveLength(1);
  expect(series?.stepsMs.reduce((sum, step) => sum + step, 0)).toBe(3_599_900);
  expect(series?.lastHash).toBe("h35999");
});

test("CPU is told between two samples of one process, memory in MB, and neither where nobody looked", () => {
  const samples = [
    sample(n1, 0, 1, { cpu_time_ms: 10, resident_bytes: 40_000_000 }),
    sample(n1, 100, 2, { cpu_time_ms: 35, resident_bytes: 41_250_000 }),
    sample(n1, 200, 3, { cpu_time_ms: 5, resident_bytes: null }),
    sample(n2, 0, 1),
  ];
  const [one, other] = gatherNodes(samples);
  expect(one?.cpuPercent).toEqual([null, 25, null]);
  expect(one?.memoryMb).toEqual([40, 41.3, null]);
  expect([other?.cpuPercent, other?.memoryMb]).toEqual([null, null]);
});

test("different hashes of logs of one length are a fork, told once; equal ones are none", () => {
  const forked = sample(n2, 20, 7);
  const status =
    forked.status === null
      ? null
      : { ...forked.status, groups: forked.status.groups.map((group) => ({ ...group, logHash: "other" })) };
  const fork = { group: 0, decided: 7, nodes: ["n1", "n2"], hashes: ["h7", "other"], timeNs: 20e6 };
  expect(gatherForks([sample(n1, 10, 7), { ...forked, status }, { ...forked, time_ns: 30e6, status }])).toEqual([fork]);
  expect(gatherForks([sample(n1, 10, 7), sample(n2, 20, 7), sample(n1, 30, 8)])).toEqual([]);
});

test("at a moment each node is what it last said, and behind what any of its group had decided by then", () => {
  const all = readSeries(
    gatherNodes([sample(n1, 0, 5), sample(n1, 100, 9), sample(n2, 50, 5), sample(n2, 150, 6), sample(n2, 250, null)]),
  );
  const at = (ms: number) => statesAt(all, [], ms * 1e6).map(({ values: { decided, behind } }) => [decided, behind]);
  expect(at(60)).toEqual([
    [5, 0],
    [5, 0],
  ]);
  expect(at(160)).toEqual([
    [9, 0],
    [6, 3],
  ]);
  expect(at(300)[1]).toEqual([null, null]);
});
