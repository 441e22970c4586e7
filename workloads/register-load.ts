// The load of registers: get, put and cas over several keys, made so that each kind of wrong answer leaves a trace. `register.ts` says
// what the workloads that use it have in common and where they differ.
import type { NodeName } from "../cluster/index.js";
import { createRandom, type JsonValue, type Random } from "../history/index.js";
import type { Arrival, ArrivalSource } from "./arrivals.js";
import type { Generator, GeneratorContext, GeneratorStep, GeneratorUpdate, PlannedOperation } from "./generator.js";
import { arrivalsOf, pickerOf } from "./load-shape.js";
import { fieldsOf } from "./objects.js";
import type { WorkloadOptions } from "./workload.js";

/** Where the loads of registers differ. */
export interface RegisterShape {
  /** Tells the streams of one seed apart. */
  readonly label: string;
  /** Share of operations, and of keys. */
  readonly readShare: number;
  readonly casShare: number;
  readonly smallDomainShare: number;
  readonly followUpShare: number;
  /** The values of a small-domain key, in the order in which cas goes round them. */
  readonly domain: readonly string[];
  /** A cas expects the value seen last this often; else an older one, so that mismatches are seen too. */
  readonly expectNewest: number;
  /** Clients that move on to another node: always after an answer that is none, and before this share of operations. Null: pinned. */
  readonly roamShare: number | null;
  /** After so many operations a key is retired and a fresh one of its group takes its place. Null: never. */
  readonly retireAfter: number | null;
  /** Operations that are due at once, on one key. */
  readonly burst: number;
}

/** Values of a key that were seen last; a cas expects one of them. */
const maxRecent = 4;
/** Keys just written that wait for a read through another node. */
const maxFollowUps = 32;
/** Names tried for a fresh key before giving up. */
const namesTried = 100_000;
/** Retired keys that are still read now and then, and how often. */
const maxRetired = 16;
const retiredReadShare = 0.05;

interface KeyState {
  readonly key: string;
  readonly smallDomain: boolean;
  /** Newest last; null is not among them, for an absent value cannot be swapped. */
  readonly recent: JsonValue[];
  written: boolean;
  /** A write was acknowledged. */
  acknowledged: boolean;
  operations: number;
}

const fresh = (key: string, small: boolean): KeyState => ({
  key,
  smallDomain: small,
  recent: [],
  written: false,
  acknowledged: false,
  operations: 0,
});

export class RegisterLoad implements Generator {
  readonly #random: Random;
  readonly #arrivals: ArrivalSource;
  readonly #pick: <T>(random: Random, items: readonly T[]) => T;
  readonly #states: KeyState[];
  readonly #byKey: Map<JsonValue, KeyState>;
  readonly #retired: KeyState[] = [];
  readonly #followUps: { readonly state: KeyState; readonly node: number }[] = [];
  readonly #nodes: number;
  readonly #concurrency: number;
  readonly #endMs: number;
  readonly #shape: RegisterShape;
  readonly #options: WorkloadOptions;
  /** The node that each thread asks. */
  readonly #at: number[];
  /** The last name tried for a fresh key. */
  #lastName = 0;
  #lastValue = 0;
  /** When the last burst was due, and the key that it is on. */
  #burst: { readonly intendedMs: number; readonly state: KeyState } | null = null;

