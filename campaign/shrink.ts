// Makes a failing simulated run smaller while it still fails in the same way: fewer faults (ddmin of Zeller and Hildebrandt, 2002),
// a shorter load, fewer clients, fewer operations a second, shorter faults. Every candidate is run. Where a smaller run no longer fails,
// a few other seeds are tried with it: less load shifts every moment, and the same faults may strike again in another world.
import type { Verdict } from "../checker/index.js";
import type { DeterministicSystem, SystemUnderTest } from "../cluster/index.js";
import type { Fault } from "../nemesis/index.js";
import { simulateAndJudge, type HuntedRun } from "./hunt.js";
import type { Plan } from "./plan.js";
import { parseTriggers, type Trigger } from "./triggers.js";

export interface ShrinkOptions {
  readonly plan: Plan;
  readonly system: SystemUnderTest;
  readonly deterministic: DeterministicSystem;
  /** The failure must have one of these classes. */
  readonly classes: readonly string[];
  readonly limitMs: number;
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
  readonly elapsedMs: number;
}

/** Candidates in all, whatever the time. */
const triesMax = 2_000;
/** Seeds that a smaller candidate is tried with, its own first. */
const seedsTried = 6;
const seedStep = 104_729;
/** A load shorter than this shows nothing. */
const shortestLoadMs = 500;

/** Null when the plan itself does not fail in that way. */
export async function shrink(options: ShrinkOptions): Promise<Shrunk | null> {
  return new Shrinker(options).perform();
}

class Shrinker {
  readonly #options: ShrinkOptions;
  readonly #beganMs = performance.now();
  #tried = 0;
  #best: HuntedRun | null = null;

  constructor(options: ShrinkOptions) {
    this.#options = options;
  }

  async perform(): Promise<Shrunk | null> {
    if (!(await this.#fails(this.#options.plan))) return null;
    for (let before = ""; this.#hasTime() && before !== this.#shape();) {
      before = this.#shape();
      await this.#cutAfterViolation();
      await this.#fewerTriggers();
      await this.#fewerFaults();
      await this.#smaller("time_limit_ms", shortestLoadMs);
      await this.#smaller("rate_per_s", 2);
      await this.#smaller("concurrency", this.#options.plan.nodes);
      await this.#smaller("keys", this.#options.plan.nodes / this.#options.plan.replication);
      await this.#shorterFaults();
    }
    const hunted = this.#best;
    if (hunted === null) return null;
    return { hunted, tried: this.#tried, elapsedMs: performance.now() - this.#beganMs };
  }

  get #plan(): Plan {
    return this.#best?.plan ?? this.#options.plan;
  }

  #shape(): string {
    return JSON.stringify(this.#plan);
  }

  #hasTime(): boolean {
    return this.#tried < triesMax && performance.now() - this.#beganMs < this.#options.limitMs;
  }

  /** Runs a candidate and keeps it when it fails in the same way. */
  async #fails(plan: Plan): Promise<boolean> {
    this.#tried += 1;
    const { system, deterministic, classes, onProgress } = this.#options;
    let hunted: HuntedRun;
    try {
      hunted = await simulateAndJudge(plan, system, deterministic);
    } catch {
      // A plan that cannot be run is no smaller failure.
      return false;
    }
    if (!isAmong(hunted.verdict, classes)) return false;
    this.#best = hunted;
    onProgress({
      tried: this.#tried,
      faults: plan.nemesis.faults.length,
      operations: hunted.verdict.counts.operations,
    });
    return true;
  }

  async #failsAnywhere(plan: Plan): Promise<boolean> {
    for (let other = 0; other < seedsTried && this.#hasTime(); other += 1)
      if (await this.#fails({ ...plan, seed: (plan.seed + other * seedStep) % 2 ** 32 })) return true;
    return false;
  }

  #withFaults(faults: readonly Fault[]): Plan {
    return { ...this.#plan, nemesis: { ...this.#plan.nemesis, faults } };
  }

  /** The load need not go on after the first violation, nor faults begin after it. */
  async #cutAfterViolation(): Promise<void> {
    const times = this.#best?.verdict.violations.flatMap(({ timeNs }) => (timeNs === null ? [] : [timeNs / 1e6])) ?? [];
    if (times.length === 0) return;
    const endMs = Math.max(shortestLoadMs, Math.ceil(Math.min(...times)) + 200);
    if (endMs >= this.#plan.time_limit_ms || !this.#hasTime()) return;
    const faults = this.#plan.nemesis.faults.filter((fault) => fault.at_ms < endMs);
    await this.#fails({ ...this.#withFaults(faults), time_limit_ms: endMs });
  }

  async #fewerFaults(): Promise<void> {
    let parts = 2;
    for (;;) {
      const { faults } = this.#plan.nemesis;
      if (faults.length === 0 || !this.#hasTime()) return;
      const size = Math.ceil(faults.length / parts);
      let smaller = false;
      for (let from = 0; from < faults.length && this.#hasTime(); from += size) {
        if (!(await this.#fails(this.#withFaults([...faults.slice(0, from), ...faults.slice(from + size)])))) continue;
        smaller = true;
        break;
      }
      if (smaller) parts = Math.max(2, parts - 1);
      else if (size <= 1) return;
      else parts = Math.min(faults.length, parts * 2);
    }
  }

  async #fewerTriggers(): Promise<void> {
    const listOf = (plan: Plan): readonly Trigger[] => parseTriggers(plan.nemesis.options["triggers"]);
    const withTriggers = (triggers: readonly Trigger[]): Plan => {
      const plan = this.#plan;
      const options = { ...plan.nemesis.options, triggers: triggers.map((trigger) => ({ ...trigger })) };
      return { ...plan, nemesis: { ...plan.nemesis, options } };
    };
    for (let at = listOf(this.#plan).length - 1; at >= 0 && this.#hasTime(); at -= 1) {
      const triggers = listOf(this.#plan);
      await this.#fails(withTriggers(triggers.filter((_, other) => other !== at)));
      const [trigger] = triggers.slice(at, at + 1);
      if (listOf(this.#plan).length < triggers.length || trigger === undefined || trigger.times === 1) continue;
      await this.#fails(withTriggers(triggers.map((one, other) => (other === at ? { ...one, times: 1 } : one))));
    }
  }

  async #smaller(name: "time_limit_ms" | "rate_per_s" | "concurrency" | "keys", least: number): Promise<void> {
    for (const share of [0.25, 0.5, 0.75]) {
      while (this.#hasTime()) {
        const value = Math.max(least, Math.floor(this.#plan[name] * share));
        if (value >= this.#plan[name] || !(await this.#failsAnywhere({ ...this.#plan, [name]: value }))) break;
      }
    }
  }

  async #shorterFaults(): Promise<void> {
    for (const [at] of this.#plan.nemesis.faults.entries()) {
      while (this.#hasTime()) {
        const faults = this.#plan.nemesis.faults.map((fault, other) =>
          other === at ? { ...fault, for_ms: Math.floor(fault.for_ms / 2) } : fault,
        );
        if ((faults[at]?.for_ms ?? 0) < 20 || !(await this.#fails(this.#withFaults(faults)))) break;
      }
    }
  }
}

function isAmong(verdict: Verdict, classes: readonly string[]): boolean {
  return verdict.violations.some((violation) => classes.includes(violation.class));
}
