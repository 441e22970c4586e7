// Seeded histories of one register for `npm run bench:checker`: clients that call, take effect somewhere inside their interval and
// return; some are given up on, and take effect much later or never. Same options, same history.
import { createRandom, type HistoryEvent, type JsonValue, type Operation, type Random } from "../history/index.js";

export interface RegisterHistoryOptions {
  readonly seed: number;
  readonly operations: number;
  readonly clients: number;
  /** Values are written from a domain of this size, or never the same twice. */
  readonly values: number | "unique";
  readonly unknownShare: number;
  /** One read in the last quarter answers a value that was certainly overwritten before it was called. */
  readonly staleRead?: boolean;
  /** Whether a refused cas tells what it found. Default true. */
  readonly tells?: boolean;
}

/** 24 clients, 12 values, a fifth of all operations given up on, a stale read near the end: the sets of unknown writes used explode. */
export function hardHistory(seed: number): readonly Operation[] {
  const shape = { operations: 1_500, clients: 24, values: 12, unknownShare: 0.2, tells: false };
  return registerHistory({ seed, ...shape, staleRead: true });
}

interface Call {
  readonly process: number;
  readonly function: "get" | "put" | "cas";
  readonly input: JsonValue;
  readonly callNs: number;
  readonly effectNs: number;
  readonly returnNs: number | null;
  output: JsonValue;
  done: boolean;
}

const share = { get: 0.5, put: 0.3 };
const meanNs = 1_000_000;
/** An operation that was given up on takes effect up to so many times later than others. */
const lateness = 50;

/** In order of call. */
export function registerHistory(options: RegisterHistoryOptions): readonly Operation[] {
  const calls = new Clients(options).run();
  const operations = calls.map((call, index): Operation => ({
    index,
    process: call.process,
    function: call.function,
    key: null,
    input: call.input,
    output: call.returnNs === null ? null : call.output,
    outcome: call.returnNs === null ? "info" : "ok",
    error: null,
    callNs: call.callNs,
    returnNs: call.returnNs,
    node: null,
    callEvent: index,
    returnEvent: null,
  }));
  return options.staleRead === true ? withStaleRead(operations) : operations;
}

class Clients {
  readonly #random: Random;
  readonly #calls: Call[] = [];
  /** Taking effect in the future; small, since it holds at most the clients' and the late ones. */
  readonly #pending: Call[] = [];
  #value: JsonValue = null;
  #next = 1;
  constructor(readonly options: RegisterHistoryOptions) {
    this.#random = createRandom(options.seed, "bench-register");
  }

  run(): readonly Call[] {
    const { clients, operations } = this.options;
    const freeAt = Float64Array.from({ length: clients }, () => Math.floor(this.#random.unit() * meanNs));
    const process = Int32Array.from({ length: clients }, (_, client) => client);
    const seen: JsonValue[] = Array.from({ length: clients }, () => null);
    const last: (Call | null)[] = Array.from({ length: clients }, () => null);
    for (let made = 0; made < operations; made++) {
      let client = 0;
      for (let other = 1; other < clients; other++) if ((freeAt[other] ?? 0) < (freeAt[client] ?? 0)) client = other;
      const now = freeAt[client] ?? 0;
      this.#settle(now);
      const previous = last[client] ?? null;
      if (previous !== null) seen[client] = sawOf(previous) ?? seen[client] ?? null;
      const call = this.#call(process[client] ?? 0, seen[client] ?? null, now);
      last[client] = call;
      if (call.returnNs === null) process[client] = (process[client] ?? 0) + clients;
      const end = call.returnNs ?? now + 10 * meanNs;
      freeAt[client] = end + 1 + Math.floor(this.#random.unit() * 0.2 * meanNs);
    }
    this.#settle(Infinity);
    return this.#calls;
  }

  #call(process: number, seen: JsonValue, now: number): Call {
    const random = this.#random;
    const draw = random.unit();
    const name = draw < share.get ? "get" : draw < share.get + share.put ? "put" : "cas";
    const takes = 2 + Math.floor(random.unit() * 2 * meanNs);
    const unknown = random.chance(this.options.unknownShare);
    const late = unknown && random.chance(0.5);
    const never = unknown && !late && random.chance(0.5);
    const call: Call = {
      process,
      function: name,
      input:
        name === "get" ? null : name === "put" ? this.#fresh() : { expected: this.#expected(seen), new: this.#fresh() },
      callNs: now,
      effectNs: never ? Infinity : now + 1 + Math.floor(random.unit() * (takes - 1) * (late ? lateness : 1)),
      returnNs: unknown ? null : now + takes,
      output: null,
      done: false,
    };
    this.#calls.push(call);
    if (!never) this.#pending.push(call);
    return call;
  }

  #fresh(): JsonValue {
    const { values } = this.options;
    return values === "unique" ? this.#next++ : 1 + this.#random.integer(0, values - 1);
  }

  #expected(seen: JsonValue): JsonValue {
    return this.options.values === "unique" ? seen : this.#random.chance(0.5) ? seen : this.#fresh();
  }

