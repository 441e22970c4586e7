// Each rule of crash recovery and of real TCP that concerns a follower: node 2 of three, alone with the test, which plays leader n1
// message by message and reads what the core writes and sends.
import { describe, expect, test } from "vitest";

import { LoneCore, ballot, openSession, put, puts } from "../testing/lone-core.js";
import { bottomBallot } from "./ballot.js";
import type { Command, StorageOperation } from "./interface.js";
import type { AcceptSync, PeerMessage } from "./messages.js";

const first = ballot(1, 1);

function prepare(of = first, accepted = bottomBallot, length = 0, decided = 0): PeerMessage {
  return { type: "Prepare", ballot: of, accepted, length, decided };
}

function acceptSync(
  session: number,
  base: number,
  suffix: readonly Command[],
  more: Partial<AcceptSync> = {},
): AcceptSync {
  return { type: "AcceptSync", ballot: first, session, base, suffix, decided: 0, part: 0, last: true, ...more };
}

function accept(session: number, counter: number, commands: readonly Command[], of = first): PeerMessage {
  return { type: "Accept", ballot: of, session, counter, commands };
}

function decide(session: number, counter: number, decided: number, of = first): PeerMessage {
  return { type: "Decide", ballot: of, session, counter, decided };
}

/** n2 in the accept phase of n1's ballot, session 1, with a log of `log`. */
function accepting(log: readonly Command[] = [openSession, put(1)]): LoneCore {
  const follower = new LoneCore({ node: 2 });
  follower.receive(1, prepare());
  follower.receive(1, acceptSync(1, 0, log)).persist();
  expect(follower.status.phase).toBe("accept");
  return follower;
}

/** The same, thrown into "recover" by a new connection and prepared again; the leader's next session is still to come. */
function preparedAgain(): LoneCore {
  const follower = accepting();
  follower.linkUp(1, "in");
  follower.receive(1, prepare(first, first, 2)).persist();
  expect(follower.status.phase).toBe("prepare");
  return follower;
}

const operations = (follower: LoneCore): readonly StorageOperation[] =>
  follower.writes.flatMap((write) => write.operations);

describe("promise", () => {
  test("Promise carries the follower's own decided index", () => {
    const follower = new LoneCore({
      node: 2,
      state: { promised: ballot(1, 3), accepted: ballot(1, 3), log: [openSession, put(1), put(2)], decided: 1 },
    });
    follower.receive(1, prepare(ballot(2, 1), ballot(1, 3), 3, 3));
    expect(follower.messages("Promise")).toMatchObject([{ to: 1, decided: 1, length: 3, accepted: ballot(1, 3) }]);
  });

  test("what a Promise reports, the log's tail and the decided index included, is durable before it is sent", () => {
    const follower = accepting();
    follower.receive(1, accept(1, 1, puts(2)), decide(1, 2, 2));
    expect(follower.writes.length).toBe(1);
    follower.receive(1, decide(1, 3, 3));
    expect(follower.writes).toEqual([]);
    follower.receive(3, prepare(ballot(2, 3)));
    const [promise] = follower.sent.filter(({ message }) => message.type === "Promise");
    expect(promise).toMatchObject({ guarded: true, after: follower.writes[0]?.write });
    expect(operations(follower)).toEqual([
      { type: "promised", ballot: ballot(2, 3) },
      { type: "decided", length: 3 },
    ]);
  });

  test("a promise repeats nothing that the leader has: the suffix is there only when the follower's log is the greater one", () => {
    const state = { promised: ballot(1, 3), accepted: ballot(1, 3), log: [openSession, put(1), put(2)], decided: 1 };
    const suffixAgainst = (message: PeerMessage): unknown =>
      new LoneCore({ node: 2, state })
        .receive(1, message)
        .messages("Promise")
        .map(({ base, suffix }) => [base, suffix.length]);
    expect(suffixAgainst(prepare(ballot(2, 1), ballot(1, 3), 3, 0))).toEqual([[3, 0]]);
    expect(suffixAgainst(prepare(ballot(2, 1), ballot(1, 3), 2, 0))).toEqual([[2, 1]]);
    expect(suffixAgainst(prepare(ballot(2, 1), ballot(1, 1), 9, 1))).toEqual([[1, 2]]);
    expect(suffixAgainst(prepare(ballot(3, 1), ballot(2, 1), 1, 1))).toEqual([[1, 0]]);
  });

  test("a Prepare below the promise is answered with NotAccepted, which names the promise", () => {
    const follower = new LoneCore({ node: 2 });
    follower.receive(3, prepare(ballot(2, 3)));
    const [promised] = follower.writes;
    follower.receive(1, prepare(first));
    // Not before the promise is durable: a ballot that a crash undid must be known to nobody.
    expect(follower.sent).toMatchObject([
      { to: 1, after: promised?.write, message: { type: "NotAccepted", ballot: ballot(2, 3) } },
    ]);
  });

  test("a long suffix travels in parts of bounded size", () => {
    const log = Array.from({ length: 20_000 }, (_, number) => put(number + 1));
    const follower = new LoneCore({ node: 2, state: { promised: first, accepted: first, log, decided: 0 } });
    const parts = follower.receive(3, prepare(ballot(2, 3))).messages("Promise");
    expect(parts.map(({ part, last, suffix }) => [part, last, suffix.length])).toEqual([
      [0, false, 8192],
      [1, false, 8192],
      [2, true, 3616],
    ]);
  });
});

