// The three scenarios of the course project that the store comes from, on six nodes, each with the answers that it must get.
import type { CheckerResult, UnknownReason, Violation, ViolationClass } from "../checker/index.js";
import type { FaultEvent, HistoryEvent, JsonValue, NodeEvent, Operation, TimeNs } from "../history/index.js";
import { finalReads } from "./final-reads.js";
import { scriptLoad, type ScriptStep } from "./script.js";
import type { Workload, WorkloadHistory, WorkloadOptions } from "./workload.js";

const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, offset) => first + offset);

/** Answers are compared field by field as far as expected; more fields in an answer do no harm. */
function agrees(expected: JsonValue, actual: JsonValue): boolean {
  if (expected === null || typeof expected !== "object" || Array.isArray(expected)) return expected === actual;
  if (actual === null || typeof actual !== "object" || Array.isArray(actual)) return false;
  const answer = actual as { readonly [name: string]: JsonValue };
  return Object.entries(expected).every(([name, value]) => agrees(value, answer[name] ?? null));
}

const put = (key: string, value: number): ScriptStep => ({ function: "put", key, input: value, expected: {} });
const get = (key: string, value: number): ScriptStep => ({ function: "get", key, input: null, expected: value });
const cas = (key: string, expected: number, next: number, status: "ok" | "mismatch", observed: number): ScriptStep => ({
  function: "cas",
  key,
  input: { expected, new: next },
  expected: { status, observed },
});

const wrongAnswer: Readonly<Record<string, ViolationClass>> = {
  get: "stale read",
  cas: "forked CAS",
  put: "lost write",
};

interface Interval {
  readonly fromNs: TimeNs;
  readonly toNs: TimeNs;
}

/** Judges each step of a chain by the operations that carried it out; `during`: answers count only inside this interval. */
function judgeChains(
  checker: string,
  chains: readonly (readonly ScriptStep[])[],
  { operations }: WorkloadHistory,
  during: Interval | null,
): CheckerResult {
  const violations: Violation[] = [];
  const unknown: UnknownReason[] = [];
  const sameInput = (operation: Operation, step: ScriptStep): boolean =>
    JSON.stringify(operation.input) === JSON.stringify(step.input);
  const violation = (
    kind: ViolationClass,
    step: ScriptStep,
    sentence: string,
    operation: Operation | null,
  ): Violation => ({
    class: kind,
    checker,
    sentence,
    key: step.key,
    operations: operation === null ? [] : [operation.index],
    timeNs: operation?.returnNs ?? null,
    fingerprint: `${kind}/${checker}/${step.function}`,
  });
  for (const step of chains.flat()) {
    // Each chain ends with its only get, so the final reads of the key must answer the same.
    const tries = operations.filter(
      (operation) => operation.function === step.function && operation.key === step.key && sameInput(operation, step),
    );
    const answered = tries.filter(({ outcome }) => outcome === "ok");
    const wrong = answered.find(({ output }) => !agrees(putOutput(step, output), output));
    if (wrong !== undefined) {
      const said = `${step.function} of key ${JSON.stringify(step.key)} answered ${JSON.stringify(wrong.output)}`;
      const kind = wrongAnswer[step.function] ?? "stale read";
      violations.push(violation(kind, step, `${said} where ${JSON.stringify(step.expected)} is right.`, wrong));
    } else if (during !== null) {
      const inside = answered.some(
        ({ callNs, returnNs }) => callNs >= during.fromNs && returnNs !== null && returnNs <= during.toNs,
      );
      if (!inside) {
        const said = `${step.function} of key ${JSON.stringify(step.key)} was not answered while the node was dead`;
        violations.push(violation("unavailable", step, `${said}, although a quorum lived.`, null));
      }
    } else if (answered.length === 0) {
      const sentence = `${checker}: ${step.function} of key ${JSON.stringify(step.key)} was never answered (${tries.length} tries).`;
      unknown.push({ code: "nothing-to-judge", sentence });
    }
  }
  return { checker, valid: violations.length > 0 ? false : unknown.length > 0 ? "unknown" : true, violations, unknown };
}

/** A put's answer tells the value before, which a repeated put rightly answers otherwise: any answer will do. */
function putOutput(step: ScriptStep, output: JsonValue): JsonValue {
  return step.function === "put" ? output : step.expected;
}

interface Scenario {
  readonly name: string;
  readonly description: string;
  readonly chains: readonly (readonly ScriptStep[])[];
  readonly startMs: number;
}

