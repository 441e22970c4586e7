// The search for registers of which the no-search algorithm can say nothing: sets of configurations that are extended over one return after the other
// (extension.ts). Two orders take turns, since each is at a loss where the other is not: depth first finds a witness among very many configurations,
// breadth first ends soonest when there is none. Each goes on where it stopped, so that together they visit at most a few times as many
// configurations as the better one would alone.
import type { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import { BreadthFirst } from "./breadth-first.js";
import { DepthFirst } from "./depth-first.js";
import type { NumberedRegister } from "./normalise.js";
import { planSweep, type SweepPlan } from "./plan.js";
import { borrowMemory, giveBack, type SweepMemory } from "./sweep-memory.js";

/** The first turn of each visits so many configurations for each operation, and some more; the next ones twice as many. */
const firstTurn = 16;
const atLeast = 1024;

/** Throws BudgetExhausted. A test may say how long the first turn is. */
export function searchRegister(
  normal: NumberedRegister,
  budget: Budget,
  first: number = atLeast + firstTurn * normal.operations.length,
): EngineAnswer {
  const memory = borrowMemory();
  try {
    const depth = new DepthFirst(planOf(normal, memory), budget, memory);
    budget.measuredBy(() => depth.reached);
    return depth.run(first) ?? inTurns(normal, budget, depth, first);
  } finally {
    giveBack(memory);
  }
}

function planOf(normal: NumberedRegister, { scratch }: SweepMemory): SweepPlan {
  scratch.clear();
  return planSweep(normal, scratch);
}

function inTurns(normal: NumberedRegister, budget: Budget, depth: DepthFirst, first: number): EngineAnswer {
  const memory = borrowMemory();
  try {
    const breadth = new BreadthFirst(planOf(normal, memory), budget, memory);
    budget.measuredBy(() => Math.max(depth.reached, breadth.reached));
    for (let turn = 2 * first; ; turn *= 2) {
      depth.widen();
      const answer = breadth.run(depth.gaveUp ? Infinity : turn) ?? depth.run(turn);
      if (answer !== null) return answer;
    }
  } finally {
    giveBack(memory);
  }
}
