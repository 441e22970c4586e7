// The composition: exactly-once over retries, forwards and failovers, on a stage of three cores whose every message is decided here.
import { expect, test } from "vitest";

import { LoneCore, openSession, puts } from "../testing/lone-core.js";
import { Stage } from "../testing/stage.js";
import { nodeId, type ClientRequest } from "./interface.js";

function put(id: number, number: number, value: number): ClientRequest {
  const operation = { function: "put", key: "k", value } as const;
  return { type: "operation", id, group: 0, session: 0, number, acknowledgedBelow: 1, operation };
}

/** n1 leads and session 0 is open. */
function led(): Stage {
  const stage = new Stage(3);
  stage.elect(1);
  stage.settle();
  stage.request(1, { type: "open-session", id: 1, group: 0 });
  stage.settle();
  stage.lines.length = 0;
  return stage;
}

const answers = (stage: Stage): readonly string[] =>
  stage.lines.filter((line) => line.includes("answers its client")).map((line) => line.trim());

test("a retry under way together with the first attempt is answered at its own id, and applied once", () => {
  const stage = led();
  stage.request(2, put(5, 1, 10));
  stage.request(2, put(6, 1, 10));
  stage.settle();
  expect(answers(stage)).toEqual([
    'n2 answers its client {"type":"result","id":5,"result":{"function":"put","previous":null,"index":1}}',
    'n2 answers its client {"type":"result","id":6,"result":{"function":"put","previous":null,"index":1}}',
  ]);
  expect(stage.status(1)).toMatchObject({ decided: 3, counters: { answered_from_session: 1 } });
});

test("an answer lost with the leader is given to the retry by the next leader", () => {
  const stage = led();
  stage.request(2, put(5, 1, 10));
  stage.deliver(2, 1);
  stage.persist(1);
  stage.deliver(1, 2);
  stage.persist(2);
  stage.deliver(2, 1);
  stage.lose(1, 2);
  stage.crash(1);
  expect(answers(stage)).toEqual([]);
  stage.tick(2, 20);
  stage.elect(3);
  stage.settle();
  const before = answers(stage).length;
  stage.request(2, put(6, 1, 10));
  stage.settle();
  expect(answers(stage).slice(before)).toEqual([
    'n2 answers its client {"type":"result","id":6,"result":{"function":"put","previous":null,"index":1}}',
  ]);
});

test("every member applies, one answers", () => {
  const stage = led();
  stage.request(3, put(5, 1, 10));
  stage.settle();
  stage.tick(1, 5);
  stage.settle();
  expect(answers(stage).length).toBe(1);
  for (const id of [1, 2, 3]) expect(stage.status(id)).toMatchObject({ decided: 2, keys: 1 });
  expect(new Set([1, 2, 3].map((id) => stage.status(id).stateHash)).size).toBe(1);
  expect(new Set([1, 2, 3].map((id) => stage.status(id).logHash)).size).toBe(1);
});

test("a restarted node has the state of its decided log at once", () => {
  const restarted = new LoneCore({ node: 2, state: { log: [openSession, ...puts(1, 2)], decided: 3 } });
  const fresh = new LoneCore({ node: 2 });
  expect(restarted.status).toMatchObject({ decided: 3, keys: 1, sessions: 1 });
  expect(restarted.core.decisions(0).map(({ index }) => index)).toEqual([1, 2, 3]);
  expect(restarted.core.decisions(2)[0]?.hash).toBe(restarted.status.logHash);
  expect(restarted.status.stateHash).not.toBe(fresh.status.stateHash);
  expect(restarted.replies).toEqual([]);
});

test("a group of one decides by its own disk alone", () => {
  const core = new LoneCore({ node: 1, nodes: 1 }).tick(10).persist();
  expect(core.status).toMatchObject({ role: "leader", phase: "accept" });
  core.request({ type: "open-session", id: 1, group: 0 });
  expect(core.replies).toEqual([]);
  expect(core.persist().replies.map(({ response }) => response)).toEqual([
    { type: "session-opened", id: 1, group: 0, session: 0 },
  ]);
});

test("messages of a node outside the group do not reach its log", () => {
  const core = new LoneCore({ node: 2, nodes: 6, replication: 3 });
  const ballot = { number: 9, priority: 0, node: nodeId(5) };
  core.receive(5, { type: "Prepare", ballot, accepted: ballot, length: 0, decided: 0 });
  expect(core.sent).toEqual([]);
  expect(core.status.ballot.number).toBe(0);
});

test("a core is restored once, first of all", () => {
  const core = new LoneCore({ node: 1 });
  expect(() =>
    core.handle({
      type: "restored",
      state: { table: null, promised: core.status.ballot, accepted: core.status.ballot, log: [], decided: 0 },
    }),
  ).toThrow("a core is restored once");
});

test("a disk that contradicts itself is refused at the start", () => {
  expect(() => new LoneCore({ node: 1, state: { decided: 2 } })).toThrow(
    "the disk holds 0 commands, yet says that 2 are decided",
  );
});
