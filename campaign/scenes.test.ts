// Shows that scenes are drawn from the seed alone, survive being written and read, follow the protocol as they say, and demand service
// exactly where somebody hears a majority.
import { expect, test } from "vitest";
import { createRandom, type JsonValue } from "../history/index.js";
import { huntPlan, simulateAndJudge } from "./hunt.js";
import { drawScenes, parseScenes, type Scene } from "./scenes.js";
import { systemNamed } from "./systems.js";

const draw = (seed: number): readonly Scene[] =>
  drawScenes(createRandom(seed, "test"), { groups: 2, timeLimitMs: 10_000, electionTimeoutMs: 500 });

async function play(mutant: string | null, nodes: number, seed: number, scenes: readonly Scene[]) {
  const system = await systemNamed("store")(mutant);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const drawn = huntPlan(seed, { system, deterministic, mutant, timeLimitMs: 10_000, ratePerS: 50 });
  const options = { triggers: [], scenes: scenes as unknown as JsonValue };
  const nemesis = { name: "swarm", faults: [], options };
  const plan = { ...drawn, nodes, replication: nodes, concurrency: 2 * nodes, keys: 2, nemesis };
  return simulateAndJudge(plan, system, deterministic);
}

test("a seed draws the same scenes again; most draw none, and every kind comes up", () => {
  const all = Array.from({ length: 300 }, (_, seed) => draw(seed));
  expect(all).toEqual(Array.from({ length: 300 }, (_, seed) => draw(seed)));
  expect(all.filter((scenes) => scenes.length === 0).length).toBeGreaterThan(150);
  const kinds = new Set(all.flat().map(({ scene }) => scene));
  expect([...kinds].toSorted()).toEqual(["chained", "constrained-election", "hand-over", "leads-twice", "quorum-loss"]);
});

test("scenes come back from a plan as they were, and what is wrong is named", () => {
  for (const scenes of Array.from({ length: 100 }, (_, seed) => draw(seed)))
    expect(parseScenes(JSON.parse(JSON.stringify(scenes)))).toEqual(scenes);
  const twice = { scene: "leads-twice", group: 0, at_ms: 0, for_ms: 1 };
  expect(() => parseScenes([{ ...twice, scene: "opera" }])).toThrow("scenes[0].scene: expected one of quorum-loss");
  expect(() => parseScenes([{ ...twice, steps: [{ strikes: "audience" }] }])).toThrow("scenes[0].steps[0].strikes");
});

test("a node leads twice: the others are struck until it does", async () => {
  const step = { strikes: "leader", do: "cut", mode: "drop", decides: 2, overlap_ms: 0 } as const;
  const steps = Array.from({ length: 8 }, () => step);
  const { run, verdict } = await play(null, 3, 11, [
    { scene: "leads-twice", group: 0, at_ms: 500, for_ms: 3_000, steps },
  ]);
  const leaders = run.events.flatMap((event) =>
    event.type === "fault" && event.stage === "requested" ? [String(event.targets[0]).split(">")[0]] : [],
  );
  const changes = run.events.flatMap((event) =>
    event.type === "node" && event.what === "leader-change" ? [event.node] : [],
  );
  expect(leaders.length).toBeGreaterThanOrEqual(2);
  expect(leaders.slice(1)).not.toContain(leaders[0]);
  expect(changes).toContain(leaders[0]);
  expect(verdict.valid).toBe(true);
});

const cut = (scene: "quorum-loss" | "constrained-election" | "chained"): Scene => {
  return { scene, group: 0, at_ms: 1_500, for_ms: 5_000, mode: "drop", lag_ms: 200 };
};

test.each(["quorum-loss", "constrained-election", "chained"] as const)(
  "%s among five: the store serves within the bound, and that is looked at",
  async (scene) => {
    const { run, verdict } = await play(null, 5, 3, [cut(scene)]);
    expect(verdict.violations).toEqual([]);
    expect(run.invariantChecks?.["a connected group serves"]).toBeGreaterThan(10);
  },
);

test("candidates that hear no majority outbid the one that does, and the group is seen not to serve in time", async () => {
  const sentences: string[] = [];
  for (let seed = 1; seed <= 6 && sentences.length === 0; seed += 1) {
    const { verdict } = await play("M48", 5, seed, [cut("constrained-election")]);
    sentences.push(...verdict.violations.map((violation) => `${violation.class}: ${violation.sentence}`));
  }
  expect(sentences[0]).toMatch(
    /^unavailable: group 0 served nothing for \d+ ms in which a node of it heard a majority/,
  );
});