describe("restart", () => {
  const state = { promised: first, accepted: first, log: [openSession, put(1)], decided: 1 };

  test("a restarted node is in phase recover and sends PrepareReq to all", () => {
    const follower = new LoneCore({ node: 2, state });
    expect(follower.status.phase).toBe("recover");
    expect(follower.messages("PrepareReq").map(({ to }) => to)).toEqual([1, 3]);
  });

  test("it has its promised ballot, accepted ballot, log and decided index again", () => {
    const follower = new LoneCore({ node: 2, state });
    expect(follower.status).toMatchObject({ ballot: first, logLength: 2, decided: 1, sessions: 1 });
    follower.receive(3, prepare(ballot(2, 3)));
    expect(follower.messages("Promise")).toMatchObject([{ accepted: first, length: 2, decided: 1 }]);
  });

  test("a Prepare of an equal ballot is taken in recover", () => {
    const follower = new LoneCore({ node: 2, state });
    follower.receive(1, prepare(first, first, 2, 2));
    expect(follower.status.phase).toBe("prepare");
    expect(follower.messages("Promise")).toMatchObject([{ to: 1, ballot: first }]);
  });

  test("a Prepare of an equal ballot is taken in no other phase", () => {
    const inAccept = accepting();
    expect(inAccept.receive(1, prepare()).sent).toEqual([]);
    expect(inAccept.status.phase).toBe("accept");
    const inPrepare = preparedAgain();
    expect(inPrepare.receive(1, prepare()).sent).toEqual([]);
  });

  test("an acceptor that crashed between Promise and AcceptSync still refuses the old leader, which still reaches it", () => {
    const follower = new LoneCore({
      node: 2,
      state: { promised: ballot(2, 3), accepted: first, log: [openSession, put(1)] },
    });
    follower.receive(1, accept(1, 1, puts(2)), prepare(first, first, 2), acceptSync(2, 2, puts(2)));
    expect(follower.messages("NotAccepted")).toMatchObject([1, 1, 1].map((to) => ({ to, ballot: ballot(2, 3) })));
    expect(follower.status).toMatchObject({ phase: "recover", logLength: 2 });
  });

  test("PrepareReq is repeated on the timer until a Prepare comes", () => {
    const follower = new LoneCore({ node: 2, state });
    for (let round = 0; round < 3; round += 1)
      expect(
        follower
          .tick(5)
          .messages("PrepareReq")
          .map(({ to }) => to),
      ).toEqual([1, 3]);
    follower.receive(1, prepare(first, first, 2, 2));
    expect(follower.tick(5).messages("PrepareReq")).toEqual([]);
  });
});

