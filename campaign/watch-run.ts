// Looks at a run while it goes: the live verdict and the progress line, on one timer.
import { IncrementalChecker } from "../checker/index.js";
import type { SystemUnderTest } from "../cluster/index.js";
import type { Recorder } from "../history/index.js";
import type { Nemesis } from "../nemesis/index.js";
import type { Plan } from "./plan.js";
import type { Progress, RunObserver } from "./progress.js";
import type { RunLoop } from "./run-loop.js";

export interface WatchOptions {
  readonly plan: Plan;
  readonly system: SystemUnderTest;
  readonly observer: RunObserver;
  readonly recorder: Recorder;
  readonly loop: RunLoop;
  readonly nemesis: Nemesis;
  /** Called once, as soon as a violation is seen. */
  onViolation(): void;
  /** Called once, some time later, when enough was seen of what followed. */
  onEvidence(): void;
}

const everyMs = 100;
/** Load goes on this long after a violation: what others see next tells a stale read from a lost or a resurrected write. */
const evidenceMs = 3000;

/** Progress of a plan that has not done anything yet. */
export function noProgress(plan: Plan, phase: Progress["phase"]): Progress {
  return {
    phase,
    elapsedMs: 0,
    timeLimitMs: plan.time_limit_ms,
    ok: 0,
    fail: 0,
    info: 0,
    inFlight: 0,
    active: [],
    faultsConfirmed: 0,
    faultsPlanned: plan.nemesis.faults.length,
  };
}

/** Returns how to stop. */
export function watchRun(options: WatchOptions): () => void {
  const { plan, system, observer, recorder, loop, nemesis } = options;
  const live = new IncrementalChecker({ model: system.model, initial: system.initialValue });
  let confirmed = 0;
  const unsubscribe = recorder.subscribe((event) => {
    live.feed(event);
    if (event.type === "fault" && event.stage === "confirmed-on") confirmed += 1;
  });
  const origin = performance.now();
  let evidence: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - origin;
    observer.progress({
      ...noProgress(plan, elapsedMs < plan.time_limit_ms ? "load" : "quiet"),
      ...loop.counts,
      elapsedMs,
      active: nemesis.active().map((fault) => `${fault.kind} ${fault.targets.join(",")}`),
      faultsConfirmed: confirmed,
    });
    const violation = live.slice();
    if (violation === null || evidence !== undefined) return;
    observer.note(`a violation was seen: ${violation.sentence}`);
    options.onViolation();
    evidence = setTimeout(() => options.onEvidence(), evidenceMs);
  }, everyMs);
  return () => {
    clearInterval(timer);
    clearTimeout(evidence);
    unsubscribe();
  };
}
