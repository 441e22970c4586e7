// Made-up runs for the report's tests, screenshots and benchmarks: six nodes in two groups, twelve threads, eight faults. Values are
// right by construction (each operation takes effect at a drawn moment of its interval, in order), so the valid run is one that a
// checker would accept; the violation is planted by answering one read with the value before the last. Same options, same run.
import { createRandom, type FaultEvent, type HistoryEvent, type JsonValue, type Phase } from "../../history/index.js";
import type { CheckerResult, KeyResult, TeethMeasure, Verdict, Violation } from "../../checker/index.js";
import { nodeNames, type NodeName } from "../../cluster/index.js";
import type { Fault } from "../../nemesis/index.js";
import type { ReportInput, ReportPlan, ReportStatusSample } from "../index.js";

export interface SampleOptions {
  readonly outcome: "valid" | "stale read" | "unknown";
  readonly seed?: number;
  readonly ratePerSecond?: number;
  readonly loadSeconds?: number;
  readonly keys?: number;
  /** Replaces the written value of the first put. */
  readonly hostileValue?: string;
}

const threads = 12;
const second = 1e9;
const timeoutNs = 0.8 * second;

interface Draft {
  readonly thread: number;
  readonly intended: number;
  readonly callNs: number;
  readonly applyNs: number | null;
  readonly endNs: number;
  readonly outcome: "ok" | "fail" | "info";
  readonly error: string | null;
  readonly phase: Phase;
  readonly function: "get" | "put" | "cas";
  readonly key: string;
  input: JsonValue;
  output: JsonValue;
  process: number;
  index: number;
}

interface SampleFault {
  readonly spec: Fault;
  readonly targets: readonly string[];
  readonly evidence: JsonValue;
  /** Nodes whose clients get no answer, are refused, or wait longer. */
  readonly hang: readonly NodeName[];
  readonly refuse: readonly NodeName[];
  readonly slow: readonly NodeName[];
  readonly deposed: { readonly group: number; readonly by: NodeName } | null;
}

function name(nodes: readonly NodeName[], index: number): NodeName {
  const found = nodes[index];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found;
}

/** The eight faults, at fractions of the load. */
function faultsOf(nodes: readonly NodeName[], loadMs: number): readonly SampleFault[] {
  const [n1, n2, n3, n4, n5, n6] = [0, 1, 2, 3, 4, 5].map((index) => name(nodes, index)) as [
    NodeName,
    NodeName,
    NodeName,
    NodeName,
    NodeName,
    NodeName,
  ];
  const slot = loadMs / 8.4;
  const at = (index: number) => ({ at_ms: Math.round(slot * (index + 0.3)), for_ms: Math.round(slot * 0.55) });
  const links = (from: readonly string[], to: readonly string[]): string[] =>
    from.flatMap((a) => to.flatMap((b) => [`${a}>${b}`, `${b}>${a}`]));
  const none = { hang: [], refuse: [], slow: [], deposed: null };
  const partition = (
    index: number,
    shape: "isolate-leader" | "halves" | "majorities-ring" | "one-way-in",
    mode: "reset" | "drop" | "stall",
    group: number,
  ): Fault => ({
    kind: "partition",
    shape,
    mode,
    group,
    scope: "group",
    ...at(index),
  });
  const bytes = (offered: number): JsonValue => ({ offered_bytes: offered, delivered_bytes: 0, window_ms: 100 });
  return [
    {
      ...none,
      spec: { kind: "kill", target: { by: "leader", group: 0 }, ...at(0) },
      targets: [n1],
      refuse: [n1],
      deposed: { group: 0, by: n2 },
      evidence: { pid: 48211, incarnation: "48211:91823", state: "exited", signal: "SIGKILL" },
    },
    {
      ...none,
      spec: { kind: "pause", target: { by: "follower", group: 1 }, ...at(1) },
      targets: [n5],
      hang: [n5],
      evidence: { pid: 48219, state: "paused", cpu_time_ms: [412, 412] },
    },
    {
      ...none,
      spec: partition(2, "isolate-leader", "stall", 0),
      targets: links([n2], [n1, n3]),
      hang: [n2],
      deposed: { group: 0, by: n3 },
      evidence: { links: { [`${n2}>${n1}`]: bytes(1832), [`${n1}>${n2}`]: bytes(912) } },
    },
    {
      ...none,
      spec: partition(3, "halves", "drop", 1),
      targets: links([n4], [n5, n6]),
      hang: [n4],
      deposed: { group: 1, by: n5 },
      evidence: { links: { [`${n4}>${n5}`]: bytes(2210) } },
    },
    {
      ...none,
      spec: partition(4, "majorities-ring", "reset", 0),
      targets: links([n1], [n3]),
      slow: [n1, n3],
      evidence: { connections_ended: 4, attempt: "refused" },
    },
    {
      ...none,
      spec: { kind: "kill", target: { by: "follower", group: 1 }, ...at(5) },
      targets: [n6],
      refuse: [n6],
      evidence: { pid: 48223, incarnation: "48223:91901", state: "exited", signal: "SIGKILL" },
    },
    {
      ...none,
      spec: partition(6, "one-way-in", "stall", 1),
      targets: [`${n4}>${n5}`, `${n6}>${n5}`],
      hang: [n5],
      deposed: { group: 1, by: n6 },
      evidence: { links: { [`${n4}>${n5}`]: bytes(744) } },
    },
    {
      ...none,
      spec: { kind: "latency", target: { by: "all" }, latency_ms: 40, jitter_ms: 15, ...at(7) },
      targets: nodes,
      slow: nodes,
      evidence: { round_trip_ms: [81, 78, 92] },
    },
  ];
}

