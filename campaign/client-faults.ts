// What faults do to the clients of a run, and what became of them: the run loop asks it what to do with each operation and tells it what
// was seen. It knows neither sockets nor timers.
import type { NodeName, RequestRepeat } from "../cluster/index.js";
import type { ClientControl, ClientCounts, ClientTrouble } from "../nemesis/index.js";

/** In virtual time a client that dies does so this long after its request was handed over: sooner than most are answered. */
export const deathAfterNs = 1e6;

interface NodeClients {
  trouble: ClientTrouble | null;
  /** Threads whose client has died since the trouble began: none dies twice. */
  readonly died: Set<number>;
  called: number;
  lost: number;
  copies: number;
  answeredAgain: number;
  /** Threads whose client died and which were not answered since. */
  readonly unanswered: Set<number>;
}

export class ClientFaults implements ClientControl {
  readonly #nodes = new Map<NodeName, NodeClients>();
  /** Of operations under way: the thread, and the node that it was asked of. */
  readonly #underWay = new Map<number, NodeName>();
  /** Threads whose client is to die, or has just died and has not said what became of its operation. */
  readonly #dying = new Map<number, NodeName>();
  readonly #kill: (thread: number) => void;

  /** `kill` ends the client of a thread a moment later, if its operation is still under way then, and says so by `dies`. */
  constructor(kill: (thread: number) => void) {
    this.#kill = kill;
  }

  trouble(nodes: readonly NodeName[], trouble: ClientTrouble | null): void {
    for (const node of nodes) {
      const clients = this.#clients(node);
      clients.trouble = trouble;
      clients.died.clear();
      if (trouble?.how !== "die") continue;
      for (const [thread, asked] of this.#underWay) if (asked === node) this.#kill(thread);
    }
  }

  counts(node: NodeName): ClientCounts {
    const { called, lost, copies, answeredAgain, unanswered } = this.#clients(node);
    return { called, lost, copies, answeredAgain, unanswered: unanswered.size };
  }

  /** How an operation that is asked of a node now is to be sent. */
  repeatFor(node: NodeName): RequestRepeat | null {
    const { trouble } = this.#clients(node);
    return trouble?.how === "repeat" ? trouble.repeat : null;
  }

  called(thread: number, node: NodeName): void {
    const clients = this.#clients(node);
    clients.called += 1;
    this.#underWay.set(thread, node);
    if (clients.trouble?.how === "die" && !clients.died.has(thread)) this.#kill(thread);
  }

  repeated(node: NodeName, what: "sent" | "answered"): void {
    const clients = this.#clients(node);
    if (what === "sent") clients.copies += 1;
    else clients.answeredAgain += 1;
  }

  /** Whether the thread's client dies now: only while the trouble is on, and only once. */
  dies(thread: number): boolean {
    const node = this.#underWay.get(thread);
    if (node === undefined) return false;
    const clients = this.#clients(node);
    if (clients.trouble?.how !== "die" || clients.died.has(thread)) return false;
    clients.died.add(thread);
    this.#dying.set(thread, node);
    return true;
  }

  completed(thread: number, outcome: "ok" | "fail" | "info"): void {
    this.#underWay.delete(thread);
    const died = this.#dying.get(thread);
    this.#dying.delete(thread);
    if (died !== undefined && outcome === "info") {
      this.#clients(died).lost += 1;
      this.#clients(died).unanswered.add(thread);
    } else if (outcome !== "info") for (const { unanswered } of this.#nodes.values()) unanswered.delete(thread);
  }

  #clients(node: NodeName): NodeClients {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    const fresh: NodeClients = {
      trouble: null,
      died: new Set(),
      called: 0,
      lost: 0,
      copies: 0,
      answeredAgain: 0,
      unanswered: new Set(),
    };
    this.#nodes.set(node, fresh);
    return fresh;
  }
}
