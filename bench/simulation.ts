// How fast simulated time goes: `npm run bench:simulation`, with `-- --write` to keep the result in bench/RESULTS.md. Five nodes and
// ten clients under the hunt's own swarm, each seed run and judged as in a hunt: live verdict, invariants, final check of all.
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { HuntBase, Plan } from "../campaign/index.js";
import { packageRoot } from "../system/index.js";
import { machine, writePart } from "./results.js";

// What is measured is what users run, not what a loader makes of the sources.
const built = `${packageRoot()}/dist/campaign/index.js`;
const { huntPlan, simulate, simulateAndJudge, systemNamed } = (await import(
  built
)) as typeof import("../campaign/index.js");

const { values: flags } = parseArgs({
  options: {
    seeds: { type: "string", default: "60" },
    only: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const seeds = Number(flags.seeds);

interface Load {
  readonly name: string;
  readonly ratePerS: number;
  readonly timeLimitMs: number;
  readonly concurrency: number;
  readonly faults: boolean;
}

const loads: readonly Load[] = [
  { name: "100 operations/s", ratePerS: 100, timeLimitMs: 60_000, concurrency: 10, faults: true },
  { name: "10 operations/s", ratePerS: 10, timeLimitMs: 60_000, concurrency: 10, faults: true },
  { name: "full load", ratePerS: 1_000_000, timeLimitMs: 500, concurrency: 1000, faults: false },
];

interface Figures {
  simulatedMs: number;
  processorMs: number;
  operations: number;
  events: number;
  messages: number;
}

const allChecks = "live verdict, invariants and the final check of all";
const whileItRuns = "live verdict and invariants";
const checkKinds = [allChecks, whileItRuns, "live verdict", "nothing"] as const;
type Checked = (typeof checkKinds)[number];

function planOf(seed: number, load: Load, base: Omit<HuntBase, "timeLimitMs" | "ratePerS">): Plan {
  const { ratePerS, timeLimitMs, concurrency } = load;
  // The swarm of a seed knows how many groups there are: seeds of one group are taken, with five nodes.
  const plan = huntPlan(seed, { ...base, timeLimitMs, ratePerS });
  const nemesis = load.faults ? plan.nemesis : { name: "none", options: {}, faults: [] };
  return { ...plan, nodes: 5, replication: 5, concurrency, keys: load.faults ? plan.keys : 100, nemesis };
}

/** As a hunt soon has behind it: with fewer, much of the time is the compiler's. */
const warmUpRuns = 30;
/** At full load a run has as many operations as ten of the others. */
const warmUpRunsOf = (load: Load): number => (load.faults ? warmUpRuns : 6);

async function measure(load: Load, checked: Checked, runs: number): Promise<Figures> {
  const system = await systemNamed("store")(null);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const base = { system, deterministic, mutant: null };
  const sum: Figures = { simulatedMs: 0, processorMs: 0, operations: 0, events: 0, messages: 0 };
  let counted = 0;
  for (let seed = 1; counted < runs; seed += 1) {
    if (huntPlan(seed, { ...base, timeLimitMs: load.timeLimitMs, ratePerS: load.ratePerS }).nodes !== 5) continue;
    counted += 1;
    const plan = planOf(seed, load, base);
    const began = process.cpuUsage();
    const run =
      checked === allChecks
        ? (await simulateAndJudge(plan, system, deterministic)).run
        : await simulate({
            plan,
            system,
            deterministic,
            sink: null,
            invariants: checked === whileItRuns,
            live: checked !== "nothing",
          });
    const { user, system: kernel } = process.cpuUsage(began);
    sum.processorMs += (user + kernel) / 1000;
    sum.simulatedMs += run.simulatedMs;
    sum.operations += run.events.filter(({ type }) => type === "ok").length;
    sum.events += run.counts.events;
    sum.messages += run.counts.messages;
  }
  return sum;
}

const lines: string[] = [];
const print = (line: string): void => {
  lines.push(line);
  console.log(line);
};

const perS = (amount: number, { processorMs }: Figures): string =>
  Math.round((amount / processorMs) * 1000).toLocaleString("en-US");

print("## Simulation\n");
print(
  `Command: \`npm run bench:simulation\`; ${seeds} seeds after ${warmUpRuns} to warm up. Machine: ${machine()}. Five nodes; ten clients under the hunt's swarm, ` +
    "1000 without faults at full load. All by second of processor time on one thread.\n",
);
print("| load | checked | simulated seconds | operations | messages | events |");
print("| --- | --- | --: | --: | --: | --: |");
for (const load of loads) {
  if (flags.only !== undefined && !load.name.startsWith(flags.only)) continue;
  for (const checked of checkKinds) await measure(load, checked, warmUpRunsOf(load));
  for (const checked of checkKinds) {
    const sum = await measure(load, checked, seeds);
    const cells = [sum.simulatedMs / 1000, sum.operations, sum.messages, sum.events].map((amount) => perS(amount, sum));
    print(`| ${load.name} | ${checked} | ${cells.join(" | ")} |`);
  }
}
/** Runs of a hunt of half a minute as users start it; on one processor the collector of garbage has no second one to go to. */
function runsOfHunt(threads: number, processors: readonly number[]): number {
  const words = `hunt --seed 1 --time-limit 30s --keep-going --threads ${threads} --json`.split(" ");
  const program = [process.execPath, `${packageRoot()}/dist/cli/main.js`, ...words];
  const text = execFileSync("taskset", ["-c", processors.join(","), ...program], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const report: unknown = JSON.parse(text.toString());
  if (typeof report === "object" && report !== null && "runs" in report && typeof report.runs === "number")
    return report.runs;
  throw new Error("the hunt told no number of runs");
}

if (flags.only === undefined && cpus().length > 1 && process.platform === "linux") {
  const rounds = [1, 2, 3].map(() => [runsOfHunt(1, [0]), runsOfHunt(2, [0, 1])] as const);
  const ratios = rounds.map(([one, two]) => two / one).toSorted((left, right) => left - right);
  print(
    `\nA hunt with two threads on two processors makes ${ratios[1]?.toFixed(2)} times the runs of one on one processor ` +
      `(median of three pairs in turn, ${ratios.map((ratio) => ratio.toFixed(2)).join(", ")}; ` +
      "`minos hunt --time-limit 30s --keep-going`, held to processors by `taskset`).",
  );
}
if (flags.write) await writePart("simulation", lines.join("\n"));
