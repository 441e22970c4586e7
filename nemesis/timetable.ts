// The schedule as a pure state machine: which fault begins and which is healed when. It knows no cluster; the executor tells it
// what came of each step. Times are milliseconds since load began.
import type { Fault } from "./fault.js";

export type TimetableStep =
  | { readonly type: "begin"; readonly fault: number }
  | { readonly type: "heal"; readonly fault: number }
  /** Nothing before `untilMs` (null: nothing before the next update). */
  | { readonly type: "wait"; readonly untilMs: number | null }
  | { readonly type: "done" };

export type TimetableUpdate =
  /** The fault was seen at its target; it stays on for its `for_ms` from now. */
  | { readonly type: "on"; readonly fault: number; readonly nowMs: number }
  /** It was asked for and not seen: it is healed at once. */
  | { readonly type: "not-seen"; readonly fault: number; readonly nowMs: number }
  /** It never started, or its healing has come to an end. */
  | { readonly type: "over"; readonly fault: number; readonly nowMs: number };

type State =
  | { readonly stage: "waiting" }
  | { readonly stage: "beginning" }
  | { readonly stage: "on"; readonly healAtMs: number }
  | { readonly stage: "healing" }
  | { readonly stage: "over"; readonly overAtMs: number };

export interface Timetable {
  next(nowMs: number): TimetableStep;
  update(update: TimetableUpdate): void;
  /** No fault begins any more, and whatever is on is due for healing now. */
  stop(): void;
  /** Faults that have not begun. */
  pending(): readonly number[];
}

/** Earlier faults that a fault must not meet: they share a group, and the plan has the one end before the other starts. */
function predecessors(faults: readonly Fault[], groupsOf: (fault: Fault) => ReadonlySet<number> | "all"): number[][] {
  const groups = faults.map(groupsOf);
  const meet = (one: number, other: number): boolean => {
    const [left, right] = [groups[one], groups[other]];
    if (left === undefined || right === undefined || left === "all" || right === "all") return true;
    return [...left].some((group) => right.has(group));
  };
  return faults.map((fault, index) =>
    faults.flatMap((earlier, other) =>
      other !== index && earlier.at_ms + earlier.for_ms <= fault.at_ms && meet(index, other) ? [other] : [],
    ),
  );
}

/**
 * `groupsOf` says which groups a fault disturbs. When one fault runs late, those after it in the same group move back, so that
 * at least `gapMs` (or the shorter gap that the plan left) stays between them; groups do not wait for each other.
 */
export function createTimetable(
  faults: readonly Fault[],
  groupsOf: (fault: Fault) => ReadonlySet<number> | "all",
  gapMs: number,
): Timetable {
  const before = predecessors(faults, groupsOf);
  const states: State[] = faults.map(() => ({ stage: "waiting" }));
  let stopped = false;

  /** When the fault may begin; null while an earlier one is not over. */
  function dueMs(index: number): number | null {
    const fault = faults[index];
    if (fault === undefined) throw new Error(`no fault ${index}`);
    let due = fault.at_ms;
    for (const other of before[index] ?? []) {
      const [earlier, state] = [faults[other], states[other]];
      if (earlier === undefined || state?.stage !== "over") return null;
      const plannedGap = fault.at_ms - (earlier.at_ms + earlier.for_ms);
      due = Math.max(due, state.overAtMs + Math.min(gapMs, plannedGap));
    }
    return due;
  }

  return {
    next(nowMs) {
      let untilMs: number | null = null;
      const later = (time: number): void => {
        untilMs = untilMs === null ? time : Math.min(untilMs, time);
      };
      // Heals first: a fault must not outstay because another one is due.
      for (const [index, state] of states.entries()) {
        if (state.stage !== "on") continue;
        if (stopped || state.healAtMs <= nowMs) {
          states[index] = { stage: "healing" };
          return { type: "heal", fault: index };
        }
        later(state.healAtMs);
      }
      for (const [index, state] of states.entries()) {
        if (stopped || state.stage !== "waiting") continue;
        const due = dueMs(index);
        if (due !== null && due <= nowMs) {
          states[index] = { stage: "beginning" };
          return { type: "begin", fault: index };
        }
        if (due !== null) later(due);
      }
      const unfinished = states.some(
        ({ stage }) =>
          stage === "beginning" || stage === "on" || stage === "healing" || (stage === "waiting" && !stopped),
      );
      return unfinished ? { type: "wait", untilMs } : { type: "done" };
    },

    update(update) {
      const [fault, state] = [faults[update.fault], states[update.fault]];
      if (fault === undefined || state === undefined) throw new Error(`no fault ${update.fault}`);
      if (update.type === "over") {
        if (state.stage !== "beginning" && state.stage !== "healing")
          throw new Error(`fault ${update.fault} is over, but it was ${state.stage}`);
        states[update.fault] = { stage: "over", overAtMs: update.nowMs };
        return;
      }
      if (state.stage !== "beginning")
        throw new Error(`fault ${update.fault} is ${update.type}, but it was ${state.stage}`);
      const lastsMs = update.type === "on" ? fault.for_ms : 0;
      states[update.fault] = { stage: "on", healAtMs: update.nowMs + lastsMs };
    },

    stop() {
      stopped = true;
    },

    pending: () => states.flatMap((state, index) => (state.stage === "waiting" ? [index] : [])),
  };
}
