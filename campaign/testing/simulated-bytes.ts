// What a seed of a hunt leaves behind, as one hash: history, trace, decided logs and statuses.
import { createHash } from "node:crypto";
import { Trace } from "../../simulation/index.js";
import { historyText, huntPlan, simulateAndJudge } from "../hunt.js";
import { systemNamed } from "../systems.js";

export interface SeedBytes {
  readonly seed: number;
  readonly bytes: number;
  readonly history: string;
  readonly trace: string;
  readonly valid: boolean | "unknown";
}

export async function bytesOfSeeds(seeds: readonly number[], timeLimitMs: number): Promise<readonly SeedBytes[]> {
  const system = await systemNamed("store")(null);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const all: SeedBytes[] = [];
  for (const seed of seeds) {
    const plan = huntPlan(seed, { system, deterministic, mutant: null, timeLimitMs, ratePerS: 40 });
    const trace = new Trace(deterministic);
    const { run, verdict } = await simulateAndJudge(plan, system, deterministic, trace);
    const history = historyText(run);
    const rest = JSON.stringify([run.samples, run.decisions, run.counts, run.settings]);
    all.push({
      seed,
      bytes: history.length,
      history: createHash("sha256").update(history).update(rest).digest("hex"),
      trace: createHash("sha256").update(trace.text()).digest("hex"),
      valid: verdict.valid,
    });
  }
  return all;
}
