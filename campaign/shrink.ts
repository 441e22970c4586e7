// Makes a failing simulated run smaller while it still fails in the same way. Every candidate is run.
//
// What a generator drew becomes a list first, of operations and of the world's knobs: a candidate that leaves something out then changes
// nothing else. Then fewer scenes, triggers and faults, a calmer world, and fewer operations: by key, by thread, all but the last, and
// at last by delta debugging (ddmin of Zeller and Hildebrandt, 2002). Whatever is left out still shifts the chance of everything after
// it, so a smaller run that no longer fails is tried with other seeds: the same faults may strike again in another world.
import type { Verdict } from "../checker/index.js";
import { nodeNames, type DeterministicSystem, type SystemUnderTest } from "../cluster/index.js";
import type { JsonValue } from "../history/index.js";
import { simulateAndJudge, type HuntedRun } from "./hunt.js";
import { finalReadsOption, listOperations, listOption, parseOperations, type ListedOperation } from "./listed-load.js";
import type { Plan } from "./plan.js";
import { parseScenes, isConnectivity, type Scene } from "./scenes.js";
import { settingsOption } from "./simulate.js";
import { parseTriggers, type Trigger } from "./triggers.js";

export interface ShrinkOptions {
  readonly plan: Plan;
  readonly system: SystemUnderTest;
  readonly deterministic: DeterministicSystem;
  /** The failure must have one of these classes. */
  readonly classes: readonly string[];
  readonly limitMs: number;
  /** What the limit counts by: the machine's clock when absent. Processor time where others use the machine. */
  readonly nowMs?: () => number;
  onProgress(progress: ShrinkProgress): void;
}

export interface ShrinkProgress {
  readonly tried: number;
  readonly faults: number;
  readonly operations: number;
}

export interface Shrunk {
  readonly hunted: HuntedRun;
  readonly tried: number;
  /** By `nowMs`. */
  readonly elapsedMs: number;
}

/** Candidates in all, whatever the time. */
const triesMax = 5_000;
const seedStep = 104_729;
/** A load shorter than this shows nothing. */
const shortestLoadMs = 500;
/** What comes after the violation in a load that is cut. */
const tailMs = 200;
/** A run no larger than this is read by a person as it is. */
const smallOperations = 20;
const smallFaults = 5;
/** How much of the load's end may be enough. */
const lastMs = [1_000, 2_000, 4_000, 8_000];
/** What becomes of the batch under way at a crash, without chance: with it, a crash has to come again and again until it tears one. */
const crashes = [
  { keptAtCrashChance: 0, tornAtCrashChance: 1 },
  { keptAtCrashChance: 0, tornAtCrashChance: 0 },
  { keptAtCrashChance: 1, tornAtCrashChance: 0 },
];
/** Fewer have no majority that loses one. */
const fewestNodes = 3;
/** Nothing in a calm world happens by itself. */
const calm = { resetEveryMs: 0, tailChance: 0, slowFsyncChance: 0, driftPpm: 1 };

/** Null when the plan itself does not fail in that way. */
export async function shrink(options: ShrinkOptions): Promise<Shrunk | null> {
  return new Shrinker(options).perform();
}

class Shrinker {
  readonly #options: ShrinkOptions;
  readonly #nowMs: () => number;
  readonly #beganMs: number;
  #tried = 0;
  #longestMs = 0;
  #best: HuntedRun | null = null;

  constructor(options: ShrinkOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#beganMs = this.#nowMs();
  }

