// From an inconsistent key to a violation: core, class and sentence.
import type { JsonValue, Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import type { Contradiction } from "../register/columns.js";
import type { NormalisedRegister, RegisterOperation } from "../register/normalise.js";
import type { LoggedCommand } from "../judge-input.js";
import { canonical, fieldOf } from "../values.js";
import type { Violation, ViolationCertificate, ViolationClass } from "../verdict.js";
import { classify, observedBy, type Classified, type Evidence } from "./classify.js";
import { coreOfRegister, type Core } from "./minimise.js";
import { firstContradiction, troubleFound, troubleWith, type Trouble } from "./prefix.js";
import { tell } from "./sentence.js";
import { heard, testimonyOf, type Testimony } from "./testimony.js";

export interface ExplainInput {
  readonly key: JsonValue;
  readonly initial: JsonValue;
  /** All operations of the key. */
  readonly operations: readonly Operation[];
  readonly attemptsOf: (operation: Operation) => number | null;
  /** When leaders changed, where that is known; only for the class. */
  readonly leaderChangesNs?: readonly number[];
  /** What its group's decided log holds for this key, where that is known; only for the class. */
  readonly log?: readonly LoggedCommand[] | null;
  readonly timeMs: number;
}

const configurationsPerSearch = 300_000;

/** `found`: what the engine that judged the key said. */
export function explainRegister(
  input: ExplainInput,
  normal: NormalisedRegister | Contradiction,
  found: EngineAnswer & { readonly valid: false },
): Violation {
  const kept = input.operations;
  if (!("values" in normal)) return selfContradiction(input, kept, normal.operations);
  const deadlineMs = performance.now() + input.timeMs;
  const oneSearch = () =>
    new Budget({
      timeMs: Math.max(50, (deadlineMs - performance.now()) / 4),
      configurations: configurationsPerSearch,
    });
  const { focus, known } = withoutReads(normal, kept, found, oneSearch);
  const first = firstContradiction(focus, known, oneSearch);
  if (first === null) return unexplained(input, kept);
  const { operation: last, trouble } = first;
  const core = coreOfRegister(focus, last.return, Math.max(200, deadlineMs - performance.now()), trouble.conflict);
  const culprit = sourceOf(culpritOf(last, core, focus.operations), core, focus.operations);
  const evidence: Evidence = {
    operations: input.operations,
    normal: normal.operations,
    kept,
    culprit,
    core: core?.positions ?? [culprit.position],
    values: normal.values,
    wouldWrite,
    attemptsOf: input.attemptsOf,
    leaderChangesNs: input.leaderChangesNs ?? [],
  };
  const log = input.log ?? null;
  const testimony: Testimony = log === null ? { kind: "silent" } : testimonyOf(log, input.operations, input.initial);
  return violationOf(input, kept, culprit, core, classify(evidence), testimony, normal.values);
}

/**
 * Reads that go round the log are out of line with it; what the log itself got wrong shows without them, and better. Also says
 * what is known to be wrong.
 */
function withoutReads(
  normal: NormalisedRegister,
  kept: readonly Operation[],
  found: EngineAnswer & { readonly valid: false },
  budget: () => Budget,
): { readonly focus: NormalisedRegister; readonly known: Trouble } {
  const operations = normal.operations.filter(({ position }) => kept[position]?.function !== "get");
  // Writes that look at nothing can be put in any order.
  if (operations.some(({ kind }) => kind !== "write")) {
    const only = { ...normal, operations };
    const known = troubleWith(only, budget());
    if (known !== null) return { focus: only, known };
  }
  return { focus: normal, known: troubleFound(normal, found) };
}

/** Of operations that returned at the same moment, the one of the core that looked at the value. */
function culpritOf(
  first: RegisterOperation,
  core: Core | null,
  operations: readonly RegisterOperation[],
): RegisterOperation {
  const together = operations.filter(
    (one) =>
      one.return === first.return && (core?.positions.includes(one.position) ?? true) && observedBy(one) !== null,
  );
  return together.find(({ kind }) => kind === "read") ?? together[0] ?? first;
}

/**
 * Whoever saw a value that an operation of the core wrote while it was still under way saw nothing wrong: the writer itself did, by
 * what it said to have replaced. Bounded: each step goes to another operation of the core.
 */
function sourceOf(
  culprit: RegisterOperation,
  core: Core | null,
  operations: readonly RegisterOperation[],
): RegisterOperation {
  const passed = new Set<number>();
  let at = culprit;
  for (;;) {
    passed.add(at.position);
    const value = observedBy(at);
    const writers = operations.filter(
      (one) => one.kind !== "read" && one.value === value && one.position !== at.position,
    );
    const [writer] = writers;
    if (writer === undefined || writers.length > 1 || writer.kind !== "cas" || passed.has(writer.position)) return at;
    if (writer.return < at.call) return at;
    // A writer that had not returned by then is in no core; but if nobody else there looked at its value, it is what is wrong.
    const isRival = (one: RegisterOperation) => one.position !== at.position && observedBy(one) === value;
    const inCore = (one: RegisterOperation) => core?.positions.includes(one.position) === true;
    if (!inCore(writer) && operations.some((one) => inCore(one) && isRival(one))) return at;
    at = writer;
  }
}

function wouldWrite({ function: name, input }: Operation): string | null {
  if (name === "put") return canonical(input);
  const replacement = name === "cas" ? fieldOf(input, "new") : undefined;
  return replacement === undefined ? null : canonical(replacement);
}

function violationOf(
  { key }: ExplainInput,
  kept: readonly Operation[],
  culprit: RegisterOperation,
  core: Core | null,
  fromAnswers: Classified,
  testimony: Testimony,
  values: readonly string[],
): Violation {
  const at = (position: number): Operation => {
    const operation = kept[position];
    if (operation === undefined) throw new Error(`invariant: no operation at ${position}`);
    return operation;
  };
  const { classified, told } = heard(fromAnswers, testimony, at(culprit.position));
  const against = classified.against === null ? null : at(classified.against);
  const positions = core?.positions ?? happened(kept);
  const indices = positions.map((position) => at(position).index);
  const related = [at(culprit.position), classified.writer, against].flatMap((operation) =>
    operation === null || indices.includes(operation.index) ? [] : [operation.index],
  );
  const certificate: ViolationCertificate = {
    kind: "core",
    context: core?.context ?? "own-window",
    minimal: core?.minimal ?? false,
    verified: false,
  };
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
    certificate,
    culprit: at(culprit.position).index,
    timeNs: culprit.return,
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

/** Positions of what did not certainly fail to happen. */
function happened(operations: readonly Operation[]): readonly number[] {
  return [...operations.keys()].filter((position) => operations[position]?.outcome !== "fail");
}

/** One answer that no state at all can give: a mismatch that saw what it expected. */
function selfContradiction({ key }: ExplainInput, kept: readonly Operation[], positions: readonly number[]): Violation {
  const [position = 0] = positions;
  const culprit = kept[position];
  if (culprit === undefined) throw new Error("invariant: a contradiction without an operation");
  const story = tell({ class: "value from nowhere", culprit, value: "that", against: null, writer: null });
  return {
    class: "value from nowhere",
    checker: "linearizability",
    sentence: story.replace(/, but no operation.*$/, ", an answer that contradicts itself."),
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
function unexplained({ key }: ExplainInput, given: readonly Operation[]): Violation {
  const kept = happened(given).flatMap((position) => given[position] ?? []);
  return {
    class: "stale read",
    checker: "linearizability",
    sentence: `The ${kept.length} operations on this key have no linearization; the budget for explaining ran out before a smaller core was found.`,
    key,
    operations: kept.map(({ index }) => index),
    related: [],
    certificate: { kind: "core", context: "own-window", minimal: false, verified: false },
    timeNs: null,
    fingerprint: "unexplained/linearizability/large",
  };
}
