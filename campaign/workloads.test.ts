// Every registered workload on the simulated store, by the plan that `minos run` makes of its name: under the standard faults it is valid
// and not vacuous, its own judge had something to judge, and clients that roam do.
import { describe, expect, test } from "vitest";
import { runWorkload } from "./testing/workload-runs.js";
import { workloads } from "../workloads/index.js";

describe.each([...workloads.keys()].map((name) => [name] as const))("%s", (name) => {
  test("is valid under the standard faults, and its own judge had something to judge", async () => {
    const { verdict, own, run, plan } = await runWorkload(name, { seed: 3, time_limit_ms: 8_000 });
    expect(verdict.violations.map(({ sentence }) => sentence)).toEqual([]);
    expect(verdict).toMatchObject({ valid: true, unknown: [] });
    expect(plan.on).toBe("simulation");
    const { load } = run.workload;
    expect(load.droppedArrivals()).toBeGreaterThanOrEqual(0);
    if (run.workload.judge !== null) expect(own).toMatchObject({ valid: true, unknown: [] });
    const threads = new Map<number, Set<string | null>>();
    for (const event of run.events)
      if (event.type === "invoke" && event.phase === "load")
        threads.set(event.thread, (threads.get(event.thread) ?? new Set()).add(event.node));
    const roamed = [...threads.values()].some((nodes) => nodes.size > 1);
    expect(roamed).toBe(name === "failover");
  });
});
