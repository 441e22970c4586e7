// Histories of a simulated key-value register, correct or with one planted bug, as a run would record them: clients pinned to
// nodes, unknown outcomes whose effect comes late or never, long stalls, values of small domains that go round and round.
import {
  createRandom,
  type CompleteEvent,
  type HistoryEvent,
  type InvokeEvent,
  type JsonValue,
  type Random,
} from "../../history/index.js";
import { fieldOf } from "../values.js";

/**
 * What is broken. `stale-reads`: for a while one node answers gets from its own old copy. `lost-writes`: for a while
 * acknowledged writes are undone a little later. `applied-twice`: a write that the client retried takes effect a second time, later.
 */
export type PlantedBug = "stale-reads" | "lost-writes" | "applied-twice";

export interface SimulatedRegisterOptions {
  readonly seed: number;
  readonly clients: number;
  readonly keys: number;
  readonly operations: number;
  readonly nodes?: number;
  /** Share of operations that the client gives up on. */
  readonly unknownShare?: number;
  /** Share that takes a hundred times as long as the others. */
  readonly stallShare?: number;
  /** Values of a key: from a domain of this size, or never the same twice. Default: keys alternate between 3 and unique. */
  readonly domain?: number | "unique" | "mixed";
  /** Whether put tells what it replaced and cas what it saw. Default true. */
  readonly tells?: boolean;
  readonly getShare?: number;
  readonly casShare?: number;
  readonly bug?: PlantedBug;
  /** For that long the runner does nothing: replies wait unread, nothing is called, time-outs are late. The system goes on. */
  readonly runnerStall?: { readonly fromNs: number; readonly forNs: number };
  /** Ends with every key read through every node. */
  readonly finalReads?: boolean;
}

interface Request {
  readonly function: "get" | "put" | "cas";
  readonly key: number;
  readonly input: JsonValue;
}

interface Client {
  readonly thread: number;
  process: number;
}

const meanServiceNs = 2_000_000;
const timeoutNs = 50_000_000;

/** Header first; times strictly ascending. */
export function simulateRegister(options: SimulatedRegisterOptions): readonly HistoryEvent[] {
  return new Simulation(options).run();
}

class Simulation {
  readonly #random: Random;
  readonly #events: HistoryEvent[] = [];
  readonly #agenda: { readonly time: number; readonly order: number; readonly act: () => void }[] = [];
  readonly #values = new Map<number, JsonValue>();
  readonly #recent = new Map<number, JsonValue[]>();
  /** stale-reads: what the sleeping node remembers. */
  #copy: ReadonlyMap<number, JsonValue> | null = null;
  #now = 0;
  #order = 0;
  #last = -1;
  #called = 0;
  #unique = 1;

  constructor(readonly options: SimulatedRegisterOptions) {
    this.#random = createRandom(options.seed, "simulated-register");
  }

