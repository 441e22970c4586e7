// What every workload must show: it is what its seed makes it, it uses every function that it names and every thread, no step is asked
// of a busy thread, a correct store is judged valid (by the model and by the workload's own judge, which had something to judge), and a
// store that lies is convicted, by the judge that the workload brings where it brings one. The store is a map in virtual time.
import { describe, expect, test } from "vitest";
import { checkLinearizability, decide } from "../checker/index.js";
import { workloads } from "./registry.js";
import { simulate, type StoreBehaviour } from "./testing/simulated-store.js";
import { testOptions } from "./testing/options.js";
import type { Workload, WorkloadOptions } from "./workload.js";

const behaviour: StoreBehaviour = { nodes: 6, concurrency: 18, seed: 1, latencyMs: 8 };

function play(workload: Workload, seed: number, store: Partial<StoreBehaviour> = {}, own: WorkloadOptions["own"] = {}) {
  const { keys = testOptions.keys } = workload.prefers ?? {};
  const timeLimitMs = workload.ownFaults === null ? testOptions.timeLimitMs : 20_000;
  // Scenarios have keys of their own.
  const groupOfKey = workload.ownFaults === null ? testOptions.groupOfKey : () => 0;
  const run = workload.create({ ...testOptions, groupOfKey, keys, timeLimitMs, own }, seed);
  const played = simulate({ ...behaviour, seed, ...store }, [run.load, { ...finalOf(run) }]);
  return { run, ...played, own: run.judge?.({ operations: played.operations, events: played.events }) ?? null };
}

/** The final reads are asked for when the load is over: only then is it known which keys there are. */
function finalOf(run: ReturnType<Workload["create"]>): ReturnType<typeof run.finalReads> {
  let reads: ReturnType<typeof run.finalReads> | null = null;
  const made = (): ReturnType<typeof run.finalReads> => (reads ??= run.finalReads(10_000));
  return {
    next: (context) => made().next(context),
    update: (update) => made().update(update),
    droppedArrivals: () => made().droppedArrivals(),
  };
}

/** Each but the scenarios, whose script and fault have tests of their own. */
const generated = [...workloads.values()].filter(({ ownFaults }) => ownFaults === null);

describe.each(generated.map((workload) => [workload.name, workload] as const))("%s", (_, workload) => {
  test("is what its seed makes it", () => {
    const [once, again, other] = [play(workload, 1), play(workload, 1), play(workload, 2)];
    expect(JSON.stringify(again.events) === JSON.stringify(once.events)).toBe(true);
    expect(JSON.stringify(other.planned) === JSON.stringify(once.planned)).toBe(false);
  });

  test("uses every function and thread, gives about the load asked for, and reads every key through every node at the end", () => {
    const { planned, run } = play(workload, 3);
    const load = planned.filter(({ phase }) => phase === "load");
    expect(new Set(load.map((operation) => operation.function))).toEqual(new Set(workload.functions));
    expect(new Set(load.map(({ thread }) => thread)).size).toBe(testOptions.concurrency);
    expect(load.length).toBeGreaterThan(1_200);
    expect(run.load.droppedArrivals()).toBeLessThan(200);
    const reads = planned.filter(({ phase }) => phase === "final-read");
    expect(new Set(reads.map(({ key, thread }) => `${JSON.stringify(key)}@${thread % 6}`)).size).toBe(
      run.keys.length * 6,
    );
  });

  test.each([1, 2])("a correct store is valid though replies are lost and everything stalls once, seed %i", (seed) => {
    const { operations, own, run } = play(workload, seed, {
      lostReplies: 0.03,
      stall: { fromMs: 3_000, toMs: 4_000 },
    });
    const linearizability = checkLinearizability(operations, workload.model, { initial: null });
    expect(linearizability).toMatchObject({ valid: true, violations: [], unknown: [] });
    if (run.judge !== null) expect(own).toMatchObject({ valid: true, violations: [], unknown: [] });
    // Neither stall nor losses may leave a key out.
    const written = operations.filter(({ outcome, function: name }) => outcome === "ok" && name === "put");
    expect(new Set(written.map(({ key }) => key)).size).toBeGreaterThanOrEqual(run.keys.length);
  });

  test("refuses options that make no sense, by name", () => {
    expect(workload.problems(testOptions)).toEqual([]);
    expect(workload.problems({ ...testOptions, own: { speed: 1 } })[0]).toContain('has no option "speed"');
    expect(workload.problems({ ...testOptions, own: { loop: "round" } })[0]).toContain("none of open, closed");
    expect(workload.problems({ ...testOptions, concurrency: 5 })[0]).toContain("less than the 6 nodes");
  });

  test("in a closed loop each thread waits for its answer, and nothing is dropped", () => {
    const { planned, run } = play(workload, 5, { stall: { fromMs: 3_000, toMs: 5_000 } }, { loop: "closed" });
    // Each thread may begin one and then waits for its answer.
    const during = planned.filter(({ intendedMs }) => intendedMs > 3_000 && intendedMs < 4_900);
    expect(during.length).toBeLessThanOrEqual(testOptions.concurrency);
    expect(run.load.droppedArrivals()).toBe(0);
    expect(planned.length).toBeGreaterThan(800);
  });
});

const lies: readonly (readonly [string, Partial<StoreBehaviour>])[] = [
  ["reads 100 ms old through one node of six", { staleMs: 100 }],
  ["one cas in fifty acknowledged and not done", { lostCas: 0.02 }],
  ["every fifth cas granted without a look", { blindCas: 0.2 }],
];

describe.each(generated.map((workload) => [workload.name, workload] as const))("the judge of %s", (_, workload) => {
  test.each(lies)("convicts a store with %s", (_what, store) => {
    const { own, operations, run } = play(workload, 6, store);
    // Those without a judge of their own leave it to the model.
    const valid = run.judge === null ? decide(operations, workload.model, { initial: null }).valid : own?.valid;
    expect(valid).toBe(false);
  });
});