describe("AcceptSync", () => {
  test("truncates the tail", () => {
    const state = {
      promised: ballot(1, 3),
      accepted: ballot(1, 3),
      log: [openSession, put(1), put(2), put(3)],
      decided: 1,
    };
    const follower = new LoneCore({ node: 2, state });
    follower.receive(1, prepare(ballot(2, 1), ballot(1, 3), 2, 1));
    follower.receive(1, acceptSync(1, 2, [], { ballot: ballot(2, 1) }));
    expect(follower.status.logLength).toBe(2);
    expect(operations(follower)).toContainEqual({ type: "truncate", length: 2 });
  });

  test("truncation, suffix, accepted ballot and decided index are one atomic write", () => {
    const state = { promised: ballot(1, 3), accepted: ballot(1, 3), log: [openSession, put(1)], decided: 0 };
    const follower = new LoneCore({ node: 2, state });
    follower.receive(1, prepare(ballot(2, 1)));
    follower.receive(1, acceptSync(1, 1, puts(7, 8), { ballot: ballot(2, 1), decided: 2 }));
    expect(follower.writes.map((write) => write.operations)).toEqual([
      [
        { type: "truncate", length: 1 },
        { type: "append", index: 1, commands: puts(7, 8) },
        { type: "accepted", ballot: ballot(2, 1) },
        { type: "decided", length: 2 },
      ],
    ]);
  });

  test("is taken in phase prepare only", () => {
    const inAccept = accepting();
    inAccept.receive(1, acceptSync(2, 0, puts(9)));
    expect(inAccept.status.logLength).toBe(2);
    const inRecover = accepting();
    inRecover.linkUp(1, "in").receive(1, acceptSync(2, 0, puts(9)));
    expect(inRecover.status).toMatchObject({ phase: "recover", logLength: 2 });
  });

  test("is taken only with a session greater than any seen in that ballot", () => {
    const follower = preparedAgain();
    follower.receive(1, acceptSync(1, 0, puts(9)));
    expect(follower.status).toMatchObject({ phase: "prepare", logLength: 2 });
    follower.receive(1, acceptSync(2, 2, puts(2)));
    expect(follower.status).toMatchObject({ phase: "accept", logLength: 3 });
  });

  test("a session seen in recover counts as seen", () => {
    const follower = accepting();
    follower.linkUp(1, "in").receive(1, acceptSync(2, 0, puts(9)));
    follower.receive(1, prepare(first, first, 2)).receive(1, acceptSync(2, 0, puts(9)));
    expect(follower.status).toMatchObject({ phase: "prepare", logLength: 2 });
  });

  test("a base beyond the log is a gap", () => {
    const follower = new LoneCore({ node: 2 });
    follower.receive(1, prepare());
    follower.receive(1, acceptSync(1, 3, puts(9)));
    expect(follower.status).toMatchObject({ phase: "recover", logLength: 0 });
    expect(follower.messages("PrepareReq").map(({ to }) => to)).toEqual([1]);
  });

  test("never touches what is decided", () => {
    const follower = accepting([openSession, put(1), put(2)]);
    follower.receive(1, decide(1, 1, 3));
    follower.linkUp(1, "in").receive(1, prepare(first, first, 3));
    follower.receive(1, acceptSync(2, 0, [openSession, put(1), put(2), put(3)]));
    expect(operations(follower).filter(({ type }) => type === "truncate" || type === "append")).toEqual([
      { type: "append", index: 3, commands: puts(3) },
    ]);
  });

  test("in parts changes nothing before its last part", () => {
    const follower = new LoneCore({ node: 2 });
    follower.receive(1, prepare());
    follower.receive(1, acceptSync(1, 0, [openSession, put(1)], { last: false }));
    expect(follower.status).toMatchObject({ phase: "prepare", logLength: 0 });
    follower.receive(1, acceptSync(1, 0, puts(2), { part: 1 }));
    expect(follower.status).toMatchObject({ phase: "accept", logLength: 3 });
    expect(follower.writes.length).toBe(1);
  });

  test("with a part missing is a gap", () => {
    const follower = new LoneCore({ node: 2 });
    follower.receive(1, prepare());
    follower.receive(1, acceptSync(1, 0, puts(1), { last: false }), acceptSync(1, 0, puts(3), { part: 2 }));
    expect(follower.status).toMatchObject({ phase: "recover", logLength: 0 });
  });
});

