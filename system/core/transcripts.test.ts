// Golden transcripts: whole interactions of three cores as readable text, compared exactly with `transcripts/*.txt`. Every message,
// every write and what waits for it is in them, so a change of the protocol shows as a change of text that a person can judge.
// To write them anew: MINOS_UPDATE_TRANSCRIPTS=1 npx vitest run --project unit system/core/transcripts.test.ts
import { readFile, writeFile } from "node:fs/promises";

import { expect, test } from "vitest";

import { Stage } from "../testing/stage.js";
import type { ClientRequest, KvOperation } from "./interface.js";

const open: ClientRequest = { type: "open-session", id: 1, group: 0 };

function ask(number: number, operation: KvOperation): ClientRequest {
  return { type: "operation", id: number + 1, group: 0, session: 0, number, acknowledgedBelow: number, operation };
}

const put = (number: number, value: string): ClientRequest => ask(number, { function: "put", key: "k", value });

/** n1 leads all three, and session 0 is open; nothing of that is written down. */
function led(): Stage {
  const stage = new Stage(3);
  stage.elect(1);
  stage.settle();
  stage.request(1, open);
  stage.settle();
  stage.lines.length = 0;
  return stage;
}

const scenes: Readonly<Record<string, () => Stage>> = {
  prepare: () => {
    const stage = new Stage(3);
    stage.note("Nobody leads. n1 takes over; its promise is on disk before its Prepare leaves.");
    stage.elect(1);
    stage.persist(1);
    stage.note("A request that comes now is buffered.");
    stage.request(1, open);
    stage.note(
      "n2's promise makes the majority: n1 adopts the greatest log, its own, under its own ballot, and synchronises n2.",
    );
    stage.deliver(1, 2);
    stage.persist(2);
    stage.deliver(2, 1);
    stage.note("n3 promises late and is synchronised in a session of its own.");
    stage.deliver(1, 3);
    stage.persist(3);
    stage.deliver(3, 1);
    stage.note("Acceptances of a majority, each after its fsync, decide.");
    stage.settle();
    return stage;
  },
  accept: () => {
    const stage = led();
    stage.note("A put at n3 is forwarded to the leader, n1. Accept leaves while n1's own write is still under way.");
    stage.request(3, put(1, "a"));
    stage.deliver(3, 1);
    stage.note("n2 accepts; n1's own acceptance is missing until its write is on disk.");
    stage.deliver(1, 2);
    stage.persist(2);
    stage.deliver(2, 1);
    stage.persist(1);
    stage.note("The answer goes through n3, where the client asked.");
    stage.deliver(1, 3);
    stage.note("The client asks again, here at n1: the same number is answered, not applied.");
    stage.settle();
    stage.request(1, put(1, "a"));
    stage.settle();
    stage.note("A get and a cas go the same way.");
    stage.request(1, ask(2, { function: "get", key: "k" }));
    stage.request(1, ask(3, { function: "cas", key: "k", expected: "b", new: "c" }));
    stage.settle();
    return stage;
  },
  recover: () => {
    const stage = led();
    stage.note("n1 appends a put, which reaches n2's disk; n2's acceptance is lost with n1.");
    stage.request(1, put(1, "a"));
    stage.persist(1);
    stage.deliver(1, 2);
    stage.lose(1, 3);
    stage.persist(2);
    stage.crash(1);
    stage.note("n2 misses its leader and is unhappy; it goes on repeating its acceptance.");
    stage.tick(2, 20);
    stage.note("n3 takes over. n2's log is the greater one: n3 adopts it, and the put is decided.");
    stage.elect(3);
    stage.settle();
    stage.note("n1 starts with its old promise and log. It recovers and leads no more; n3 prepares it.");
    stage.start(1);
    stage.settle();
    return stage;
  },
  resync: () => {
    const stage = led();
    stage.note("An Accept to n3 is lost; n2 makes the majority.");
    stage.request(1, put(1, "a"));
    stage.lose(1, 3);
    stage.persist(1);
    stage.deliver(1, 2);
    stage.persist(2);
    stage.deliver(2, 1);
    stage.note("The Decide shows n3 the gap, and it asks to be prepared again.");
    stage.deliver(1, 3);
    stage.note("n1 forgets n3's promise and sends Prepare; the next session's AcceptSync brings what is missing.");
    stage.settle();
    stage.note("A new connection from the leader has the same effect, with no message missed.");
    stage.linkUp(3, 1, "in");
    stage.settle();
    return stage;
  },
};

test.each(Object.keys(scenes))("the transcript of %s is as written", async (name) => {
  const scene = scenes[name];
  if (scene === undefined) throw new Error(`no scene ${name}`);
  const text = scene().text();
  const file = new URL(`transcripts/${name}.txt`, import.meta.url);
  if (process.env["MINOS_UPDATE_TRANSCRIPTS"] === "1") await writeFile(file, text);
  expect(text).toBe(await readFile(file, "utf8"));
});
