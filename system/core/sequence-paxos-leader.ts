// Sequence Paxos, the leader's part: collect promises, adopt the greatest log, synchronise the followers, then replicate.
import { compareBallots, equalBallots } from "./ballot.js";
import { splitIntoMessages } from "./command-log.js";
import type { Ballot, Command, NodeId } from "./interface.js";
import type { Accepted, NotAccepted, Promise } from "./messages.js";
import type { PaxosState } from "./sequence-paxos-state.js";

/** What a node reported of its log. */
interface LogReport {
  readonly accepted: Ballot;
  readonly length: number;
  readonly decided: number;
}

interface PeerPromise extends LogReport {
  readonly base: number;
  readonly suffix: readonly Command[];
}

interface Peer {
  promise: PeerPromise | null;
  /** Parts of a long promise, as far as they have come. */
  parts: { readonly count: number; readonly suffix: Command[] } | null;
  /** The number of the last AcceptSync of this ballot to this peer; 0 before the first. */
  session: number;
  /** The last counter used in that session. */
  counter: number;
  /** The peer was sent the log up to here in that session. */
  sentLength: number;
  sentDecided: number;
  /** The peer's log up to here is durable under this ballot. */
  acceptedLength: number;
}

/**
 * By accepted ballot, then by length. The course compared the accepted ballot only; of two logs of one ballot the shorter one may
 * lack what the longer one helped to decide.
 */
function greaterReport(left: LogReport, right: LogReport): boolean {
  const order = compareBallots(left.accepted, right.accepted);
  return order > 0 || (order === 0 && left.length > right.length);
}

export class LeaderRole {
  readonly #state: PaxosState;
  #peers = new Map<NodeId, Peer>();
  #ballot: Ballot;
  /** The write that makes this leader's promise durable. */
  #promiseWrite = 0;
  #ownPromise = false;
  /** The chosen promise's accepted ballot and length, before new proposals were appended. */
  #greatest: { readonly accepted: Ballot; readonly length: number } | null = null;
  /** Proposals made before the accept phase. */
  #buffer: Command[] = [];
  /** Writes under way and the log's length that each makes durable under this ballot. */
  #ownWrites: { readonly write: number; readonly length: number }[] = [];
  #ownAcceptedLength = 0;
  #ownStoredLength = -1;
  #mayDecide = false;

  constructor(state: PaxosState) {
    this.#state = state;
    this.#ballot = state.promised;
  }

  /** Undecided commands this leader is responsible for. */
  get pending(): number {
    return this.#state.log.length - this.#state.decided + this.#buffer.length;
  }

  start(ballot: Ballot): void {
    const state = this.#state;
    if (compareBallots(ballot, state.promised) <= 0) throw new Error("a leader's ballot must be above its promise");
    this.#ballot = ballot;
    state.role = "leader";
    state.phase = "prepare";
    state.promise(ballot);
    // Acceptances and promises of an earlier round of this node count for nothing in this one.
    this.#peers = new Map(state.peers.map((peer) => [peer, newPeer()]));
    this.#promiseWrite = state.outbox.nextWrite;
    this.#ownPromise = false;
    this.#greatest = null;
    this.#buffer = [];
    this.#ownWrites = [];
    this.#ownAcceptedLength = 0;
    this.#ownStoredLength = -1;
    this.#mayDecide = false;
    state.counters.count("leaderships");
    for (const peer of state.peers) this.#sendPrepare(peer);
  }