/** When a fault acts, in nanoseconds of the run. */
function window(fault: SampleFault): { readonly from: number; readonly to: number } {
  return { from: (fault.spec.at_ms + 14) * 1e6, to: (fault.spec.at_ms + fault.spec.for_ms + 22) * 1e6 };
}

interface Draw {
  readonly random: () => number;
  readonly nodes: readonly NodeName[];
  readonly faults: readonly SampleFault[];
  readonly keys: number;
}

function draft(
  draw: Draw,
  thread: number,
  intended: number,
  callNs: number,
  phase: Phase,
  finalKey: string | null,
): Draft {
  const { random, nodes, faults } = draw;
  const node = name(nodes, thread % nodes.length);
  const kind = random();
  const fn = finalKey !== null || kind < 0.5 ? "get" : kind < 0.85 ? "put" : "cas";
  const key = finalKey ?? `k${Math.floor(random() ** 1.4 * draw.keys)}`;
  const base = 0.9e6 + random() ** 6 * 9e6 + (fn === "get" ? 0 : 0.8e6) + random() * 0.7e6;
  const acting = faults.find((fault) => callNs + base >= window(fault).from && callNs < window(fault).to);
  const common = {
    thread,
    intended,
    callNs,
    phase,
    function: fn,
    key,
    input: null,
    output: null,
    process: 0,
    index: 0,
  } as const;
  const took = (ns: number): Draft => ({
    ...common,
    applyNs: callNs + ns * (0.2 + 0.7 * random()),
    endNs: callNs + ns,
    outcome: "ok",
    error: null,
  });
  if (acting === undefined) return took(base);
  const { to } = window(acting);
  if (acting.refuse.includes(node)) {
    if (callNs < window(acting).from)
      return {
        ...common,
        applyNs: random() < 0.6 ? callNs + 1e5 : null,
        endNs: window(acting).from,
        outcome: "info",
        error: "connection closed before the answer",
      };
    return {
      ...common,
      applyNs: null,
      endNs: callNs + 0.2e6 + random() * 0.2e6,
      outcome: "fail",
      error: "connect ECONNREFUSED: nothing was sent",
    };
  }
  if (acting.hang.includes(node)) {
    const waits = to - callNs + 30e6 * random();
    if (waits < timeoutNs) return took(waits + base);
    return {
      ...common,
      applyNs: random() < 0.5 ? to + 5e6 * random() : null,
      endNs: callNs + timeoutNs,
      outcome: "info",
      error: "timed out after 800 ms",
    };
  }
  const settling = acting.deposed !== null && callNs < window(acting).from + 0.35 * second;
  const served = settling && Number(key.slice(1)) % 2 === acting.deposed.group;
  if (served) return took(Math.max(base, window(acting).from + 0.35 * second - callNs + base * random()));
  return took(
    acting.slow.includes(node)
      ? base + (acting.spec.kind === "latency" ? 70e6 + 30e6 * random() : 6e6 * random())
      : base,
  );
}

