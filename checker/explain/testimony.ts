// What the system's own log says of one key. A history shows answers and not causes; where a system tells its decided log, the
// log tells most causes apart: a write that was acknowledged and is nowhere in it was lost; answers that only make sense if a
// repeated request was applied again mean that it was; and if the log explains every write and comparison, then reads are at fault.
//
// This only names a violation that the answers alone have shown, or, for acknowledged writes that are missing, shows one by itself.
import type { JsonValue, Operation } from "../../history/index.js";
import type { LoggedCommand } from "../judge-input.js";
import { canonical, fieldOf, grouped } from "../values.js";
import type { Classified } from "./classify.js";
import { answer } from "./sentence.js";

export type Testimony =
  /** An acknowledged write stands nowhere in the log; `operation` where it is clear which. */
  | { readonly kind: "lost"; readonly operation: Operation | null }
  /** The answers fit a log whose repetitions are applied again, and do not fit one where they are not. */
  | { readonly kind: "repeated" }
  /** The log explains what all writes and comparisons were answered; `reads`: whether reads went through it too. */
  | { readonly kind: "obeyed"; readonly reads: boolean }
  /** None of these. */
  | { readonly kind: "silent" };

/**
 * The class once the log has been heard, with what it said; null where it said nothing that decides. Answers that nobody can have
 * given by any repetition or loss keep their class.
 */
export function heard(
  classified: Classified,
  testimony: Testimony,
  culprit: Operation,
): { readonly classified: Classified; readonly told: string | null } {
  const silent = { classified, told: null };
  const denied = classified.class === "read of a failed write" && classified.writer?.outcome !== "ok";
  if (classified.class === "value from nowhere" || denied) return silent;
  switch (testimony.kind) {
    case "lost":
      return {
        classified: { ...classified, class: "lost write" },
        told: `The log that the group decided lacks ${lackedBy(testimony.operation)}.`,
      };
    case "repeated":
      return {
        classified: { ...classified, class: "resurrected write" },
        told: "What was answered fits the log that the group decided only if a repeated request takes effect again.",
      };
    case "obeyed":
      if (culprit.function !== "get" || testimony.reads) return silent;
      return {
        classified: { ...classified, class: "stale read" },
        told: "The log that the group decided accounts for every write; reads are missing from it.",
      };
    case "silent":
      return silent;
  }
}

function lackedBy(operation: Operation | null): string {
  return operation === null ? "an acknowledged write" : `an acknowledged write: ${answer(operation)}`;
}

/** `log`: the commands on this key in the order of the log; `operations`: those on this key. Registers only. */
export function testimonyOf(
  log: readonly LoggedCommand[],
  operations: readonly Operation[],
  initial: JsonValue,
): Testimony {
  const missing = missingWrites(log, operations);
  if (missing.length > 0) {
    const clear = missing.find(({ lacking, among }) => lacking === among.length);
    return { kind: "lost", operation: clear?.among[0] ?? null };
  }
  const reads = count(log.filter((one) => one.function === "get")) >= operations.filter(isAnsweredRead).length;
  const answered = operations.filter((one) => one.outcome === "ok" && (reads || one.function !== "get"));
  const once = unexplained(answered, replay(log, initial, false));
  const again = unexplained(answered, replay(log, initial, true));
  if (again < once) return { kind: "repeated" };
  return once === 0 ? { kind: "obeyed", reads } : { kind: "silent" };
}

/** Acknowledged writes with equal arguments, of which the log holds fewer than there are. */
export interface MissingWrites {
  /** How many of them are missing at least. */
  readonly lacking: number;
  /** Those that may be meant. */
  readonly among: readonly Operation[];
}

