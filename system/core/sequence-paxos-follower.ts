// Sequence Paxos, the follower's part, with what the course leaves out: sessions and counters that notice what a reset lost, and
// phase "recover", in which nothing but a Prepare is taken.
import { compareBallots } from "./ballot.js";
import { splitIntoMessages } from "./command-log.js";
import type { Command, NodeId } from "./interface.js";
import type { Accept, AcceptSync, Decide, Prepare } from "./messages.js";
import type { PaxosState } from "./sequence-paxos-state.js";

interface SynchronisationParts {
  readonly session: number;
  readonly count: number;
  readonly suffix: Command[];
}

export class FollowerRole {
  readonly #state: PaxosState;
  /** The session of the last AcceptSync taken in this ballot; 0 before the first. */
  #session = 0;
  /** The counter of the last message taken in that session. */
  #counter = 0;
  /** The greatest session seen in this ballot, taken or not. */
  #seenSession = 0;
  #parts: SynchronisationParts | null = null;
  #acceptedDue = false;
  /** The Prepare that the current promise answers. */
  #prepare: Prepare | null = null;
  /** Whom to ask for a Prepare: everybody after a restart, the leader after a gap. */
  #recoverFrom: readonly NodeId[] = [];

  constructor(state: PaxosState) {
    this.#state = state;
  }

  /** After a restart: what the last ballot's leader has sent meanwhile is lost, so ask everybody for a Prepare. */
  restart(): void {
    this.#recover(this.#state.peers);
  }

  onPrepare(from: NodeId, message: Prepare): void {
    const state = this.#state;
    const order = compareBallots(message.ballot, state.promised);
    // A Prepare of the promised ballot is taken only in "recover": in another phase it is a repetition, and the answer to the first
    // is under way or repeated by its own timer.
    if (order === 0 && (state.phase !== "recover" || state.role === "leader")) return;
    if (order > 0) {
      this.#session = 0;
      this.#seenSession = 0;
    }
    state.role = "follower";
    state.phase = "prepare";
    this.#counter = 0;
    this.#parts = null;
    this.#acceptedDue = false;
    this.#prepare = message;
    state.promise(message.ballot);
    this.#sendPromise(from, message);
  }

  onAcceptSync(from: NodeId, message: AcceptSync): void {
    const state = this.#state;
    const newer = message.session > this.#seenSession;
    const continues = this.#parts?.session === message.session && message.part > 0;
    this.#seenSession = Math.max(this.#seenSession, message.session);
    // Only in "prepare", that is, only as the answer to a promise of this log as it is, and each session only once.
    if (state.phase !== "prepare" || !(newer || continues)) return;
    const suffix = this.#assemble(message);
    if (suffix === null) return;
    if (suffix === "gap" || message.base > state.log.length) {
      this.#gap(from);
      return;
    }
    // Truncation, suffix, accepted ballot and decided index are one turn, hence one atomic write.
    state.replaceTail(message.base, suffix);
    state.accept(message.ballot);
    state.decide(Math.min(message.decided, state.log.length));
    state.storeDecided();
    state.phase = "accept";
    this.#session = message.session;
    this.#counter = 0;
    this.#parts = null;
    this.#prepare = null;
    this.#acceptedDue = true;
  }

  onAccept(from: NodeId, message: Accept): void {
    if (!this.#isNext(from, message)) return;
    this.#state.appendAll(message.commands);
    this.#acceptedDue = true;
  }

  onDecide(from: NodeId, message: Decide): void {
    if (!this.#isNext(from, message)) return;
    // Clamped: what is not here yet cannot be decided here, whatever comes to stand at those indices later.
    this.#state.decide(Math.min(message.decided, this.#state.log.length));
  }

  /** Either direction: what the old connection lost is unknown. */
  onLinkUp(peer: NodeId): void {
    const { phase, promised } = this.#state;
    if (phase === "none") return;
    if (phase === "recover") {
      if (this.#recoverFrom.includes(peer)) this.#state.outbox.sendNow(peer, { type: "PrepareReq" });
    } else if (peer === promised.node) this.#recover([peer]);
  }

  onResendTimer(): void {
    const { phase, promised } = this.#state;
    if (phase === "recover") this.#askForPrepare();
    else if (phase === "prepare" && this.#prepare !== null) this.#sendPromise(promised.node, this.#prepare);
    else if (phase === "accept") this.#acceptedDue = true;
  }

  endTurn(): void {
    if (!this.#acceptedDue) return;
    this.#acceptedDue = false;
    const { promised, log, outbox } = this.#state;
    // Guarded: accepted means on disk.
    outbox.sendAfterPersist(promised.node, { type: "Accepted", ballot: promised, length: log.length });
  }

  /** This node leads now. */
  stop(): void {
    this.#acceptedDue = false;
    this.#parts = null;
    this.#prepare = null;
  }

  /**
   * Whether this is the next message of the session taken. An older session's is ignored. A skipped counter means that something was
   * lost, and a newer session's message that its AcceptSync was: both are gaps.
   */
  #isNext(from: NodeId, message: { readonly session: number; readonly counter: number }): boolean {
    const { phase } = this.#state;
    this.#seenSession = Math.max(this.#seenSession, message.session);
    if (phase !== "accept" && phase !== "prepare") return false;
    if (message.session < this.#session) return false;
    if (message.session > this.#session) {
      this.#gap(from);
      return false;
    }
    if (phase === "prepare" || message.counter <= this.#counter) return false;
    if (message.counter > this.#counter + 1) {
      this.#gap(from);
      return false;
    }
    this.#counter = message.counter;
    return true;
  }

  #gap(leader: NodeId): void {
    this.#state.counters.count("gaps");
    this.#recover([leader]);
  }

  #recover(from: readonly NodeId[]): void {
    this.#state.phase = "recover";
    this.#parts = null;
    this.#prepare = null;
    this.#recoverFrom = from;
    this.#askForPrepare();
  }

  #askForPrepare(): void {
    for (const peer of this.#recoverFrom) this.#state.outbox.sendNow(peer, { type: "PrepareReq" });
  }

  /** The log is sent from the first index at which the leader's may differ, and only if it is greater than the leader's. */
  #sendPromise(to: NodeId, prepare: Prepare): void {
    const { accepted, log, decided, promised, outbox } = this.#state;
    this.#state.storeDecided();
    const order = compareBallots(accepted, prepare.accepted);
    const base = order === 0 ? Math.min(prepare.length, log.length) : Math.min(prepare.decided, log.length);
    const greater = order > 0 || (order === 0 && log.length > prepare.length);
    const parts = splitIntoMessages(greater ? log.slice(base) : []);
    for (const [part, suffix] of parts.entries()) {
      // Guarded: the ballot, and all that the promise reports, are durable before it leaves. `decided` is this node's own, not the
      // leader's as in the course: the leader cuts its AcceptSync by it.
      outbox.sendAfterPersist(to, {
        type: "Promise",
        ballot: promised,
        accepted,
        length: log.length,
        decided,
        base,
        suffix,
        part,
        last: part === parts.length - 1,
      });
    }
  }

  #assemble(message: AcceptSync): readonly Command[] | "gap" | null {
    if (message.part === 0) {
      if (message.last) return message.suffix;
      this.#parts = { session: message.session, count: 1, suffix: [...message.suffix] };
      return null;
    }
    const parts = this.#parts;
    if (parts === null || parts.session !== message.session || parts.count !== message.part) return "gap";
    for (const command of message.suffix) parts.suffix.push(command);
    this.#parts = { ...parts, count: parts.count + 1 };
    return message.last ? parts.suffix : null;
  }
}
