// Each rule of crash recovery and of real TCP that concerns a leader: node 1 of three (or five), alone with the test, which plays its
// followers message by message and reads what the core writes and sends.
import { describe, expect, test } from "vitest";

import { LoneCore, ballot, openSession, put, puts, type LoneOptions } from "../testing/lone-core.js";
import { bottomBallot } from "./ballot.js";
import type { Ballot, ClientRequest, Command } from "./interface.js";
import type { PeerMessage, Promise } from "./messages.js";

const own = ballot(1, 1);

function promise(of: Ballot, more: Partial<Promise> = {}): Promise {
  return {
    type: "Promise",
    ballot: of,
    accepted: bottomBallot,
    length: 0,
    decided: 0,
    base: 0,
    suffix: [],
    part: 0,
    last: true,
    ...more,
  };
}

const accepted = (of: Ballot, length: number): PeerMessage => ({ type: "Accepted", ballot: of, length });

/** A PUT that belongs to this one group. */
function request(number: number): ClientRequest {
  const operation = { function: "put", key: "k", value: number } as const;
  return { type: "operation", id: number, group: 0, session: 0, number, acknowledgedBelow: 1, operation };
}

/** n1 in the prepare phase of its first ballot above its promise, which is durable. */
function preparing(more: Partial<LoneOptions> = {}): { leader: LoneCore; of: Ballot } {
  const leader = new LoneCore({ node: 1, ...more }).takeOver().persist();
  return { leader, of: leader.status.ballot };
}

/** n1 in the accept phase with n2's promise; n3 has not promised. */
function leading(log: readonly Command[] = []): LoneCore {
  const { leader, of } = preparing({ state: { log, promised: bottomBallot } });
  leader.receive(2, promise(of));
  expect(leader.status).toMatchObject({ phase: "accept", ballot: own });
  return leader;
}