  async perform(): Promise<Shrunk | null> {
    if (!(await this.#fails(this.#options.plan))) return null;
    await this.#cutAfterViolation();
    await this.#list();
    for (let before = "", seeds = 2; this.#hasTime() && this.#goesOn(before, seeds); seeds *= 2) {
      before = this.#shape();
      if (operationsOf(this.#plan) === null) await this.#list();
      await this.#lastSeconds(seeds);
      await this.#fewerNodes(seeds);
      await this.#fewerScenes();
      await this.#fewerTriggers();
      await this.#calmer();
      await this.#fewer(this.#faults, seeds);
      await this.#fewerOperations(seeds);
      await this.#cutAfterViolation();
      await this.#shorterFaults();
      await this.#shorterLoad();
      await this.#patient();
    }
    const hunted = this.#best;
    if (hunted === null) return null;
    return { hunted, tried: this.#tried, elapsedMs: this.#nowMs() - this.#beganMs };
  }

  get #plan(): Plan {
    return this.#best?.plan ?? this.#options.plan;
  }

  #shape(): string {
    return JSON.stringify(this.#plan);
  }

  /** Another round with more seeds: as long as something changes, and longer where much is left. */
  #goesOn(before: string, seeds: number): boolean {
    const { run, verdict } = this.#best ?? {};
    const small = (verdict?.counts.operations ?? 0) <= smallOperations && (run?.faults ?? 0) <= smallFaults;
    return before !== this.#shape() || seeds <= (small ? 8 : 64);
  }

  /** For one more candidate, as long as the longest of them took. */
  #hasTime(): boolean {
    return this.#tried < triesMax && this.#nowMs() - this.#beganMs + this.#longestMs < this.#options.limitMs;
  }

  /** Runs a candidate and keeps it when it fails in the same way. */
  async #fails(plan: Plan): Promise<boolean> {
    this.#tried += 1;
    const { system, deterministic, classes, onProgress } = this.#options;
    let hunted: HuntedRun;
    const beganMs = this.#nowMs();
    try {
      hunted = await simulateAndJudge(plan, system, deterministic);
    } catch {
      // A plan that cannot be run is no smaller failure.
      return false;
    } finally {
      this.#longestMs = Math.max(this.#longestMs, this.#nowMs() - beganMs);
    }
    if (!isAmong(hunted.verdict, classes)) return false;
    this.#best = hunted;
    onProgress({ tried: this.#tried, faults: hunted.run.faults, operations: hunted.verdict.counts.operations });
    return true;
  }

  async #failsAnywhere(plan: Plan, seeds: number): Promise<boolean> {
    for (let other = 0; other < seeds && this.#hasTime(); other += 1)
      if (await this.#fails({ ...plan, seed: (plan.seed + other * seedStep) % 2 ** 32 })) return true;
    return false;
  }

  /** Operations and knobs as lists; where the end of the load shows it already, without the reads after it. */
  async #list(): Promise<void> {
    const run = this.#best?.run;
    if (run === undefined || !this.#hasTime()) return;
    const pinned = withNemesis(this.#plan, { [settingsOption]: { ...run.knobs } });
    const listed = withOperations(pinned, listOperations(run.events));
    const options = { ...listed.workload.options, [finalReadsOption]: false };
    if (await this.#failsAnywhere({ ...listed, workload: { ...listed.workload, options } }, 3)) return;
    await this.#failsAnywhere(listed, 6);
  }

  /** The load need not go on after the first violation, nor faults or operations begin after it. */
  async #cutAfterViolation(): Promise<void> {
    const times = this.#best?.verdict.violations.flatMap(({ timeNs }) => (timeNs === null ? [] : [timeNs / 1e6])) ?? [];
    if (times.length === 0) return;
    const violatedMs = Math.min(...times);
    const endMs = Math.max(shortestLoadMs, Math.ceil(violatedMs) + tailMs);
    const plan = this.#plan;
    const faults = plan.nemesis.faults.filter((fault) => fault.at_ms < endMs);
    const operations = operationsOf(plan);
    const early = operations?.filter((operation) => operation.at_ms <= violatedMs) ?? null;
    const shorter = endMs < plan.time_limit_ms || (early?.length ?? 0) < (operations?.length ?? 0);
    if (!shorter || !this.#hasTime()) return;
    const cut = { ...plan, time_limit_ms: Math.min(endMs, plan.time_limit_ms), nemesis: { ...plan.nemesis, faults } };
    await this.#fails(early === null ? cut : withOperations(cut, early));
  }

  /** Only what happened shortly before the violation, moved to the beginning: fewer of everything, and sooner over. */
  async #lastSeconds(seeds: number): Promise<void> {
    const plan = this.#plan;
    const operations = operationsOf(plan);
    if (operations === null) return;
    for (const keptMs of lastMs) {
      const fromMs = plan.time_limit_ms - keptMs;
      if (fromMs < keptMs / 2 || !this.#hasTime()) return;
      const late = <T extends { readonly at_ms: number }>(list: readonly T[]): T[] =>
        list.filter((one) => one.at_ms >= fromMs).map((one) => ({ ...one, at_ms: one.at_ms - fromMs }));
      const { triggers, scenes } = plan.nemesis.options;
      const options = {
        scenes: late(parseScenes(scenes)) as unknown as JsonValue,
        triggers: parseTriggers(triggers).map((one) => ({ ...one, from_ms: Math.max(0, one.from_ms - fromMs) })),
      };
      const faults = late(plan.nemesis.faults).map((fault) => ({ ...fault, at_ms: Math.round(fault.at_ms) }));
      const shifted = withOperations(withNemesis({ ...plan, time_limit_ms: keptMs }, options), late(operations));
      if (await this.#failsAnywhere({ ...shifted, nemesis: { ...shifted.nemesis, faults } }, seeds)) return;
    }
  }

  /** The least number of nodes, in one group, with the same faults. Operations must be listed: what a generator draws depends on the nodes. */
  async #fewerNodes(seeds: number): Promise<void> {
    const plan = this.#plan;
    if (plan.nodes <= fewestNodes || operationsOf(plan) === null || !this.#hasTime()) return;
    if (this.#options.system.refuses(fewestNodes, fewestNodes) !== null) return;
    await this.#failsAnywhere(withNodes(plan, fewestNodes), Math.min(seeds, 4));
  }

  /** A list in the plan, and the plan with another one. */
  readonly #faults: ListOf<Plan["nemesis"]["faults"][number]> = {
    of: (plan) => plan.nemesis.faults,
    put: (plan, faults) => ({ ...plan, nemesis: { ...plan.nemesis, faults } }),
  };

  /** ddmin. */
  async #fewer<T>({ of, put }: ListOf<T>, seeds: number): Promise<void> {
    if (of(this.#plan).length > 0 && (await this.#failsAnywhere(put(this.#plan, []), seeds))) return;
    let parts = 2;
    for (;;) {
      const items = of(this.#plan);
      if (items.length <= 1 || !this.#hasTime()) return;
      const size = Math.ceil(items.length / parts);
      let smaller = false;
      // From the front: what is old is the least likely to matter.
      for (let from = 0; from < of(this.#plan).length && this.#hasTime();) {
        const now = of(this.#plan);
        const left = [...now.slice(0, from), ...now.slice(from + size)];
        if (await this.#failsAnywhere(put(this.#plan, left), size >= 4 ? seeds : Math.ceil(seeds / 2))) smaller = true;
        else from += size;
      }
      if (size <= 1 && !smaller) return;
      parts = Math.min(of(this.#plan).length, parts * 2);
    }
  }

  async #fewerScenes(): Promise<void> {
    const list: ListOf<Scene> = {
      of: (plan) => parseScenes(plan.nemesis.options["scenes"]),
      put: (plan, scenes) => withNemesis(plan, { scenes: scenes as unknown as JsonValue }),
    };
    await this.#fewer(list, 2);
    for (const [at, scene] of list.of(this.#plan).entries()) {
      if (isConnectivity(scene)) continue;
      await this.#fewer(
        {
          of: (plan) => stepsOf(list.of(plan)[at]),
          put: (plan, steps) =>
            list.put(
              plan,
              list.of(plan).map((one, other) => (other === at && !isConnectivity(one) ? { ...one, steps } : one)),
            ),
        },
        2,
      );
    }
  }

  async #fewerTriggers(): Promise<void> {
    const list: ListOf<Trigger> = {
      of: (plan) => parseTriggers(plan.nemesis.options["triggers"]),
      put: (plan, triggers) => withNemesis(plan, { triggers: triggers.map((trigger) => ({ ...trigger })) }),
    };
    await this.#fewer(list, 2);
    for (const [at, trigger] of list.of(this.#plan).entries()) {
      if (trigger.times === 1 || !this.#hasTime()) continue;
      for (const times of [1, Math.ceil(trigger.times / 3), Math.ceil(trigger.times / 2)]) {
        const fewer = list.of(this.#plan).map((one, other) => (other === at ? { ...one, times } : one));
        if (times < trigger.times && (await this.#failsAnywhere(list.put(this.#plan, fewer), 2))) break;
      }
    }
  }

  /** A world in which nothing happens by itself: all at once, or one knob after the other. */
  async #calmer(): Promise<void> {
    const settings = this.#plan.nemesis.options[settingsOption] as { readonly [name: string]: number } | undefined;
    const pin = (more: { readonly [name: string]: number }): Plan =>
      withNemesis(this.#plan, {
        [settingsOption]: {
          ...(this.#plan.nemesis.options[settingsOption] as { readonly [name: string]: number }),
          ...more,
        },
      });
    if (settings === undefined) return;
    const certain = (): boolean => {
      const { keptAtCrashChance: kept, tornAtCrashChance: torn } = (this.#best?.run.knobs ??
        settings) as typeof settings;
      return kept === 1 || torn === 1 || (kept === 0 && torn === 0);
    };
    for (const crash of crashes) if (!certain() && this.#hasTime()) await this.#failsAnywhere(pin(crash), 3);
    const rough = Object.entries(calm).filter(([name, value]) => settings[name] !== value);
    if (rough.length === 0 || !this.#hasTime() || (await this.#failsAnywhere(pin(calm), 3))) return;
    for (const [name, value] of rough) if (this.#hasTime()) await this.#failsAnywhere(pin({ [name]: value }), 2);
  }

  async #fewerOperations(seeds: number): Promise<void> {
    const list: ListOf<ListedOperation> = {
      of: (plan) => operationsOf(plan) ?? [],
      put: withOperations,
    };
    const keep = async (operations: readonly ListedOperation[], tries: number): Promise<boolean> =>
      operations.length < list.of(this.#plan).length &&
      this.#hasTime() &&
      (await this.#failsAnywhere(list.put(this.#plan, operations), tries));
    for (const share of [0.05, 0.1, 0.25, 0.5]) {
      const operations = list.of(this.#plan);
      if (await keep(operations.slice(-Math.ceil(operations.length * share)), seeds)) break;
    }
    for (const field of ["key", "thread"] as const)
      for (const value of new Set(list.of(this.#plan).map((one) => one[field])))
        await keep(
          list.of(this.#plan).filter((one) => one[field] !== value),
          seeds,
        );
    await this.#fewer(list, seeds);
  }

  /** Up to a little after the last operation and fault. */
  async #shorterLoad(): Promise<void> {
    const { time_limit_ms: limitMs, nemesis } = this.#plan;
    const operations = operationsOf(this.#plan);
    if (operations === null) return;
    const ends = [
      ...operations.map((operation) => operation.at_ms),
      ...nemesis.faults.map((fault) => fault.at_ms + fault.for_ms),
    ];
    const endMs = Math.ceil(Math.max(shortestLoadMs, ...ends) + shortestLoadMs);
    if (endMs < limitMs && this.#hasTime()) await this.#failsAnywhere({ ...this.#plan, time_limit_ms: endMs }, 2);
  }

  /** Reads at the end that nobody answers are asked again and again; one that waits for as long as there is time says the same. */
  async #patient(): Promise<void> {
    const { recovery_bound_ms: boundMs, operation_timeout_ms: timeoutMs, workload } = this.#plan;
    if (workload.options[finalReadsOption] === false || timeoutMs >= boundMs || !this.#hasTime()) return;
    await this.#failsAnywhere({ ...this.#plan, operation_timeout_ms: boundMs }, 4);
  }

  async #shorterFaults(): Promise<void> {
    for (const [at] of this.#plan.nemesis.faults.entries()) {
      while (this.#hasTime()) {
        const faults = this.#plan.nemesis.faults.map((fault, other) =>
          other === at ? { ...fault, for_ms: Math.floor(fault.for_ms / 2) } : fault,
        );
        if ((faults[at]?.for_ms ?? 0) < 20 || !(await this.#fails(this.#faults.put(this.#plan, faults)))) break;
      }
    }
  }
}

interface ListOf<T> {
  of(plan: Plan): readonly T[];
  put(plan: Plan, items: readonly T[]): Plan;
}

/** All nodes in one group; what was aimed at any group is aimed at this one. */
function withNodes(plan: Plan, nodes: number): Plan {
  const operations = (operationsOf(plan) ?? []).map((operation) => {
    const { node, ...rest } = operation;
    // Of a thread that asked more than one node; a thread that did not asks the node that its number gives it.
    return node === undefined ? rest : { ...rest, node: nodeNames(nodes)[operation.thread % nodes] ?? node };
  });
  const faults = plan.nemesis.faults.map((fault) => {
    const aimed = "group" in fault ? { ...fault, group: 0 } : fault;
    return "target" in aimed && "group" in aimed.target ? { ...aimed, target: { ...aimed.target, group: 0 } } : aimed;
  });
  const scenes = parseScenes(plan.nemesis.options["scenes"]).map((scene) => ({ ...scene, group: 0 }));
  const sized = { ...plan, nodes, replication: nodes, nemesis: { ...plan.nemesis, faults } };
  return withOperations(withNemesis(sized, { scenes: scenes as unknown as JsonValue }), operations);
}

function withNemesis(plan: Plan, options: { readonly [name: string]: JsonValue }): Plan {
  return { ...plan, nemesis: { ...plan.nemesis, options: { ...plan.nemesis.options, ...options } } };
}

function withOperations(plan: Plan, operations: readonly ListedOperation[]): Plan {
  const list = operations.map((operation) => ({ ...operation }));
  return { ...plan, workload: { ...plan.workload, options: { ...plan.workload.options, [listOption]: list } } };
}

const operationsOf = (plan: Plan): readonly ListedOperation[] | null =>
  parseOperations(plan.workload.options[listOption]);

const stepsOf = (scene: Scene | undefined) => (scene === undefined || isConnectivity(scene) ? [] : scene.steps);

function isAmong(verdict: Verdict, classes: readonly string[]): boolean {
  return verdict.violations.some((violation) => classes.includes(violation.class));
}