  run(): readonly HistoryEvent[] {
    const { clients, keys } = this.options;
    this.#events.push({
      type: "header",
      format: "minos-history",
      version: 1,
      model: "cas-register",
      initial: null,
      keyed: keys > 1,
      clock: { unit: "ns", origin: "run-start" },
      plan: "simulated",
      run: `seed-${this.options.seed}`,
      build: null,
      concurrency: clients,
      startedAt: "2026-01-01T00:00:00.000Z",
    });
    for (let thread = 0; thread < clients; thread++) {
      const client: Client = { thread, process: thread };
      this.#atRunner(this.#random.exponential(meanServiceNs), () => this.#next(client));
    }
    for (let step = 0; step < 100 * this.options.operations + 1000; step++) {
      const next = this.#pop();
      if (next === null) {
        if (this.options.finalReads === true) this.#readAll();
        return this.#events;
      }
      this.#now = Math.max(this.#now, next.time);
      next.act();
    }
    throw new Error("the simulation does not end");
  }

  /** Earliest first, a binary heap. */
  #at(delay: number, act: () => void): void {
    const heap = this.#agenda;
    heap.push({ time: this.#now + Math.max(1, Math.round(delay)), order: this.#order++, act });
    for (let at = heap.length - 1; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, parent)) break;
      at = parent;
    }
  }

  /** What the runner does, once it is awake. */
  #atRunner(delay: number, act: () => void): void {
    this.#at(delay, () => {
      const { fromNs = 0, forNs = 0 } = this.options.runnerStall ?? {};
      const asleepFor = this.#now >= fromNs ? fromNs + forNs - this.#now : 0;
      if (asleepFor > 0) this.#at(asleepFor, act);
      else act();
    });
  }

  #pop(): { readonly time: number; readonly act: () => void } | null {
    const heap = this.#agenda;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) heap[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const least = left + 1 < heap.length && this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (left >= heap.length || !this.#swapIfEarlier(least, at)) return first;
      at = least;
    }
  }

  #isEarlier(one: number, other: number): boolean {
    const a = this.#agenda[one];
    const b = this.#agenda[other];
    return a !== undefined && b !== undefined && (a.time < b.time || (a.time === b.time && a.order < b.order));
  }

  #swapIfEarlier(one: number, other: number): boolean {
    if (!this.#isEarlier(one, other)) return false;
    const a = this.#agenda[one];
    const b = this.#agenda[other];
    if (a === undefined || b === undefined) throw new Error("unreachable: a heap without its items");
    this.#agenda[one] = b;
    this.#agenda[other] = a;
    return true;
  }

  #stamp(): number {
    this.#last = Math.max(this.#last + 1, this.#now);
    return this.#last;
  }

  /** The bug is at work in the middle third of the run. */
  #isBroken(bug: PlantedBug): boolean {
    const third = this.options.operations / 3;
    return this.options.bug === bug && this.#called > third && this.#called < 2 * third;
  }

  #next(client: Client): void {
    if (this.#called >= this.options.operations) return;
    this.#called += 1;
    if (this.options.bug === "stale-reads") {
      if (!this.#isBroken("stale-reads")) this.#copy = null;
      else this.#copy ??= new Map(this.#values);
    }
    const request = this.#draw();
    const nodes = this.options.nodes ?? 3;
    const invoke: InvokeEvent = {
      type: "invoke",
      time: this.#stamp(),
      process: client.process,
      thread: client.thread,
      node: `n${(client.thread % nodes) + 1}`,
      function: request.function,
      key: `k${request.key}`,
      input: request.input,
    };
    this.#events.push(invoke);
    const slow = this.#random.chance(this.options.stallShare ?? 0.01) ? 100 : 1;
    const service = this.#random.exponential(meanServiceNs * slow);
    if (this.#random.chance(this.options.unknownShare ?? 0)) this.#giveUp(client, invoke, request);
    else this.#serve(client, invoke, request, service);
  }

  #giveUp(client: Client, invoke: InvokeEvent, request: Request): void {
    // Most take effect, many of them long after the client gave up.
    const draw = this.#random.unit();
    const late = draw < 0.3 ? this.#random.exponential(5 * timeoutNs) : this.#random.exponential(meanServiceNs);
    if (draw < 0.7) this.#at(late, () => void this.#apply(request));
    this.#atRunner(timeoutNs, () => {
      this.#complete(invoke, "info", null, 3);
      client.process += this.options.clients;
      this.#next(client);
    });
  }

  #serve(client: Client, invoke: InvokeEvent, request: Request, service: number): void {
    const stale = this.#copy !== null && invoke.node === "n1" && request.function === "get" ? this.#copy : null;
    const twice = this.#isBroken("applied-twice") && request.function !== "get" && this.#random.chance(0.1);
    this.#at(service / 2, () => {
      const before = this.#values.get(request.key) ?? null;
      const output = stale === null ? this.#apply(request) : (stale.get(request.key) ?? null);
      if (twice) this.#at(this.#random.exponential(4 * meanServiceNs), () => void this.#apply(request));
      this.#atRunner(service / 2, () => {
        this.#complete(invoke, "ok", output, twice ? 2 : 1);
        if (this.#isBroken("lost-writes") && request.function !== "get" && this.#random.chance(0.1))
          this.#values.set(request.key, before);
        this.#atRunner(this.#random.exponential(meanServiceNs), () => this.#next(client));
      });
    });
  }

  #complete(invoke: InvokeEvent, type: CompleteEvent["type"], output: JsonValue, attempts: number): void {
    const { process, function: name, key } = invoke;
    this.#events.push({ type, time: this.#stamp(), process, function: name, key, output, attempts });
  }

  #apply({ function: name, key, input }: Request): JsonValue {
    const tells = this.options.tells ?? true;
    const state = this.#values.get(key) ?? null;
    if (name === "get") return state;
    if (name === "put") {
      this.#set(key, input);
      return tells ? { previous: state } : null;
    }
    const observed = tells ? { observed: state } : {};
    if (state === null) return { status: "not-found", ...observed };
    if (state !== fieldOf(input, "expected")) return { status: "mismatch", ...observed };
    this.#set(key, fieldOf(input, "new") ?? null);
    return { status: "ok", ...observed };
  }

  #set(key: number, value: JsonValue): void {
    this.#values.set(key, value);
    const recent = this.#recent.get(key) ?? [];
    this.#recent.set(key, recent);
    recent.push(value);
    if (recent.length > 4) recent.shift();
  }

  #readAll(): void {
    let process = 1_000_000;
    for (let key = 0; key < this.options.keys; key++) {
      for (let node = 1; node <= (this.options.nodes ?? 3); node++) {
        const common = { process: process++, function: "get", key: `k${key}` } as const;
        const pinned = { thread: node - 1, node: `n${node}`, input: null, phase: "final-read" } as const;
        this.#events.push({ type: "invoke", time: this.#stamp(), ...pinned, ...common });
        this.#events.push({ type: "ok", time: this.#stamp(), ...common, output: this.#values.get(key) ?? null });
      }
    }
  }

  #draw(): Request {
    const key = this.#random.integer(0, this.options.keys - 1);
    const getShare = this.options.getShare ?? 0.45;
    const draw = this.#random.unit();
    if (draw < getShare) return { function: "get", key, input: null };
    const recent = this.#recent.get(key) ?? [];
    if (recent.length === 0 || draw >= getShare + (this.options.casShare ?? 0.3))
      return { function: "put", key, input: this.#valueFor(key) };
    const expected = this.#random.chance(0.8) ? (recent.at(-1) ?? null) : this.#random.pick(recent);
    return { function: "cas", key, input: { expected, new: this.#valueFor(key, expected) } };
  }

  #valueFor(key: number, after: JsonValue = null): JsonValue {
    const { domain = "mixed" } = this.options;
    const size = domain === "mixed" ? (key % 2 === 0 ? 3 : "unique") : domain;
    if (size === "unique") return 1_000 + this.#unique++;
    // A cas goes round A → B → C → A.
    return typeof after === "number" ? (after % size) + 1 : this.#random.integer(1, size);
  }
}