/** Of the writes that were acknowledged before `beforeNs`, those that the log lacks. */
export function missingWrites(
  log: readonly LoggedCommand[],
  operations: readonly Operation[],
  beforeNs = Number.POSITIVE_INFINITY,
): readonly MissingWrites[] {
  const logged = grouped(log, ({ function: name, input }) => textOf(name, input));
  const acknowledged = grouped(
    operations.filter((one) => isAcknowledgedWrite(one) && one.returnNs !== null && one.returnNs < beforeNs),
    ({ function: name, input }) => textOf(name, input),
  );
  return [...acknowledged].flatMap(([text, among]) => {
    const lacking = among.length - count(logged.get(text) ?? []);
    return lacking > 0 ? [{ lacking, among }] : [];
  });
}

/**
 * What was acknowledged before this time stands in the log or is lost, for the log holds something that was asked for later. After it
 * nobody knows: a leader that decided, answered and died may have taken the knowledge with it, and where nobody leads after it the
 * log that is told ends before. Of n requests that read alike in the log, one was asked for no earlier than the n-th in the history.
 */
export function toldUntilNs(log: readonly LoggedCommand[], operations: readonly Operation[]): number {
  const alike = grouped(operations, ({ function: name, input }) => textOf(name, input));
  const logged = grouped(log, ({ function: name, input }) => textOf(name, input));
  let untilNs = Number.NEGATIVE_INFINITY;
  for (const [text, commands] of logged) {
    const calls = (alike.get(text) ?? []).map(({ callNs }) => callNs).toSorted((one, other) => one - other);
    untilNs = Math.max(untilNs, calls[Math.min(count(commands), calls.length) - 1] ?? untilNs);
  }
  return untilNs;
}

function isAcknowledgedWrite({ function: name, outcome, output }: Operation): boolean {
  if (outcome !== "ok") return false;
  return name === "put" || (name === "cas" && fieldOf(output, "status") === "ok");
}

function isAnsweredRead({ function: name, outcome }: Operation): boolean {
  return name === "get" && outcome === "ok";
}

function count(commands: readonly LoggedCommand[]): number {
  return new Set(commands.map(({ id }) => id)).size;
}

function textOf(name: string, input: JsonValue): string {
  return `${name} ${canonical(input)}`;
}

/** The answers that a log gives: by arguments, how often each state was met. */
type Answers = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** `again`: whether a request that stands in the log twice takes effect twice. */
function replay(log: readonly LoggedCommand[], initial: JsonValue, again: boolean): Answers {
  const answers = new Map<string, Map<string, number>>();
  const seen = new Set<string>();
  let state = initial;
  for (const { id, function: name, input } of log) {
    if (!again && seen.has(id)) continue;
    seen.add(id);
    const text = textOf(name, input);
    const met = answers.get(text) ?? new Map<string, number>();
    answers.set(text, met);
    const was = canonical(state);
    met.set(was, (met.get(was) ?? 0) + 1);
    if (name === "put") state = input;
    else if (name === "cas" && canonical(fieldOf(input, "expected") ?? null) === was)
      state = fieldOf(input, "new") ?? null;
  }
  return answers;
}

/** How many answers the log does not account for, each state met answering one operation at most. */
function unexplained(operations: readonly Operation[], answers: Answers): number {
  let count = 0;
  const alike = grouped(operations, ({ function: name, input }) => textOf(name, input));
  for (const [text, group] of alike) {
    const left = new Map(answers.get(text));
    for (const operation of group) {
      const said = stateSaid(operation);
      if (said === null) continue;
      const remaining = left.get(said) ?? 0;
      if (remaining === 0) count += 1;
      else left.set(said, remaining - 1);
    }
  }
  return count;
}

/** The state that an answer says it met; null when it does not say. */
function stateSaid({ function: name, input, output }: Operation): string | null {
  if (name === "get") return canonical(output);
  if (name === "put") {
    const previous = fieldOf(output, "previous");
    return previous === undefined ? null : canonical(previous);
  }
  if (fieldOf(output, "status") === "ok") return canonical(fieldOf(input, "expected") ?? null);
  const observed = fieldOf(output, "observed");
  return observed === undefined ? null : canonical(observed);
}