  propose(command: Command): void {
    if (this.#state.phase === "accept") this.#append(command);
    else this.#buffer.push(command);
  }

  onPromise(from: NodeId, message: Promise): void {
    const peer = this.#peers.get(from);
    if (peer === undefined || !equalBallots(message.ballot, this.#ballot)) return;
    // A repeated promise: the AcceptSync that answers the first one is under way.
    if (peer.promise !== null) return;
    const suffix = assemble(peer, message);
    if (suffix === null) return;
    const { accepted, length, decided, base } = message;
    peer.promise = { accepted, length, decided, base, suffix };
    if (this.#state.phase === "accept") this.#synchronise(from, peer, peer.promise);
    else this.#acceptWhenPromised();
  }

  onAccepted(from: NodeId, message: Accepted): void {
    const peer = this.#peers.get(from);
    if (peer === undefined || !equalBallots(message.ballot, this.#ballot)) return;
    if (message.length <= peer.acceptedLength) return;
    peer.acceptedLength = message.length;
    this.#mayDecide = true;
  }

  /** The peer starts over. Its promise is void, but what it has accepted in this ballot stays on its disk and still counts. */
  onPrepareReq(from: NodeId): void {
    const peer = this.#peers.get(from);
    if (peer === undefined) return;
    peer.promise = null;
    peer.parts = null;
    this.#sendPrepare(from);
  }

  onNotAccepted(message: NotAccepted): void {
    if (compareBallots(message.ballot, this.#ballot) <= 0) return;
    this.stepDown();
    this.#state.hooks.refused(message.ballot);
  }

  /** Buffered proposals are given up; appended ones may still be decided by the next leader, whose task their answers are then. */
  stepDown(): void {
    const state = this.#state;
    state.role = "follower";
    state.phase = "none";
    state.counters.count("stepped_down");
    for (const command of this.#buffer) state.hooks.lost(command);
    this.#buffer = [];
  }

  onPersisted(): void {
    const state = this.#state;
    const { persistedWrite } = state.outbox;
    if (state.phase === "prepare") {
      if (this.#ownPromise || persistedWrite < this.#promiseWrite) return;
      this.#ownPromise = true;
      this.#acceptWhenPromised();
      return;
    }
    // Its own acceptance counts only after its own fsync.
    let done = 0;
    for (const { write, length } of this.#ownWrites) {
      if (write > persistedWrite) break;
      this.#ownAcceptedLength = length;
      this.#mayDecide = true;
      done += 1;
    }
    if (done > 0) this.#ownWrites.splice(0, done);
  }

  /** A lost last message leaves no gap to notice, so the last one is repeated: Prepare, or Decide as the session's next message. */
  onResendTimer(): void {
    for (const [id, peer] of this.#peers) {
      if (peer.promise === null) this.#sendPrepare(id);
      else if (this.#state.phase === "accept") this.#sendDecide(id, peer);
    }
  }

  onLinkUp(peer: NodeId): void {
    if (this.#peers.get(peer)?.promise === null) this.#sendPrepare(peer);
  }

  endTurn(): void {
    const state = this.#state;
    if (state.phase !== "accept") return;
    if (state.log.length !== this.#ownStoredLength) {
      this.#ownStoredLength = state.log.length;
      this.#ownWrites.push({ write: state.outbox.nextWrite, length: state.log.length });
    }
    if (this.#mayDecide) {
      this.#mayDecide = false;
      state.decide(Math.min(this.#chosenLength(), state.log.length));
    }
    this.#replicate();
  }

  /** The greatest length that a majority holds durably under this ballot. */
  #chosenLength(): number {
    const lengths = [this.#ownAcceptedLength];
    for (const peer of this.#peers.values()) lengths.push(peer.acceptedLength);
    lengths.sort((left, right) => right - left);
    return lengths[this.#state.majority - 1] ?? 0;
  }

  #append(command: Command): void {
    this.#state.append(command);
    this.#state.counters.count("appended");
  }

  #acceptWhenPromised(): void {
    const state = this.#state;
    const promises = [...this.#peers.values()].flatMap((peer) => (peer.promise === null ? [] : [peer.promise]));
    if (!this.#ownPromise || promises.length + 1 < state.majority) return;
    const own: LogReport = { accepted: state.accepted, length: state.log.length, decided: state.decided };
    let greatest: LogReport = own;
    let chosen: PeerPromise | null = null;
    for (const promise of promises) {
      if (!greaterReport(promise, greatest)) continue;
      greatest = promise;
      chosen = promise;
    }
    if (chosen !== null) state.replaceTail(chosen.base, chosen.suffix);
    // Its own ballot, not the chosen promise's as in the course: what it adopts here is accepted in this round, and a later leader
    // must prefer it. One atomic write with log and decided index, because they are one turn.
    state.accept(this.#ballot);
    for (const promise of promises) state.decide(Math.min(promise.decided, state.log.length));
    this.#greatest = { accepted: greatest.accepted, length: state.log.length };
    state.phase = "accept";
    for (const command of this.#buffer) this.#append(command);
    this.#buffer = [];
    for (const [id, peer] of this.#peers) if (peer.promise !== null) this.#synchronise(id, peer, peer.promise);
  }

  /**
   * A follower that accepted in the greatest round has a prefix of the chosen log, up to the shorter of the two; of any other, a
   * late promiser's of this very ballot included, only the decided prefix is known to agree.
   */
  #synchronise(id: NodeId, peer: Peer, promise: PeerPromise): void {
    const state = this.#state;
    const greatest = this.#greatest;
    if (greatest === null) throw new Error("followers are synchronised only once a log was chosen");
    const base = equalBallots(promise.accepted, greatest.accepted)
      ? Math.min(greatest.length, promise.length)
      : promise.decided;
    peer.session += 1;
    peer.counter = 0;
    peer.sentLength = state.log.length;
    peer.sentDecided = state.decided;
    // The suffix has served; the promise itself lives on for the rest of the round.
    peer.promise = { ...promise, suffix: [] };
    state.counters.count("accept_syncs");
    const parts = splitIntoMessages(state.log.slice(base));
    for (const [part, suffix] of parts.entries()) {
      state.outbox.sendNow(id, {
        type: "AcceptSync",
        ballot: this.#ballot,
        session: peer.session,
        base,
        suffix,
        decided: state.decided,
        part,
        last: part === parts.length - 1,
      });
    }
  }

  /** Accept may leave while this node's own fsync runs: what it says is not that the leader has accepted. */
  #replicate(): void {
    const { log, decided } = this.#state;
    let shared: { readonly from: number; readonly parts: readonly (readonly Command[])[] } | null = null;
    for (const [id, peer] of this.#peers) {
      if (peer.promise === null) continue;
      if (peer.sentLength < log.length) {
        if (shared === null || shared.from !== peer.sentLength)
          shared = { from: peer.sentLength, parts: splitIntoMessages(log.slice(peer.sentLength)) };
        for (const commands of shared.parts) {
          peer.counter += 1;
          const { session, counter } = peer;
          this.#state.outbox.sendNow(id, { type: "Accept", ballot: this.#ballot, session, counter, commands });
        }
        peer.sentLength = log.length;
      }
      if (peer.sentDecided < decided) this.#sendDecide(id, peer);
    }
  }

  #sendDecide(id: NodeId, peer: Peer): void {
    peer.counter += 1;
    peer.sentDecided = this.#state.decided;
    this.#state.outbox.sendNow(id, {
      type: "Decide",
      ballot: this.#ballot,
      session: peer.session,
      counter: peer.counter,
      decided: this.#state.decided,
    });
  }

  /** Guarded: the promise is durable before Prepare leaves, or two leaders could share the ballot after a crash. */
  #sendPrepare(to: NodeId): void {
    const { accepted, log, decided } = this.#state;
    this.#state.outbox.sendAfterPersist(to, {
      type: "Prepare",
      ballot: this.#ballot,
      accepted,
      length: log.length,
      decided,
    });
  }
}

function newPeer(): Peer {
  return { promise: null, parts: null, session: 0, counter: 0, sentLength: 0, sentDecided: 0, acceptedLength: 0 };
}

/** The whole suffix once its last part is there; a part out of order is dropped, for the follower repeats its promise. */
function assemble(peer: Peer, message: Promise): readonly Command[] | null {
  if (message.part === 0) {
    if (message.last) return message.suffix;
    peer.parts = { count: 1, suffix: [...message.suffix] };
    return null;
  }
  if (peer.parts === null || peer.parts.count !== message.part) {
    peer.parts = null;
    return null;
  }
  const { count, suffix } = peer.parts;
  for (const command of message.suffix) suffix.push(command);
  peer.parts = message.last ? null : { count: count + 1, suffix };
  return message.last ? suffix : null;
}
