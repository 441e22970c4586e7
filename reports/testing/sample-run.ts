// Made-up runs for the report's tests, screenshots and benchmarks: six nodes in two groups, twelve threads, eight faults. Values are
// right by construction (each operation takes effect at a drawn moment of its interval, in order), so the valid run is one that a
// checker would accept; the violation is planted by answering one read with the value before the last. Same options, same run.
import { createRandom, type HistoryEvent } from "../../history/index.js";
import { nodeNames } from "../../cluster/index.js";
import type { ReportInput, ReportPlan } from "../index.js";
import { faultEvents, faultsOf, name, second, statusSamples, window } from "./sample-faults.js";
import { drafts, settle, threads } from "./sample-operations.js";
import { plantStaleRead, verdictOf, type SampleOutcome } from "./sample-verdict.js";

export interface SampleOptions {
  readonly outcome: SampleOutcome;
  readonly seed?: number;
  readonly ratePerSecond?: number;
  readonly loadSeconds?: number;
  readonly keys?: number;
  /** Replaces the written value of the first put. */
  readonly hostileValue?: string;
}

/** A whole made-up run, ready for `buildReport`. */
export function sampleRun(options: SampleOptions): ReportInput {
  const generator = createRandom(options.seed ?? 42, "sample");
  const random = (): number => generator.unit();
  const nodes = nodeNames(6);
  const loadSeconds = options.loadSeconds ?? 30;
  const loadNs = loadSeconds * second;
  const keys = options.keys ?? 8;
  const ratePerSecond = options.ratePerSecond ?? 200;
  const faults = faultsOf(nodes, loadSeconds * 1000);
  const all = drafts({ random, nodes, faults, keys }, ratePerSecond, loadNs, threads);
  settle(all, options.hostileValue, random);
  const byCall = all.sort((a, b) => a.callNs - b.callNs);
  for (const [index, operation] of byCall.entries()) operation.index = index;
  const violation = options.outcome === "stale read" ? plantStaleRead(byCall, loadNs) : null;
  const endNs = byCall.reduce((latest, { endNs }) => Math.max(latest, endNs), 0) + 50e6;
  const timed: HistoryEvent[] = [
    ...byCall.flatMap((o): HistoryEvent[] => [
      {
        type: "invoke",
        time: o.callNs,
        intended: o.intended,
        process: o.process,
        thread: o.thread,
        node: name(nodes, o.thread % 6),
        function: o.function,
        key: o.key,
        input: o.input,
        phase: o.phase,
      },
      {
        type: o.outcome,
        time: o.endNs,
        process: o.process,
        function: o.function,
        key: o.key,
        output: o.outcome === "ok" ? o.output : null,
        attempts: o.outcome === "fail" ? 0 : 1,
        ...(o.error === null ? {} : { error: o.error }),
      },
    ]),
    ...faultEvents(faults, options.outcome === "unknown" ? 3 : null),
    ...faults
      .filter((f) => f.spec.kind === "kill")
      .flatMap((f): HistoryEvent[] => [
        {
          type: "node",
          time: window(f).from,
          node: f.targets[0] ?? "",
          what: "exited",
          expected: true,
          detail: { signal: "SIGKILL" },
        },
        {
          type: "node",
          time: window(f).to,
          node: f.targets[0] ?? "",
          what: "started",
          expected: true,
          detail: { pid: 50112 },
        },
      ]),
    { type: "phase", time: 0, phase: "load" },
    { type: "phase", time: loadNs, phase: "heal" },
    { type: "phase", time: loadNs + 0.4 * second, phase: "quiet" },
    { type: "phase", time: loadNs + 2.5 * second, phase: "final-read" },
    { type: "phase", time: endNs, phase: "end" },
  ];
  let last = -1;
  const events = timed
    .sort((a, b) => ("time" in a ? a.time : 0) - ("time" in b ? b.time : 0))
    .map((event): HistoryEvent => {
      if (event.type === "header") return event;
      last = Math.max(last + 1, Math.round(event.time));
      return {
        ...event,
        time: last,
        ...("intended" in event && event.intended !== undefined ? { intended: Math.round(event.intended) } : {}),
      };
    });
  const plan: ReportPlan = {
    name: "register-default",
    system: "minos-kv",
    build: "9c41f0b2a7e35d18",
    mutant: options.outcome === "stale read" ? "M14" : null,
    on: "local",
    nodes: 6,
    replication: 3,
    seed: options.seed ?? 42,
    workload: { name: "register", options: { keys } },
    nemesis: { name: "default", options: {}, faults: faults.map((f) => f.spec) },
    time_limit_ms: loadSeconds * 1000,
    rate_per_s: ratePerSecond,
    concurrency: threads,
    keys,
    operation_timeout_ms: 800,
    recovery_bound_ms: 5000,
  };
  const verdict = verdictOf(options, byCall, violation);
  return {
    plan,
    environment: {
      minos: "0.1.0",
      node: "v20.20.2",
      system: { name: "minos-kv", build: plan.build },
      cluster: { on: "local", proxy: "built-in" },
      knobs: { rate_per_s: { value: ratePerSecond, from: "default" } },
    },
    events: [
      {
        type: "header",
        format: "minos-history",
        version: 1,
        model: "cas-register",
        initial: null,
        keyed: true,
        clock: { unit: "ns", origin: "run-start" },
        plan: plan.name,
        run: "register-default-20250114T031207Z",
        build: plan.build,
        concurrency: threads,
        startedAt: "2025-01-14T03:12:07.000Z",
      },
      ...events,
    ],
    verdict,
    status: statusSamples(nodes, faults, endNs),
    logs:
      options.outcome === "stale read"
        ? [
            {
              node: "n2",
              title: "around the violation",
              lines: ["10.41 link n1 lost", "10.42 link n3 lost", "10.77 still leader at ballot 2.0.n2"],
            },
          ]
        : [],
    rerun: `npx minos run --on local --workload register --nemesis default --seed ${plan.seed}${plan.mutant === null ? "" : ` --mutant ${plan.mutant}`}`,
  };
}
