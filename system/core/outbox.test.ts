// A turn's effects: what may leave at once, what waits for which write, and that the types forbid the rest.
import { expect, test } from "vitest";

import { ballot, put } from "../testing/lone-core.js";
import { bottomBallot } from "./ballot.js";
import { nodeId } from "./interface.js";
import type { GuardedMessage, Promise, RoutedAnswer } from "./messages.js";
import { Outbox } from "./outbox.js";

const peer = nodeId(2);

test("a guarded message cannot be sent now: it does not compile", () => {
  const outbox = new Outbox();
  const guarded: readonly GuardedMessage[] = [
    { type: "Prepare", ballot: bottomBallot, accepted: bottomBallot, length: 0, decided: 0 },
    { type: "Accepted", ballot: bottomBallot, length: 0 },
    { type: "RoutedReply", answers: [] },
  ];
  for (const message of guarded) {
    // @ts-expect-error Prepare, Promise, Accepted and replies wait for the disk.
    outbox.sendNow(peer, message);
  }
  const promise: Promise = {
    type: "Promise",
    ballot: bottomBallot,
    accepted: bottomBallot,
    length: 0,
    decided: 0,
    base: 0,
    suffix: [],
    part: 0,
    last: true,
  };
  // @ts-expect-error A Promise by itself, too.
  outbox.sendNow(peer, promise);
});

test("a guarded message waits for the turn's write, and in a turn without one for the last write", () => {
  const outbox = new Outbox();
  outbox.sendAfterPersist(peer, { type: "Accepted", ballot: bottomBallot, length: 1 });
  outbox.store({ type: "promised", ballot: ballot(1, 1) });
  expect(outbox.flush()).toMatchObject({ persist: { write: 1 }, sendAfterPersist: [{ after: 1, to: 2 }] });
  outbox.sendAfterPersist(peer, { type: "Accepted", ballot: bottomBallot, length: 1 });
  expect(outbox.flush()).toMatchObject({ persist: null, sendAfterPersist: [{ after: 1, to: 2 }] });
});

test("a turn's operations are one write, in order, and the numbers only grow", () => {
  const outbox = new Outbox();
  outbox.store({ type: "truncate", length: 0 });
  outbox.storeCommand(0, put(1));
  outbox.storeCommand(1, put(2));
  outbox.store({ type: "decided", length: 1 });
  outbox.storeCommand(2, put(3));
  expect(outbox.nextWrite).toBe(1);
  expect(outbox.flush().persist).toEqual({
    write: 1,
    operations: [
      { type: "truncate", length: 0 },
      { type: "append", index: 0, commands: [put(1), put(2)] },
      { type: "decided", length: 1 },
      { type: "append", index: 2, commands: [put(3)] },
    ],
  });
  outbox.storeCommand(3, put(4));
  expect(outbox.flush().persist?.write).toBe(2);
  expect(outbox.flush()).toEqual({ sendNow: [], persist: null, sendAfterPersist: [], replies: [] });
});

test("an answer waits for nothing: it rests on a decision, which is durable at a majority", () => {
  const outbox = new Outbox();
  outbox.store({ type: "decided", length: 1 });
  const answer: RoutedAnswer = {
    waiter: { origin: peer, incarnation: 1, connection: 1, id: 1 },
    response: { type: "session-opened", id: 1, group: 0, session: 0 },
  };
  outbox.answer(peer, answer);
  outbox.answer(peer, answer);
  outbox.reply(7, answer.response);
  const { sendAfterPersist, replies } = outbox.flush();
  expect(sendAfterPersist).toEqual([{ after: 0, to: 2, message: { type: "RoutedReply", answers: [answer, answer] } }]);
  expect(replies).toEqual([{ after: 0, connection: 7, response: answer.response }]);
});

test("a write that was never asked for cannot be durable", () => {
  expect(() => new Outbox().persisted(1)).toThrow("write 1 is durable but only 0 were asked for");
});
