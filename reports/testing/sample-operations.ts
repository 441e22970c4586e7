// The operations of a made-up run: who asks what when, how long the faults make it wait, and what it therefore sees. Each takes effect
// at a drawn moment of its interval, in order, so the history is linearizable by construction.
import type { JsonValue, Phase } from "../../history/index.js";
import type { NodeName } from "../../cluster/index.js";
import { name, second, window, type SampleFault } from "./sample-faults.js";

export const threads = 12;
const timeoutNs = 0.8 * second;

export interface Draft {
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

export interface Draw {
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

export function drafts(draw: Draw, ratePerSecond: number, loadNs: number, concurrencyStep: number): Draft[] {
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
export function settle(all: Draft[], hostileValue: string | undefined, random: () => number): void {
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