function drafts(draw: Draw, ratePerSecond: number, loadNs: number, concurrencyStep: number): Draft[] {
  const all: Draft[] = [];
  const { random } = draw;
  for (let thread = 0; thread < threads; thread++) {
    const mean = (threads / ratePerSecond) * second;
    let intended = random() * mean;
    let free = 0;
    let process = thread;
    const run = (phase: Phase, finalKey: string | null): void => {
      const callNs = Math.max(intended + 20e3 + random() * 60e3, free + 15e3);
      const next = draft(draw, thread, intended, callNs, phase, finalKey);
      next.process = process;
      all.push(next);
      free = next.endNs;
      if (next.outcome === "info") process += concurrencyStep;
    };
    while (intended < loadNs) {
      run("load", null);
      intended += -Math.log(1 - random()) * mean;
      // An open loop that fell behind drops what it cannot start any more, so that a hung thread does not start thousands at once.
      if (intended < free - 0.3 * second) intended = free;
    }
    intended = loadNs + 2.5 * second + thread * 3e6;
    for (let key = 0; key < draw.keys; key++) {
      run("final-read", `k${key}`);
      intended = free + 0.4e6;
    }
  }
  return all;
}

/** Applies the drafts in order of effect and fills in inputs and outputs. */
function settle(all: Draft[], hostileValue: string | undefined, random: () => number): void {
  const state = new Map<string, JsonValue>();
  let nextValue = 1;
  const byCall = all.toSorted((a, b) => a.callNs - b.callNs);
  for (const operation of byCall) {
    if (operation.function === "put") operation.input = nextValue++;
  }
  if (hostileValue !== undefined) {
    const put = byCall.find((operation) => operation.function === "put" && operation.outcome === "ok");
    if (put !== undefined) put.input = hostileValue;
  }
  for (const operation of all.toSorted((a, b) => (a.applyNs ?? a.endNs) - (b.applyNs ?? b.endNs))) {
    const current = state.get(operation.key) ?? null;
    if (operation.function === "cas") operation.input = { expected: random() < 0.7 ? current : 0, new: nextValue++ };
    if (operation.applyNs === null) continue;
    if (operation.function === "get") operation.output = current;
    if (operation.function === "put") state.set(operation.key, operation.input);
    if (operation.function === "cas") {
      const { expected, new: desired } = operation.input as { expected: JsonValue; new: JsonValue };
      const matches = expected === current && current !== null;
      operation.output = matches
        ? { status: "ok" }
        : current === null
          ? { status: "not-found" }
          : { status: "mismatch", observed: current };
      if (matches) state.set(operation.key, desired);
    }
  }
}

const seconds = (ns: number): string => `${(ns / 1e9).toFixed(3)} s`;

