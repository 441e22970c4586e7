// Shows that plan files are read strictly: known fields with their units, everything else refused by name.
import { expect, test } from "vitest";
import { parsePlanFile } from "./plan-file.js";

test("YAML with any subset of the knobs", () => {
  const file = parsePlanFile(
    "time_limit_ms: 20s\nnodes: 3\nworkload: register\nfloors:\n  confirmed_faults: 4\n",
    "p.yaml",
  );
  expect(file).toEqual({
    knobs: { time_limit_ms: 20_000, nodes: 3, workload: "register" },
    faults: null,
    floors: { confirmed_faults: 4 },
    workloadOptions: {},
  });
});

test("the plan that a run stored is a plan file", () => {
  const stored = {
    version: 1,
    name: "register",
    build: "abc",
    mutant: null,
    on: "local",
    seed: 7,
    workload: { name: "register", options: {} },
    nemesis: { name: "standard", options: {}, faults: [] },
    time_limit_ms: 30_000,
    checker: { time_ms: 1000, memory_mb: 100 },
  };
  expect(parsePlanFile(JSON.stringify(stored), "plan.json")).toMatchObject({
    knobs: {
      name: "register",
      on: "local",
      seed: 7,
      nemesis: "standard",
      checker_time_ms: 1000,
      checker_memory_mb: 100,
    },
    faults: [],
  });
});

test.each([
  ["nods: 3", "p.yaml: nods: no plan has this field"],
  ["nodes: many", 'p.yaml: nodes: "many" is no whole number'],
  ["nodes: 99", "p.yaml: nodes: 99 is outside 1 … 30"],
  ["on: moon", 'p.yaml: on: "moon" is none of auto, local, docker'],
  ["floors:\n  speed: 3", "p.yaml: floors.speed: no such floor"],
  ["- 1", "p.yaml: expected fields, got [1]"],
  ["a: [", "p.yaml is neither YAML nor JSON"],
])("%j is refused, naming the field", (text, message) => {
  expect(() => parsePlanFile(text, "p.yaml")).toThrow(message);
});
