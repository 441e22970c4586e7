// The live verdict: told of events one at a time while a run goes, it says at any moment whether what was told so far can still be
// explained. It is sure: a violation here is one for the batch check of the same events too, and the other way round, once the
// outcomes it has to wait for are known (see CHECKER.md's section on the live form).
//
// What it judges is always a prefix of the history, in which operations without an answer yet may or may not have happened. A
// prefix without a linearization cannot be completed to a history with one.
//
// Memory: events that wait for the oldest operation of their key whose outcome is not known; operations under way; values that can
// still be read; and operations of unknown outcome, which may take effect at any later time and are never forgotten.
import type { CompleteEvent, HistoryEvent, InvokeEvent, JsonValue, Operation } from "../history/index.js";
import { heapInUse, heapLimitFor } from "./budget.js";
import { resolveModel } from "./models/resolve-model.js";
import { EngineGaveUp } from "./live/engine.js";
import { ModelKey, RegisterKey, type LiveKey } from "./live/live-key.js";
import { LiveOperation, valueKey, type ValueKey } from "./live/operation.js";
import { modelRules } from "./live/rules.js";
import { Sweep, type SweepLimits } from "./live/sweep.js";
import type { AnyModel } from "./model.js";
import { canonical, show } from "./values.js";
import type { UnknownReason } from "./verdict.js";

export interface IncrementalBudget {
  /** Configurations visited at the return of one operation. Default 100,000. */
  readonly configurations?: number;
  /** Growth of the heap that is allowed, in MiB. Default 1024. */
  readonly memoryMb?: number;
  /** Time at the return of one operation. Default 2,000. */
  readonly timeMs?: number;
}

export interface IncrementalOptions {
  /** Initial value of every key. */
  readonly initial: JsonValue;
  readonly budget?: IncrementalBudget;
}

/** What the events told so far prove. */
export interface LiveViolation {
  readonly key: JsonValue;
  /** When this one returned, no order of the operations could explain all answers any more. */
  readonly operation: Operation;
  readonly sentence: string;
}

export type LiveVerdict =
  /** Everything told so far can be explained, as far as outcomes are known. */
  | { readonly valid: true }
  | { readonly valid: false; readonly violation: LiveViolation }
  | { readonly valid: "unknown"; readonly unknown: readonly UnknownReason[] };

export interface LiveProgress {
  readonly events: number;
  readonly keys: number;
  /** Calls and returns that were acted on, and those that wait for an outcome. */
  readonly swept: number;
  readonly waiting: number;
}

export interface IncrementalChecker {
  /** Takes one event, in order, headers included. Does a bounded amount of work. */
  feed(event: HistoryEvent): void;
  readonly verdict: LiveVerdict;
  readonly progress: LiveProgress;
  /** No more events come: operations without an answer have an unknown outcome. The last verdict. */
  end(): LiveVerdict;
}

/** A live checker of a built-in model by name, or of your own. Throws for an unknown name. */
export function createIncrementalChecker(model: string | AnyModel, options: IncrementalOptions): IncrementalChecker {
  return new Incremental(resolveModel(model), options);
}

const lookAtMemoryEvery = 1 << 14;
const lookAtMemoryInSearchEvery = 16;

class Incremental implements IncrementalChecker {
  readonly #model: AnyModel;
  readonly #initial: JsonValue;
  readonly #limits: SweepLimits;
  readonly #timeMs: number;
  readonly #memoryMb: number;
  readonly #heapLimit: number;
  readonly #refuses: (operation: Operation) => string | null;
  readonly #keys = new Map<ValueKey, LiveKey>();
  readonly #open = new Map<number, { readonly operation: LiveOperation; readonly key: LiveKey }>();
  /** Processes that ended with an unknown outcome. */
  readonly #silenced = new Set<number>();
  /** Operations that returned at the time of the last event: acted on once a later one was told. */
  #returned: { readonly operation: LiveOperation; readonly key: LiveKey }[] = [];
  #lastNs = Number.MIN_SAFE_INTEGER;
  #position = 0;
  #index = 0;
  #searchDeadlineMs = Infinity;
  #looks = 0;
  #violation: LiveViolation | null = null;
  #malformed: UnknownReason | null = null;
  readonly #givenUp = new Map<LiveKey, UnknownReason>();
  #ended = false;

