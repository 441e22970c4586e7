// All configurations at once, return by return (just-in-time linearization, after Lowe, "Testing for Linearizability", 2017): where none is left,
// there is no linearization. It forgets what it has gone over, so its memory is that of the widest moment.
import type { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import { logCell, type ConfigurationSet } from "./configurations.js";
import { Extension } from "./extension.js";
import type { SweepPlan } from "./plan.js";
import type { SweepMemory } from "./sweep-memory.js";
import { placeReads } from "./write-log.js";

export class BreadthFirst {
  readonly #extension: Extension;
  #current: ConfigurationSet;
  #survivors: ConfigurationSet;
  /** Events and returns gone over. */
  #applied = 0;
  #level = 0;

  /** The plan must be its own: what is open at its moment stands there. */
  constructor(
    readonly plan: SweepPlan,
    readonly budget: Budget,
    memory: SweepMemory,
  ) {
    this.#extension = new Extension(plan, budget, memory);
    this.#current = memory.current;
    this.#current.reset(plan.layout);
    this.#survivors = memory.survivors;
    this.#survivors.reset(plan.layout);
    this.#extension.putFirst(this.#current);
  }

  /** The share of the returns that were gone over. */
  get reached(): number {
    return this.#level / Math.max(1, this.plan.returns.length);
  }

  /** Goes on until about so many more configurations were visited; null: it is not decided by then. Throws BudgetExhausted. */
  run(configurations: number): EngineAnswer | null {
    const { plan, budget } = this;
    const { log } = this.#extension;
    const end = budget.spent + configurations;
    for (; this.#level < plan.returns.length; this.#level++) {
      if (budget.spent > end) return null;
      const event = this.#step(plan.returns[this.#level] ?? 0);
      const { rows, length } = this.#current;
      if (length === 0) return { valid: false, stuck: plan.operations[event >> 1]?.position ?? null };
      if (log.isLarge) log.compact(rows, plan.layout.size, logCell, length);
    }
    return { valid: true, order: placeReads(plan, log.writes(plan, this.#current.rows[logCell] ?? 0)) };
  }

  /** Goes over the return at this place in the events, and says which event it is. */
  #step(at: number): number {
    const { events, layout } = this.plan;
    const { open } = this.#extension;
    for (; this.#applied < at; this.#applied++) open.apply(events[this.#applied] ?? 0);
    this.#survivors.clear();
    this.#extension.begin(this.#level, this.#survivors);
    const { rows, length } = this.#current;
    for (let row = 0; row < length; row++) this.#extension.offer(rows, row * layout.size);
    this.#extension.finish();
    const event = events[this.#applied++] ?? 0;
    open.apply(event);
    this.#survivors.compact();
    [this.#current, this.#survivors] = [this.#survivors, this.#current];
    return event;
  }
}