describe("prepare", () => {
  test("the promise is durable before Prepare is sent", () => {
    const leader = new LoneCore({ node: 1 }).takeOver();
    expect(leader.writes.map((write) => write.operations)).toEqual([[{ type: "promised", ballot: own }]]);
    const prepares = leader.sent.filter(({ message }) => message.type === "Prepare");
    expect(prepares.map(({ to, guarded, after }) => [to, guarded, after])).toEqual([
      [2, true, leader.writes[0]?.write],
      [3, true, leader.writes[0]?.write],
    ]);
  });

  test("its own promise counts only when it is durable", () => {
    const leader = new LoneCore({ node: 1 }).takeOver();
    leader.receive(2, promise(own));
    expect(leader.status.phase).toBe("prepare");
    leader.persist();
    expect(leader.status.phase).toBe("accept");
  });

  test("a minority of promises is not enough", () => {
    const { leader, of } = preparing({ nodes: 5 });
    leader.receive(2, promise(of));
    expect(leader.status.phase).toBe("prepare");
    leader.receive(3, promise(of));
    expect(leader.status.phase).toBe("accept");
  });

  test("the greatest promise is chosen by accepted ballot before length", () => {
    const { leader, of } = preparing({
      nodes: 5,
      state: { promised: ballot(1, 2), accepted: ballot(1, 2), log: puts(1, 2, 3) },
    });
    leader.receive(2, promise(of, { accepted: ballot(1, 3), length: 1, suffix: puts(7) }));
    leader.receive(3, promise(of, { accepted: ballot(1, 2), length: 3 }));
    expect(leader.writes[0]?.operations).toEqual([
      { type: "truncate", length: 0 },
      { type: "append", index: 0, commands: puts(7) },
      { type: "accepted", ballot: of },
    ]);
  });

  test("among promises of the greatest accepted ballot the longest is chosen", () => {
    const { leader, of } = preparing({
      nodes: 5,
      state: { promised: ballot(1, 2), accepted: ballot(1, 2), log: puts(1) },
    });
    leader.receive(2, promise(of, { accepted: ballot(1, 2), length: 2, base: 1, suffix: puts(2) }));
    leader.receive(3, promise(of, { accepted: ballot(1, 2), length: 3, base: 1, suffix: puts(2, 3) }));
    expect(leader.status.logLength).toBe(3);
  });

  test("on a majority the accepted ballot becomes its own ballot, with log and decided index in one write", () => {
    const { leader, of } = preparing();
    leader.receive(2, promise(of, { accepted: ballot(1, 3), length: 2, decided: 1, suffix: [openSession, put(1)] }));
    expect(leader.writes.map((write) => write.operations)).toEqual([
      [
        { type: "append", index: 0, commands: [openSession, put(1)] },
        { type: "accepted", ballot: of },
        { type: "decided", length: 1 },
      ],
    ]);
  });

  test("a long promise counts once all its parts are there, in order", () => {
    const { leader, of } = preparing();
    const whole = { accepted: ballot(1, 3), length: 3 };
    leader.receive(2, promise(of, { ...whole, suffix: puts(3), part: 2, last: true }));
    leader.receive(2, promise(of, { ...whole, suffix: puts(1), last: false }));
    leader.receive(2, promise(of, { ...whole, suffix: puts(3), part: 2, last: true }));
    expect(leader.status.phase).toBe("prepare");
    leader.receive(2, promise(of, { ...whole, suffix: puts(1), last: false }));
    leader.receive(2, promise(of, { ...whole, suffix: puts(2), part: 1, last: false }));
    leader.receive(2, promise(of, { ...whole, suffix: puts(3), part: 2, last: true }));
    expect(leader.status).toMatchObject({ phase: "accept", logLength: 3 });
  });

  test("a Promise of another ballot counts for nothing", () => {
    const { leader } = preparing();
    leader.receive(2, promise(ballot(0, 1)));
    leader.receive(3, promise(ballot(9, 1)));
    expect(leader.status.phase).toBe("prepare");
  });

  test("promises are cleared when the same node leads again", () => {
    const { leader, of } = preparing({ nodes: 5 });
    leader.receive(2, promise(of));
    leader.receive(3, { type: "Prepare", ballot: ballot(5, 3), accepted: bottomBallot, length: 0, decided: 0 });
    leader.takeOver().persist();
    leader.receive(4, promise(leader.status.ballot));
    expect(leader.status).toMatchObject({ role: "leader", phase: "prepare" });
  });
});

