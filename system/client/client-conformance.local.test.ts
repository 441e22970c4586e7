// Shows that the store's TCP client passes the suite's conformance tests, and what it does in the cases that only the store has:
// sessions, their opening and their end.
import { afterEach, describe, expect, it } from "vitest";

import type { ClientReply, ClientRequest } from "../../cluster/index.js";
import { describeClientConformance } from "../../cluster/testing/client-conformance.js";
import { connect, defaultClientTiming } from "./index.js";
import { startScriptedServer } from "./testing/scripted-server.js";
import type { StoreScript, StoreServer } from "./testing/scripted-server.js";

/** An attempt lasts so long that a busy machine's delay is no reason for another: attempts are counted here. */
const patient = { ...defaultClientTiming, attemptTimeoutMs: 500 };

describeClientConformance({
  name: "the store's client",
  retries: true,
  startServer: startScriptedServer,
  connect: async (address, signal) => connect(address, signal, patient),
  request: (index) => ({ function: "put", key: "k", input: `value ${index}` }),
  output: (index) => ({ previous: `before value ${index}` }),
});

describe("the store's client", () => {
  const cleanUps: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function run(
    script: StoreScript,
    requests: readonly ClientRequest[],
    timeoutMs = 2_000,
  ): Promise<{ server: StoreServer; replies: readonly ClientReply[] }> {
    const server = await startScriptedServer(script);
    cleanUps.push(() => server.stop());
    const client = connect(server.address, new AbortController().signal, patient);
    cleanUps.push(() => client.close());
    const replies: ClientReply[] = [];
    for (const request of requests)
      replies.push(
        await client.invoke({ ...request, timeoutMs }, { called: () => undefined, returned: () => undefined }),
      );
    return { server, replies };
  }

  const put = (key: string, input: string): ClientRequest => ({ function: "put", key, input });

  it("sends copies of a request as a fault asks for, byte for byte, counts what is answered a further time, and stops when it is closed", async () => {
    const server = await startScriptedServer({ actions: [{ do: "answer" }] });
    cleanUps.push(() => server.stop());
    const client = connect(server.address, new AbortController().signal, patient);
    const seen = { sent: 0, answered: 0 };
    const hooks = {
      called: () => undefined,
      returned: () => undefined,
      repeated: (what: "sent" | "answered") => void (seen[what] += 1),
    };
    const repeat = { copies: 3, everyMs: 5, untilAnswered: false };
    const reply = await client.invoke({ ...put("k", "v"), timeoutMs: 2_000, repeat }, hooks);
    expect(reply.outcome).toBe("ok");
    await expect.poll(() => seen).toEqual({ sent: 3, answered: 3 });
    expect(server.requests).toHaveLength(4);
    expect(new Set(server.requests.map((request) => JSON.stringify(request))).size).toBe(1);
    const endless = { copies: 1_000, everyMs: 1, untilAnswered: false };
    await client.invoke({ ...put("k", "w"), timeoutMs: 2_000, repeat: endless }, hooks);
    client.close();
    const sent = seen.sent;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(seen.sent).toBe(sent);
  });

  it("opens one session in each group, numbers requests within it and acknowledges what was answered", async () => {
    // Keys "a" and "b" … fall into two groups; several of each.
    const { server } = await run(
      { actions: [{ do: "answer" }] },
      ["a", "b", "c", "d", "a", "b"].map((key) => put(key, key)),
    );
    const byGroup = group(server.requests);
    expect(byGroup.size).toBe(2);
    for (const requests of byGroup.values()) {
      expect(new Set(requests.map((request) => request.session)).size).toBe(1);
      expect(requests.map((request) => request.number)).toEqual(requests.map((_, index) => index + 1));
      expect(requests.map((request) => request.acknowledgedBelow)).toEqual(requests.map((_, index) => index + 1));
    }
    expect(server.connections).toBe(1);
  });

  it.each(["session-expired", "unknown-session", "below-acknowledged"] as const)(
    "reports %s as info and never repeats the operation in another session",
    async (reason) => {
      for (const definite of [true, false]) {
        const { server, replies } = await run({ actions: [{ do: "refuse" }], refusal: { reason, definite } }, [
          put("k", "v"),
        ]);
        expect(replies).toEqual([
          { outcome: "info", output: null, error: `refused: ${reason}`, attempts: 1, systemIndex: null },
        ]);
        expect(server.requests).toHaveLength(1);
      }
    },
  );

  it("opens the session again when the opening is not answered, and sends the operation once", async () => {
    const { server, replies } = await run({ actions: [{ do: "answer" }], silentOpenings: 1 }, [put("k", "v")]);
    expect(replies[0]).toMatchObject({ outcome: "ok", attempts: 1 });
    expect(server.requests).toHaveLength(1);
  });

  it("fails when no session could be opened, since the operation was never sent", async () => {
    const { server, replies } = await run({ actions: [{ do: "answer" }], silentOpenings: 99 }, [put("k", "v")], 700);
    expect(replies[0]).toMatchObject({ outcome: "fail", attempts: 0 });
    expect(server.requests).toEqual([]);
  });

  it("repeats an unanswered attempt on the same connection with the same number", async () => {
    const { server, replies } = await run({ actions: [{ do: "no-reply" }, { do: "answer" }] }, [put("k", "v")]);
    expect(replies[0]).toMatchObject({ outcome: "ok", attempts: 2 });
    expect(server.requests.map((request) => request.number)).toEqual([1, 1]);
    expect(new Set(server.requests.map((request) => request.id)).size).toBe(2);
    expect(server.connections).toBe(1);
  });

  it("maps get, put and cas to the outputs of the operation model", async () => {
    const { replies } = await run({ actions: [{ do: "answer" }] }, [
      { function: "get", key: 7, input: null },
      { function: "put", key: "k", input: 1 },
      { function: "cas", key: "k", input: { expected: 1, new: 2 } },
    ]);
    expect(replies.map((reply) => reply.output)).toEqual([
      "value of 7",
      { previous: "before 1" },
      { status: "mismatch", observed: "not 1" },
    ]);
  });

  it.each([
    ["incr", "k", null, 'unsupported function "incr"'],
    ["get", null, null, "unsupported key null: a string or a number"],
    ["put", "k", { a: 1 }, 'unsupported value {"a":1}'],
    ["cas", "k", 5, "unsupported value 5"],
  ] as const)("fails %s of %j with %j at once, with nothing sent", async (name, key, input, error) => {
    const { server, replies } = await run({ actions: [{ do: "answer" }] }, [{ function: name, key, input }]);
    expect(replies).toEqual([{ outcome: "fail", output: null, error, attempts: 0, systemIndex: null }]);
    expect(server.connections).toBe(0);
  });

  it("closes when its signal aborts, and is then of no more use", async () => {
    const controller = new AbortController();
    const client = connect({ host: "127.0.0.1", port: 1 }, controller.signal);
    controller.abort();
    await expect(
      client.invoke({ ...put("k", "v"), timeoutMs: 100 }, { called: () => undefined, returned: () => undefined }),
    ).rejects.toThrow("closed");
  });
});

function group(requests: StoreServer["requests"]): Map<number, StoreServer["requests"][number][]> {
  const groups = new Map<number, StoreServer["requests"][number][]>();
  for (const request of requests) groups.set(request.group, [...(groups.get(request.group) ?? []), request]);
  return groups;
}
