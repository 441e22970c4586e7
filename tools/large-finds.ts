// How small shrinking makes large failures: for each planted bug it looks, seed after seed, for a failing run of at least 500 operations and 20
// faults, as a hunt would have met it, makes that run smaller, and prints it before and after, with the processor seconds until it was small
// and until shrinking ended.
//   npm run mutants:shrink
//   npm run mutants:shrink -- --seed 1 --only M08,M13 --search-time 60s --shrink-time 30s
// Seeds are tried in turn under three loads, since a bug that shows at once has to be asked quickly. Both limits are in processor seconds, for
// others may use the machine. Exit code 1: fewer than 80 % of the bugs that must be found became small.
import { parseArgs } from "node:util";
import {
  huntPlan,
  parseDuration,
  shrink,
  simulate,
  simulateAndJudge,
  systemNamed,
  type HuntedRun,
  type Plan,
} from "../campaign/index.js";
import type { DeterministicSystem, SystemUnderTest } from "../cluster/index.js";
import { mutants, type Mutant } from "../mutants/index.js";

const large = { operations: 500, faults: 20 };
const small = { operations: 20, faults: 5 };
const neededShare = 0.8;
const seedsMax = 100_000;

/** Load and its length that seeds take turns with. */
const loads = [
  { ratePerS: 50, timeLimitMs: 30_000 },
  { ratePerS: 100, timeLimitMs: 20_000 },
  { ratePerS: 400, timeLimitMs: 10_000 },
] as const;

interface Size {
  readonly operations: number;
  readonly faults: number;
  readonly nodes: number;
}

function processorS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const sizeOf = ({ plan, run, verdict }: HuntedRun): Size => {
  return { operations: verdict.counts.operations, faults: run.faults, nodes: plan.nodes };
};

function isLarge({ operations, faults }: Size): boolean {
  return operations >= large.operations && faults >= large.faults;
}

/** Of the same run when no violation ends it. */
async function sizeUnstopped(plan: Plan, system: SystemUnderTest, deterministic: DeterministicSystem): Promise<Size> {
  const run = await simulate({ plan, system, deterministic, sink: null, live: false, invariants: false });
  const operations = run.events.filter((event) => event.type === "invoke").length;
  return { operations, faults: run.faults, nodes: plan.nodes };
}

function isSmall({ operations, faults }: Pick<Size, "operations" | "faults">): boolean {
  return operations <= small.operations && faults <= small.faults;
}

interface Outcome {
  /** The run is large only because it goes on after its first violation. */
  readonly goesOn: boolean;
  readonly seed: number;
  readonly tried: number;
  readonly searchS: number;
  readonly before: Size;
  readonly after: Size;
  readonly smallAfterS: number | null;
  readonly shrinkS: number;
  readonly clockS: number;
}

async function shrinkLarge(
  mutant: Mutant,
  firstSeed: number,
  searchMs: number,
  shrinkMs: number,
): Promise<Outcome | null> {
  const system = await systemNamed("store")(mutant.id);
  const deterministic = await system.deterministic?.();
  if (deterministic === undefined) throw new Error("the store cannot be simulated");
  const beganS = processorS();
  for (let tried = 0; tried < seedsMax && processorS() - beganS < searchMs / 1000; tried += 1) {
    const load = loads[tried % loads.length] ?? loads[0];
    const plan = huntPlan(firstSeed + tried, { system, deterministic, mutant: mutant.id, ...load });
    if (mostFaults(plan) < large.faults) continue;
    // A bug may keep a group from ever having a leader: such a run throws before its load, and is none.
    const hunted = await simulateAndJudge(plan, system, deterministic).catch(() => null);
    if (hunted?.verdict.valid !== false) continue;
    const atViolation = sizeOf(hunted);
    // Late in the search, a run counts that is large when it goes on after the violation: some bugs show in the first operations of every run.
    const goesOn = !isLarge(atViolation) && processorS() - beganS > searchMs / 2000;
    const before = goesOn ? await sizeUnstopped(plan, system, deterministic) : atViolation;
    if (!isLarge(before)) continue;
    const searchS = processorS() - beganS;
    const shrinkBeganS = processorS();
    const clockBeganMs = performance.now();
    let smallAfterS: number | null = null;
    const shrunk = await shrink({
      plan,
      system,
      deterministic,
      classes: [...new Set(hunted.verdict.violations.map((violation) => violation.class))],
      limitMs: shrinkMs,
      nowMs: () => processorS() * 1000,
      onProgress: (progress) => {
        if (smallAfterS === null && isSmall(progress)) smallAfterS = processorS() - shrinkBeganS;
      },
    });
    if (shrunk === null) throw new Error(`seed ${plan.seed} failed once and not again`);
    const shrinkS = processorS() - shrinkBeganS;
    const clockS = (performance.now() - clockBeganMs) / 1000;
    return {
      goesOn,
      seed: plan.seed,
      tried: tried + 1,
      searchS,
      before,
      after: sizeOf(shrunk.hunted),
      smallAfterS,
      shrinkS,
      clockS,
    };
  }
  return null;
}

