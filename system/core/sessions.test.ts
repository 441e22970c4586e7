// Client sessions: what a decided request of which number becomes, what is remembered, and when a session ends.
import { describe, expect, test } from "vitest";

import type { KvResult } from "./interface.js";
import { Sessions, UNACKNOWLEDGED_MAX } from "./sessions.js";

const result = (index: number): KvResult => ({ function: "put", previous: null, index });
const apply = { type: "apply" };
const refused = (reason: string): unknown => ({ type: "refused", reason });

/** Admits, and remembers a result where one is to be made. */
function decide(sessions: Sessions, id: number, number: number, below: number, index: number): string {
  const admission = sessions.admit(id, number, below);
  if (admission.type === "apply") sessions.remember(id, number, result(index));
  return admission.type;
}

test("a request is applied once; a retry is answered with the first answer", () => {
  const sessions = new Sessions(10);
  sessions.open(0);
  expect(decide(sessions, 0, 1, 1, 7)).toBe("apply");
  expect(sessions.admit(0, 1, 1)).toEqual({ type: "answered", result: result(7) });
  expect(sessions.admit(0, 1, 1)).toEqual({ type: "answered", result: result(7) });
});

test("requests of one session may be decided in any order", () => {
  const sessions = new Sessions(10);
  sessions.open(0);
  for (const number of [3, 1, 2]) expect(decide(sessions, 0, number, 1, number)).toBe("apply");
  for (const number of [1, 2, 3])
    expect(sessions.admit(0, number, 1)).toEqual({ type: "answered", result: result(number) });
});

test("a request below acknowledged-below is never applied and has its own error", () => {
  const sessions = new Sessions(10);
  sessions.open(0);
  decide(sessions, 0, 1, 1, 5);
  decide(sessions, 0, 3, 3, 6);
  expect(sessions.admit(0, 1, 1)).toEqual(refused("below-acknowledged"));
  expect(sessions.admit(0, 2, 1)).toEqual(refused("below-acknowledged"));
  expect(sessions.admit(0, 3, 1)).toEqual({ type: "answered", result: result(6) });
});

test("acknowledged-below never shrinks, and works at a great distance", () => {
  const sessions = new Sessions(10);
  sessions.open(0);
  decide(sessions, 0, 1, 1, 5);
  expect(decide(sessions, 0, 4_000_000_000, 4_000_000_000, 6)).toBe("apply");
  expect(sessions.admit(0, 3_999_999_999, 1)).toEqual(refused("below-acknowledged"));
});

test("a request of an unknown session is never applied and has its own error", () => {
  expect(new Sessions(10).admit(5, 1, 1)).toEqual(refused("unknown-session"));
});

test("unacknowledged answers are bounded", () => {
  const sessions = new Sessions(10);
  sessions.open(0);
  expect(sessions.admit(0, 1 + UNACKNOWLEDGED_MAX, 1)).toEqual(refused("overloaded"));
  expect(sessions.admit(0, UNACKNOWLEDGED_MAX, 1)).toEqual(apply);
});

describe("expiry", () => {
  test("beyond the limit the session least recently used in the log expires, with its own error", () => {
    const sessions = new Sessions(2);
    sessions.open(0);
    sessions.open(1);
    decide(sessions, 0, 1, 1, 2);
    sessions.open(3);
    expect(sessions.size).toBe(2);
    expect(sessions.admit(1, 1, 1)).toEqual(refused("session-expired"));
    expect(sessions.admit(0, 1, 1)).toEqual({ type: "answered", result: result(2) });
  });

  test("a request of an expired session is refused for ever, also when it was applied before", () => {
    const sessions = new Sessions(1);
    sessions.open(0);
    decide(sessions, 0, 1, 1, 1);
    sessions.open(2);
    expect(sessions.admit(0, 1, 1)).toEqual(refused("session-expired"));
    expect(sessions.admit(0, 2, 1)).toEqual(refused("session-expired"));
  });
});

test("the digest depends on what happened and comes back when it is forgotten", () => {
  const sessions = new Sessions(1);
  const other = new Sessions(1);
  for (const table of [sessions, other]) table.open(0);
  expect(sessions.digest).toEqual(other.digest);
  decide(sessions, 0, 1, 1, 1);
  expect(sessions.digest).not.toEqual(other.digest);
  decide(sessions, 0, 2, 2, 2);
  decide(other, 0, 2, 2, 2);
  expect(sessions.digest).toEqual(other.digest);
  for (const table of [sessions, other]) table.open(9);
  expect(sessions.digest).toEqual(other.digest);
});
