// What every `Client` must do against a server that misbehaves: each attempt reaches the server exactly once, nothing is stamped
// as returned that was not answered, and the outcome is what DESIGN.md says of all attempts together. A system brings its
// client and a scripted server that speaks its protocol; the claims are the same for all.
import { afterEach, describe, expect, it } from "vitest";

import type { Address, Client, ClientReply, ClientRequest, JsonValue } from "../index.js";

/** What the scripted server does with one operation request. */
export type ServerAction =
  /** Carries it out and answers. */
  | { readonly do: "answer" }
  | { readonly do: "answer-twice" }
  | { readonly do: "answer-after"; readonly delayMs: number }
  /** Reads it and says nothing. */
  | { readonly do: "no-reply" }
  /** Reads it and ends the connection. */
  | { readonly do: "close-after-read" }
  /** Refuses in the way that the system documents as definite. */
  | { readonly do: "refuse" }
  /** Says that it lost its leadership after it had appended the request: nobody knows. */
  | { readonly do: "lose-leadership" };

export interface ScriptedServer {
  readonly address: Address;
  /** One entry for each operation request read, in order: its identity, the same for all attempts of one operation. */
  readonly received: readonly string[];
  /** When (performance.now) an answer that completes an operation was first written, in order. */
  readonly answeredAtMs: readonly number[];
  stop(): Promise<void>;
}

export interface ServerScript {
  /** For the first, second, … operation request; the last one repeats. */
  readonly actions: readonly ServerAction[];
  /** Ends connections without reading an operation: `always`, or only the first of them. */
  readonly closeBeforeRead?: "always" | "first";
}

export interface ClientUnderTest {
  readonly name: string;
  /** Whether it tries again within the timeout by itself. */
  readonly retries: boolean;
  startServer(script: ServerScript): Promise<ScriptedServer>;
  connect(address: Address, signal: AbortSignal): Promise<Client>;
  /** The n-th operation of a test, from 0: different each time. */
  request(index: number): ClientRequest;
  /** What the server's answer to it must come out as. */
  output(index: number): JsonValue;
}

const timeoutMs = 1_200;
/** How much later than its timeout an invocation may end on a busy machine. */
const slackMs = 1_500;

interface Invoked {
  readonly reply: ClientReply;
  readonly called: number;
  readonly returnedAtMs: readonly number[];
  readonly tookMs: number;
}

