// Shows that a workload of one's own is driven as every other one is: each key first once, the rate and the end of the plan, the same seed twice the
// same, its judge asked; and that a definition which lacks something, or chooses what it may not, is refused with a sentence.
import { expect, test } from "vitest";
import { nodeNames } from "../cluster/index.js";
import { defineWorkload, type WorkloadDefinition } from "./define-workload.js";
import type { PlannedOperation } from "./generator.js";
import { addWorkload, workloads } from "./registry.js";
import type { WorkloadOptions } from "./workload.js";

const definition: WorkloadDefinition = {
  name: "mine",
  description: "puts and gets",
  functions: ["get", "put"],
  begin() {
    let answers = 0;
    return {
      next: ({ random, asked, count }) =>
        asked === 0 || random.chance(0.3)
          ? { function: "put", input: `${count} after ${answers}` }
          : { function: "get", input: null },
      answered: () => {
        answers += 1;
      },
    };
  },
};

const nodes = nodeNames(3);
const options: WorkloadOptions = {
  nodes,
  groups: [{ group: 0, members: nodes }],
  groupOfKey: () => 0,
  initialValue: null,
  concurrency: 6,
  keys: 4,
  ratePerS: 100,
  timeLimitMs: 2_000,
  operationTimeoutMs: 500,
  own: {},
};

/** Drives it by hand: everything is answered at once. */
function driven(workload = defineWorkload(definition), seed = 3): readonly PlannedOperation[] {
  const { load } = workload.create(options, seed);
  const all: PlannedOperation[] = [];
  for (let nowMs = 0; nowMs <= options.timeLimitMs; nowMs += 5) {
    for (let turn = 0; turn < 100; turn += 1) {
      const step = load.next({ nowMs, freeThreads: [0, 1, 2, 3, 4, 5] });
      if (step.type !== "operation") break;
      all.push(step.operation);
      const reply = { outcome: "ok", output: null, error: null, attempts: 1, systemIndex: null } as const;
      load.update({ nowMs, operation: step.operation, reply });
    }
  }
  return all;
}

test("each key is asked once before any is asked twice, at about the plan's rate, and the same seed does the same again", () => {
  const all = driven();
  expect(new Set(all.slice(0, 4).map(({ key }) => key)).size).toBe(4);
  expect(all.slice(0, 4).every((operation) => operation.function === "put")).toBe(true);
  expect(all.length).toBeGreaterThan(140);
  expect(all.length).toBeLessThan(260);
  expect(driven()).toEqual(all);
  expect(driven(undefined, 4)).not.toEqual(all);
});

test("what is chosen has to be one of its functions and one of the run's keys", () => {
  const choosing = (chosen: { readonly function: string; readonly key?: string }) =>
    defineWorkload({ ...definition, begin: () => ({ next: () => ({ input: null, ...chosen }) }) });
  expect(() => driven(choosing({ function: "cas" }))).toThrow('mine chose "cas", which is none of its functions');
  expect(() => driven(choosing({ function: "get", key: "x" }))).toThrow(
    'chose the key "x", which is none of the run\'s',
  );
});

test.each([
  [{ name: "My workload" }, "small letters, digits and dashes"],
  [{ description: "" }, "has no description"],
  [{ begin: undefined }, 'has no function "begin"'],
  [{ functions: ["put"] }, 'needs "get" among its functions'],
  [{ name: "register" }, "a workload called register ships with Minos"],
])("%j is refused", (change, sentence) => {
  expect(() => addWorkload({ ...definition, ...change } as WorkloadDefinition)).toThrow(sentence);
});

test("one that was added is found by its name, and may be added again", () => {
  addWorkload(definition);
  addWorkload({ ...definition, description: "the same, loaded again" });
  expect(workloads.get("mine")?.description).toBe("the same, loaded again");
});
