// Shows that the table of faults and clusters is true: with the capabilities that a cluster has, a schedule of one fault of the kind
// is accepted where the table says yes, and refused with the table's reason everywhere else.
import { describe, expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { checkSchedule, faultKinds, parseFaults, type FaultKind } from "../nemesis/index.js";
import type { JsonValue } from "../history/index.js";
import { capabilitiesByCluster, faultTable } from "./fault-table.js";

const nodes = nodeNames(3);
/** What the parser demands of a kind beyond a target. */
const parameters: Partial<Record<FaultKind, { readonly [name: string]: JsonValue }>> = {
  partition: { shape: "halves", mode: "stall", group: 0, scope: "group" },
  restart: { how: "kill" },
  bandwidth: { rate_kb_per_s: 4 },
  slicing: { piece_bytes: 8, pause_ms: 4 },
  "limit-data": { limit_bytes: 500 },
  reset: { after_ms: 100 },
  latency: { latency_ms: 100, jitter_ms: 10 },
  "bit-flip": { bits: 1 },
  "packet-loss": { percent: 5 },
  "packet-duplicate": { percent: 5 },
  "packet-reorder": { percent: 5 },
  "packet-corrupt": { percent: 5 },
  "clock-jump": { offset_ms: 60_000 },
  "clock-drift": { ms_per_s: 100 },
  "clock-strobe": { offset_ms: 5_000, period_ms: 200 },
  "cpu-quota": { cores: 0.1 },
  "memory-limit": {},
  "duplicate-requests": { copies: 2, every_ms: 10 },
  "retry-storm": { every_ms: 2 },
  "disk-slow": { rate_kb_per_s: 64 },
  "slow-close": { delay_ms: 1_000 },
};
const clusters = capabilitiesByCluster();

describe.each(faultTable())("$kind", ({ kind, cells }) => {
  test.each(["simulation", "local", "docker"] as const)("on %s is accepted or refused as the table says", (cluster) => {
    const entry = Object.values(faultKinds).find((one) => one.kind === kind) ?? expect.fail(kind);
    const target = kind === "partition" ? {} : { target: { by: "leader", group: 0 } };
    const fault = { kind, at_ms: 0, for_ms: 1_500, ...target, ...parameters[entry.kind] };
    const problems = checkSchedule(parseFaults([fault]), {
      nodes,
      groups: [{ group: 0, members: nodes }],
      timeLimitMs: 10_000,
      operationTimeoutMs: 500,
      electionTimeoutMs: 200,
      capabilities: clusters[cluster],
      peerAddressing: "per-observer",
    });
    const cell = cells[cluster];
    if (cell === "yes") expect(problems).toEqual([]);
    else expect(problems.join()).toContain(cell.replace("refused: ", "").split(";")[0]);
  });
});
