// Where a request goes and what a refusal says: cores played by hand, one that leads, one that follows, one of another group.
import { describe, expect, test } from "vitest";

import { LoneCore, ballot, limits, put, timing, type LoneOptions } from "../testing/lone-core.js";
import { bottomBallot } from "./ballot.js";
import { nodeId, type ClientRequest, type ClientResponse } from "./interface.js";
import type { PeerMessage, RoutedRequest } from "./messages.js";
import { groupOfKey } from "./partition-table.js";

/** A key of this group out of two. */
const keyOf = (group: number): string =>
  ["a", "b", "c", "d", "e", "f"].find((key) => groupOfKey(key, 2) === group) ?? "";

function get(group: number, key = "k", id = 1): Exclude<ClientRequest, { type: "hello" }> {
  return {
    type: "operation",
    id,
    group,
    session: 0,
    number: 1,
    acknowledgedBelow: 1,
    operation: { function: "get", key },
  };
}

function routed(hops: number, request = get(0), origin = 3, incarnation = 1): RoutedRequest {
  return {
    hops,
    group: request.group,
    request,
    waiter: { origin: nodeId(origin), incarnation, connection: 5, id: request.id },
  };
}

const responses = (core: LoneCore): readonly ClientResponse[] => core.replies.map(({ response }) => response);
const refused = (reason: string, definite: boolean, id = 1): unknown => ({ type: "refused", id, definite, reason });

/** n2 of three follows n1. */
function following(more: Partial<LoneOptions> = {}): LoneCore {
  const core = new LoneCore({ node: 2, ...more });
  return core.receive(1, { type: "Prepare", ballot: ballot(1, 1), accepted: bottomBallot, length: 0, decided: 0 });
}

/** n1 of three leads with n2. */
function leading(more: Partial<LoneOptions> = {}): LoneCore {
  const core = new LoneCore({ node: 1, ...more }).takeOver().persist();
  return core.receive(2, {
    type: "Promise",
    ballot: core.status.ballot,
    accepted: bottomBallot,
    length: 0,
    decided: 0,
    base: 0,
    suffix: [],
    part: 0,
    last: true,
  });
}

describe("within the group", () => {
  test("a follower forwards to the leader, with the client's address in the request", () => {
    const core = following().request(get(0), 42);
    expect(core.messages("Route")).toMatchObject([
      { to: 1, requests: [{ hops: 1, group: 0, waiter: { origin: 2, incarnation: 1, connection: 42, id: 1 } }] },
    ]);
    expect(core.replies).toEqual([]);
  });

  test("requests of one turn travel in one Route", () => {
    const core = following();
    core.handle(...[1, 2, 3].map((id) => ({ type: "request", connection: 1, request: get(0, "k", id) }) as const));
    expect(core.messages("Route").map(({ requests }) => requests.length)).toEqual([3]);
  });

  test("a GET goes through the log at the leader too, and is answered when it is decided", () => {
    const core = leading().request({ type: "open-session", id: 9, group: 0 }).persist();
    core.receive(2, { type: "Accepted", ballot: core.status.ballot, length: 1 });
    core.request(get(0));
    expect(core.messages("Accept")).toMatchObject([{ commands: [{ operation: { function: "get", key: "k" } }] }]);
    expect(core.replies).toEqual([]);
    core.persist().receive(2, { type: "Accepted", ballot: core.status.ballot, length: 2 });
    expect(responses(core)).toEqual([
      { type: "result", id: 1, result: { function: "get", found: false, value: null, index: 1 } },
    ]);
  });

  test("a GET at a follower is forwarded, never answered from its map", () => {
    const core = following().request(get(0));
    expect(core.replies).toEqual([]);
    expect(core.messages("Route").length).toBe(1);
  });

  test("without a leader the refusal is definite: the request went nowhere", () => {
    expect(responses(new LoneCore({ node: 2 }).request(get(0)))).toEqual([refused("no-leader", true)]);
  });

  test("a suspected leader is not forwarded to", () => {
    const core = following().tick(timing.detector * 2);
    expect(core.status.suspected).toEqual([1, 3]);
    expect(responses(core.request(get(0)))).toEqual([refused("no-leader", true)]);
  });

  test("beyond the limit of undecided commands the leader refuses, definitely for its own client only", () => {
    const core = leading({ limits: { pendingOperations: 2 } });
    core
      .request(get(0, "k", 1))
      .request(get(0, "k", 2))
      .request(get(0, "k", 3));
    expect(responses(core)).toEqual([refused("overloaded", true, 3)]);
    core.receive(3, { type: "Route", requests: [routed(1, get(0, "k", 4))] });
    expect(core.messages("RoutedReply")).toMatchObject([
      { to: 3, answers: [{ response: refused("overloaded", false, 4) }] },
    ]);
  });
});