  constructor(model: AnyModel, { initial, budget = {} }: IncrementalOptions) {
    this.#model = model;
    this.#initial = initial;
    this.#timeMs = budget.timeMs ?? 2_000;
    this.#memoryMb = budget.memoryMb ?? 1024;
    this.#heapLimit = heapLimitFor(this.#memoryMb);
    this.#limits = { configurations: budget.configurations ?? 100_000, look: () => this.#lookInSearch() };
    this.#refuses = model.open((opened) => (operation) => opened.refuses(operation));
  }

  feed(event: HistoryEvent): void {
    if (this.#ended) throw new Error("the live checker was told that no more events come");
    const position = this.#position++;
    if (event.type === "header" || this.#isFinal) return;
    if (!Number.isSafeInteger(event.time) || event.time < this.#lastNs) {
      this.#refuse(position, `time ${String(event.time)} runs backwards or is no safe integer of nanoseconds`);
      return;
    }
    if (event.time > this.#lastNs) {
      this.#lastNs = event.time;
      if (this.#returned.length > 0) this.#actOnReturns();
      if (this.#isFinal) return;
    }
    if (event.type === "invoke") this.#call(event, position);
    else if (event.type === "ok" || event.type === "fail" || event.type === "info") this.#complete(event, position);
    if (position % lookAtMemoryEvery === 0) this.#lookAtMemory();
  }

  get verdict(): LiveVerdict {
    if (this.#malformed !== null) return { valid: "unknown", unknown: [this.#malformed] };
    if (this.#violation !== null) return { valid: false, violation: this.#violation };
    return this.#givenUp.size === 0 ? { valid: true } : { valid: "unknown", unknown: [...this.#givenUp.values()] };
  }

  get progress(): LiveProgress {
    let swept = 0;
    let waiting = 0;
    for (const key of this.#keys.values()) {
      swept += key.swept;
      waiting += key.waiting;
    }
    return { events: this.#position, keys: this.#keys.size, swept, waiting };
  }

  end(): LiveVerdict {
    if (this.#ended) return this.verdict;
    this.#ended = true;
    for (const { operation } of this.#open.values()) if (!this.#settle(operation)) return this.verdict;
    this.#actOnReturns();
    for (const { key } of this.#open.values()) this.#advance(key);
    this.#open.clear();
    return this.verdict;
  }

  get #isFinal(): boolean {
    return this.#malformed !== null || this.#violation !== null;
  }

  #call(event: InvokeEvent, position: number): void {
    const { process } = event;
    if (!Number.isSafeInteger(process)) return this.#refuse(position, `process ${String(process)} is no integer`);
    if (this.#open.has(process)) return this.#refuse(position, `process ${process} calls while it is busy`);
    if (this.#silenced.has(process))
      return this.#refuse(position, `process ${process} calls after its operation of unknown outcome`);
    const operation = new LiveOperation(this.#index++, event, position);
    const key = this.#keyOf(operation);
    this.#open.set(process, { operation, key });
    key.called(operation);
  }

  #complete(event: CompleteEvent, position: number): void {
    const open = this.#open.get(event.process);
    if (open === undefined)
      return this.#refuse(position, `process ${event.process} returns from an operation that it never called`);
    const { operation, key } = open;
    if (operation.function !== event.function || !sameKey(operation.key, event.key))
      return this.#refuse(position, `process ${event.process} returns from something else than it called`);
    this.#open.delete(event.process);
    operation.outcome = event.type;
    operation.output = event.output;
    operation.error = event.error ?? null;
    operation.returnEvent = position;
    if (event.type === "info") this.#silenced.add(event.process);
    else operation.returnNs = event.time;
    if (event.type === "ok") this.#returned.push(open);
    else if (this.#settle(operation)) this.#advance(key);
  }

  #keyOf(operation: LiveOperation): LiveKey {
    const part = this.#model.partition?.(operation) ?? operation.key;
    const name = valueKey(part);
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = this.#newKey(part);
    this.#keys.set(name, key);
    return key;
  }

  #newKey(part: JsonValue): LiveKey {
    const { register, name } = this.#model;
    // The store with delete is a register too: see `tellRegister`.
    if (register || (name === "kv" && this.#model.inRegisterWords !== undefined))
      return new RegisterKey(part, this.#initial, this.#limits);
    return this.#model.open((opened) => {
      const sweep = new Sweep(modelRules(opened), opened.initial(this.#initial), this.#limits);
      return new ModelKey(part, sweep, (operation) => !opened.isRead(operation));
    });
  }

  #actOnReturns(): void {
    const returned = this.#returned;
    this.#returned = [];
    for (const { operation, key } of returned) {
      if (!this.#settle(operation)) return;
      key.returned(operation);
    }
    for (const { key } of returned) this.#advance(key);
  }

  /** Its outcome is known. False when its shape is wrong. */
  #settle(operation: LiveOperation): boolean {
    operation.settled = true;
    const problem = operation.outcome === "fail" ? null : this.#refuses(operation);
    if (problem === null) return true;
    this.#refuse(operation.callEvent, `operation ${operation.index} (${operation.function}): ${problem}`);
    return false;
  }

  #advance(key: LiveKey): void {
    if (this.#isFinal) return;
    this.#searchDeadlineMs = Infinity;
    key.advance();
    const { status } = key;
    if (status.kind === "violation") {
      const operation = status.operation.copy();
      this.#violation = { key: key.key, operation, sentence: sentenceOf(key.key, operation) };
      this.#forgetAll();
    } else if (status.kind === "given-up" && !this.#givenUp.has(key)) {
      this.#givenUp.set(key, this.#reasonOf(key, status.why.budget, status.why.sentence));
    }
  }

  #reasonOf(key: LiveKey, budget: string, sentence: string): UnknownReason {
    const share = Math.floor((100 * key.swept) / Math.max(1, key.swept + key.waiting));
    const reached = `after ${key.swept} events, ${share} % of those told`;
    return { code: "budget", sentence: `key ${show(key.key)}: the ${budget} budget ran out (${sentence}) ${reached}` };
  }

  #lookInSearch(): void {
    this.#looks += 1;
    const now = performance.now();
    if (this.#searchDeadlineMs === Infinity) this.#searchDeadlineMs = now + this.#timeMs;
    if (now > this.#searchDeadlineMs) {
      throw new EngineGaveUp({ budget: "time", sentence: `more than ${this.#timeMs} ms at one event` });
    }
    if (this.#looks % lookAtMemoryInSearchEvery === 0 && heapInUse() > this.#heapLimit)
      throw new EngineGaveUp({ budget: "memory", sentence: `more than ${this.#memoryMb} MiB` });
  }

  /** The events that wait and the unknown operations of all keys together may be too much: then the one that holds most goes. */
  #lookAtMemory(): void {
    if (heapInUse() <= this.#heapLimit) return;
    let largest: LiveKey | null = null;
    for (const key of this.#keys.values())
      if (key.status.kind === "valid" && (largest === null || key.held > largest.held)) largest = key;
    if (largest === null) return;
    this.#givenUp.set(largest, this.#reasonOf(largest, "memory", `more than ${this.#memoryMb} MiB`));
    largest.giveUp({ budget: "memory", sentence: "" });
  }

  #refuse(position: number, problem: string): void {
    this.#malformed ??= { code: "malformed", sentence: `event ${position}: ${problem}` };
    this.#forgetAll();
  }

  #forgetAll(): void {
    this.#keys.clear();
    this.#open.clear();
    this.#silenced.clear();
    this.#returned = [];
  }
}

function sameKey(left: JsonValue, right: JsonValue): boolean {
  return left === right || canonical(left) === canonical(right);
}

function sentenceOf(key: JsonValue, { process, function: name, input, output, callNs, returnNs }: Operation): string {
  const asked = input === null ? name : `${name} ${show(input)}`;
  const times = `called at ${seconds(callNs)} and answered ${show(output)} at ${seconds(returnNs ?? callNs)}`;
  return `key ${show(key)}: nothing explains ${asked} by process ${process}, ${times}, together with what had returned by then`;
}

function seconds(ns: number): string {
  return `${(ns / 1e9).toFixed(6)} s`;
}