/** What a plan's schedule, triggers and scenes can strike at most: one that cannot be large need not be run. */
function mostFaults({ nemesis }: Plan): number {
  const { triggers = [], scenes = [] } = nemesis.options as unknown as {
    readonly triggers?: readonly { readonly times: number }[];
    readonly scenes?: readonly { readonly steps?: readonly unknown[] }[];
  };
  const struck = triggers.reduce((sum, { times }) => sum + times, 0);
  return nemesis.faults.length + struck + scenes.reduce((sum, { steps }) => sum + (steps?.length ?? 1), 0);
}

const textOf = ({ operations, faults, nodes }: Size): string => `${operations}, ${faults}, ${nodes}`;

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { only: text, seed: text, "search-time": text, "shrink-time": text } });
  const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (!Number.isSafeInteger(firstSeed) || firstSeed < 0 || firstSeed >= 2 ** 31)
    throw new Error("--seed: expected a whole number below 2^31");
  const searchMs = parseDuration(values["search-time"] ?? "60s", "--search-time");
  const shrinkMs = parseDuration(values["shrink-time"] ?? "30s", "--shrink-time");
  const only = values.only?.split(",");
  const unknown = only?.filter((id) => !mutants.has(id)) ?? [];
  if (unknown.length > 0) throw new Error(`no mutant is called ${unknown.join(", ")}`);
  const chosen = [...mutants.values()].filter(({ id, kind }) =>
    only === undefined ? kind === "must" : only.includes(id),
  );
  process.stdout.write(
    `from seed ${firstSeed}; sizes are operations, faults, nodes; *: with what came after the violation\n`,
  );
  process.stdout.write("| id | seed | before | after | core-s until small | core-s until the end | s by the clock |\n");
  process.stdout.write("| --- | --- | --- | --- | --- | --- | --- |\n");
  let reached = 0;
  let without = 0;
  for (const [at, mutant] of chosen.entries()) {
    const outcome = await shrinkLarge(mutant, firstSeed + at * seedsMax, searchMs, shrinkMs);
    if (outcome === null) {
      without += 1;
      process.stdout.write(`| ${mutant.id} | no such run in ${searchMs / 1000} core-s | | | | | |\n`);
      continue;
    }
    const { goesOn, seed, before, after, smallAfterS, shrinkS, clockS } = outcome;
    if (isSmall(after)) reached += 1;
    const cells = [
      mutant.id,
      String(seed),
      textOf(before) + (goesOn ? " *" : ""),
      textOf(after),
      smallAfterS?.toFixed(1) ?? "never",
      shrinkS.toFixed(1),
      clockS.toFixed(1),
    ];
    process.stdout.write(`| ${cells.join(" | ")} |\n`);
  }
  process.stdout.write(
    `${reached} of ${chosen.length} became at most ${small.operations} operations and ${small.faults} faults` +
      `${without === 0 ? "" : `; of ${without} no run large enough was found`}\n`,
  );
  return reached >= neededShare * chosen.length ? 0 : 1;
}

process.exitCode = await main();
