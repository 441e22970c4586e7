// The register workload: get, put and cas over several keys, made so that each kind of wrong answer leaves a trace.
//
// - Keys of unique values: no value is ever written twice in a run, so a read names the write that it saw: a lost, stale or
//   resurrected write cannot hide behind an equal value.
// - Keys of a small domain: values go round A → B → C → A by cas, so that a cas applied twice, or a cas that two nodes granted,
//   breaks the chain although every single value looks familiar.
// - Reads follow writes at once and through other nodes: a follower or a deposed leader that answers by itself is caught.
// - One thread of each node only reads (where a node has several). On a leader that is cut off every write hangs until its
//   time-out; without a thread that never writes, hardly anybody would be left to ask it for a stale value.
// - Each key is first of all written, so that no read is of nothing only.
import { createRandom, type JsonValue, type Random } from "../history/index.js";
import type { Arrival, ArrivalSource } from "./arrivals.js";
import { finalReads } from "./final-reads.js";
import type { Generator, GeneratorContext, GeneratorStep, GeneratorUpdate, PlannedOperation } from "./generator.js";
import { spreadKeys } from "./keys.js";
import { arrivalsOf, pickerOf, shapeOptions } from "./load-shape.js";
import { commonProblems, numberOf, share, type OwnOption } from "./options.js";
import type { Workload, WorkloadOptions, WorkloadRun } from "./workload.js";

const ownOptions = [
  share("read_share", 0.45, "share of gets among the operations"),
  share("cas_share", 0.3, "share of cas; what remains is put"),
  share("small_domain_share", 0.5, "share of keys whose values come from a small domain"),
  share("follow_up_share", 0.5, "share of gets that go to a key just written, through another node"),
  ...shapeOptions,
] as const satisfies readonly OwnOption[];

/** The values of a small-domain key, in the order in which cas goes round them. */
export const smallDomain = ["A", "B", "C"] as const;

/** Values of a key that were seen last; a cas expects one of them. */
const maxRecent = 4;
/** Keys just written that wait for a read through another node. */
const maxFollowUps = 32;
/** A cas expects the value seen last this often; else an older one, so that mismatches are seen too. */
const expectNewest = 0.85;

interface KeyState {
  readonly key: string;
  readonly smallDomain: boolean;
  /** Newest last; null is not among them, for an absent value cannot be swapped. */
  readonly recent: JsonValue[];
  written: boolean;
}

class RegisterLoad implements Generator {
  readonly #random: Random;
  readonly #arrivals: ArrivalSource;
  readonly #pick: <T>(random: Random, items: readonly T[]) => T;
  readonly #states: readonly KeyState[];
  readonly #byKey: ReadonlyMap<JsonValue, KeyState>;
  readonly #followUps: { readonly state: KeyState; readonly node: number }[] = [];
  readonly #nodes: number;
  readonly #concurrency: number;
  readonly #endMs: number;
  readonly #shares: Readonly<Record<"read_share" | "cas_share" | "small_domain_share" | "follow_up_share", number>>;
  #lastValue = 0;

