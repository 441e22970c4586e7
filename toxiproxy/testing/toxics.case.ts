// What each toxic does to real bytes on a real connection, and what disabling a proxy does. Times are lower bounds taken from
// the toxic's own numbers, with a millisecond's grace for timers; upper bounds only tell "late" from "not at all".
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunningProxyServer } from "../start.js";
import type { Address } from "../types.js";
import { End, Peer, dial, pause, until } from "./wires.js";
import type { Wire } from "./wires.js";

export function toxicCases(start: () => Promise<RunningProxyServer>): void {
  describe("the toxics", () => {
    let server: RunningProxyServer;
    let peer: Peer;
    let proxy: Address;
    let ends: End[];

    const send = async (method: string, path: string, body?: unknown): Promise<unknown> => {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      const response = await fetch(`${server.api}${path}`, init);
      expect(response.ok, `${method} ${path}: ${response.status}`).toBe(true);
      const text = await response.text();
      return text === "" ? null : JSON.parse(text);
    };
    const add = (type: string, attributes: Record<string, number> = {}, more: Record<string, unknown> = {}) =>
      send("POST", "/proxies/p/toxics", { name: "t", type, attributes, ...more });
    const remove = () => send("DELETE", "/proxies/p/toxics/t");
    const open = async (): Promise<Wire> => {
      const wire = await peer.wire(proxy);
      ends.push(wire.near, wire.far);
      return wire;
    };
    const makeProxy = async (upstream: Address): Promise<Address> => {
      const made = (await send("POST", "/proxies", {
        name: "p",
        listen: "127.0.0.1:0",
        upstream: `${upstream.host}:${upstream.port}`,
      })) as { readonly listen: string };
      return { host: "127.0.0.1", port: Number(made.listen.split(":")[1]) };
    };
    const elapsed = async (act: () => Promise<unknown>): Promise<number> => {
      const started = performance.now();
      await act();
      return performance.now() - started;
    };

    beforeEach(async () => {
      ends = [];
      server = await start();
      peer = await Peer.listen();
      proxy = await makeProxy(peer.address);
    });
    afterEach(async () => {
      for (const { socket } of ends) socket.destroy();
      peer.close();
      await server.stop();
    });

    test("without one, bytes pass unchanged both ways, a megabyte too", async () => {
      const { near, far } = await open();
      const bytes = Buffer.from(Array.from({ length: 1 << 20 }, (_, index) => (index * 31) % 251));
      near.send(bytes);
      far.send("answer");
      await near.receives("answer");
      await until("a megabyte arrives", () => far.receivedBytes === bytes.length);
      expect(Buffer.from(far.text, "latin1").equals(bytes)).toBe(true);
    });

    test("the end of one side ends the other, after all bytes: half-close is not kept", async () => {
      const { near, far } = await open();
      near.socket.end("last words");
      await far.closes();
      expect(far.text).toBe("last words");
      await near.closes();
    });

    test("latency delays one direction and pipelines", async () => {
      const { near, far } = await open();
      await add("latency", { latency: 600 }, { stream: "upstream" });
      const took = await elapsed(async () => {
        near.send("a");
        await pause(50);
        near.send("b");
        await far.receives("ab");
      });
      expect(took).toBeGreaterThanOrEqual(648);
      expect(took).toBeLessThan(1150);
      expect(await elapsed(() => (far.send("back"), near.receives("back")))).toBeLessThan(550);
    });

    test("removing a latency delivers at once what it held", async () => {
      const { near, far } = await open();
      await add("latency", { latency: 30_000 }, { stream: "upstream" });
      near.send("held");
      await pause(100);
      expect(far.text).toBe("");
      await remove();
      await far.receives("held");
    });

    test("bandwidth limits the rate", async () => {
      const { near, far } = await open();
      await add("bandwidth", { rate: 100 }, { stream: "upstream" });
      const took = await elapsed(async () => {
        near.send(Buffer.alloc(50_000));
        await until("all arrives", () => far.receivedBytes === 50_000);
      });
      expect(took).toBeGreaterThanOrEqual(450);
    });

    test("bandwidth 0 is a stall that loses nothing: at once, for new connections too, late at removal", async () => {
      const old = await open();
      old.near.send("before ");
      await old.far.receives("before ");
      await add("bandwidth", { rate: 0 }, { stream: "upstream" });
      const fresh = await open();
      const bulk = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 253));
      old.near.send(bulk);
      fresh.near.send("fresh");
      fresh.far.send("other way");
      await fresh.near.receives("other way");
      await pause(300);
      expect(old.far.text).toBe("before ");
      expect(fresh.far.text).toBe("");
      await remove();
      await fresh.far.receives("fresh");
      await until("the bulk arrives", () => old.far.receivedBytes === bulk.length + 7);
      expect(Buffer.from(old.far.text, "latin1").subarray(7).equals(bulk)).toBe(true);
      old.near.send("!");
      await until("it flows on", () => old.far.text.endsWith("!"));
    });

    test("slow_close delays the end and not the bytes", async () => {
      const { near, far } = await open();
      await add("slow_close", { delay: 600 }, { stream: "upstream" });
      const took = await elapsed(async () => {
        near.socket.end("bye");
        await far.receives("bye");
        expect(far.closed).toBe(false);
        await far.closes();
      });
      expect(took).toBeGreaterThanOrEqual(595);
    });

    test("no byte follows an end that slow_close holds, also when the limit that ended the stream is taken away", async () => {
      const { near, far } = await open();
      await add("limit_data", { bytes: 4 }, { stream: "upstream" });
      await add("slow_close", { delay: 600 }, { name: "late", stream: "upstream" });
      near.send("abcdef");
      await far.receives("abcd");
      await remove();
      near.send("ghi");
      await far.closes();
      expect(far.text).toBe("abcd");
    });

    test("timeout 0 discards one direction and lets the other flow; its removal closes the connections", async () => {
      const { near, far } = await open();
      await add("timeout", {}, { stream: "upstream" });
      const fresh = await open();
      near.send("lost");
      fresh.near.send("lost too");
      far.send("flows");
      await near.receives("flows");
      await pause(100);
      expect([far.text, fresh.far.text, far.closed, near.closed]).toEqual(["", "", false, false]);
      await remove();
      await Promise.all([near.closes(), far.closes(), fresh.near.closes(), fresh.far.closes()]);
      expect(far.text + fresh.far.text).toBe("");
      const after = await open();
      after.near.send("again");
      await after.far.receives("again");
    });

    test("timeout N closes N ms after the last chunk", async () => {
      const { near, far } = await open();
      await add("timeout", { timeout: 300 }, { stream: "upstream" });
      const took = await elapsed(async () => {
        await pause(150);
        near.send("restarts the timer");
        await far.closes();
      });
      expect(took).toBeGreaterThanOrEqual(445);
      expect(far.text).toBe("");
    });

    test("reset_peer sends an RST on connections opened under it, once data arrives", async () => {
      await add("reset_peer", {}, { stream: "upstream" });
      const { near, far } = await open();
      await pause(100);
      expect(near.closed || far.closed).toBe(false);
      near.send("trigger");
      await Promise.all([near.closes(), far.closes()]);
      expect([near.errorCode, far.errorCode]).toEqual(["ECONNRESET", "ECONNRESET"]);
      expect(far.text).toBe("");
    });

    test("reset_peer on a connection opened before it ends in a FIN at the target", async () => {
      const { near, far } = await open();
      // The target may have accepted before the proxy knows that it is connected: only a byte that came through shows that it does.
      near.send("hello");
      await far.receives("hello");
      await add("reset_peer", {}, { stream: "upstream" });
      near.send("trigger");
      await far.closes();
      expect([far.errorCode, far.sawEnd, far.text]).toEqual([null, true, "hello"]);
    });

    test("slicer cuts bytes into small pieces with pauses and loses none", async () => {
      const { near, far } = await open();
      await add("slicer", { average_size: 100, size_variation: 10, delay: 20_000 }, { stream: "upstream" });
      const text = "0123456789".repeat(100);
      const took = await elapsed(async () => {
        near.send(text);
        await far.receives(text);
      });
      expect(Math.max(...far.chunkSizes)).toBeLessThanOrEqual(300);
      expect(far.chunkSizes.length).toBeGreaterThanOrEqual(5);
      expect(took).toBeGreaterThanOrEqual(95);
    });

    test("limit_data lets so many bytes through and closes", async () => {
      const { near, far } = await open();
      await add("limit_data", { bytes: 10 }, { stream: "upstream" });
      near.send("12345");
      await far.receives("12345");
      expect(far.closed).toBe(false);
      near.send("67890 more");
      await far.closes();
      expect(far.text).toBe("1234567890");
    });

    test("two toxics on one stream both act", async () => {
      const { near, far } = await open();
      await add("latency", { latency: 150 }, { stream: "upstream" });
      await add("limit_data", { bytes: 3 }, { stream: "upstream", name: "limit" });
      const took = await elapsed(async () => {
        near.send("abcdef");
        await far.closes();
      });
      expect(far.text).toBe("abc");
      expect(took).toBeGreaterThanOrEqual(145);
    });

    test("toxicity 0 leaves every connection alone", async () => {
      await add("timeout", {}, { stream: "upstream", toxicity: 0 });
      const { near, far } = await open();
      near.send("passes");
      await far.receives("passes");
    });

    test("an update acts on open connections", async () => {
      const { near, far } = await open();
      await add("latency", { latency: 30_000 }, { stream: "upstream" });
      await send("POST", "/proxies/p/toxics/t", { attributes: { latency: 1 } });
      near.send("quick");
      await far.receives("quick");
    });

    test("disabling ends live connections and refuses new ones; enabling listens at the same address", async () => {
      const { near, far } = await open();
      await send("PATCH", "/proxies/p", { enabled: false });
      await Promise.all([near.closes(), far.closes()]);
      expect([near.errorCode, far.errorCode]).toEqual([null, null]);
      await expect(dial(proxy)).rejects.toThrow("ECONNREFUSED");
      await send("PATCH", "/proxies/p", { enabled: true });
      const again = await open();
      again.near.send("back");
      await again.far.receives("back");
    });

    test("with the upstream down the connect succeeds and ends without an error", async () => {
      peer.close();
      const end = await dial(proxy);
      ends.push(end);
      await end.closes();
      expect([end.sawEnd, end.errorCode]).toEqual([true, null]);
    });
  });
}
