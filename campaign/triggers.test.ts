// Shows that directed faults are drawn from the seed alone, survive being written and read, and strike the node of the event they wait for.
import { expect, test } from "vitest";
import { createRandom } from "../history/index.js";
import { huntPlan, simulateAndJudge } from "./hunt.js";
import { systemNamed } from "./systems.js";
import { drawTriggers, parseTriggers, type Trigger } from "./triggers.js";

const names = ["Prepare", "Promise", "Accept"];
const draw = (seed: number): readonly Trigger[] => drawTriggers(createRandom(seed, "test"), names, 10_000, 500);

test("a seed draws the same triggers again; some seeds draw none, and every kind of message and deed comes up", () => {
  const all = Array.from({ length: 200 }, (_, seed) => draw(seed));
  expect(all).toEqual(Array.from({ length: 200 }, (_, seed) => draw(seed)));
  const drawn = all.flat();
  expect(all.filter((triggers) => triggers.length === 0).length).toBeGreaterThan(50);
  expect([...new Set(drawn.map(({ on }) => on))].sort()).toEqual(names.toSorted());
  expect([...new Set(drawn.map((trigger) => trigger.do))].sort()).toEqual([
    "cut",
    "fail-fsync",
    "fill-disk",
    "kill",
    "pause",
    "slow-disk",
  ]);
});

test("triggers come back from a plan as they were, and what is wrong is named", () => {
  const [triggers = []] = Array.from({ length: 50 }, (_, seed) => draw(seed)).filter((drawn) => drawn.length > 0);
  const text = JSON.parse(JSON.stringify(triggers));
  expect(parseTriggers(text)).toEqual(triggers);
  expect(parseTriggers(undefined)).toEqual([]);
  expect(() => parseTriggers([{ ...triggers[0], do: "melt" }])).toThrow(
    "triggers[0].do: expected one of kill, pause, cut, fail-fsync, fill-disk, slow-disk",
  );
  expect(() => parseTriggers([{ ...triggers[0], for_ms: -1 }])).toThrow("triggers[0].for_ms: expected a number");
  expect(() => parseTriggers("all")).toThrow("triggers: expected a list");
});

test("an acceptor is killed the moment that its promise leaves, and the run goes on to be valid", async () => {
  const system = await systemNamed("store")(null);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const drawn = huntPlan(4, { system, deterministic, mutant: null, timeLimitMs: 5_000, ratePerS: 40 });
  const strike = { on: "Promise", what: "sent", strikes: "sender", from_ms: 0, skips: 0, delay_ms: 0 } as const;
  const trigger = { ...strike, do: "kill", mode: "drop", for_ms: 300, times: 2 } as const;
  const kill = { kind: "kill", target: { by: "leader", group: 0 }, at_ms: 500, for_ms: 1_500, glitch: true } as const;
  const nemesis = { ...drawn.nemesis, faults: [kill], options: { triggers: [trigger] } };
  const { run, verdict } = await simulateAndJudge({ ...drawn, nemesis }, system, deterministic);
  const struck = run.events.flatMap((event) =>
    event.type === "fault" && event.stage === "requested" && event.evidence !== null ? [event.evidence] : [],
  );
  expect(struck.length).toBeGreaterThan(0);
  expect(struck[0]).toEqual({ triggered_by: "Promise sent, 0 ms before; strikes its sender" });
  expect(verdict.valid).toBe(true);
});

test.each(["fail-fsync", "fill-disk", "slow-disk"] as const)(
  "%s at a follower that has just heard an Accept: it stops or waits, comes back, and the run is valid",
  async (how) => {
    const system = await systemNamed("store")(null);
    const deterministic = await system.deterministic?.();
    if (deterministic === undefined) throw new Error("the store cannot be simulated");
    const drawn = huntPlan(4, { system, deterministic, mutant: null, timeLimitMs: 5_000, ratePerS: 40 });
    const strike = {
      on: "Accept",
      what: "received",
      strikes: "receiver",
      from_ms: 500,
      skips: 20,
      delay_ms: 0,
    } as const;
    const trigger = { ...strike, do: how, mode: "drop", for_ms: 400, times: 3 } as const;
    const nemesis = { ...drawn.nemesis, faults: [], options: { triggers: [trigger] } };
    const { run, verdict } = await simulateAndJudge({ ...drawn, nemesis }, system, deterministic);
    const stages = run.events.flatMap((event) => (event.type === "fault" && event.kind === how ? [event.stage] : []));
    expect(stages.filter((stage) => stage === "confirmed-off").length).toBeGreaterThanOrEqual(2);
    const exits = run.events.filter((event) => event.type === "node" && event.what === "exited");
    expect(exits.length > 0).toBe(how !== "slow-disk");
    expect(verdict.violations).toEqual([]);
    expect(verdict.valid).toBe(true);
  },
);
