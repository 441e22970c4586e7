// From an inconsistent key to a violation: core, class and sentence.
import type { JsonValue, Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import type { Contradiction } from "../register/columns.js";
import type { NormalisedRegister, RegisterOperation } from "../register/normalise.js";
import type { LoggedCommand } from "../judge-input.js";
import { canonical, fieldOf } from "../values.js";
import type { Violation, ViolationClass } from "../verdict.js";
import { classify, isWrite, observedBy, type Classified, type Evidence } from "./classify.js";
import { coreOfRegister, type Core } from "./minimise.js";
import { firstContradiction, troubleFound, troubleWith, type Trouble } from "./prefix.js";
import { answer, tell } from "./sentence.js";
import { heard, testimonyOf, type Testimony } from "./testimony.js";

export interface ExplainInput {
  readonly key: JsonValue;
  readonly initial: JsonValue;
  /** All operations of the key. */
  readonly operations: readonly Operation[];
  readonly attemptsOf: (operation: Operation) => number | null;
  /** When leaders changed, as far as that is known; only for the class. */
  readonly leaderChangesNs: readonly number[];
  /** What its group's decided log holds for this key, null where that is not known; only for the class. */
  readonly log: readonly LoggedCommand[] | null;
  readonly timeMs: number;
}

const configurationsPerSearch = 300_000;

/** `found`: what the engine that judged the key said. */
export function explainRegister(
  input: ExplainInput,
  normal: NormalisedRegister | Contradiction,
  found: EngineAnswer & { readonly valid: false },
): Violation {
  const { operations, attemptsOf, leaderChangesNs, log } = input;
  if (!("values" in normal)) return selfContradiction(input, normal.operations);
  const deadlineMs = performance.now() + input.timeMs;
  const oneSearch = () =>
    new Budget({
      timeMs: Math.max(50, (deadlineMs - performance.now()) / 4),
      configurations: configurationsPerSearch,
    });
  const { focus, known } = withoutReads(normal, operations, found, oneSearch);
  const first = firstContradiction(focus, known, oneSearch);
  if (first === null) return unexplained(input);
  const { operation: last, trouble } = first;
  const timeMs = Math.max(200, deadlineMs - performance.now());
  const few = coreOfRegister(focus, last.return, timeMs, trouble.conflict);
  const core = few ?? allOf(operations);
  const culprit = sourceOf(culpritOf(last, core, focus.operations), core, focus.operations);
  const evidence: Evidence = {
    operations,
    normal: normal.operations,
    culprit,
    core: few === null ? [culprit.position] : few.positions,
    values: normal.values,
    wouldWrite,
    attemptsOf,
    leaderChangesNs,
  };
  const testimony: Testimony = log === null ? { kind: "silent" } : testimonyOf(log, operations, input.initial);
  return violationOf(input, culprit, core, classify(evidence), testimony, normal.values, last.return);
}

/** What is left to say where the time was too short for less. */
function allOf(operations: readonly Operation[]): Core {
  return { positions: happened(operations), context: "own-window", minimal: false };
}

/**
 * Reads that go round the log are out of line with it; what the log itself got wrong shows without them, and better. Also says
 * what is known to be wrong.
 */
function withoutReads(
  normal: NormalisedRegister,
  given: readonly Operation[],
  found: EngineAnswer & { readonly valid: false },
  budget: () => Budget,
): { readonly focus: NormalisedRegister; readonly known: Trouble } {
  const operations = normal.operations.filter(({ position }) => given[position]?.function !== "get");
  // Writes that look at nothing can be put in any order.
  if (operations.some(({ kind }) => kind !== "write")) {
    const only = { ...normal, operations };
    const known = troubleWith(only, budget());
    if (known !== null) return { focus: only, known };
  }
  return { focus: normal, known: troubleFound(normal, found) };
}

/** Of operations that returned at the same moment, the one of the core that looked at the value. */
function culpritOf(first: RegisterOperation, core: Core, operations: readonly RegisterOperation[]): RegisterOperation {
  const together = operations.filter(
    (one) => one.return === first.return && core.positions.includes(one.position) && observedBy(one) !== null,
  );
  return together.find(({ kind }) => kind === "read") ?? together[0] ?? first;
}

/**
 * Whoever saw a value that an operation of the core wrote while it was still under way saw nothing wrong: the writer itself did, by
 * what it said to have replaced. Bounded: each step goes to another operation of the core.
 */
function sourceOf(culprit: RegisterOperation, core: Core, operations: readonly RegisterOperation[]): RegisterOperation {
  const members = new Set(core.positions);
  const passed = new Set<number>();
  let at = culprit;
  for (;;) {
    passed.add(at.position);
    const value = observedBy(at);
    const { return: returned } = at;
    const writers = operations.filter((one) => isWrite(one) && one.value === value && one.call <= returned);
    const [writer] = writers;
    if (writer === undefined || writers.length > 1 || writer.kind !== "cas" || passed.has(writer.position)) return at;
    if (writer.return < at.call) return at;
    // A writer that had not returned by then is in no core; but if nobody else there looked at its value, it is what is wrong.
    const isRival = (one: RegisterOperation) => one.position !== at.position && observedBy(one) === value;
    const inCore = (one: RegisterOperation) => members.has(one.position);
    if (!inCore(writer) && operations.some((one) => inCore(one) && isRival(one))) return at;
    at = writer;
  }
}

function wouldWrite({ function: name, input }: Operation): string | null {
  if (name === "put") return canonical(input);
  return name === "cas" ? canonical(fieldOf(input, "new") ?? null) : null;
}

/** `certain`: when the history became inconsistent. */
function violationOf(
  { key, operations }: ExplainInput,
  culprit: RegisterOperation,
  core: Core,
  fromAnswers: Classified,
  testimony: Testimony,
  values: readonly string[],
  certain: number,
): Violation {
  const at = (position: number): Operation => operationAt(operations, position);
  const { classified, told } = heard(fromAnswers, testimony, at(culprit.position));
  const against = classified.against === null ? null : at(classified.against);
  const indices = core.positions.map((position) => at(position).index);
  const related = [at(culprit.position), classified.writer, against].flatMap((operation) =>
    operation === null || indices.includes(operation.index) ? [] : [operation.index],
  );
  const story = tell({
    class: classified.class,
    culprit: at(culprit.position),
    value: values[classified.value] ?? "?",
    against,
    writer: classified.writer,
  });
  return {
    class: classified.class,
    checker: "linearizability",
    sentence: told === null ? story : `${story} ${told}`,
    ...(told === null ? {} : { evidence: "decided-log" as const }),
    key,
    operations: indices,
    related: [...new Set(related)],
    certificate: { kind: "core", context: core.context, minimal: core.minimal, verified: false },
    culprit: at(culprit.position).index,
    // Whoever is to blame may have returned before anything was wrong with that.
    timeNs: Math.max(certain, culprit.return),
    fingerprint: fingerprintOf(classified.class, at(culprit.position).function),
  };
}

/**
 * class, checker, shape. What chance decides is left out of the shape, so that repeats of one bug agree: who noticed first that a write
 * was lost, or by how many operations it shows. Which operations are served stale, on the other hand, tells bugs apart.
 */
function fingerprintOf(name: ViolationClass, culprit: string): string {
  const shape = name === "stale read" ? culprit : mentions.has(name) ? "value" : "write";
  return `${name}/linearizability/${shape}`;
}

/** Classes that are about what was answered, rather than about what became of a write. */
const mentions: ReadonlySet<ViolationClass> = new Set(["value from nowhere", "read of a failed write"]);

function operationAt(operations: readonly Operation[], position: number): Operation {
  const operation = operations[position];
  if (operation === undefined) throw new Error(`invariant: no operation at ${position}`);
  return operation;
}

/** Positions of what did not certainly fail to happen. */
function happened(operations: readonly Operation[]): readonly number[] {
  return operations.flatMap(({ outcome }, position) => (outcome === "fail" ? [] : [position]));
}

/** One answer that no state at all can give: a mismatch that saw what it expected. */
function selfContradiction({ key, operations }: ExplainInput, positions: readonly number[]): Violation {
  const culprit = operationAt(operations, positions[0] ?? -1);
  return {
    class: "value from nowhere",
    checker: "linearizability",
    sentence: `${answer(culprit)}, an answer that contradicts itself.`,
    key,
    operations: [culprit.index],
    related: [],
    certificate: { kind: "core", context: "own-window", minimal: true, verified: false },
    culprit: culprit.index,
    timeNs: culprit.returnNs,
    fingerprint: fingerprintOf("value from nowhere", culprit.function),
  };
}

/** Inconsistent, but the budget for explaining ran out before the first contradiction was found again. */
function unexplained({ key, operations }: ExplainInput): Violation {
  const kept = happened(operations).map((position) => operationAt(operations, position).index);
  return {
    class: "stale read",
    checker: "linearizability",
    sentence: `The ${kept.length} operations on this key have no linearization; the budget for explaining ran out before a smaller core was found.`,
    key,
    operations: kept,
    related: [],
    certificate: { kind: "core", context: "own-window", minimal: false, verified: false },
    timeNs: null,
    fingerprint: "unexplained/linearizability/large",
  };
}