/** Registers the suite's tests. */
export function describeClientConformance(subject: ClientUnderTest): void {
  describe(`${subject.name} conforms as a client: it`, () => {
    const cleanUps: (() => Promise<void> | void)[] = [];
    afterEach(async () => {
      for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
    });

    async function start(script: ServerScript): Promise<{ server: ScriptedServer; client: Client }> {
      const server = await subject.startServer(script);
      cleanUps.push(() => server.stop());
      return { server, client: await connect(server.address) };
    }

    async function connect(address: Address): Promise<Client> {
      const client = await subject.connect(address, new AbortController().signal);
      cleanUps.push(() => client.close());
      return client;
    }

    async function invoke(client: Client, index = 0): Promise<Invoked> {
      let called = 0;
      const returnedAtMs: number[] = [];
      const startMs = performance.now();
      const reply = await client.invoke(
        { ...subject.request(index), timeoutMs },
        {
          called: () => {
            called++;
            expect(returnedAtMs, "called before returned").toEqual([]);
          },
          returned: () => returnedAtMs.push(performance.now()),
        },
      );
      expect(called, "called at most once").toBeLessThanOrEqual(1);
      expect(returnedAtMs.length, "returned at most once").toBeLessThanOrEqual(1);
      return { reply, called, returnedAtMs, tookMs: performance.now() - startMs };
    }

    function expectEachAttemptOnce(server: ScriptedServer, attempts: number): void {
      expect(server.received).toHaveLength(attempts);
      expect(new Set(server.received).size, "all attempts are of one operation").toBeLessThanOrEqual(1);
    }

    function expectInfo({ reply, called, returnedAtMs }: Invoked): void {
      expect(reply).toMatchObject({ outcome: "info", output: null, systemIndex: null });
      expect(reply.error).toEqual(expect.any(String));
      expect(called).toBe(1);
      expect(returnedAtMs, "an info has not returned").toEqual([]);
    }

    it("reports an answer as ok and stamps call and return around it", async () => {
      const { server, client } = await start({ actions: [{ do: "answer" }] });
      const { reply, called, returnedAtMs } = await invoke(client);
      expect(reply).toMatchObject({ outcome: "ok", output: subject.output(0), error: null, attempts: 1 });
      expect(called).toBe(1);
      expect(returnedAtMs[0]).toBeGreaterThanOrEqual(server.answeredAtMs[0] ?? Infinity);
      expectEachAttemptOnce(server, 1);
    });

    it("does one operation after another, each reaching the server once", async () => {
      const { server, client } = await start({ actions: [{ do: "answer" }] });
      for (let index = 0; index < 5; index++)
        expect((await invoke(client, index)).reply).toMatchObject({ outcome: "ok", output: subject.output(index) });
      expect(new Set(server.received).size).toBe(5);
      expect(server.received).toHaveLength(5);
    });

    it("reports no reply as info when the timeout is over, and not before", async () => {
      const { server, client } = await start({ actions: [{ do: "no-reply" }] });
      const invoked = await invoke(client);
      expectInfo(invoked);
      expect(invoked.tookMs).toBeGreaterThanOrEqual(timeoutMs - 5);
      expect(invoked.tookMs).toBeLessThan(timeoutMs + slackMs);
      expectEachAttemptOnce(server, invoked.reply.attempts);
    });

    it("reports a connection closed after the request was read as info", async () => {
      const { server, client } = await start({ actions: [{ do: "close-after-read" }] });
      const invoked = await invoke(client);
      expectInfo(invoked);
      expectEachAttemptOnce(server, invoked.reply.attempts);
    });

    it("repeats an operation after a lost connection only as the same operation", async () => {
      const { server, client } = await start({ actions: [{ do: "close-after-read" }, { do: "answer" }] });
      const invoked = await invoke(client);
      if (subject.retries) {
        expect(invoked.reply).toMatchObject({ outcome: "ok", output: subject.output(0), attempts: 2 });
        expect(invoked.returnedAtMs[0]).toBeGreaterThanOrEqual(server.answeredAtMs[0] ?? Infinity);
      } else {
        expectInfo(invoked);
      }
      expectEachAttemptOnce(server, invoked.reply.attempts);
    });

    it("reports a connection closed before it was read as fail only when no byte was handed over", async () => {
      const { server, client } = await start({ actions: [{ do: "answer" }], closeBeforeRead: "always" });
      const { reply, called, returnedAtMs } = await invoke(client);
      expect(reply.outcome).toBe(called === 0 ? "fail" : "info");
      expect(returnedAtMs).toEqual([]);
      expect(server.received).toEqual([]);
    });

    it("reports a refused connection as fail, with nothing sent", async () => {
      const { server, client } = await start({ actions: [{ do: "answer" }] });
      await server.stop();
      const { reply, called } = await invoke(client);
      expect(reply).toMatchObject({ outcome: "fail", output: null, attempts: 0 });
      expect(called).toBe(0);
      expect(server.received).toEqual([]);
    });

    it("reports a definite refusal as fail", async () => {
      const { server, client } = await start({ actions: [{ do: "refuse" }] });
      const { reply } = await invoke(client);
      expect(reply).toMatchObject({ outcome: "fail", output: null });
      expect(reply.attempts).toBeGreaterThanOrEqual(1);
      expectEachAttemptOnce(server, reply.attempts);
    });

    it("reports a definite refusal after an attempt of unknown outcome as info", async () => {
      for (const unknown of [{ do: "close-after-read" }, { do: "lose-leadership" }, { do: "no-reply" }] as const) {
        const { server, client } = await start({ actions: [unknown, { do: "refuse" }] });
        const invoked = await invoke(client);
        expectInfo(invoked);
        expectEachAttemptOnce(server, invoked.reply.attempts);
      }
    });

    it("reports a leadership lost after appending as info, unless another attempt of the same operation is answered", async () => {
      const lost = await start({ actions: [{ do: "lose-leadership" }] });
      const invoked = await invoke(lost.client);
      expectInfo(invoked);
      expectEachAttemptOnce(lost.server, invoked.reply.attempts);
      if (!subject.retries) return;
      const found = await start({ actions: [{ do: "lose-leadership" }, { do: "answer" }] });
      const again = await invoke(found.client);
      expect(again.reply).toMatchObject({ outcome: "ok", output: subject.output(0), attempts: 2 });
      expectEachAttemptOnce(found.server, 2);
    });

    it("takes no late reply to a timed-out request for anything", async () => {
      const { server, client } = await start({ actions: [{ do: "answer-after", delayMs: timeoutMs + 200 }] });
      const invoked = await invoke(client);
      expectInfo(invoked);
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(invoked.returnedAtMs, "still not returned").toEqual([]);
      expectEachAttemptOnce(server, invoked.reply.attempts);
    });

    it("takes the second of two replies for no other operation", async () => {
      const { server, client } = await start({
        actions: [
          { do: "answer-twice" },
          { do: "answer-after", delayMs: 100 },
          { do: "answer-twice" },
          { do: "answer" },
        ],
      });
      for (let index = 0; index < 4; index++) {
        const { reply, returnedAtMs } = await invoke(client, index);
        expect(reply).toMatchObject({ outcome: "ok", output: subject.output(index), attempts: 1 });
        expect(returnedAtMs[0]).toBeGreaterThanOrEqual(server.answeredAtMs[index] ?? Infinity);
      }
      expect(server.received).toHaveLength(4);
    });

    it("connects with the first operation, and an operation lives on through a first connection that is closed unread", async () => {
      const { server, client } = await start({ actions: [{ do: "answer" }], closeBeforeRead: "first" });
      const invoked = await invoke(client);
      if (subject.retries) expect(invoked.reply).toMatchObject({ outcome: "ok", output: subject.output(0) });
      else expect(invoked.reply.outcome).toBe(invoked.called === 0 ? "fail" : "info");
      expect(server.received.length).toBeLessThanOrEqual(invoked.reply.attempts);
    });

    it("rejects a second invocation while one is open", async () => {
      const { client } = await start({ actions: [{ do: "answer-after", delayMs: 200 }] });
      const first = invoke(client, 0);
      await expect(invoke(client, 1)).rejects.toThrow("open");
      expect((await first).reply.outcome).toBe("ok");
    });

    it("ends an open operation as info when its owner closes it after the request was sent", async () => {
      const { server, client } = await start({ actions: [{ do: "no-reply" }] });
      const open = invoke(client);
      while (server.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      client.close();
      client.close();
      expectInfo(await open);
    });
  });
}