describe("synchronising followers", () => {
  const state = { promised: ballot(1, 3), accepted: ballot(1, 3), log: [openSession, ...puts(1, 2)], decided: 1 };

  /** The base of the AcceptSync that answers this promise, when n1 (log of 3 of ballot 1.n3, decided 1) collects it. */
  function baseFor(more: Partial<Promise>): number | undefined {
    const { leader, of } = preparing({ state });
    leader.receive(2, promise(of, more));
    return leader.messages("AcceptSync")[0]?.base;
  }

  test("a follower promised in the same greatest round is sent what follows the shorter of both logs", () => {
    expect(baseFor({ accepted: ballot(1, 3), length: 2, decided: 0 })).toBe(2);
    expect(baseFor({ accepted: ballot(1, 3), length: 3, decided: 0 })).toBe(3);
  });

  test("the greatest length is the chosen promise's, before new proposals are appended", () => {
    const { leader, of } = preparing({ nodes: 5, state });
    leader.request(request(7));
    leader.receive(2, promise(of)).receive(3, promise(of));
    expect(leader.status.logLength).toBe(4);
    // A late promiser of the greatest round with a tail that was not chosen: everything beyond the chosen length is replaced.
    leader.receive(4, promise(of, { accepted: ballot(1, 3), length: 4, decided: 1 }));
    expect(leader.messages("AcceptSync")).toMatchObject([{ to: 4, base: 3 }]);
  });

  test("a follower of an older round is sent everything after its own decided index", () => {
    expect(baseFor({ accepted: ballot(1, 2), length: 3, decided: 1 })).toBe(1);
    expect(baseFor({ accepted: bottomBallot, length: 0, decided: 0 })).toBe(0);
  });

  test("a late promiser that accepted in any other round, this ballot's included, is sent everything after its decided index", () => {
    const { leader, of } = preparing({ state });
    leader.receive(2, promise(of, { accepted: ballot(1, 3), length: 3, decided: 0 }));
    leader.receive(2, { type: "PrepareReq" });
    leader.receive(2, promise(of, { accepted: of, length: 3, decided: 1 }));
    expect(leader.messages("AcceptSync")).toMatchObject([{ to: 2, base: 1 }]);
  });

  test("AcceptSyncs to each follower are numbered within the ballot", () => {
    const leader = leading();
    leader.receive(3, promise(own));
    expect(leader.messages("AcceptSync").map(({ to, session }) => [to, session])).toEqual([[3, 1]]);
    for (const session of [2, 3]) {
      leader.receive(2, { type: "PrepareReq" }).receive(2, promise(own));
      expect(leader.messages("AcceptSync").map((sync) => [sync.to, sync.session])).toEqual([[2, session]]);
    }
  });

  test("AcceptSync has counter 0, each Accept or Decide after it the next counter", () => {
    const leader = leading();
    leader.request(request(1));
    expect(leader.messages("Accept")).toMatchObject([{ to: 2, session: 1, counter: 1 }]);
    leader.persist().request(request(2));
    expect(leader.messages("Accept")).toMatchObject([{ counter: 2 }]);
    leader.receive(2, accepted(own, 1));
    expect(leader.messages("Decide")).toMatchObject([{ to: 2, session: 1, counter: 3, decided: 1 }]);
    leader.receive(2, { type: "PrepareReq" }).receive(2, promise(own));
    leader.request(request(3));
    expect(leader.messages("Accept")).toMatchObject([{ session: 2, counter: 1 }]);
  });

  test("a repeated Promise of a follower that has promised starts no second session", () => {
    const leader = leading();
    expect(leader.receive(2, promise(own)).sent).toEqual([]);
  });

  test("on PrepareReq the leader forgets the promise but keeps the acceptances", () => {
    const leader = leading();
    leader.request(request(1)).receive(2, accepted(own, 1));
    leader.receive(2, { type: "PrepareReq" });
    expect(leader.messages("Prepare").map(({ to }) => to)).toEqual([2]);
    expect(leader.request(request(2)).messages("Accept")).toEqual([]);
    expect(leader.persist().status.decided).toBe(1);
  });

  test("in either phase Prepare is sent again to every peer that has not promised, until it does", () => {
    const { leader, of } = preparing({ nodes: 5 });
    leader.receive(2, promise(of));
    const prepared = (): number[] =>
      leader
        .tick(5)
        .messages("Prepare")
        .map(({ to }) => to);
    expect(prepared()).toEqual([3, 4, 5]);
    leader.receive(3, promise(of));
    expect(leader.status.phase).toBe("accept");
    expect(prepared()).toEqual([4, 5]);
    leader.receive(4, promise(of)).receive(5, promise(of));
    expect(prepared()).toEqual([]);
  });

  test("the leader repeats its last Decide on the timer, as the session's next message", () => {
    const leader = leading();
    leader.request(request(1)).persist().receive(2, accepted(own, 1));
    expect(leader.messages("Decide")).toMatchObject([{ counter: 2, decided: 1 }]);
    expect(leader.tick(5).messages("Decide")).toMatchObject([{ to: 2, counter: 3, decided: 1 }]);
    expect(leader.tick(5).messages("Decide")).toMatchObject([{ to: 2, counter: 4, decided: 1 }]);
  });
});

