// Drives the core: gathers everything that happens in one turn of the event loop, hands it over at the turn's end, and carries
// out what comes back: one frame for each peer, one write to the log, and no guarded message or answer before its write is
// durable. The clock, the sockets and the disk are outside; this file only keeps their order.
import { bottomBallot } from "../core/ballot.js";
import type {
  Ballot,
  ClientRequest,
  ClientResponse,
  ConnectionId,
  Core,
  CoreEffects,
  CoreEvent,
  NodeId,
  StorageOperation,
} from "../core/interface.js";
import type { PeerMessage } from "../core/messages.js";

/** Guarded messages and answers that may wait for the disk. The core's own limit on pending operations is far below. */
const maximumWaiting = 4_000_000;

/** Where the engine's output goes. */
export interface EnginePorts {
  send(peer: NodeId, messages: readonly PeerMessage[]): void;
  answer(answers: readonly Answer[]): void;
  /** Whether the log still waits for its last fdatasync. */
  logBusy(): boolean;
  /** Writes them as one batch; whoever stores them encodes them. */
  commit(write: number, operations: readonly StorageOperation[]): void;
  /** Sees each storage operation before it is written; false when the node must not take it. */
  inspect(operation: StorageOperation): boolean;
  /** Runs `work` at the end of this turn of the event loop. */
  atEndOfTurn(work: () => void): void;
}

/** As the core gives it. */
interface Answer {
  readonly after: number;
  readonly connection: ConnectionId;
  readonly response: ClientResponse;
}

interface Guarded {
  readonly after: number;
  readonly to: NodeId;
  readonly message: PeerMessage;
}

/** First in, first out; taking is amortised constant time. */
class Queue<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  first(): T | undefined {
    return this.#items[this.#head];
  }

  drop(): void {
    this.#head++;
    if (this.#head > 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
  }
}

export class Engine {
  readonly #core: Core;
  readonly #ports: EnginePorts;
  #inbox: CoreEvent[] = [];
  #tickDue = false;
  #scheduled = false;
  #stopped = false;
  #durable = 0;
  #lastWrite = 0;
  #operations: StorageOperation[] = [];
  /** The greatest promise on the disk, and those in writes that are not durable yet. */
  #durablePromise: Ballot = bottomBallot;
  readonly #promises = new Queue<{ readonly write: number; readonly ballot: Ballot }>();
  readonly #guarded = new Queue<Guarded>();
  readonly #answers = new Queue<Answer>();
  // Gathered during one flush.
  readonly #outgoing = new Map<NodeId, PeerMessage[]>();
  #ready: Answer[] = [];

  constructor(core: Core, ports: EnginePorts) {
    this.#core = core;
    this.#ports = ports;
  }

  get core(): Core {
    return this.#core;
  }

  /** What no crash takes back. */
  get durablePromise(): Ballot {
    return this.#durablePromise;
  }

  /** Takes an event; it is handled at the end of this turn of the event loop, together with all others. */
  push(event: CoreEvent): void {
    if (this.#stopped) return;
    if (event.type === "tick") {
      // A tick is handled after the messages of its turn: a late timer must not find peers silent that have already spoken.
      // Several ticks that fell into one turn (a stopped or starved process) are one.
      this.#tickDue = true;
    } else {
      if (event.type === "restored") this.#durablePromise = event.state.promised;
      this.#inbox.push(event);
    }
    this.#schedule();
  }

  messages(from: NodeId, messages: readonly PeerMessage[]): void {
    for (const message of messages) this.push({ type: "message", from, message });
  }

  request(connection: ConnectionId, request: ClientRequest): void {
    this.push({ type: "request", connection, request });
  }

  /** Every write up to `write` is durable. */
  persisted(write: number): void {
    this.push({ type: "persisted", write });
  }

  /** Nothing is handled or sent any more. */
  stop(): void {
    this.#stopped = true;
    this.#inbox = [];
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#ports.atEndOfTurn(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#stopped) return;
    const events = this.#inbox;
    this.#inbox = [];
    const ticked = this.#tickDue;
    if (ticked) events.push({ type: "tick" });
    this.#tickDue = false;
    for (const event of events) if (event.type === "persisted") this.#durable = Math.max(this.#durable, event.write);
    this.#promisesKept();
    this.#release();
    this.#take(this.#core.handleBatch(events));
    if (this.#stopped) return;
    this.#send(ticked);
    this.#commit();
  }

  #take(effects: CoreEffects): void {
    for (const { to, message } of effects.sendNow) this.#sendTo(to, message);
    if (effects.persist !== null) {
      if (effects.persist.write <= this.#lastWrite) throw new Error("the core's write numbers do not grow");
      this.#lastWrite = effects.persist.write;
      for (const operation of effects.persist.operations) {
        if (!this.#ports.inspect(operation)) return;
        if (operation.type === "promised") this.#promises.push({ write: this.#lastWrite, ballot: operation.ballot });
        this.#operations.push(operation);
      }
    }
    for (const guarded of effects.sendAfterPersist) {
      if (guarded.after > this.#lastWrite) throw new Error("a message waits for a write that was never asked for");
      if (guarded.after === 0) this.#sendTo(guarded.to, guarded.message);
      else this.#guarded.push(guarded);
    }
    for (const answer of effects.replies) {
      if (answer.after > this.#lastWrite) throw new Error("an answer waits for a write that was never asked for");
      if (answer.after === 0) this.#ready.push(answer);
      else this.#answers.push(answer);
    }
    this.#release();
    if (this.#guarded.length + this.#answers.length > maximumWaiting) throw new Error("too much waits for the disk");
  }

  #promisesKept(): void {
    for (
      let next = this.#promises.first();
      next !== undefined && next.write <= this.#durable;
      next = this.#promises.first()
    ) {
      this.#promises.drop();
      this.#durablePromise = next.ballot;
    }
  }

  /** Strictly in order: what waits for a write never overtakes what was given before it and waits as well. */
  #release(): void {
    for (
      let next = this.#guarded.first();
      next !== undefined && next.after <= this.#durable;
      next = this.#guarded.first()
    ) {
      this.#guarded.drop();
      this.#sendTo(next.to, next.message);
    }
    for (
      let next = this.#answers.first();
      next !== undefined && next.after <= this.#durable;
      next = this.#answers.first()
    ) {
      this.#answers.drop();
      this.#ready.push(next);
    }
  }

  #sendTo(to: NodeId, message: PeerMessage): void {
    const list = this.#outgoing.get(to);
    if (list === undefined) this.#outgoing.set(to, [message]);
    else list.push(message);
  }

  /**
   * One frame for each peer. Nobody waits for a Decide by itself: the leader has answered already, so it travels with the next
   * message to that peer, at the latest with the next tick, and spares both ends a turn. The order to a peer stays as it is.
   */
  #send(ticked: boolean): void {
    for (const [peer, messages] of this.#outgoing) {
      if (!ticked && messages.every((message) => message.type === "Decide")) continue;
      this.#outgoing.delete(peer);
      this.#ports.send(peer, messages);
    }
    if (this.#ready.length > 0) {
      const ready = this.#ready;
      this.#ready = [];
      this.#ports.answer(ready);
    }
  }

  /** Group commit: all that was asked for since the last fdatasync began is one batch. */
  #commit(): void {
    if (this.#lastWrite === this.#durable || this.#operations.length === 0 || this.#ports.logBusy()) return;
    const operations = this.#operations;
    this.#operations = [];
    this.#ports.commit(this.#lastWrite, operations);
  }
}
