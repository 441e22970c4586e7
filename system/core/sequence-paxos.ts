// Leader-based Sequence Paxos: one totally ordered, only growing log per group. Dispatch by role; the ballot check of every message
// to a follower is here, in one place.
//
// Source of the algorithm: KTH ID2203's Sequence Paxos (Haridi, Kroll, Carbone, "Lecture notes on leader-based Sequence Paxos",
// 2020), with the recovery of Omni-Paxos. Where this differs from the course's pseudocode a comment says why.
import { compareBallots, equalBallots } from "./ballot.js";
import type { Counters } from "./counters.js";
import type { Ballot, Command, DurableState, NodeId } from "./interface.js";
import type { Accept, AcceptSync, Decide, Prepare, SequencePaxosMessage } from "./messages.js";
import type { Outbox } from "./outbox.js";
import { FollowerRole } from "./sequence-paxos-follower.js";
import { LeaderRole } from "./sequence-paxos-leader.js";
import { PaxosState, type PaxosHooks } from "./sequence-paxos-state.js";

export class SequencePaxos {
  readonly state: PaxosState;
  readonly #leader: LeaderRole;
  readonly #follower: FollowerRole;
  readonly #resendPeriod: number;
  #ticks = 0;

  constructor(
    self: NodeId,
    members: readonly NodeId[],
    resendPeriod: number,
    outbox: Outbox,
    counters: Counters,
    hooks: PaxosHooks,
  ) {
    this.state = new PaxosState(self, members, outbox, counters, hooks);
    this.#leader = new LeaderRole(this.state);
    this.#follower = new FollowerRole(this.state);
    this.#resendPeriod = resendPeriod;
  }

  get isLeader(): boolean {
    return this.state.role === "leader";
  }

  /** Undecided commands this leader is responsible for. */
  get pending(): number {
    return this.#leader.pending;
  }

  restore(state: DurableState): void {
    this.state.restore(state);
    if (state.promised.number > 0) this.#follower.restart();
  }

  /** The election made this node the leader of its new ballot. */
  lead(ballot: Ballot): void {
    this.#follower.stop();
    if (this.isLeader) this.#leader.stepDown();
    this.#leader.start(ballot);
    this.#ticks = 0;
  }

  propose(command: Command): void {
    this.#leader.propose(command);
  }

  onMessage(from: NodeId, message: SequencePaxosMessage): void {
    switch (message.type) {
      case "Prepare":
      case "AcceptSync":
      case "Accept":
      case "Decide":
        this.#onLeaderMessage(from, message);
        return;
      case "Promise":
        if (this.isLeader) this.#leader.onPromise(from, message);
        return;
      case "Accepted":
        if (this.isLeader) this.#leader.onAccepted(from, message);
        return;
      case "PrepareReq":
        if (this.isLeader) this.#leader.onPrepareReq(from);
        return;
      case "NotAccepted":
        if (this.isLeader) this.#leader.onNotAccepted(message);
        return;
    }
  }

  onPersisted(): void {
    if (this.isLeader) this.#leader.onPersisted();
  }

  onLinkUp(peer: NodeId): void {
    if (!this.state.peers.includes(peer)) return;
    if (this.isLeader) this.#leader.onLinkUp(peer);
    else this.#follower.onLinkUp(peer);
  }

  onTick(): void {
    this.#ticks += 1;
    if (this.#ticks < this.#resendPeriod) return;
    this.#ticks = 0;
    this.state.storeDecided();
    if (this.isLeader) this.#leader.onResendTimer();
    else this.#follower.onResendTimer();
  }

  endTurn(): void {
    if (this.isLeader) this.#leader.endTurn();
    else this.#follower.endTurn();
    this.state.endTurn();
  }

  #onLeaderMessage(from: NodeId, message: Prepare | AcceptSync | Accept | Decide): void {
    const { promised } = this.state;
    // Whoever asks under a ballot below the promise is told so, and steps down.
    if (compareBallots(message.ballot, promised) < 0) {
      this.state.outbox.sendAfterPersist(from, { type: "NotAccepted", ballot: promised });
      return;
    }
    if (message.type === "Prepare") {
      if (this.isLeader && compareBallots(message.ballot, promised) > 0) this.#leader.stepDown();
      this.#follower.onPrepare(from, message);
      return;
    }
    // Above the promise: its sender never got a promise from this disk.
    if (this.isLeader || !equalBallots(message.ballot, promised)) return;
    if (message.type === "AcceptSync") this.#follower.onAcceptSync(from, message);
    else if (message.type === "Accept") this.#follower.onAccept(from, message);
    else this.#follower.onDecide(from, message);
  }
}
