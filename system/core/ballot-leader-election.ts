// Ballot leader election in the way of Omni-Paxos (Ng, Haridi, Carbone, EuroSys 2023): a node takes over only when nobody around
// it follows a live leader, so that a node which merely lost its own link to the leader does not unseat it.
//
// Departures from the course: its ballots were gossiped in requests and the greatest won; on a chain p1 – p2 – p3 the two ends
// then depose each other for ever. Here a ballot spreads only in the replies of the node that owns it, and through promises.
import { bottomBallot, compareBallots, equalBallots, greaterBallot } from "./ballot.js";
import type { BestEffortBroadcast } from "./broadcast.js";
import type { Counters } from "./counters.js";
import type { Ballot, NodeId } from "./interface.js";
import type { HeartbeatReq, HeartbeatResp } from "./messages.js";
import type { Outbox } from "./outbox.js";

export class BallotLeaderElection {
  readonly #self: NodeId;
  readonly #majority: number;
  readonly #period: number;
  readonly #outbox: Outbox;
  readonly #broadcast: BestEffortBroadcast;
  readonly #counters: Counters;
  readonly #onLeader: (ballot: Ballot) => void;
  readonly #replies = new Map<NodeId, HeartbeatResp>();
  /** Number 0 until this incarnation takes over: a restarted node never resumes the leadership of its old ballot. */
  #ballot: Ballot;
  #leader: Ballot = bottomBallot;
  #promise: Ballot = bottomBallot;
  #happy = false;
  /** The leader became known in mid-round, so this round's replies say nothing of it. */
  #leaderIsNew = false;
  #round = 0;
  #ticks = 0;
  /** The write that makes the own ballot durable. */
  #ballotWrite = 0;

  constructor(
    self: NodeId,
    groupSize: number,
    period: number,
    outbox: Outbox,
    broadcast: BestEffortBroadcast,
    counters: Counters,
    onLeader: (ballot: Ballot) => void,
  ) {
    this.#self = self;
    this.#majority = Math.floor(groupSize / 2) + 1;
    this.#period = period;
    this.#outbox = outbox;
    this.#broadcast = broadcast;
    this.#counters = counters;
    this.#onLeader = onLeader;
    this.#ballot = { number: 0, priority: 0, node: self };
  }

  /** The ballot that this node follows; bottom when it follows none. */
  get leader(): Ballot {
    return this.#leader;
  }

  /** After a restart the durable promise is the leader that this node follows. */
  restore(promise: Ballot): void {
    this.#promise = promise;
    this.#leader = promise;
    this.#newRound();
  }

  /** Whenever the promise exceeds the leader, the promise becomes the leader. */
  onPromise(promise: Ballot): void {
    this.#promise = greaterBallot(this.#promise, promise);
    this.#follow(promise, true);
  }

  /**
   * A follower has promised a ballot above this leader's. Followed, but not with joy: its owner may be dead. If it stayed unknown
   * here, this node would step down and yet go on being the leader that keeps the others happy.
   */
  onNotAccepted(promised: Ballot): void {
    this.#follow(promised, false);
  }

  onHeartbeatReq(from: NodeId, message: HeartbeatReq): void {
    const reply: HeartbeatResp = {
      type: "HeartbeatResp",
      round: message.round,
      ballot: this.#ballot,
      leader: this.#leader,
      happy: this.#happy,
    };
    // A ballot is told to nobody before it is durable as a promise: a node that crashed would otherwise take the same one again.
    if (this.#outbox.persistedWrite >= this.#ballotWrite) this.#outbox.sendNow(from, reply);
    else this.#outbox.sendAfterPersist(from, reply);
  }

  onHeartbeatResp(from: NodeId, message: HeartbeatResp): void {
    if (message.round === this.#round) this.#replies.set(from, message);
  }

  onTick(): void {
    this.#ticks += 1;
    if (this.#ticks < this.#period) return;
    this.#updateLeader();
    this.#updateHappiness();
    this.#takeOverIfNeeded();
    this.#newRound();
  }

  #follow(ballot: Ballot, happy: boolean): void {
    if (compareBallots(ballot, this.#leader) <= 0) return;
    this.#leader = ballot;
    this.#happy = happy;
    // Without this a node that promised in mid-round would judge the new leader by replies sent before it took over, find it
    // missing, and depose it.
    this.#leaderIsNew = true;
  }

  #updateLeader(): void {
    for (const reply of this.#replies.values()) {
      // Number 0 is nobody's claim to lead.
      if (reply.ballot.number > 0 && compareBallots(reply.ballot, this.#leader) > 0) {
        this.#leader = reply.ballot;
        this.#leaderIsNew = false;
      }
    }
  }

  #updateHappiness(): void {
    if (this.#leaderIsNew) return;
    const replies = [...this.#replies.values()];
    if (!equalBallots(this.#leader, this.#ballot)) {
      this.#happy = replies.some((reply) => reply.happy && equalBallots(reply.ballot, this.#leader));
      return;
    }
    const followers = replies.filter((reply) => compareBallots(reply.leader, this.#ballot) <= 0).length;
    const seesGreaterHappyLeader = replies.some(
      (reply) => reply.happy && compareBallots(reply.leader, this.#ballot) > 0,
    );
    this.#happy = followers + 1 >= this.#majority || seesGreaterHappyLeader;
  }

  #takeOverIfNeeded(): void {
    if (this.#leaderIsNew) {
      this.#leaderIsNew = false;
      return;
    }
    const neighboursUnhappy = [...this.#replies.values()].every((reply) => !reply.happy);
    const quorumConnected = this.#replies.size + 1 >= this.#majority;
    if (this.#happy || !neighboursUnhappy || !quorumConnected) return;
    this.#ballot = {
      number: 1 + Math.max(this.#leader.number, this.#promise.number),
      priority: 0,
      node: this.#self,
    };
    this.#leader = this.#ballot;
    this.#happy = true;
    this.#ballotWrite = this.#outbox.nextWrite;
    this.#counters.count("takeovers");
    this.#onLeader(this.#ballot);
  }

  #newRound(): void {
    this.#ticks = 0;
    this.#round += 1;
    this.#replies.clear();
    this.#broadcast.broadcast({ type: "HeartbeatReq", round: this.#round });
  }
}
