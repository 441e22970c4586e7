// Shows that the published JSON Schema of campaign files takes what the parser takes, the examples among it, and refuses what the parser
// refuses; and that each workload, preset and knob is in it.
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { campaignOf, knobs } from "../campaign/index.js";
import { presetNames } from "../nemesis/index.js";
import { workloads } from "../workloads/index.js";

const schemaOf = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../docs/schemas/${name}.schema.json`, import.meta.url), "utf8")) as object;
const ajv = new Ajv2020({ strict: true, strictTypes: false });
ajv.addSchema(schemaOf("fault"));
const validate = ajv.compile(schemaOf("campaign"));

const example = (path: string): unknown => parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
const kill = { kind: "kill", at_ms: 0, for_ms: 1_500, target: { by: "leader", group: 0 } };
const cell = { workloads: ["set"], nemeses: "kill,partition", clusters: ["local", "docker"], mutants: ["M14"] };

const good: readonly (readonly [string, unknown])[] = [
  ["the nightly example", example("examples/nightly.yaml")],
  ["the smallest file", { matrix: {} }],
  ["one matrix in full", { matrix: { ...cell, seeds: "1..5, 9", plan: { nodes: 3, concurrency: "2n" } } }],
  ["several matrices", { name: "2-parts", matrix: [cell, { seeds: [1, "2..4"] }, { seeds: 7 }] }],
  ["each kind of limit", { matrix: {}, canary: true, parallel: 2, budget: { runs: 3, time: "2h" } }],
  [
    "exclusions",
    {
      matrix: { workloads: ["set", "mutex"], seeds: "1..2", clusters: ["local", "docker"] },
      exclude: [{ workload: "set" }, { seed: 2, on: "docker" }],
    },
  ],
  ["floors and a checker", { matrix: {}, plan: { floors: { node_share: 0.1 }, checker: { time_ms: "30s" } } }],
  ["a schedule", { matrix: {}, plan: { nemesis: { name: "none", faults: [kill] }, workload: { name: "set" } } }],
  ["a stored plan's fields", { matrix: {}, plan: { version: 1, build: "b", mutant: null, time_limit_ms: 5_000 } }],
  ["every workload", { matrix: { workloads: [...workloads.keys()], nemeses: presetNames } }],
];

const bad: readonly (readonly [string, unknown])[] = [
  ["no matrix", { name: "x" }],
  ["a field that is none", { matrix: {}, seeds: 1 }],
  ["a matrix without fields", { matrix: "register" }],
  ["no matrix in the list", { matrix: [] }],
  ["a matrix's field that is none", { matrix: { workload: "register" } }],
  ["an unknown workload", { matrix: { workloads: ["registr"] } }],
  ["an unknown preset", { matrix: { nemeses: ["gentle", "brutl"] } }],
  ["a preset joined to a kind", { matrix: { nemeses: ["gentle,kill"] } }],
  ["an unknown cluster", { matrix: { clusters: ["moon"] } }],
  ["a mutant that cannot be one", { matrix: { mutants: ["14"] } }],
  ["a seed that is none", { matrix: { seeds: "1...5" } }],
  ["a name with capitals", { matrix: {}, name: "Big" }],
  ["an unknown field of a plan", { matrix: {}, plan: { nodez: 3 } }],
  ["a knob beyond its limits", { matrix: {}, plan: { nodes: 31 } }],
  ["a duration without a unit", { matrix: {}, plan: { time_limit_ms: "20" } }],
  ["a floor that is none", { matrix: {}, plan: { floors: { height: 1 } } }],
  ["a fault that is none", { matrix: {}, plan: { faults: [{ ...kill, kind: "flood" }] } }],
  ["a budget of no runs", { matrix: {}, budget: { runs: 0 } }],
  ["a budget in plain numbers", { matrix: {}, budget: { time: 5 } }],
  ["a canary that may be", { matrix: {}, canary: "maybe" }],
  ["half a run at a time", { matrix: {}, parallel: 0.5 }],
  ["an exclusion by what no run has", { matrix: {}, exclude: [{ nodes: 3 }] }],
];

describe("parser and schema take", () => {
  test.each(good)("%s", (_, value) => {
    expect(() => campaignOf(value)).not.toThrow();
    validate(value);
    expect(validate.errors ?? []).toEqual([]);
  });
});

describe("parser and schema refuse", () => {
  test.each(bad)("%s", (_, value) => {
    expect(() => campaignOf(value)).toThrow();
    expect(validate(value)).toBe(false);
  });
});

test("each knob of a plan is in it, with its help", () => {
  const { $defs } = schemaOf("campaign") as { $defs: { plan: { properties: Readonly<Record<string, unknown>> } } };
  expect(Object.keys($defs.plan.properties)).toEqual(expect.arrayContaining(knobs.map(({ name }) => name)));
});
