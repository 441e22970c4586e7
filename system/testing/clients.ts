// Clients of the world: each asks one node, retries what was not answered under the same session and number, here or elsewhere, and
// keeps several requests open at once.
import {
  groupOfKey,
  type ClientRequest,
  type ClientResponse,
  type GroupId,
  type KvOperation,
  type NodeId,
} from "../core/index.js";
import type { Agenda } from "./agenda.js";
import type { Oracle } from "./oracle.js";
import type { Random } from "./random.js";

const KEYS = ["a", "b", "c", "d"];
const DOMAIN = 3;
const ATTEMPTS_MAX = 8;

/** What a client needs of the world. */
export interface Frontend {
  request(client: SimulatedClient, node: NodeId, request: ClientRequest): void;
}

interface Open {
  readonly group: GroupId;
  readonly session: number;
  readonly number: number;
  readonly operation: KvOperation;
  /** How much of the group's log was decided when it was first asked. */
  readonly calledAt: number;
  readonly begunAt: number;
  attempts: number;
}

export class SimulatedClient {
  readonly connection: number;
  readonly home: NodeId;
  completed = 0;
  refusals = 0;
  lastCompleted = 0;
  active = true;
  readonly #nodes: readonly NodeId[];
  readonly #groups: number;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #oracle: Oracle;
  readonly #frontend: Frontend;
  readonly #timeout: number;
  readonly #roams: boolean;
  readonly #window: number;
  readonly #sessions = new Map<GroupId, { id: number; next: number; open: Set<number> } | "opening">();
  /** By the id of each attempt. */
  readonly #waiting = new Map<number, Open | { readonly opens: GroupId }>();
  #ids = 0;
  /** When the latest begun of the answered requests was begun. */
  #latestBegun = -1;

  constructor(
    connection: number,
    nodes: readonly NodeId[],
    groups: number,
    agenda: Agenda,
    random: Random,
    oracle: Oracle,
    frontend: Frontend,
    timeout: number,
  ) {
    this.connection = connection;
    this.#nodes = nodes;
    this.home = nodes[connection % nodes.length] ?? random.pick(nodes);
    this.#groups = groups;
    this.#agenda = agenda;
    this.#random = random;
    this.#oracle = oracle;
    this.#frontend = frontend;
    this.#timeout = timeout;
    this.#roams = random.chance(0.4);
    this.#window = 1 + random.below(3);
  }

  /** Tells whether a request begun at or after `time` has been answered. */
  startedLater(time: number): () => boolean {
    return () => this.#latestBegun >= time;
  }

  start(): void {
    this.#agenda.in(this.#random.next() * 3, () => this.#next());
  }

  onResponse(response: ClientResponse): void {
    const waiting = this.#waiting.get(response.id);
    if (response.type === "result" && waiting !== undefined && "number" in waiting) {
      // Also checked when it is not the first answer: a second one must say the same.
      this.#oracle.answered(waiting.group, waiting.session, waiting.number, waiting.calledAt, response);
      this.#finish(waiting, true);
    } else if (response.type === "session-opened") {
      this.#oracle.sessionOpened(response.group, response.session);
      // Only the answer that is waited for: a late second one could bring back a session whose numbers were used.
      if (waiting === undefined || !this.#waiting.delete(response.id)) return;
      if (this.#sessions.get(response.group) !== "opening") return;
      this.#sessions.set(response.group, { id: response.session, next: 1, open: new Set() });
    } else if (response.type === "refused" && waiting !== undefined) {
      this.refusals += 1;
      if (!("number" in waiting)) this.#sessions.delete(waiting.opens);
      else if (response.reason === "session-expired" || response.reason === "unknown-session") {
        this.#finish(waiting, false);
        const session = this.#sessions.get(waiting.group);
        if (session !== "opening" && session?.id === waiting.session) this.#sessions.delete(waiting.group);
      }
    }
  }

  #next(): void {
    if (this.active && this.#openCount() < this.#window) this.#begin();
    this.#agenda.in(0.3 + this.#random.next() * 4, () => this.#next());
  }

  #begin(): void {
    const operation = this.#draw();
    const group = groupOfKey(operation.key, this.#groups);
    const session = this.#sessions.get(group);
    if (session === undefined) this.#openSession(group);
    if (session === undefined || session === "opening") return;
    const number = session.next;
    session.next += 1;
    session.open.add(number);
    const calledAt = this.#oracle.decidedLength(group);
    this.#attempt({ group, session: session.id, number, operation, calledAt, begunAt: this.#agenda.now, attempts: 0 });
  }

  #openSession(group: GroupId): void {
    this.#sessions.set(group, "opening");
    const id = (this.#ids += 1);
    this.#waiting.set(id, { opens: group });
    this.#frontend.request(this, this.home, { type: "open-session", id, group });
    this.#agenda.in(this.#timeout, () => {
      if (this.#waiting.delete(id) && this.#sessions.get(group) === "opening") this.#sessions.delete(group);
    });
  }

  #attempt(open: Open): void {
    const session = this.#sessions.get(open.group);
    if (session === undefined || session === "opening" || !session.open.has(open.number)) return;
    if (session.id !== open.session) return;
    open.attempts += 1;
    if (open.attempts > ATTEMPTS_MAX) {
      // Given up: whether it happens nobody will know, but a late copy must still not happen twice.
      this.#finish(open, false);
      return;
    }
    const id = (this.#ids += 1);
    this.#waiting.set(id, open);
    const node = this.#roams && open.attempts > 1 ? this.#random.pick(this.#nodes) : this.home;
    const acknowledgedBelow = Math.min(...session.open);
    const { group, number, operation } = open;
    const request = {
      type: "operation",
      id,
      group,
      session: session.id,
      number,
      acknowledgedBelow,
      operation,
    } as const;
    this.#frontend.request(this, node, request);
    // Now and then the timeout is much too short, so that copies of one request are under way at once.
    const timeout = this.#random.chance(0.1) ? this.#random.next() : this.#timeout;
    this.#agenda.in(timeout, () => this.#attempt(open));
  }

  #finish(open: Open, completed: boolean): void {
    const session = this.#sessions.get(open.group);
    if (session === undefined || session === "opening" || session.id !== open.session) return;
    if (!session.open.delete(open.number) || !completed) return;
    this.completed += 1;
    this.lastCompleted = this.#agenda.now;
    this.#latestBegun = Math.max(this.#latestBegun, open.begunAt);
  }

  #openCount(): number {
    let count = 0;
    for (const session of this.#sessions.values()) count += session === "opening" ? 1 : session.open.size;
    return count;
  }

  #draw(): KvOperation {
    const key = this.#random.pick(KEYS);
    const kind = this.#random.below(3);
    if (kind === 0) return { function: "get", key };
    if (kind === 1) return { function: "put", key, value: this.#value() };
    return { function: "cas", key, expected: this.#random.below(DOMAIN), new: this.#value() };
  }

  #value(): number {
    return this.#random.chance(0.5) ? this.#random.below(DOMAIN) : 1000 * this.connection + this.#ids;
  }
}
