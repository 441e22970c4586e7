// Shows that faults from a plan file are read as they stand or refused with the place that is wrong, and that the published
// JSON Schema and the parser agree on both.
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { faultKinds } from "./kinds.js";
import { parseFaults } from "./parse.js";

const schema = JSON.parse(readFileSync(new URL("../docs/schemas/fault.schema.json", import.meta.url), "utf8")) as {
  readonly properties: { readonly kind: { readonly enum: readonly string[] } };
  readonly oneOf: readonly {
    readonly properties: { readonly kind: { readonly const: string } | { readonly enum: readonly string[] } };
  }[];
};
const validate = new Ajv2020({ strict: true }).compile(schema);

const timed = { at_ms: 0, for_ms: 1_500 };
const good = [
  { kind: "kill", ...timed, target: { by: "leader", group: 0 } },
  { kind: "terminate", ...timed, target: { by: "all" } },
  { kind: "restart", ...timed, how: "terminate", target: { by: "leader", group: 0 } },
  { kind: "pause", ...timed, glitch: true, target: { by: "name", nodes: ["n1"] } },
  { kind: "pause", ...timed, target: { by: "random", count: 2 } },
  { kind: "partition", ...timed, shape: "majorities-ring", mode: "stall", group: "random", scope: "all" },
  { kind: "bandwidth", ...timed, target: { by: "all" }, rate_kb_per_s: 4 },
  { kind: "slicing", ...timed, target: { by: "all" }, piece_bytes: 16, pause_ms: 2 },
  { kind: "limit-data", ...timed, target: { by: "all" }, limit_bytes: 400 },
  { kind: "reset", ...timed, target: { by: "all" }, after_ms: 0 },
  { kind: "slow-close", ...timed, target: { by: "leader", group: 0 }, delay_ms: 1_000 },
  { kind: "client-death", ...timed, target: { by: "leader", group: 0 } },
  { kind: "duplicate-requests", ...timed, target: { by: "all" }, copies: 2, every_ms: 10 },
  { kind: "retry-storm", ...timed, target: { by: "all" }, every_ms: 2 },
  { kind: "latency", ...timed, target: { by: "minority", group: "random" }, latency_ms: 100, jitter_ms: 0 },
  { kind: "partition", ...timed, shape: "custom", mode: "stall", links: ["n1>n2", "n3>n1"] },
  { kind: "partition", ...timed, shape: "bridge", mode: "drop", group: 0, scope: "all" },
  { kind: "pause", ...timed, target: { by: "ring-neighbours", group: 1 } },
  { kind: "bit-flip", ...timed, target: { by: "leader", group: 0 }, bits: 8 },
  { kind: "latent-error", ...timed, target: { by: "random", count: 1 } },
  { kind: "wipe-disk", ...timed, target: { by: "follower", group: "random" } },
  { kind: "clock-jump", ...timed, target: { by: "leader", group: 0 }, offset_ms: -60_000 },
  { kind: "clock-drift", ...timed, target: { by: "all" }, ms_per_s: 100 },
  { kind: "clock-strobe", ...timed, target: { by: "all" }, offset_ms: 5_000, period_ms: 200 },
  { kind: "packet-loss", ...timed, target: { by: "all" }, percent: 5 },
  { kind: "memory-limit", ...timed, target: { by: "leader", group: 0 } },
  { kind: "cpu-quota", ...timed, target: { by: "leader", group: 0 }, cores: 0.05 },
];
const bad: readonly (readonly [object, string])[] = [
  [
    { kind: "slow-close", ...timed, target: { by: "all" }, delay_ms: 499 },
    "faults[0].delay_ms: expected a whole number of at least 500, got 499",
  ],
  [
    { kind: "slow-close", ...timed, target: { by: "all" }, delay_ms: 5_001 },
    "faults[0].delay_ms: expected at most 5000, got 5001",
  ],
  [
    { kind: "duplicate-requests", ...timed, target: { by: "all" }, copies: 21, every_ms: 10 },
    "faults[0].copies: expected at most 20, got 21",
  ],
  [
    { kind: "retry-storm", ...timed, target: { by: "all" }, every_ms: 0 },
    "faults[0].every_ms: expected a whole number of at least 1",
  ],
  [{ kind: "client-death", ...timed }, "faults[0].target"],
  [{ kind: "bit-flip", ...timed, target: { by: "all" } }, "faults[0].bits: expected a whole number of at least 1"],
  [
    { kind: "slicing", ...timed, target: { by: "all" }, piece_bytes: 0, pause_ms: 2 },
    "faults[0].piece_bytes: expected a whole number of at least 1",
  ],
  [
    { kind: "clock-jump", ...timed, target: { by: "all" }, offset_ms: 99 },
    "faults[0].offset_ms: expected a whole number from 100 to 315360000000, or the negative of one, got 99",
  ],
  [
    { kind: "clock-drift", ...timed, target: { by: "all" }, ms_per_s: 901 },
    "faults[0].ms_per_s: expected a whole number from 20 to 900, or the negative of one, got 901",
  ],
  [
    { kind: "clock-strobe", ...timed, target: { by: "all" }, offset_ms: 500, period_ms: 50 },
    "faults[0].period_ms: expected a whole number of at least 100, got 50",
  ],
  [
    { kind: "cpu-quota", ...timed, target: { by: "all" }, cores: 0 },
    "faults[0].cores: expected a number of at least 0.01",
  ],
  [
    { kind: "limit-data", ...timed, target: { by: "all" } },
    "faults[0].limit_bytes: expected a whole number of at least 1",
  ],
  [
    { kind: "reset", ...timed, target: { by: "all" }, after_ms: 1_001 },
    "faults[0].after_ms: expected at most 1000, got 1001",
  ],
  [
    { kind: "flood", ...timed },
    "faults[0].kind: expected one of kill, terminate, restart, pause, partition, bandwidth, slicing",
  ],
  [{ kind: "restart", ...timed, target: { by: "all" } }, "faults[0].how: expected one of kill, terminate"],
  [{ kind: "kill", ...timed }, "faults[0].target: expected an object"],
  [{ kind: "kill", ...timed, target: { by: "king" } }, "faults[0].target.by: expected one of"],
  [{ kind: "kill", ...timed, target: { by: "leader" } }, "faults[0].target.group: expected a whole number"],
  [{ kind: "kill", ...timed, target: { by: "name", nodes: [] } }, "faults[0].target.nodes: expected a list of names"],
  [{ kind: "kill", ...timed, target: { by: "random", count: 0 } }, "faults[0].target.count: expected a whole number"],
  [{ kind: "kill", ...timed, target: { by: "all" }, force: 1 }, "faults[0]: unknown field force"],
  [{ kind: "kill", at_ms: -1, for_ms: 1, target: { by: "all" } }, "faults[0].at_ms: expected a number of at least 0"],
  [{ kind: "kill", at_ms: 0, for_ms: 0, target: { by: "all" } }, "faults[0].for_ms: expected a number of at least 1"],
  [{ kind: "kill", ...timed, glitch: "yes", target: { by: "all" } }, "faults[0].glitch: expected true or false"],
  [
    { kind: "partition", ...timed, shape: "star", mode: "drop", group: 0, scope: "all" },
    "faults[0].shape: expected one of",
  ],
  [
    { kind: "partition", ...timed, shape: "halves", mode: "burn", group: 0, scope: "all" },
    "faults[0].mode: expected one of",
  ],
  [
    { kind: "partition", ...timed, shape: "custom", mode: "drop", links: [] },
    "faults[0].links: expected a list of directed links",
  ],
  [
    { kind: "partition", ...timed, shape: "custom", mode: "drop", links: ["n1-n2"] },
    'faults[0].links: "n1-n2" is no directed link',
  ],
  [
    { kind: "partition", ...timed, shape: "custom", mode: "drop", links: ["n1>n2"], group: 0 },
    "faults[0]: unknown field group",
  ],
  [{ kind: "bandwidth", ...timed, target: { by: "all" }, rate_kb_per_s: 0 }, "faults[0].rate_kb_per_s: expected"],
  [{ kind: "latency", ...timed, target: { by: "all" }, latency_ms: 0, jitter_ms: 0 }, "faults[0].latency_ms: expected"],
];

describe("parser and schema", () => {
  test.each(good)("take $kind", (fault) => {
    expect(parseFaults([fault])).toEqual([fault]);
    expect(validate(fault)).toBe(true);
  });

  test.each(bad)("refuse %j", (fault, message) => {
    expect(() => parseFaults([fault as never])).toThrow(message);
    expect(validate(fault)).toBe(false);
  });

  test("name the same kinds", () => {
    const described = schema.oneOf.flatMap(({ properties: { kind } }) => ("enum" in kind ? kind.enum : [kind.const]));
    const kinds = Object.keys(faultKinds).toSorted();
    expect(schema.properties.kind.enum.toSorted()).toEqual(kinds);
    // Partitions are described twice: of one's own links, and in a shape.
    expect([...new Set(described)].toSorted()).toEqual(kinds);
  });

  test("refuse what is no list", () => {
    expect(() => parseFaults({})).toThrow("faults: expected a list");
    expect(() => parseFaults([null])).toThrow("faults[0]: expected an object");
  });
});