  /** Lets everything take effect that does so before this moment, in order. */
  #settle(now: number): void {
    const due = this.#pending.filter(({ effectNs }) => effectNs <= now);
    if (due.length === 0) return;
    due.sort((left, right) => left.effectNs - right.effectNs || left.callNs - right.callNs);
    for (const call of due) this.#effect(call);
    let kept = 0;
    for (const call of this.#pending) if (!call.done) this.#pending[kept++] = call;
    this.#pending.length = kept;
  }

  #effect(call: Call): void {
    call.done = true;
    if (call.function === "get") call.output = this.#value;
    else if (call.function === "put") this.#value = call.input;
    else {
      const { expected, new: replacement } = call.input as { readonly expected: JsonValue; readonly new: JsonValue };
      const matches = expected === this.#value;
      const observed = this.options.tells === false || matches ? {} : { observed: this.#value };
      call.output = { status: matches ? "ok" : "mismatch", ...observed };
      if (matches) this.#value = replacement;
    }
  }
}

/** What the client learned of the value from this call. */
function sawOf({ function: name, input, output, returnNs }: Call): JsonValue | undefined {
  if (returnNs === null) return undefined;
  if (name === "get") return output;
  if (name === "put") return input;
  const { new: replacement } = input as { readonly new: JsonValue };
  const { status, observed } = output as { readonly status: string; readonly observed?: JsonValue };
  return status === "ok" ? replacement : observed;
}

/**
 * Makes one read answer a value that was certainly overwritten before it was called, as late in the history as may be. Where so many writes
 * were given up on that every value may come back at any time, it is the initial value, which nobody writes.
 */
function withStaleRead(operations: readonly Operation[]): readonly Operation[] {
  const reads = operations.filter(({ function: name, outcome }) => name === "get" && outcome === "ok");
  const late = reads.slice(Math.floor(reads.length * 0.75));
  for (const read of late) {
    const output = staleValue(operations, reads, read);
    if (output !== undefined) return withOutput(operations, read, output);
  }
  const [first] = late;
  if (first === undefined) throw new Error("no read of this history can be made stale");
  return withOutput(operations, first, null);
}

function withOutput(operations: readonly Operation[], read: Operation, output: JsonValue): readonly Operation[] {
  return operations.map((one) => (one === read ? { ...one, output } : one));
}

/** What some read had answered well before, when another answer came in between and no write could have brought it back. */
function staleValue(
  operations: readonly Operation[],
  reads: readonly Operation[],
  read: Operation,
): JsonValue | undefined {
  const before = (one: Operation, at: number): boolean => one.returnNs !== null && one.returnNs < at;
  const window = reads.filter((one) => before(one, read.callNs) && one.callNs > read.callNs - 20 * meanNs);
  const older = window[0];
  const between = window.find(
    ({ callNs, output }) => callNs > (older?.returnNs ?? Infinity) && output !== older?.output,
  );
  if (older === undefined || between === undefined || older.output === read.output) return undefined;
  const comesBack = operations.some(
    (one) => writtenBy(one) === older.output && one.callNs <= (read.returnNs ?? 0) && !before(one, between.callNs),
  );
  return comesBack ? undefined : older.output;
}

function writtenBy({ function: name, input }: Operation): JsonValue | undefined {
  if (name === "put") return input;
  return name === "cas" ? (input as { readonly new: JsonValue }).new : undefined;
}

/** How long after its call a client gives up. */
const givenUpNs = 10_000_000;

/** In order of time; calls before returns. */
export function eventsOf(operations: readonly Operation[]): readonly HistoryEvent[] {
  const timed: { readonly time: number; readonly order: number; readonly event: HistoryEvent }[] = [];
  for (const { process, function: name, key, input, output, outcome, callNs, returnNs } of operations) {
    const call = {
      type: "invoke",
      time: callNs,
      process,
      thread: process,
      node: null,
      function: name,
      key,
      input,
    } as const;
    timed.push({ time: callNs, order: 0, event: call });
    const time = returnNs ?? callNs + givenUpNs;
    timed.push({ time, order: 1, event: { type: outcome, time, process, function: name, key, output } });
  }
  timed.sort((left, right) => left.time - right.time || left.order - right.order);
  return timed.map(({ event }) => event);
}
