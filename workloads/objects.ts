// Higher objects kept in single keys of the store: a set, a counter, a lock. What an object holds is a text, and cas swaps one text for
// the next.
//
// Each text begins with the number of the put that made the object (`7:…`), and no two puts of a run have the same. So an object is a key
// and such a number. A put whose outcome nobody knows may take effect at any time and would wipe what was added since, quite rightly;
// with the number a reader sees that this is another object, and no checker takes it for a loss.
import type { ClientReply, JsonValue } from "../cluster/index.js";
import type { Operation } from "../history/index.js";
import { readOf, type Task, type TaskStep } from "./task-load.js";

/** An object as a text tells it. */
export interface ObjectText {
  readonly made: number;
  /** What follows the number. */
  readonly rest: string;
}

/** Null: no text of an object. */
export function parseObject(value: JsonValue): ObjectText | null {
  if (typeof value !== "string") return null;
  const found = /^(\d+):(.*)$/.exec(value);
  return found === null ? null : { made: Number(found[1]), rest: found[2] ?? "" };
}

export const objectText = (made: number, rest: string): string => `${made}:${rest}`;

export function fieldsOf(value: JsonValue): { readonly [name: string]: JsonValue } {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })
    : {};
}

/** Makes the objects of a run, each by one put, and tells which of them are there. */
export class Objects {
  readonly #made = new Map<JsonValue, "being made" | "there">();
  #last = 0;

  constructor(
    readonly keys: readonly string[],
    /** What a new object holds. */
    readonly empty: (key: string, place: number) => string,
  ) {}

  /** The number of the next object. */
  nextNumber(): number {
    this.#last += 1;
    return this.#last;
  }

  /** A task that makes an object of the first key without one; null when none is left to be made. */
  make(): Task | null {
    const key = this.keys.find((one) => !this.#made.has(one));
    if (key === undefined) return null;
    this.#made.set(key, "being made");
    return {
      first: { function: "put", key, input: objectText(this.nextNumber(), this.empty(key, this.keys.indexOf(key))) },
      after: ({ outcome }) => {
        if (outcome === "ok") this.#made.set(key, "there");
        else this.#made.delete(key);
        return null;
      },
    };
  }

  /** Keys that hold an object. */
  get there(): readonly string[] {
    return this.keys.filter((key) => this.#made.get(key) === "there");
  }
}

/** The text that is to take the place of the one seen, or null: nothing to be done. */
export type Change = (seen: string, nowMs: number) => string | null;

/**
 * Reads a key and swaps what it holds by `change`; where somebody else was faster, again, from what the refusal told. `known` saves the
 * read. Ends at the first answer that is no mismatch: after an unknown one a second cas could do the same thing twice.
 */
export function swapTask(key: string, change: Change, known: string | null, nowMs: number): Task {
  const swap = (seen: JsonValue, at: number): TaskStep | null => {
    if (typeof seen !== "string") return null;
    const next = change(seen, at);
    return next === null ? null : { function: "cas", key, input: { expected: seen, new: next } };
  };
  return {
    first: (known === null ? null : swap(known, nowMs)) ?? readOf(key).first,
    after(reply, step, at) {
      const answer = answerOf(reply, step);
      return answer === null || answer.swapped ? null : swap(answer.seen, at);
    },
  };
}

/** What a key held at last by the answer to a step, and whether the step put it there; null: nothing certain. */
export function answerOf(
  { outcome, output }: ClientReply,
  step: TaskStep,
): { readonly seen: JsonValue; readonly swapped: boolean } | null {
  if (outcome !== "ok") return null;
  if (step.function === "get") return { seen: output, swapped: false };
  if (step.function === "put") return { seen: step.input, swapped: true };
  const { status, observed = null } = fieldsOf(output);
  return status === "ok"
    ? { seen: fieldsOf(step.input)["new"] ?? null, swapped: true }
    : { seen: observed, swapped: false };
}

/** Every moment at which an operation was told what a key held: gets, refused cas, and what a put says that it replaced. */
export function sightings(operation: Operation): readonly ObjectText[] {
  const { function: name, output, outcome } = operation;
  if (outcome !== "ok") return [];
  if (name === "get") return listOf(parseObject(output));
  const { status, observed = null, previous = null } = fieldsOf(output);
  if (name === "put") return listOf(parseObject(previous));
  return status === "ok" ? [] : listOf(parseObject(observed));
}

const listOf = <T>(value: T | null): readonly T[] => (value === null ? [] : [value]);

/** A cas that may have swapped one text of an object for another of the same object. */
export interface Swap {
  readonly operation: Operation;
  readonly made: number;
  readonly from: string;
  readonly to: string;
  /** `none`: it certainly changed nothing. */
  readonly effect: "done" | "unknown" | "none";
}

/** Null for what is no cas within one object. */
export function swapOf(operation: Operation): Swap | null {
  if (operation.function !== "cas") return null;
  const input = fieldsOf(operation.input);
  const from = parseObject(input["expected"] ?? null);
  const to = parseObject(input["new"] ?? null);
  if (from === null || to === null || from.made !== to.made) return null;
  const { outcome, output } = operation;
  const done = outcome === "ok" && fieldsOf(output)["status"] === "ok";
  const effect = outcome === "info" ? "unknown" : done ? "done" : "none";
  return { operation, made: from.made, from: from.rest, to: to.rest, effect };
}
