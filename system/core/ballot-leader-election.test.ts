// Each rule of the election: the component alone, fed with heartbeat replies, asked what it replies itself and when it takes over.
import { describe, expect, test } from "vitest";

import { ballot } from "../testing/lone-core.js";
import { bottomBallot } from "./ballot.js";
import { BallotLeaderElection } from "./ballot-leader-election.js";
import { BestEffortBroadcast } from "./broadcast.js";
import { Counters } from "./counters.js";
import { nodeId, type Ballot } from "./interface.js";
import type { HeartbeatResp } from "./messages.js";
import { Outbox } from "./outbox.js";

const PERIOD = 3;

type Reply = Omit<HeartbeatResp, "type" | "round">;

/** Node `self` of a group; `round` plays one heartbeat round with these repliers and gives what the node itself would reply now. */
class Candidate {
  readonly election: BallotLeaderElection;
  readonly taken: Ballot[] = [];
  readonly #outbox = new Outbox();
  #round = 0;

  constructor(self: number, size: number, promise: Ballot = bottomBallot) {
    const peers = Array.from({ length: size }, (_, index) => nodeId(index + 1)).filter((id) => id !== self);
    const broadcast = new BestEffortBroadcast(this.#outbox, peers);
    this.election = new BallotLeaderElection(
      nodeId(self),
      size,
      PERIOD,
      this.#outbox,
      broadcast,
      new Counters(),
      (taken) => this.taken.push(taken),
    );
    this.election.restore(promise);
    this.#flush();
  }

  round(replies: Readonly<Record<number, Reply>>): Reply {
    for (const [id, reply] of Object.entries(replies))
      this.election.onHeartbeatResp(nodeId(Number(id)), { type: "HeartbeatResp", round: this.#round, ...reply });
    for (let tick = 0; tick < PERIOD; tick += 1) this.election.onTick();
    this.#flush();
    return this.reply();
  }

  reply(): Reply {
    this.election.onHeartbeatReq(nodeId(9), { type: "HeartbeatReq", round: 77 });
    const { sendNow, sendAfterPersist } = this.#outbox.flush();
    const [message] = [...sendNow, ...sendAfterPersist].map((send) => send.message);
    if (message?.type !== "HeartbeatResp") throw new Error("no reply");
    expect(message.round).toBe(77);
    const { ballot, leader, happy } = message;
    return { ballot, leader, happy };
  }

  #flush(): void {
    for (const { message } of this.#outbox.flush().sendNow)
      if (message.type === "HeartbeatReq") this.#round = message.round;
  }
}

const unhappy = (node: number, leader = bottomBallot): Reply => ({ ballot: ballot(0, node), leader, happy: false });
const happy = (node: number, leader: Ballot): Reply => ({ ballot: ballot(0, node), leader, happy: true });
const leads = (of: Ballot): Reply => ({ ballot: of, leader: of, happy: true });

describe("the leader that is followed", () => {
  test("a reply with a ballot above my leader becomes my leader", () => {
    const candidate = new Candidate(1, 3);
    candidate.round({ 3: leads(ballot(4, 3)) });
    expect(candidate.reply().leader).toEqual(ballot(4, 3));
    candidate.round({ 2: leads(ballot(3, 2)), 3: leads(ballot(4, 3)) });
    expect(candidate.reply().leader).toEqual(ballot(4, 3));
  });

  test("a ballot that a reply merely follows does not become my leader: it spreads by its owner and by promises only", () => {
    const candidate = new Candidate(1, 3);
    candidate.round({ 2: happy(2, ballot(4, 3)) });
    expect(candidate.reply().leader).toEqual(bottomBallot);
  });

  test("whenever my promise exceeds my leader, the promise becomes my leader", () => {
    const candidate = new Candidate(1, 3);
    candidate.election.onPromise(ballot(4, 3));
    expect(candidate.reply().leader).toEqual(ballot(4, 3));
    candidate.election.onPromise(ballot(2, 2));
    expect(candidate.reply().leader).toEqual(ballot(4, 3));
  });

  test("a restarted node reports ballot number 0 and takes its durable promise as its leader", () => {
    const candidate = new Candidate(1, 3, ballot(7, 1));
    expect(candidate.reply()).toEqual({ ballot: ballot(0, 1), leader: ballot(7, 1), happy: false });
  });

  test("a reply of another round is ignored", () => {
    const candidate = new Candidate(1, 3);
    candidate.election.onHeartbeatResp(nodeId(2), { type: "HeartbeatResp", round: 99, ...leads(ballot(4, 2)) });
    candidate.round({});
    expect(candidate.reply().leader).toEqual(bottomBallot);
  });
});

describe("happiness", () => {
  test("a node is happy while its leader's ballot arrives in a reply that says happy", () => {
    const candidate = new Candidate(1, 3);
    expect(candidate.round({ 2: leads(ballot(4, 2)) }).happy).toBe(true);
    expect(candidate.round({ 2: { ...leads(ballot(4, 2)), happy: false }, 3: happy(3, ballot(4, 2)) }).happy).toBe(
      false,
    );
    expect(candidate.round({ 2: leads(ballot(4, 2)) }).happy).toBe(true);
    expect(candidate.round({ 3: happy(3, ballot(4, 2)) }).happy).toBe(false);
  });

  /** n1 of five that has just taken over with 1.n1. */
  function leader(): Candidate {
    const candidate = new Candidate(1, 5);
    expect(candidate.round({ 2: unhappy(2), 3: unhappy(3) }).ballot).toEqual(ballot(1, 1));
    return candidate;
  }

  test("its own leader is happy while it and the repliers whose leader is not above its ballot form a quorum", () => {
    expect(leader().round({ 2: unhappy(2), 3: unhappy(3, ballot(1, 1)) }).happy).toBe(true);
    expect(leader().round({ 2: unhappy(2, ballot(1, 1)) }).happy).toBe(false);
  });

  test("a replier that follows a greater ballot is none of the quorum: the leader takes over anew, above it", () => {
    const candidate = leader();
    candidate.round({ 2: unhappy(2), 3: unhappy(3, ballot(1, 4)) });
    expect(candidate.taken).toEqual([ballot(1, 1), ballot(2, 1)]);
  });

  test("its own leader is also happy while some replier with a greater leader is happy", () => {
    expect(leader().round({ 2: happy(2, ballot(1, 4)) }).happy).toBe(true);
    expect(leader().round({ 2: unhappy(2, ballot(1, 4)) }).happy).toBe(false);
  });
});

describe("taking over", () => {
  test("an unhappy, quorum-connected node among unhappy neighbours takes over", () => {
    const candidate = new Candidate(1, 5);
    candidate.round({ 2: unhappy(2), 3: unhappy(3) });
    expect(candidate.taken).toEqual([ballot(1, 1)]);
  });

  test("a happy node does not", () => {
    const candidate = new Candidate(1, 3);
    candidate.round({ 2: { ballot: ballot(4, 2), leader: ballot(4, 2), happy: true }, 3: unhappy(3) });
    expect(candidate.taken).toEqual([]);
  });

  test("an unhappy node with one happy neighbour does not", () => {
    const candidate = new Candidate(1, 5);
    candidate.round({ 2: unhappy(2), 3: unhappy(3), 4: happy(4, ballot(4, 5)) });
    expect(candidate.taken).toEqual([]);
  });

  test("a node that hears no quorum does not", () => {
    const candidate = new Candidate(1, 5);
    candidate.round({ 2: unhappy(2) });
    expect(candidate.taken).toEqual([]);
  });

  test("its ballot's number is one more than the greater of its leader's and its promise's", () => {
    const byLeader = new Candidate(1, 3);
    byLeader.round({ 3: leads(ballot(6, 3)) });
    byLeader.round({ 2: unhappy(2) });
    expect(byLeader.taken).toEqual([ballot(7, 1)]);
    const byPromise = new Candidate(1, 3, ballot(8, 2));
    byPromise.round({ 2: unhappy(2) });
    expect(byPromise.taken).toEqual([ballot(9, 1)]);
  });

  test("a leader that became known in mid-round is not judged by that round's replies", () => {
    const candidate = new Candidate(1, 3);
    candidate.election.onPromise(ballot(4, 3));
    candidate.round({ 2: unhappy(2), 3: unhappy(3) });
    expect(candidate.taken).toEqual([]);
    candidate.round({ 2: unhappy(2), 3: unhappy(3) });
    expect(candidate.taken).toEqual([ballot(5, 1)]);
  });

  test("a ballot that refused a leader's becomes its leader, unhappily", () => {
    const candidate = new Candidate(1, 3);
    candidate.round({ 2: unhappy(2), 3: unhappy(3) });
    candidate.election.onNotAccepted(ballot(4, 3));
    expect(candidate.reply()).toMatchObject({ leader: ballot(4, 3), happy: false });
  });
});
