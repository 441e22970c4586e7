// A small cluster whose every step a scene decides, judged as a real run is: what its clients saw becomes a history, what its nodes
// decided becomes decisions and statuses, and `judge` of the checker room says what was wrong. Beside that it watches two rules that
// no client can see: one leader a ballot, and no promise broken.
import { judge, type Decided, type StatusSample, type Violation } from "../../checker/index.js";
import type { HistoryEvent, JsonValue } from "../../history/index.js";
import {
  compareBallots,
  formatBallot,
  type Ballot,
  type ClientResponse,
  type Core,
  type KvOperation,
  type KvResult,
  type PeerMessage,
} from "../../system/core/index.js";
import { timing } from "../../system/testing/lone-core.js";
import type { MakeCore } from "../../system/testing/simulated-node.js";
import { Stage, type StageWatcher } from "../../system/testing/stage.js";

const KEY = "k";
const CLIENTS = 10;
/** Virtual time of a step and of a tick. */
const STEP_NS = 1_000_000;
const TICK_NS = 5_000_000;
/** Heartbeat periods after the healing until the final reads begin, and in all. */
const RECOVERY_HEARTBEATS = 12;
const QUIET_HEARTBEATS = 24;
const RECOVERY_BOUND_MS = (20 * timing.heartbeat * TICK_NS) / 1e6;

interface Request {
  readonly client: number;
  readonly number: number;
  readonly operation: KvOperation;
  attempts: number;
}

export interface Judgement {
  readonly violations: readonly Violation[];
  /** Rules of the protocol that were broken, in words. */
  readonly broken: readonly string[];
  /** Why the scene could not be played to its end, if so. */
  readonly stuck: string | null;
  readonly completed: number;
}

/** What happens, in order. It names nodes, links, messages and crashes, never a bug. */
export type Scene = (play: Play) => void;

export class Play implements StageWatcher {
  readonly stage: Stage;
  readonly #events: HistoryEvent[] = [];
  readonly #statuses: StatusSample[] = [];
  readonly #broken = new Set<string>();
  readonly #sessions = new Map<number, { readonly session: number; next: number }>();
  readonly #open = new Map<number, Request>();
  readonly #requests = new Map<number, Request>();
  readonly #decided = new Map<number, number>();
  readonly #told = new Map<number, Ballot>();
  readonly #leaders = new Map<string, string>();
  readonly #starts = new Map<number, number>();
  #timeNs = 0;
  #ids = 0;
  #completed = 0;