  constructor(keys: readonly string[], options: WorkloadOptions, seed: number) {
    const random = createRandom(seed, "register");
    this.#random = random.fork("choices");
    this.#arrivals = arrivalsOf(random.fork("arrivals"), options);
    this.#pick = pickerOf(options);
    const own = (name: string): number => numberOf(ownOptions, options.own, name);
    this.#shares = {
      read_share: own("read_share"),
      cas_share: own("cas_share"),
      small_domain_share: own("small_domain_share"),
      follow_up_share: own("follow_up_share"),
    };
    const small = smallDomainKeys(keys, options, this.#shares.small_domain_share);
    this.#states = keys.map((key) => ({ key, smallDomain: small.has(key), recent: [], written: false }));
    this.#byKey = new Map(this.#states.map((state) => [state.key, state]));
    this.#nodes = options.nodes.length;
    this.#concurrency = options.concurrency;
    this.#endMs = options.timeLimitMs;
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
    const plan = (thread: number, state: KeyState, name: string, input: JsonValue): PlannedOperation => ({
      thread,
      function: name,
      key: state.key,
      input,
      intendedMs,
      phase: "load",
    });
    const draw = random.unit();
    const writers = freeThreads.filter((thread) => !this.#readsOnly(thread));
    const unwritten = this.#states.find((state) => !state.written);
    // A write that finds none but reading threads free becomes a read: that is when reads tell most.
    if (writers.length === 0 || (unwritten === undefined && draw < this.#shares.read_share)) {
      const followUp = random.chance(this.#shares.follow_up_share) ? this.#followUps.pop() : undefined;
      const elsewhere = freeThreads.filter((thread) => thread % this.#nodes !== followUp?.node);
      const thread = this.#readerAmong(elsewhere.length > 0 ? elsewhere : freeThreads);
      return plan(thread, followUp?.state ?? this.#pick(random, this.#states), "get", null);
    }
    const thread = random.pick(writers);
    if (unwritten !== undefined) {
      unwritten.written = true;
      return plan(thread, unwritten, "put", this.#valueFor(unwritten));
    }
    const state = this.#pick(random, this.#states);
    const expected = draw < this.#shares.read_share + this.#shares.cas_share ? this.#expectedOf(state) : null;
    if (expected === null) return plan(thread, state, "put", this.#valueFor(state));
    return plan(thread, state, "cas", { expected, new: this.#successor(state, expected) });
  }

  /** The first thread of each node, where each has more than one. */
  #readsOnly(thread: number): boolean {
    return thread < this.#nodes && this.#concurrency >= 2 * this.#nodes;
  }

  /** Every node with a free thread is as likely as any other; its reading thread comes first. */
  #readerAmong(freeThreads: readonly number[]): number {
    const node = this.#random.pick([...new Set(freeThreads.map((thread) => thread % this.#nodes))]);
    const there = freeThreads.filter((thread) => thread % this.#nodes === node);
    return there.find((thread) => this.#readsOnly(thread)) ?? this.#random.pick(there);
  }

  /** A value seen of late; null when none was. */
  #expectedOf(state: KeyState): JsonValue {
    const newest = state.recent.at(-1) ?? null;
    if (newest === null || this.#random.chance(expectNewest)) return newest;
    return this.#random.pick(state.smallDomain ? smallDomain : state.recent);
  }

  #valueFor(state: KeyState): JsonValue {
    return state.smallDomain ? this.#random.pick(smallDomain) : this.#uniqueValue();
  }

  #successor(state: KeyState, expected: JsonValue): JsonValue {
    if (!state.smallDomain) return this.#uniqueValue();
    const place = smallDomain.findIndex((value) => value === expected);
    return smallDomain[(place + 1) % smallDomain.length] ?? smallDomain[0];
  }

  #uniqueValue(): number {
    this.#lastValue += 1;
    return this.#lastValue;
  }

  update({ nowMs, operation, reply }: GeneratorUpdate): void {
    this.#arrivals.completed(operation.thread, nowMs);
    if (reply.outcome !== "ok") return;
    const state = this.#byKey.get(operation.key);
    if (state === undefined) return;
    const { value, wrote } = valueLeft(operation, reply.output);
    if (value !== null && state.recent.at(-1) !== value) {
      state.recent.push(value);
      if (state.recent.length > maxRecent) state.recent.shift();
    }
    if (!wrote) return;
    this.#followUps.push({ state, node: operation.thread % this.#nodes });
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

function fieldsOf(value: JsonValue): { readonly [name: string]: JsonValue } {
  return value !== null && typeof value === "object" && !Array.isArray(value)
    ? (value as { readonly [name: string]: JsonValue })
    : {};
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

function problemsOf(options: WorkloadOptions): readonly string[] {
  const problems = commonProblems("register", ownOptions, options);
  const sum = ["read_share", "cas_share"].reduce((shares, name) => shares + numberOf(ownOptions, options.own, name), 0);
  if (problems.length === 0 && sum > 1) return ["workload options read_share and cas_share are more than 1 together"];
  return problems;
}

export const register: Workload = {
  name: "register",
  description:
    "Gets, puts and cas over several keys, spread evenly over the groups. Some keys get values that are never written twice, so that a read names its write; in the others cas goes round a small domain (A, B, C, A), so that a cas done twice breaks the chain. Reads follow writes through other nodes, and one thread of each node only reads.",
  model: "cas-register",
  functions: ["get", "put", "cas"],
  ownOptions,
  ownFaults: null,
  problems: problemsOf,
  create(options, seed): WorkloadRun {
    const problems = problemsOf(options);
    if (problems.length > 0) throw new Error(problems.join("; "));
    const keys = spreadKeys(options.keys, options.groups, options.groupOfKey);
    return {
      keys,
      load: new RegisterLoad(keys, options, seed),
      finalReads: (boundMs) => finalReads(keys, options.nodes.length, boundMs),
      judge: null,
    };
  },
};