function scenarioWorkload(
  scenario: Scenario,
  more: Partial<Pick<Workload, "ownFaults">> & {
    readonly problems?: Workload["problems"];
    readonly judge?: (history: WorkloadHistory) => CheckerResult;
  },
): Workload {
  const { name, description, chains, startMs } = scenario;
  const keys = [...new Set(chains.flat().map((step) => step.key))];
  const problems = (options: WorkloadOptions): readonly string[] => [
    ...Object.keys(options.own).map((option) => `workload ${name} has no option "${option}"`),
    ...(options.concurrency < options.nodes.length
      ? [`concurrency ${options.concurrency} is less than the ${options.nodes.length} nodes`]
      : []),
    ...(more.problems?.(options) ?? []),
  ];
  return {
    name,
    description,
    model: "cas-register",
    functions: ["get", "put", "cas"],
    ownOptions: [],
    prefers: { keys: keys.length, nodes: 6 },
    // Without a schedule of its own a scenario runs undisturbed.
    ownFaults: more.ownFaults ?? (() => []),
    // Every step, and the final reads through each node.
    floors: () => ({ completedOperations: chains.flat().length, operationsPerNode: keys.length }),
    problems,
    create(options) {
      return {
        keys,
        load: scriptLoad({ chains, startMs, endMs: options.timeLimitMs }, options.nodes.length),
        finalReads: (boundMs, without) => finalReads(keys, options.nodes, boundMs, without),
        judge: more.judge ?? ((history) => judgeChains(name, chains, history, null)),
      };
    },
  };
}

export const scenario1 = scenarioWorkload(
  {
    name: "scenario-1",
    description: "Keys 0 to 10 start as key + 10; get returns that.",
    chains: range(0, 10).map((key) => [put(`${key}`, key + 10), get(`${key}`, key + 10)]),
    startMs: 0,
  },
  {},
);

export const scenario2 = scenarioWorkload(
  {
    name: "scenario-2",
    description:
      "Keys 20 to 30 are put as the key itself; cas takes odd keys from key to 10 times the key and is refused for even ones; get tells.",
    chains: range(20, 30).map((key) => {
      const odd = key % 2 === 1;
      const swap = odd ? cas(`${key}`, key, 10 * key, "ok", key) : cas(`${key}`, 10 * key, key, "mismatch", key);
      return [put(`${key}`, key), swap, get(`${key}`, odd ? 10 * key : key)];
    }),
    startMs: 0,
  },
  {},
);

/** The kill comes first and the operations when a new leader may be expected: well after four usual election timeouts. */
const killAtMs = 500;
const deadForMs = 7_000;
const operationsFromMs = 3_500;

const scenario3Chains = range(30, 40).map((key) => [put(`${key}`, key), get(`${key}`, key)]);

/** From the death as it was confirmed to the moment at which the heal was asked for. */
function deathOf(events: readonly HistoryEvent[]): (Interval & { readonly nodes: readonly string[] }) | null {
  const kills = events.filter((event): event is FaultEvent => event.type === "fault" && event.kind === "kill");
  const on = kills.find((event) => event.stage === "confirmed-on");
  if (on === undefined) return null;
  const healed = kills.find((event) => event.fault === on.fault && event.stage === "heal-requested");
  return { fromNs: on.time, toNs: healed?.time ?? Number.MAX_SAFE_INTEGER, nodes: on.targets };
}

/** The published scenario killed nobody and nobody noticed; so the death itself is asserted, from two sources. */
export function judgeScenario3(history: WorkloadHistory): CheckerResult {
  const unknown = (sentence: string): CheckerResult => ({
    checker: "scenario-3",
    valid: "unknown",
    violations: [],
    unknown: [{ code: "vacuous", sentence }],
  });
  const death = deathOf(history.events);
  if (death === null) return unknown("scenario-3: no node was seen to die, so nothing was shown.");
  const exits = history.events.filter((event): event is NodeEvent => event.type === "node" && event.what === "exited");
  const missing = death.nodes.filter((node) => !exits.some((exit) => exit.node === node));
  if (missing.length > 0)
    return unknown(`scenario-3: ${missing.join(", ")} was killed, but no exit of it was reported.`);
  return judgeChains("scenario-3", scenario3Chains, history, death);
}

export const scenario3 = scenarioWorkload(
  {
    name: "scenario-3",
    description:
      "One node, a group's leader, is killed; keys 30 to 40 still work while a quorum lives. The death is asserted.",
    chains: scenario3Chains,
    startMs: operationsFromMs,
  },
  {
    judge: judgeScenario3,
    ownFaults: () => [{ kind: "kill", target: { by: "leader", group: 0 }, at_ms: killAtMs, for_ms: deadForMs }],
    problems: (options) => [
      ...(options.timeLimitMs < killAtMs + deadForMs
        ? [`scenario-3 needs a time limit of at least ${(killAtMs + deadForMs) / 1000} s`]
        : []),
      ...(options.groups.some(({ members }) => members.length < 3)
        ? ["scenario-3 needs groups of at least three, so that a quorum outlives the kill"]
        : []),
    ],
  },
);