describe("forwarded requests", () => {
  test("the answer goes back to the node that the client asked", () => {
    const core = leading().receive(3, {
      type: "Route",
      requests: [routed(1, { type: "open-session", id: 8, group: 0 })],
    });
    core.persist().receive(2, { type: "Accepted", ballot: core.status.ballot, length: 1 });
    expect(core.replies).toEqual([]);
    expect(core.messages("RoutedReply")).toMatchObject([
      { to: 3, answers: [{ response: { type: "session-opened", id: 8, session: 0 }, waiter: { connection: 5 } }] },
    ]);
  });

  test("an answer reaches the client of this incarnation only", () => {
    const answer = (incarnation: number): PeerMessage => {
      const { waiter } = routed(0, get(0), 2, incarnation);
      return {
        type: "RoutedReply",
        answers: [{ waiter, response: { type: "session-opened", id: 1, group: 0, session: 0 } }],
      };
    };
    const core = following({ incarnation: 4 });
    expect(core.receive(1, answer(3)).replies).toEqual([]);
    expect(core.receive(1, answer(4)).replies).toMatchObject([{ connection: 5, response: { type: "session-opened" } }]);
  });

  test("at the hop limit a request is refused, as unknown", () => {
    const core = following().receive(3, { type: "Route", requests: [routed(limits.hops)] });
    expect(core.messages("Route")).toEqual([]);
    expect(core.messages("RoutedReply")).toMatchObject([
      { to: 3, answers: [{ response: refused("hop-limit", false) }] },
    ]);
  });

  test("a request that came back to the node it started from is refused as unknown: others have had it", () => {
    const core = new LoneCore({ node: 2 }).receive(3, { type: "Route", requests: [routed(2, get(0), 2)] });
    expect(responses(core)).toEqual([refused("no-leader", false)]);
  });

  test("a refusal by any node but the one asked is unknown", () => {
    const core = new LoneCore({ node: 2 }).receive(3, { type: "Route", requests: [routed(1)] });
    expect(core.messages("RoutedReply")).toMatchObject([{ answers: [{ response: refused("no-leader", false) }] }]);
  });
});

describe("between groups", () => {
  const six = { nodes: 6, replication: 3 };

  test("a key of another group goes to a member of it that is connected", () => {
    const core = new LoneCore({ node: 2, ...six });
    expect(responses(core.request(get(1, keyOf(1))))).toEqual([refused("no-leader", true)]);
    core.linkUp(5, "out").request(get(1, keyOf(1)));
    expect(core.messages("Route").map(({ to }) => to)).toEqual([5]);
  });

  test("the member that answered is asked next; one that refused or stays silent is not", () => {
    const core = new LoneCore({ node: 2, ...six });
    for (const peer of [4, 5, 6]) core.linkUp(peer, "out");
    const asked = (): number[] =>
      core
        .request(get(1, keyOf(1)))
        .messages("Route")
        .map(({ to }) => to);
    const answer = (from: number, response: ClientResponse): unknown =>
      core.receive(from, { type: "RoutedReply", answers: [{ waiter: routed(0, get(1), 2).waiter, response }] });
    expect(asked()).toEqual([4]);
    answer(6, { type: "session-opened", id: 1, group: 1, session: 0 });
    expect(asked()).toEqual([6]);
    answer(6, { type: "refused", id: 1, definite: false, reason: "no-leader" });
    expect(asked()).toEqual([4]);
    core.tick(timing.detector + 1);
    expect(asked()).toEqual([5]);
  });

  test("a key is refused where its group is wrong, and a group where there is none", () => {
    const core = new LoneCore({ node: 2, ...six });
    expect(responses(core.request(get(0, keyOf(1))))).toEqual([refused("wrong-group", true)]);
    expect(responses(core.request(get(7)))).toEqual([refused("wrong-group", true)]);
  });
});

describe("what clients send", () => {
  test("hello is answered with the node and the number of groups", () => {
    const core = new LoneCore({ node: 2, nodes: 6, replication: 3 }).request({ type: "hello", id: 3 });
    expect(responses(core)).toEqual([{ type: "welcome", id: 3, node: 2, groups: 2 }]);
  });

  const operation = put(1);
  const whole = { ...get(0), operation: operation.type === "operation" ? operation.operation : get(0) };
  test.each([
    ["a key that is no text", { ...whole, operation: { function: "get", key: 5 } }],
    ["a value that is an object", { ...whole, operation: { function: "put", key: "k", value: {} } }],
    ["a value that is NaN", { ...whole, operation: { function: "put", key: "k", value: Number.NaN } }],
    ["no operation", { ...whole, operation: null }],
    ["an unknown function", { ...whole, operation: { function: "drop", key: "k" } }],
    ["number 0", { ...whole, number: 0 }],
    ["a number of 2^32", { ...whole, number: 2 ** 32 }],
    ["a session that is a fraction", { ...whole, session: 0.5 }],
    ["acknowledged-below above its number", { ...whole, acknowledgedBelow: 2 }],
    ["an unknown type", { type: "shutdown", id: 1 }],
  ])("%s is malformed", (_, request) => {
    expect(responses(leading().request(request as ClientRequest))).toEqual([refused("malformed", true)]);
  });
});
