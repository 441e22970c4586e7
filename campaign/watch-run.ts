// Looks at a run while it goes: the live verdict, on a thread of its own, and the progress line.
import { watchInWorker, type LiveVerdict, type LiveViolation } from "../checker/index.js";
import type { SystemUnderTest } from "../cluster/index.js";
import type { MonotonicClock, Recorder } from "../history/index.js";
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
  /** The run's clock, which stamps its events. */
  readonly clock: MonotonicClock;
  /** Called once, as soon as a violation is seen. */
  onViolation(seen: SeenLive): void;
  /** Called once, some time later, when enough was seen of what followed. */
  onEvidence(): void;
}

/** A violation seen while the run went, and how soon. */
export interface SeenLive {
  readonly violation: LiveViolation;
  /** After the last event that the verdict had to wait for: a later one than the return where older operations were still open. */
  readonly delayMs: number;
  /** After the return that nothing explains. */
  readonly afterReturnMs: number;
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
  let evidence: NodeJS.Timeout | undefined;
  const live = watchInWorker({
    model: system.model,
    initial: system.initialValue,
    onVerdict: (verdict, decidedByNs) => {
      if (verdict.valid === "unknown") observer.note(`no live verdict any more: ${reasonsOf(verdict)}`);
      if (verdict.valid !== false) return;
      const seen = seenLive(verdict.violation, options.clock(), decidedByNs);
      observer.note(`a violation was seen: ${seen.violation.sentence}`);
      options.onViolation(seen);
      evidence = setTimeout(() => options.onEvidence(), evidenceMs);
    },
  });
  for (const event of recorder.events) live.feed(event);
  let confirmed = 0;
  const unsubscribe = recorder.subscribe((event) => {
    live.feed(event);
    if (event.type === "fault" && event.stage === "confirmed-on") confirmed += 1;
  });
  const origin = performance.now();
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - origin;
    observer.progress({
      ...noProgress(plan, elapsedMs < plan.time_limit_ms ? "load" : "quiet"),
      ...loop.counts,
      elapsedMs,
      active: nemesis.active().map((fault) => `${fault.kind} ${fault.targets.join(",")}`),
      faultsConfirmed: confirmed,
    });
  }, everyMs);
  return () => {
    clearInterval(timer);
    clearTimeout(evidence);
    unsubscribe();
    live.stop();
  };
}

function seenLive(violation: LiveViolation, nowNs: number, decidedByNs: number | null): SeenLive {
  const { callNs, returnNs } = violation.operation;
  const since = (ns: number): number => Math.max(0, nowNs - ns) / 1e6;
  const afterReturnMs = since(returnNs ?? callNs);
  return { violation, delayMs: decidedByNs === null ? afterReturnMs : since(decidedByNs), afterReturnMs };
}

function reasonsOf(verdict: LiveVerdict & { readonly valid: "unknown" }): string {
  return verdict.unknown.map(({ sentence }) => sentence).join("; ");
}
