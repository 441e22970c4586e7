// Shows that M50 plants its bug, which no node sees: the patched client reports a write whose answer came too late as one that did
// not happen, another client reads it, and the verdict convicts. The shipped client says that it does not know.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { judge } from "../checker/index.js";
import type { ClientReply } from "../cluster/index.js";
import type { HistoryEvent } from "../history/index.js";
import { ClientCore } from "../system/client/index.js";
import { nodeId } from "../system/core/index.js";
import { loadClient } from "../system/index.js";
import { buildOf, mutantNamed } from "./testing/build-all.js";
import { sceneHeader } from "./testing/play.js";

const TIMEOUT_MS = 50;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "minos-timeout-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A put is sent, and applied by the store, whose answer does not come before the deadline. */
function putWithoutAnswer(client: ClientCore): ClientReply {
  const replies: ClientReply[] = [];
  let lastId = 0;
  const feed = (event: Parameters<ClientCore["handle"]>[0], nowMs: number): void => {
    for (const effect of client.handle(event, nowMs)) {
      if (effect.type === "send") lastId = effect.request.id;
      if (effect.type === "complete") replies.push(effect.reply);
    }
  };
  const invocation = { function: "put", key: "k", input: 1, timeoutMs: TIMEOUT_MS };
  feed({ type: "invoke", invocation, timeoutMs: TIMEOUT_MS }, 0);
  feed({ type: "connected" }, 1);
  feed({ type: "response", response: { type: "welcome", id: lastId, node: nodeId(1), groups: 1 } }, 2);
  feed({ type: "response", response: { type: "session-opened", id: lastId, group: 0, session: 0 } }, 3);
  feed({ type: "timer" }, TIMEOUT_MS);
  const [reply] = replies;
  if (reply === undefined) throw new Error("the deadline passed and nothing was reported");
  return reply;
}

function violationsAfter(reply: ClientReply): readonly string[] {
  const put = { process: 0, function: "put", key: "k" } as const;
  const get = { process: 1, function: "get", key: "k" } as const;
  const events: HistoryEvent[] = [
    sceneHeader,
    { type: "invoke", time: 1, thread: 0, node: "n1", input: 1, ...put },
    { type: reply.outcome, time: 2, output: reply.output, error: reply.error ?? "none", ...put },
    { type: "invoke", time: 3, thread: 1, node: "n1", input: null, ...get },
    { type: "ok", time: 4, output: 1, ...get },
  ];
  const { violations } = judge({ mode: "history", events, model: "cas-register", initial: null });
  return violations.map((violation) => violation.class);
}

test("the shipped client does not know, and the history is consistent", () => {
  const reply = putWithoutAnswer(new ClientCore());
  expect(reply).toMatchObject({ outcome: "info", error: "timeout" });
  expect(violationsAfter(reply)).toEqual([]);
});

test("M50 reports a failure, and its class convicts it", async () => {
  const { ClientCore: Patched } = await loadClient(await buildOf(mutantNamed("M50"), folder));
  const reply = putWithoutAnswer(new Patched());
  expect(reply).toMatchObject({ outcome: "fail", error: "timeout" });
  expect(violationsAfter(reply)).toEqual(mutantNamed("M50").classes);
});
