// Shows that each session on a shared connection gets its own answers, and that the connection's end answers every open request.
import { afterEach, describe, expect, it } from "vitest";

import type { ScriptedServer } from "../../cluster/testing/client-conformance.js";
import { PipelinedConnection } from "./pipelined-connection.js";
import type { PipelinedAnswer, PipelinedSession } from "./pipelined-connection.js";
import { startScriptedServer } from "./testing/scripted-server.js";

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function open(script: Parameters<typeof startScriptedServer>[0]): Promise<[ScriptedServer, PipelinedConnection]> {
  const server = await startScriptedServer(script);
  cleanUps.push(() => server.stop());
  const connection = await PipelinedConnection.open(server.address);
  cleanUps.push(() => connection.close());
  return [server, connection];
}

async function put(session: PipelinedSession, value: string): Promise<PipelinedAnswer> {
  return new Promise((resolve) => session.invoke({ function: "put", key: "k", value }, resolve));
}

describe("a pipelined connection", () => {
  it("gives each session its own answers and numbers", async () => {
    const [server, connection] = await open({ actions: [{ do: "answer-after", delayMs: 50 }, { do: "answer" }] });
    const sessions = await Promise.all([connection.session(0), connection.session(0), connection.session(1)]);
    const answers = await Promise.all(sessions.map((session, index) => put(session, `v${index}`)));
    expect(answers).toMatchObject(
      [0, 1, 2].map((index) => ({ result: { function: "put", previous: `before v${index}` } })),
    );
    const [first] = sessions;
    if (first !== undefined) await put(first, "again");
    expect(server.received.map((identity) => identity.split(" ")[0])).toEqual([
      "0/101/1",
      "0/102/1",
      "1/103/1",
      "0/101/2",
    ]);
  });

  it("reports a refusal by its reason", async () => {
    const [, connection] = await open({ actions: [{ do: "lose-leadership" }] });
    expect(await put(await connection.session(0), "v")).toEqual({ error: "lost-leadership" });
  });

  it("that ends answers every open request, and those made later", async () => {
    const [server, connection] = await open({ actions: [{ do: "no-reply" }] });
    const sessions = await Promise.all([connection.session(0), connection.session(0)]);
    const answers = Promise.all(sessions.map((session) => put(session, "v")));
    while (server.received.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    connection.close();
    expect(await answers).toEqual([{ error: "the connection ended" }, { error: "the connection ended" }]);
    const [first] = sessions;
    if (first !== undefined) expect(await put(first, "later")).toEqual({ error: "the connection ended" });
    await expect(connection.session(0)).rejects.toThrow("no session was opened");
  });
});