/** Answers one read with the value before the last one: the read of a deposed leader. */
function plantStaleRead(byCall: readonly Draft[], loadNs: number): Violation {
  for (const get of byCall) {
    if (get.function !== "get" || get.outcome !== "ok" || get.callNs < loadNs * 0.335 || get.phase !== "load") continue;
    const writes = byCall.filter(
      (write) => write.function === "put" && write.outcome === "ok" && write.key === get.key,
    );
    const before = writes.filter((write) => write.endNs < get.callNs).sort((a, b) => a.endNs - b.endNs);
    const newer = before.at(-1);
    const older = before.findLast(
      (write) => newer !== undefined && write.endNs < newer.callNs && write.endNs < get.callNs - 0.15 * second,
    );
    if (newer === undefined || older === undefined || newer.input !== get.output || newer.endNs > get.callNs - 20e6)
      continue;
    get.output = older.input;
    return {
      class: "stale read",
      checker: "linearizability",
      sentence: `get by process ${get.process} returned ${JSON.stringify(older.input)} at ${seconds(get.endNs)}, but put ${JSON.stringify(newer.input)} by process ${newer.process} had replaced ${JSON.stringify(older.input)} by ${seconds(newer.endNs)}, before the get began at ${seconds(get.callNs)}.`,
      key: get.key,
      operations: [older.index, newer.index, get.index],
      timeNs: get.endNs,
      fingerprint: "stale read/linearizability/put-put-get",
    };
  }
  throw new Error("this sample has no read that could be made stale: raise the rate");
}

function faultEvents(faults: readonly SampleFault[], unconfirmed: number | null): FaultEvent[] {
  return faults.flatMap((fault, index): FaultEvent[] => {
    const { from, to } = window(fault);
    const event = (stage: FaultEvent["stage"], time: number, evidence: JsonValue): FaultEvent => ({
      type: "fault",
      time: Math.round(time),
      fault: index,
      stage,
      kind: fault.spec.kind,
      spec: fault.spec as unknown as JsonValue,
      targets: fault.targets,
      evidence,
    });
    const requested = event("requested", fault.spec.at_ms * 1e6, null);
    const heal = event("heal-requested", to - 9e6, null);
    if (index === unconfirmed)
      return [requested, event("unconfirmed", from + 400e6, { reason: "bytes still came out of n4>n5" }), heal];
    return [
      requested,
      event("confirmed-on", from, fault.evidence),
      heal,
      event("confirmed-off", to + 35e6, { reachable: true }),
    ];
  });
}

function statusSamples(
  nodes: readonly NodeName[],
  faults: readonly SampleFault[],
  endNs: number,
): ReportStatusSample[] {
  const samples: ReportStatusSample[] = [];
  const groups = [0, 1].map((group) => ({ group, members: nodes.slice(group * 3, group * 3 + 3) }));
  for (let time = 5e6; time < endNs; time += 100e6) {
    for (const { group, members } of groups) {
      const changes = faults.filter(
        (fault) => fault.deposed?.group === group && window(fault).from + 0.3 * second <= time,
      );
      const leader = changes.at(-1)?.deposed?.by ?? members[0];
      const previous = changes.at(-2)?.deposed?.by ?? members[0];
      for (const node of members) {
        const acting = faults.find((fault) => time >= window(fault).from && time < window(fault).to);
        const down =
          acting?.refuse.includes(node) === true || (acting?.spec.kind === "pause" && acting.hang.includes(node));
        const cut = acting?.hang.includes(node) === true;
        const believed = cut && previous === node ? node : leader;
        samples.push({
          time_ns: time + members.indexOf(node) * 1e6,
          node,
          status: down
            ? null
            : {
                node,
                ready: true,
                incarnation: 1,
                suspected: [],
                groups: [
                  {
                    group,
                    members,
                    leader: believed ?? null,
                    ballot: `${changes.length + (cut ? 0 : 1)}.0.${believed}`,
                    phase: "accept",
                    decidedIndex: Math.floor(time / 1e7),
                    logHash: "9f3c",
                  },
                ],
              },
        });
      }
    }
  }
  return samples;
}