  /** n1 leads its second ballot, all others follow in the first session of it, everything is decided, and clients have sessions. */
  constructor(nodes: number, makeCore: MakeCore) {
    this.stage = new Stage(nodes, makeCore, this);
    const others = this.ids.filter((id) => id !== 1 && id !== nodes);
    this.stage.elect(nodes);
    this.stage.settle();
    for (let client = 0; client < CLIENTS; client += 1)
      this.stage.request(nodes, { type: "open-session", id: (this.#ids += 1), group: 0 }, client);
    this.stage.settle();
    this.crash(nodes);
    this.elect(1, others);
    this.stage.settle();
    this.restart(nodes);
    this.stage.settle();
    this.#record({ type: "phase", phase: "load" });
  }

  get ids(): readonly number[] {
    return this.stage.ids;
  }

  // The steps of a scene.

  /** A request by a client at a node. A client whose last one is open says nothing new. */
  put(client: number, at: number, value: number): void {
    this.#ask(client, at, { function: "put", key: KEY, value });
  }

  get(client: number, at: number): void {
    this.#ask(client, at, { function: "get", key: KEY });
  }

  /** The client's open request once more, here or elsewhere. */
  again(client: number, at: number): void {
    const request = this.#open.get(client);
    if (request !== undefined) this.#send(request, at);
  }

  settle(): void {
    this.stage.settle();
  }

  /** Time passes at `others`, which hear nothing meanwhile and give up their leader; then at `id`, which hears them and takes over. */
  elect(id: number, others: readonly number[]): void {
    const period = timing.heartbeat;
    for (const other of others) this.stage.tick(other, 3 * period);
    const among = [id, ...others];
    for (let tick = 0; tick < 4 * period; tick += 1) {
      this.stage.carryHeartbeats(among);
      this.stage.tick(id);
      if (this.stage.status(id).role === "leader" && this.stage.status(id).phase === "prepare") return;
    }
    throw new Error(`n${id} did not take over`);
  }

  crash(id: number): void {
    if (this.stage.isUp(id)) this.stage.crash(id);
  }

  restart(id: number): void {
    if (this.stage.isUp(id)) return;
    this.#starts.set(id, (this.#starts.get(id) ?? 0) + 1);
    this.stage.start(id);
    for (const peer of this.ids) if (peer !== id) this.#connect([id, peer], [peer, id]);
  }

  /** Both directions between the two, and nothing of what was under way arrives. */
  cut(left: number, right: number): void {
    this.stage.cut(left, right);
    this.stage.cut(right, left);
  }

  isolate(id: number): void {
    for (const peer of this.ids) if (peer !== id) this.cut(id, peer);
  }

  /** The two connect anew. */
  join(left: number, right: number): void {
    this.stage.open(left, right);
    this.stage.open(right, left);
    this.#connect([left, right], [right, left]);
  }

  /** The connection from one to the other ends with all that was under way in it, and a new one is made. */
  reset(from: number, to: number): void {
    this.stage.lose(from, to);
    this.#connect([from, to]);
  }

  // What the watcher sees.

  turned(id: number, core: Core): void {
    const { group, role, phase, ballot, decided, logHash } = core.status();
    if (group === null) return;
    if (role === "leader" && phase === "accept") {
      const name = formatBallot(ballot);
      const leader = `n${id} in its start ${(this.#starts.get(id) ?? 0) + 1}`;
      const other = this.#leaders.get(name) ?? leader;
      this.#leaders.set(name, other);
      if (other !== leader) this.#broken.add(`${name} was led by ${other} and by ${leader}`);
    }
    if (this.#decided.get(id) === decided) return;
    this.#decided.set(id, decided);
    this.#statuses.push({
      timeNs: this.#timeNs,
      node: `n${id}`,
      groups: [{ group: 0, leader: null, decidedIndex: decided, logHash }],
    });
  }

  posted(from: number, _to: number, message: PeerMessage): void {
    const told = this.#told.get(from);
    if (message.type === "Promise" && (told === undefined || compareBallots(message.ballot, told) > 0))
      this.#told.set(from, message.ballot);
    if (told === undefined || (message.type !== "Promise" && message.type !== "Accepted")) return;
    if (compareBallots(message.ballot, told) < 0)
      this.#broken.add(
        `n${from} sent ${message.type} of ${formatBallot(message.ballot)} after its promise of ${formatBallot(told)}`,
      );
  }

  answered(_id: number, client: number, response: ClientResponse): void {
    if (response.type === "session-opened") {
      if (!this.#sessions.has(client)) this.#sessions.set(client, { session: response.session, next: 1 });
      return;
    }
    const request = this.#requests.get(response.id);
    if (request === undefined || this.#open.get(request.client) !== request) return;
    if (response.type === "refused" && response.definite && request.attempts === 1)
      this.#complete(request, "fail", null);
    else if (response.type === "result") this.#complete(request, "ok", outputOf(response.result));
  }

  failed(id: number, error: Error): void {
    const detail = { line: error.message };
    this.#record({ type: "node", node: `n${id}`, what: "panic", expected: false, detail });
  }

  // The end.

  /** Plays the scene, heals everything, waits, reads through every node, and judges. */
  static perform(scene: Scene, nodes: number, makeCore: MakeCore): Judgement {
    const play = new Play(nodes, makeCore);
    let stuck: string | null = null;
    try {
      scene(play);
    } catch (error) {
      stuck = (error as Error).message;
    }
    play.#recover();
    return play.#judge(stuck);
  }

  #recover(): void {
    for (const from of this.ids)
      for (const to of this.ids) {
        if (from === to) continue;
        const wasCut = this.stage.isCut(from, to);
        this.stage.open(from, to);
        if (wasCut) this.#connect([from, to]);
      }
    for (const id of this.ids) this.restart(id);
    this.#record({ type: "phase", phase: "quiet" });
    const begin = RECOVERY_HEARTBEATS * timing.heartbeat;
    for (let tick = 0; tick < QUIET_HEARTBEATS * timing.heartbeat; tick += 1) {
      for (const id of this.ids) {
        if (this.stage.isUp(id)) this.stage.tick(id);
        this.#carryAll();
      }
      this.#timeNs += TICK_NS;
      if (tick === begin) this.#record({ type: "phase", phase: "final-read" });
      if (tick < begin || (tick - begin) % (2 * timing.heartbeat) !== 0) continue;
      for (const id of this.ids) {
        const reader = CLIENTS - id;
        if (!this.stage.isUp(id)) continue;
        if (this.#open.has(reader)) this.again(reader, id);
        else if (tick === begin) this.get(reader, id);
      }
    }
    const unanswered = [...this.#open.values()];
    for (const request of unanswered) this.#complete(request, "info", null);
    this.#record({ type: "phase", phase: "end" });
  }

  /** A few steps of every message: a cluster that never comes to rest is judged like any other. */
  #carryAll(): void {
    for (let round = 0; round < 8; round += 1)
      for (const from of this.ids) {
        this.stage.persist(from);
        for (const to of this.ids) if (from !== to && this.stage.isUp(to)) this.stage.deliver(from, to);
      }
  }

  #judge(stuck: string | null): Judgement {
    const nodes = this.ids.map((id) => `n${id}`);
    const decisions = this.ids.flatMap((id) => {
      const core = this.stage.core(id);
      return core === null ? [] : [{ node: `n${id}`, group: 0, decisions: core.decisions(0).map(told) }];
    });
    const { violations } = judge({
      mode: "run",
      events: this.#events,
      model: "cas-register",
      initial: null,
      nodes,
      keys: [KEY],
      groups: [{ group: 0, members: nodes }],
      groupOfKey: () => 0,
      recoveryBoundMs: RECOVERY_BOUND_MS,
      statuses: this.#statuses,
      decisions,
    });
    return { violations, broken: [...this.#broken], stuck, completed: this.#completed };
  }

  #ask(client: number, at: number, operation: KvOperation): void {
    if (this.#open.has(client)) throw new Error(`client ${client} has an open request`);
    const session = this.#sessions.get(client);
    if (session === undefined) throw new Error(`client ${client} has no session`);
    const request: Request = { client, number: session.next, operation, attempts: 0 };
    session.next += 1;
    this.#open.set(client, request);
    const input = operation.function === "put" ? operation.value : null;
    this.#record({
      type: "invoke",
      process: client,
      thread: client,
      node: `n${at}`,
      function: operation.function,
      key: KEY,
      input,
    });
    this.#send(request, at);
  }

  #send(request: Request, at: number): void {
    const { client, number, operation } = request;
    const session = this.#sessions.get(client)?.session ?? 0;
    const id = (this.#ids += 1);
    request.attempts += 1;
    this.#requests.set(id, request);
    this.stage.request(
      at,
      { type: "operation", id, group: 0, session, number, acknowledgedBelow: number, operation },
      client,
    );
  }

  #complete(request: Request, outcome: "ok" | "fail" | "info", output: JsonValue): void {
    this.#open.delete(request.client);
    if (outcome === "ok") this.#completed += 1;
    const { client, operation, attempts } = request;
    const error = outcome === "ok" ? {} : { error: "no answer" };
    this.#record({
      type: outcome,
      process: client,
      function: operation.function,
      key: KEY,
      output,
      attempts,
      ...error,
    });
  }

  #record(event: Untimed): void {
    this.#timeNs += STEP_NS;
    if (this.#events.length === 0) this.#events.push(sceneHeader);
    this.#events.push({ ...event, time: this.#timeNs });
  }

  /** Each pair is the two ends of one connection, from its sender to its receiver. */
  #connect(...connections: readonly (readonly [number, number])[]): void {
    for (const [from, to] of connections) {
      if (!this.stage.isUp(from) || !this.stage.isUp(to) || this.stage.isCut(from, to)) continue;
      this.stage.linkUp(from, to, "out");
      this.stage.linkUp(to, from, "in");
    }
  }
}

type Untimed = HistoryEvent extends infer Event
  ? Event extends { readonly time: number }
    ? Omit<Event, "time">
    : never
  : never;

/** How each history of these tests begins. */
export const sceneHeader: HistoryEvent = {
  type: "header",
  format: "minos-history",
  version: 1,
  model: "cas-register",
  initial: null,
  keyed: true,
  clock: { unit: "ns", origin: "run-start" },
  plan: "scene",
  run: "scene",
  build: null,
  concurrency: CLIENTS,
  startedAt: "1970-01-01T00:00:00.000Z",
};

function outputOf(result: KvResult): JsonValue {
  if (result.function === "get") return result.value;
  if (result.function === "put") return { previous: result.previous };
  return { status: result.status, observed: result.observed };
}

function told({ index, hash, command }: ReturnType<Core["decisions"]>[number]): Decided {
  if (command?.type !== "operation") return { index, hash, command: null };
  const { session, number, operation } = command;
  const input = operation.function === "put" ? operation.value : null;
  return {
    index,
    hash,
    command: { id: `${session}.${number}`, function: operation.function, key: operation.key, input },
  };
}
