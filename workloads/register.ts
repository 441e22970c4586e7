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
import { Arrivals } from "./arrivals.js";
import { finalReads } from "./final-reads.js";
import type { Generator, GeneratorContext, GeneratorStep, GeneratorUpdate, PlannedOperation } from "./generator.js";
import { spreadKeys } from "./keys.js";
import type { Workload, WorkloadOptions, WorkloadRun } from "./workload.js";

const ownOptions = [
  { name: "read_share", default: 0.45, meaning: "share of gets among the operations" },
  { name: "cas_share", default: 0.3, meaning: "share of cas; what remains is put" },
  { name: "small_domain_share", default: 0.5, meaning: "share of keys whose values come from a small domain" },
  {
    name: "follow_up_share",
    default: 0.5,
    meaning: "share of gets that go to a key just written, through another node",
  },
] as const;
type OwnOption = (typeof ownOptions)[number]["name"];

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

function own(options: WorkloadOptions, name: OwnOption): number {
  const given = options.own[name];
  if (typeof given === "number") return given;
  return ownOptions.find((option) => option.name === name)?.default ?? 0;
}

class RegisterLoad implements Generator {
  readonly #random: Random;
  readonly #arrivals: Arrivals;
  readonly #states: readonly KeyState[];
  readonly #byKey: ReadonlyMap<JsonValue, KeyState>;
  readonly #followUps: { readonly state: KeyState; readonly node: number }[] = [];
  readonly #nodes: number;
  readonly #concurrency: number;
  readonly #endMs: number;
  readonly #shares: Readonly<Record<OwnOption, number>>;
  #lastValue = 0;

  constructor(keys: readonly string[], options: WorkloadOptions, seed: number) {
    const random = createRandom(seed, "register");
    this.#random = random.fork("choices");
    // As many may wait as there are threads: each of them then starts late by about one operation at most.
    this.#arrivals = new Arrivals(
      random.fork("arrivals"),
      1000 / options.ratePerS,
      options.timeLimitMs,
      options.concurrency,
    );
    this.#shares = {
      read_share: own(options, "read_share"),
      cas_share: own(options, "cas_share"),
      small_domain_share: own(options, "small_domain_share"),
      follow_up_share: own(options, "follow_up_share"),
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
    const intendedMs = freeThreads.length === 0 ? null : this.#arrivals.take();
    const { nextMs } = this.#arrivals;
    if (intendedMs === null) return { type: "wait", untilMs: timeIsUp ? nextMs : Math.min(nextMs, this.#endMs) };
    return { type: "operation", operation: this.#choose(freeThreads, intendedMs) };
  }

  #choose(freeThreads: readonly number[], intendedMs: number): PlannedOperation {
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
      return plan(thread, followUp?.state ?? random.pick(this.#states), "get", null);
    }
    const thread = random.pick(writers);
    if (unwritten !== undefined) {
      unwritten.written = true;
      return plan(thread, unwritten, "put", this.#valueFor(unwritten));
    }
    const state = random.pick(this.#states);
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

  update({ operation, reply }: GeneratorUpdate): void {
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
  const problems: string[] = [];
  const known: readonly string[] = ownOptions.map((option) => option.name);
  for (const [name, value] of Object.entries(options.own)) {
    if (!known.includes(name)) problems.push(`workload register has no option "${name}"; it has ${known.join(", ")}`);
    else if (typeof value !== "number" || !(value >= 0 && value <= 1))
      problems.push(`workload option ${name}: ${JSON.stringify(value)} is no share between 0 and 1`);
  }
  if (problems.length === 0 && own(options, "read_share") + own(options, "cas_share") > 1)
    problems.push("workload options read_share and cas_share are more than 1 together");
  if (options.keys < 1) problems.push("the register workload needs at least one key");
  if (options.concurrency < options.nodes.length)
    problems.push(
      `concurrency ${options.concurrency} is less than the ${options.nodes.length} nodes: some would never be asked`,
    );
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
