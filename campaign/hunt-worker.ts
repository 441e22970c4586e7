// A thread of a hunt: runs one seed after the other and says what became of each.
import { parentPort, workerData } from "node:worker_threads";
import { huntPlan, simulateAndJudge, statesOf } from "./hunt.js";
import type { HuntResult, HuntTask, HuntThreadData } from "./hunt-messages.js";
import { systemNamed } from "./systems.js";

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread only");
const data = workerData as HuntThreadData;

async function prepare() {
  const system = await systemNamed(data.system)(data.mutant);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error(`${system.name} cannot be simulated`);
  return { system, deterministic };
}

const preparing = prepare();

async function hunt(seed: number): Promise<HuntResult> {
  const { system, deterministic } = await preparing;
  const plan = huntPlan(seed, { ...data, system, deterministic });
  const { run, verdict } = await simulateAndJudge(plan, system, deterministic);
  return {
    seed,
    valid: verdict.valid,
    summary: verdict.summary,
    classes: [...new Set(verdict.violations.map((violation) => violation.class))],
    checkers: [...new Set(verdict.violations.map(({ checker }) => checker))],
    invariants: [...new Set(run.violations.map(({ invariant }) => invariant))],
    simulatedMs: run.simulatedMs,
    operations: verdict.counts.operations,
    completed: verdict.counts.ok,
    faults: run.faults,
    skippedFaults: run.skippedFaults,
    events: run.counts.events,
    states: statesOf(run),
  };
}

port.on("message", ({ seed }: HuntTask) => {
  hunt(seed)
    .catch((error: unknown): HuntResult => ({
      ...threw,
      seed,
      summary: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }))
    .then((result) => port.postMessage(result))
    .catch((error: unknown) => {
      throw error;
    });
});

const threw: Omit<HuntResult, "seed" | "summary"> = {
  valid: "threw",
  classes: [],
  checkers: [],
  invariants: [],
  simulatedMs: 0,
  operations: 0,
  completed: 0,
  faults: 0,
  skippedFaults: 0,
  events: 0,
  states: [],
};