describe("deciding", () => {
  test("Accept may leave while the leader's own fsync runs", () => {
    const leader = leading();
    leader.request(request(1));
    expect(leader.sent).toMatchObject([
      { to: 2, guarded: false, message: { type: "Accept", commands: [{ number: 1 }] } },
    ]);
    expect(leader.writes.length).toBe(1);
  });

  test("its own acceptance counts only after its own fsync", () => {
    const leader = leading().persist();
    leader.request(request(1)).receive(2, accepted(own, 1));
    expect(leader.status.decided).toBe(0);
    leader.persist();
    expect(leader.status.decided).toBe(1);
  });

  test("of its own writes under way only the durable ones count", () => {
    const leader = leading().persist();
    const [first] = leader.request(request(1)).writes;
    leader.request(request(2)).receive(2, accepted(own, 2));
    leader.handle({ type: "persisted", write: first?.write ?? 0 });
    expect(leader.status.decided).toBe(1);
    expect(leader.persist().status.decided).toBe(2);
  });

  test("two followers of three decide while the leader's own fsync still runs", () => {
    const leader = leading().persist();
    leader.receive(3, promise(own)).request(request(1));
    leader.receive(2, accepted(own, 1)).receive(3, accepted(own, 1));
    expect(leader.status.decided).toBe(1);
  });

  test("Accepted of another ballot counts for nothing", () => {
    const leader = leading().persist();
    leader.request(request(1)).persist();
    leader.receive(2, accepted(bottomBallot, 1)).receive(3, accepted(ballot(9, 1), 1));
    expect(leader.status.decided).toBe(0);
  });

  test("acceptances are cleared when the same node leads again", () => {
    const leader = leading().persist();
    leader.receive(2, accepted(own, 0)).request(request(1)).persist();
    leader.receive(2, accepted(own, 1));
    leader.request(request(2)).receive(2, accepted(own, 2));
    expect(leader.status.decided).toBe(1);
    leader.receive(3, { type: "Prepare", ballot: ballot(5, 3), accepted: bottomBallot, length: 0, decided: 0 });
    leader.takeOver().persist();
    // n3 promises an empty log; n1's own of length 2 is chosen, and nobody has accepted it in the new ballot.
    leader.receive(3, promise(leader.status.ballot)).persist();
    expect(leader.status).toMatchObject({ phase: "accept", logLength: 2, decided: 1 });
  });

  test("one turn's requests travel in one Accept, one write and one answer message", () => {
    const leader = leading().persist();
    const events = [1, 2, 3].map((number) => ({ type: "request", connection: 1, request: request(number) }) as const);
    leader.handle(...events);
    expect(leader.messages("Accept").map(({ commands }) => commands.length)).toEqual([3]);
    expect(leader.writes.map((write) => write.operations.length)).toEqual([1]);
  });
});

describe("leadership lost", () => {
  test("NotAccepted makes a leader step down", () => {
    const leader = leading();
    leader.receive(3, { type: "NotAccepted", ballot: ballot(4, 2) });
    expect(leader.status).toMatchObject({ role: "follower", leader: 2 });
  });

  test("NotAccepted of a ballot that is not above its own does not", () => {
    const leader = leading();
    leader.receive(3, { type: "NotAccepted", ballot: bottomBallot });
    expect(leader.status.role).toBe("leader");
  });

  test("a request that was only buffered is answered as lost, not definite", () => {
    const { leader } = preparing();
    leader.request(request(1));
    expect(leader.replies).toEqual([]);
    leader.receive(3, { type: "NotAccepted", ballot: ballot(4, 2) });
    expect(leader.replies.map(({ response }) => response)).toEqual([
      { type: "refused", id: 1, definite: false, reason: "lost-leadership" },
    ]);
  });

  test("a restarted leader never resumes leadership on its old ballot", () => {
    const leader = new LoneCore({ node: 1, state: { promised: own, accepted: own, log: [openSession], decided: 1 } });
    expect(leader.status).toMatchObject({ role: "follower", phase: "recover", leader: null });
    // Followers that still know it as the leader change nothing.
    leader.receive(2, promise(own)).receive(2, accepted(own, 1));
    expect(leader.status.role).toBe("follower");
    leader.takeOver();
    expect(leader.status.ballot).toEqual(ballot(2, 1));
  });
});
