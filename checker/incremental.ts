// The live verdict: fed with events while a run goes, it judges keys again in slices, to spot a violation early. The batch check
// of the stored file is the verdict; this one only ends the load sooner.
//
// What it judges is always a prefix of the history, in which operations without an answer yet may or may not have happened. A
// prefix without a linearization cannot be completed to a history with one, so a live violation is one for the batch check too.
import type { CompleteEvent, HistoryEvent, InvokeEvent, JsonValue, Operation } from "../history/index.js";
import { checkLinearizability, resolveModel } from "./linearizability.js";
import type { AnyModel } from "./model.js";
import { canonical } from "./values.js";
import type { Violation } from "./verdict.js";

export interface IncrementalOptions {
  readonly model: string | AnyModel;
  readonly initial: JsonValue;
  /** Time that one slice may take, about. Default 5 ms. */
  readonly sliceMs?: number;
}

interface LiveKey {
  readonly operations: Operation[];
  /** Answers taken in since it was last judged, and how many it takes to judge it again: its cost stays a share of the run's. */
  fresh: number;
  threshold: number;
  queued: boolean;
}

/** A key is judged again after this many answers, or when it grew by a quarter. */
const leastFresh = 8;
const growth = 0.25;

export class IncrementalChecker {
  readonly #model: AnyModel;
  readonly #initial: JsonValue;
  readonly #sliceMs: number;
  readonly #keys = new Map<string, LiveKey>();
  readonly #open = new Map<number, { readonly key: LiveKey; readonly place: number }>();
  readonly #queue: LiveKey[] = [];
  #position = 0;
  #index = 0;
  #violation: Violation | null = null;

  constructor(options: IncrementalOptions) {
    this.#model = resolveModel(options.model);
    this.#initial = options.initial;
    this.#sliceMs = options.sliceMs ?? 5;
  }

  /** Takes one event, in order, headers included. Cheap. */
  feed(event: HistoryEvent): void {
    const position = this.#position++;
    if (event.type === "invoke") this.#call(event, position);
    else if (event.type === "ok" || event.type === "fail" || event.type === "info") this.#complete(event, position);
  }

  /** Does a bounded amount of work; the first violation found so far, or null. Stays at its answer. */
  slice(): Violation | null {
    const until = performance.now() + this.#sliceMs;
    while (this.#violation === null && performance.now() < until) {
      const key = this.#queue.shift();
      if (key === undefined) break;
      key.queued = false;
      key.fresh = 0;
      this.#judge(key);
    }
    return this.#violation;
  }

  #judge(key: LiveKey): void {
    const result = checkLinearizability(key.operations, this.#model, {
      initial: this.#initial,
      budget: { timeMs: this.#sliceMs, configurations: 200_000 },
      explainMs: 200,
    });
    const [violation] = result.violations;
    if (violation !== undefined) this.#violation = violation;
    // Too hard for a slice: look again when it has doubled.
    const share = result.valid === "unknown" ? 1 : growth;
    key.threshold = Math.max(leastFresh, Math.ceil(key.operations.length * share));
  }

  #call(event: InvokeEvent, position: number): void {
    const text = canonical(event.key);
    const key = this.#keys.get(text) ?? { operations: [], fresh: 0, threshold: leastFresh, queued: false };
    this.#keys.set(text, key);
    this.#open.set(event.process, { key, place: key.operations.length });
    key.operations.push({
      index: this.#index++,
      process: event.process,
      function: event.function,
      key: event.key,
      input: event.input,
      output: null,
      outcome: "info",
      error: null,
      callNs: event.time,
      returnNs: null,
      node: event.node,
      callEvent: position,
      returnEvent: null,
    });
  }

  #complete(event: CompleteEvent, position: number): void {
    const call = this.#open.get(event.process);
    if (call === undefined) return;
    this.#open.delete(event.process);
    const { key, place } = call;
    const operation = key.operations[place];
    if (operation === undefined) throw new Error("invariant: an open call without an operation");
    key.operations[place] = {
      ...operation,
      output: event.output,
      outcome: event.type,
      error: event.error ?? null,
      returnNs: event.type === "info" ? null : event.time,
      returnEvent: position,
    };
    key.fresh += 1;
    if (key.queued || key.fresh < key.threshold) return;
    key.queued = true;
    this.#queue.push(key);
  }
}