describe("Accept and Decide", () => {
  test("Accepted leaves only after the fsync of what it reports", () => {
    const follower = accepting();
    follower.receive(1, accept(1, 1, puts(2)));
    const [accepted] = follower.sent.filter(({ message }) => message.type === "Accepted");
    expect(accepted).toMatchObject({ to: 1, guarded: true, after: follower.writes[0]?.write, message: { length: 3 } });
  });

  test("Accept below the promise is refused and changes nothing", () => {
    const follower = accepting();
    follower.receive(3, prepare(ballot(2, 3))).persist();
    follower.receive(1, accept(1, 1, puts(2)));
    expect(follower.status.logLength).toBe(2);
    expect(follower.sent).toMatchObject([{ to: 1, message: { type: "NotAccepted", ballot: ballot(2, 3) } }]);
  });

  test("Accept above the promise is ignored: its sender never got a promise from this disk", () => {
    const follower = accepting();
    follower.receive(3, accept(1, 1, puts(2), ballot(2, 3)));
    expect(follower.status.logLength).toBe(2);
  });

  test("Decide is taken in the accept phase only", () => {
    const inPrepare = preparedAgain();
    inPrepare.receive(1, decide(1, 1, 2));
    expect(inPrepare.status.decided).toBe(0);
    const inRecover = accepting();
    inRecover.linkUp(1, "in").receive(1, decide(1, 1, 2));
    expect(inRecover.status.decided).toBe(0);
  });

  test("Decide is clamped to the log's length", () => {
    const follower = accepting();
    follower.receive(1, decide(1, 1, 50));
    expect(follower.status).toMatchObject({ decided: 2, logLength: 2 });
  });

  test("an older session is ignored", () => {
    const follower = preparedAgain();
    follower.receive(1, acceptSync(2, 2, []));
    follower.receive(1, accept(1, 1, puts(9)), decide(1, 2, 2));
    expect(follower.status).toMatchObject({ phase: "accept", logLength: 2, decided: 0 });
  });

  test("a skipped counter is a gap: the follower recovers and sends PrepareReq to the leader", () => {
    const follower = accepting();
    follower.receive(1, accept(1, 2, puts(3)));
    expect(follower.status).toMatchObject({ phase: "recover", logLength: 2 });
    expect(follower.messages("PrepareReq").map(({ to }) => to)).toEqual([1]);
  });

  test("a skipped counter before a Decide is a gap too", () => {
    const follower = accepting();
    follower.receive(1, decide(1, 2, 2));
    expect(follower.status).toMatchObject({ phase: "recover", decided: 0 });
  });

  test("a newer session without its AcceptSync is a gap, in accept and in prepare", () => {
    for (const follower of [accepting(), preparedAgain()]) {
      follower.receive(1, accept(2, 1, puts(3)));
      expect(follower.status).toMatchObject({ phase: "recover", logLength: 2 });
      expect(follower.messages("PrepareReq").map(({ to }) => to)).toEqual([1]);
    }
  });

  test("in recover nothing but a Prepare is taken", () => {
    const follower = accepting();
    follower.linkUp(1, "in");
    follower.receive(1, accept(1, 1, puts(2)), decide(1, 2, 2), acceptSync(2, 0, []));
    expect(follower.status).toMatchObject({ phase: "recover", logLength: 2, decided: 0 });
    expect(follower.sent).toEqual([]);
  });
});

describe("links and timers", () => {
  test.each(["in", "out"] as const)(
    "a link up from the leader (%s) puts the follower in recover and asks for a Prepare",
    (direction) => {
      const follower = accepting();
      follower.linkUp(1, direction);
      expect(follower.status.phase).toBe("recover");
      expect(follower.messages("PrepareReq").map(({ to }) => to)).toEqual([1]);
    },
  );

  test("a link up from a peer that does not lead changes nothing", () => {
    const follower = accepting();
    follower.linkUp(3, "in");
    expect(follower.status.phase).toBe("accept");
  });

  test("a follower in the accept phase repeats its last Accepted on the timer", () => {
    const follower = accepting();
    expect(follower.tick(5).messages("Accepted")).toMatchObject([{ to: 1, ballot: first, length: 2 }]);
    expect(follower.tick(5).messages("Accepted")).toMatchObject([{ to: 1, ballot: first, length: 2 }]);
  });

  test("a follower in the prepare phase repeats its Promise on the timer", () => {
    const follower = new LoneCore({ node: 2 });
    follower.receive(1, prepare());
    expect(follower.tick(5).messages("Promise")).toMatchObject([{ to: 1, ballot: first, length: 0 }]);
  });

  test("a decided index that no other write carried is written on the timer", () => {
    const follower = accepting();
    follower.receive(1, decide(1, 1, 2));
    expect(follower.writes).toEqual([]);
    follower.tick(5);
    expect(operations(follower)).toEqual([{ type: "decided", length: 2 }]);
  });
});