  constructor(keys: readonly string[], options: WorkloadOptions, seed: number, shape: RegisterShape) {
    const random = createRandom(seed, shape.label);
    this.#random = random.fork("choices");
    this.#arrivals = arrivalsOf(random.fork("arrivals"), options, shape.burst);
    this.#pick = pickerOf(options);
    this.#shape = shape;
    this.#options = options;
    const small = smallDomainKeys(keys, options, shape.smallDomainShare);
    this.#states = keys.map((key, place) => {
      // As if some had been in use for a while, so that they do not all retire at once.
      const used = shape.retireAfter === null ? 0 : Math.floor((place * shape.retireAfter) / keys.length);
      return { ...fresh(key, small.has(key)), operations: used };
    });
    this.#byKey = new Map(this.#states.map((state) => [state.key, state]));
    this.#nodes = options.nodes.length;
    this.#concurrency = options.concurrency;
    this.#endMs = options.timeLimitMs;
    this.#at = Array.from({ length: options.concurrency }, (_, thread) => thread % options.nodes.length);
    this.#lastName = Math.max(0, ...keys.map((key) => Number(key.slice(1))));
  }

  /** Every key with an acknowledged write, or all where none is ever retired. */
  get keys(): readonly string[] {
    const states = [...this.#byKey.values()];
    const wanted = this.#shape.retireAfter === null ? states : states.filter(({ acknowledged }) => acknowledged);
    return wanted.map(({ key }) => key);
  }

  next({ nowMs, freeThreads, keepGoing = false }: GeneratorContext): GeneratorStep {
    this.#arrivals.advance(nowMs, keepGoing);
    const timeIsUp = nowMs >= this.#endMs;
    if (timeIsUp && !keepGoing) return { type: "done" };
    const arrival = this.#arrivals.take(freeThreads);
    if (arrival !== null) return { type: "operation", operation: this.#choose(arrival) };
    const { nextMs } = this.#arrivals;
    return { type: "wait", untilMs: timeIsUp ? nextMs : Math.min(nextMs ?? Infinity, this.#endMs) };
  }

  #choose({ intendedMs, threads: freeThreads }: Arrival): PlannedOperation {
    const random = this.#random;
    const burst = this.#burst?.intendedMs === intendedMs ? this.#burst.state : null;
    // A key that is retired is read at most.
    const burstOnLive = burst !== null && this.#states.includes(burst) ? burst : null;
    const plan = (thread: number, state: KeyState, name: string, input: JsonValue): PlannedOperation => {
      this.#burst = this.#shape.burst > 1 ? { intendedMs, state } : null;
      this.#count(state);
      const key = { key: state.key, input, intendedMs, phase: "load" as const };
      return { thread, function: name, ...key, ...this.#roam(thread) };
    };
    const draw = random.unit();
    const writers = freeThreads.filter((thread) => !this.#readsOnly(thread));
    const unwritten = this.#states.find((state) => !state.written);
    // A write that finds none but reading threads free becomes a read: that is when reads tell most.
    if (writers.length === 0 || (unwritten === undefined && draw < this.#shape.readShare)) {
      const followUp = burst === null && random.chance(this.#shape.followUpShare) ? this.#followUps.pop() : undefined;
      const elsewhere = freeThreads.filter((thread) => this.#nodeOf(thread) !== followUp?.node);
      const thread = this.#readerAmong(elsewhere.length > 0 ? elsewhere : freeThreads);
      return plan(thread, burst ?? followUp?.state ?? this.#toRead(), "get", null);
    }
    const thread = random.pick(writers);
    if (unwritten !== undefined) {
      unwritten.written = true;
      return plan(thread, unwritten, "put", this.#valueFor(unwritten));
    }
    const state = burstOnLive ?? this.#pick(random, this.#states);
    const expected = draw < this.#shape.readShare + this.#shape.casShare ? this.#expectedOf(state) : null;
    if (expected === null) return plan(thread, state, "put", this.#valueFor(state));
    return plan(thread, state, "cas", { expected, new: this.#successor(state, expected) });
  }

  #nodeOf(thread: number): number {
    return this.#at[thread] ?? thread % this.#nodes;
  }

  #moveOn(thread: number): void {
    if (this.#shape.roamShare === null || this.#nodes < 2) return;
    const node = this.#nodeOf(thread);
    this.#at[thread] = (node + this.#random.integer(1, this.#nodes - 1)) % this.#nodes;
  }

  /** The node that a roaming client asks. */
  #roam(thread: number): { readonly node?: NodeName } {
    const { roamShare } = this.#shape;
    if (roamShare === null) return {};
    if (this.#random.chance(roamShare)) this.#moveOn(thread);
    const node = this.#options.nodes[this.#nodeOf(thread)];
    return node === undefined ? {} : { node };
  }

  /** Mostly a key in use; now and then one that is retired, which must not change any more. */
  #toRead(): KeyState {
    if (this.#retired.length > 0 && this.#random.chance(retiredReadShare)) return this.#random.pick(this.#retired);
    return this.#pick(this.#random, this.#states);
  }

  /** Retires a key that had its share, once a write to it was acknowledged. */
  #count(state: KeyState): void {
    const { retireAfter } = this.#shape;
    state.operations += 1;
    if (retireAfter === null || state.operations < retireAfter || !state.acknowledged) return;
    const place = this.#states.indexOf(state);
    if (place === -1) return;
    const born = fresh(this.#freshName(state.key), state.smallDomain);
    this.#states[place] = born;
    this.#byKey.set(born.key, born);
    this.#retired.push(state);
    if (this.#retired.length > maxRetired) this.#retired.shift();
  }

  /** The next name that the same group serves. */
  #freshName(key: string): string {
    const { groupOfKey } = this.#options;
    const group = groupOfKey(key);
    for (let tries = 0; tries < namesTried; tries += 1) {
      this.#lastName += 1;
      const name = `k${this.#lastName}`;
      if (groupOfKey(name) === group) return name;
    }
    throw new Error(`none of ${namesTried} names belongs to group ${group}`);
  }

  /** The first thread of each node, where each has more than one. */
  #readsOnly(thread: number): boolean {
    return thread < this.#nodes && this.#concurrency >= 2 * this.#nodes;
  }

  /** Every node with a free thread is as likely as any other; its reading thread comes first. */
  #readerAmong(freeThreads: readonly number[]): number {
    const node = this.#random.pick([...new Set(freeThreads.map((thread) => this.#nodeOf(thread)))]);
    const there = freeThreads.filter((thread) => this.#nodeOf(thread) === node);
    return there.find((thread) => this.#readsOnly(thread)) ?? this.#random.pick(there);
  }

  /** A value seen of late; null when none was. */
  #expectedOf(state: KeyState): JsonValue {
    const newest = state.recent.at(-1) ?? null;
    if (newest === null || this.#random.chance(this.#shape.expectNewest)) return newest;
    return this.#random.pick(state.smallDomain ? this.#shape.domain : state.recent);
  }

  #valueFor(state: KeyState): JsonValue {
    return state.smallDomain ? this.#random.pick(this.#shape.domain) : this.#uniqueValue();
  }

  #successor(state: KeyState, expected: JsonValue): JsonValue {
    if (!state.smallDomain) return this.#uniqueValue();
    const { domain } = this.#shape;
    const place = domain.findIndex((value) => value === expected);
    return domain[(place + 1) % domain.length] ?? null;
  }

  #uniqueValue(): number {
    this.#lastValue += 1;
    return this.#lastValue;
  }

  update({ nowMs, operation, reply }: GeneratorUpdate): void {
    this.#arrivals.completed(operation.thread, nowMs);
    if (reply.outcome !== "ok") {
      this.#moveOn(operation.thread);
      return;
    }
    const state = this.#byKey.get(operation.key);
    if (state === undefined) return;
    const { value, wrote } = valueLeft(operation, reply.output);
    if (value !== null && state.recent.at(-1) !== value) {
      state.recent.push(value);
      if (state.recent.length > maxRecent) state.recent.shift();
    }
    if (!wrote) return;
    state.acknowledged = true;
    this.#followUps.push({ state, node: this.#nodeOf(operation.thread) });
    if (this.#followUps.length > maxFollowUps) this.#followUps.shift();
  }

  droppedArrivals(): number {
    return this.#arrivals.dropped;
  }
}

/** The value that a key had when an answered operation took effect, or that it was given. */
function valueLeft(
  operation: PlannedOperation,
  output: JsonValue,
): { readonly value: JsonValue; readonly wrote: boolean } {
  if (operation.function === "get") return { value: output, wrote: false };
  if (operation.function === "put") return { value: operation.input, wrote: true };
  const answer = fieldsOf(output);
  if (answer["status"] === "ok") return { value: fieldsOf(operation.input)["new"] ?? null, wrote: true };
  return { value: answer["observed"] ?? null, wrote: false };
}

/** Every group gets its share of both sorts of keys: its first keys are of the small domain. */
function smallDomainKeys(keys: readonly string[], options: WorkloadOptions, share: number): ReadonlySet<string> {
  const byGroup = new Map<number, string[]>();
  for (const key of keys) {
    const group = options.groupOfKey(key);
    byGroup.set(group, [...(byGroup.get(group) ?? []), key]);
  }
  return new Set([...byGroup.values()].flatMap((inGroup) => inGroup.slice(0, Math.floor(inGroup.length * share))));
}