function teeth(completed: number, weak: boolean): readonly TeethMeasure[] {
  const row = (name: string, value: number, unit: string, floor: number | null, meaning: string): TeethMeasure => ({
    name,
    value,
    unit,
    floor,
    meaning,
  });
  return [
    row(
      "completed operations",
      completed,
      "",
      1000,
      "Operations with a definite answer; the checker judges no others by their results.",
    ),
    row("confirmed faults", weak ? 5 : 8, "", 6, "Faults that were seen at their target, not only asked for."),
    row("operations per node", 412, "", 50, "The least busy node still served this many."),
    row(
      "share of info",
      weak ? 0.34 : 0.011,
      "",
      null,
      "Operations of unknown outcome excuse much; the more of them, the weaker the verdict.",
    ),
    row("runner lag", 3.1, "ms", null, "How late the runner itself started operations at worst, 99th percentile."),
    row(
      "reads that would have exposed an older value",
      0.62,
      "",
      0.1,
      "Reads after at least two distinct writes of their key.",
    ),
    row(
      "in flight when a fault began",
      4.6,
      "operations",
      1,
      "Mean over faults; a fault that meets no operation shows nothing.",
    ),
    row("leader changes with operations open", 5, "", 1, "Elections that a client could have noticed."),
  ];
}

function verdictOf(options: SampleOptions, byCall: readonly Draft[], violation: Violation | null): Verdict {
  const keys = [...new Set(byCall.map((operation) => operation.key))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
  const results = keys.map((key, position): KeyResult => {
    const own = byCall.filter((operation) => operation.key === key);
    const bad = violation?.key === key;
    const unknown = options.outcome === "unknown" && position === 3;
    return {
      key,
      valid: bad ? false : unknown ? "unknown" : true,
      operations: own.length,
      engine: unknown ? "search" : "zones",
      durationMs: unknown ? 30_000 : 0.8 + own.length / 900,
      linearization:
        bad || unknown
          ? null
          : own
              .filter((o) => o.applyNs !== null)
              .sort((a, b) => (a.applyNs ?? 0) - (b.applyNs ?? 0))
              .map((o) => o.index),
      reason: bad
        ? "two forward zones overlap"
        : unknown
          ? "the budget of 30 s ran out after 41 % of the key's events"
          : null,
    };
  });
  const unknown =
    options.outcome === "unknown"
      ? [
          {
            code: "vacuous" as const,
            sentence: "Fault 3 (partition halves, drop) was never confirmed: bytes still came out of n4>n5.",
          },
          { code: "weak" as const, sentence: "Confirmed faults: 5, below the floor of 6." },
          { code: "budget" as const, sentence: "Key k3: the budget of 30 s ran out after 41 % of its events." },
        ]
      : [];
  const valid = violation !== null ? false : options.outcome === "unknown" ? "unknown" : true;
  const count = (outcome: string): number => byCall.filter((operation) => operation.outcome === outcome).length;
  const linearizability: CheckerResult = {
    checker: "linearizability",
    valid,
    violations: violation === null ? [] : [violation],
    unknown: unknown.slice(2),
    keys: results,
  };
  return {
    version: 1,
    valid,
    summary:
      violation !== null
        ? "The history is not linearizable: key " + JSON.stringify(violation.key) + " has a stale read."
        : options.outcome === "unknown"
          ? "Nothing wrong was found, but this run could not have shown enough."
          : `All ${keys.length} keys are linearizable, every fault was confirmed, and both groups served in the quiet phase.`,
    violations: violation === null ? [] : [violation],
    unknown,
    warnings:
      options.outcome === "unknown"
        ? ["The runner lagged by 212 ms at 9.4 s; latencies around it are not the system's."]
        : [],
    checkers: [
      linearizability,
      { checker: "crash", valid: true, violations: [], unknown: [] },
      { checker: "availability", valid: true, violations: [], unknown: [] },
    ],
    teeth: teeth(count("ok"), options.outcome === "unknown"),
    cannotSee: [
      "A missing fsync: kill -9 leaves the kernel's page cache alive.",
      "Clock faults: no clock was moved.",
      "Anything that needs more than one key: keys were judged apart.",
    ],
    counts: { operations: byCall.length, ok: count("ok"), fail: count("fail"), info: count("info") },
  };
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
  const endNs = Math.max(...[0, 1, 2].map(() => byCall.at(-1)?.endNs ?? 0)) + 50e6;
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
