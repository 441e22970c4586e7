// toxiproxy-node-client against the server: the package ships no tests, so these make every call that it has, and check
// what it hands back.
import { Toxiproxy } from "toxiproxy-node-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunningProxyServer } from "../start.js";

export function clientCases(start: () => Promise<RunningProxyServer>): void {
  describe("toxiproxy-node-client", () => {
    let server: RunningProxyServer;
    let client: Toxiproxy;

    beforeEach(async () => {
      server = await start();
      client = new Toxiproxy(server.api);
    });
    afterEach(() => server.stop());

    const create = (name = "redis") => client.createProxy({ name, listen: "localhost:0", upstream: "localhost:6379" });
    const bandwidth = {
      name: "slow",
      type: "bandwidth" as const,
      stream: "upstream" as const,
      toxicity: 1,
      attributes: { rate: 1000 },
    };

    test("creates a proxy and gets it back by name", async () => {
      const made = await create();
      expect(made).toMatchObject({ name: "redis", upstream: "localhost:6379", enabled: true });
      expect(made.listen).toMatch(/^127\.0\.0\.1:\d+$/);
      expect((await client.get("redis")).toJson()).toEqual(made.toJson());
    });

    test("rejects a proxy that exists", async () => {
      await create();
      await expect(create()).rejects.toThrow("Request failed with status code 409");
    });

    test("rejects what is not there", async () => {
      await expect(client.get("nobody")).rejects.toThrow("Request failed with status code 404");
      const proxy = await create();
      await expect(proxy.getToxic("none")).rejects.toThrow("Request failed with status code 404");
    });

    test("updates a proxy", async () => {
      const proxy = await create();
      const { listen } = proxy;
      const updated = await proxy.update({ enabled: false, listen, upstream: "localhost:6380" });
      expect(updated).toMatchObject({ enabled: false, listen, upstream: "localhost:6380" });
      expect((await client.get("redis")).enabled).toBe(false);
    });

    test("removes a proxy", async () => {
      const proxy = await create();
      await proxy.remove();
      await expect(client.get("redis")).rejects.toThrow("404");
      expect(await client.getAll()).toEqual({});
    });

    test("lists all proxies", async () => {
      await create("one");
      await create("two");
      expect(Object.keys(await client.getAll()).toSorted()).toEqual(["one", "two"]);
    });

    test("populates", async () => {
      const proxies = await client.populate([
        { name: "one", listen: "localhost:0", upstream: "localhost:1" },
        { name: "two", listen: "localhost:0", upstream: "localhost:2" },
      ]);
      expect(proxies["one"]).toMatchObject({ upstream: "localhost:1", enabled: true });
      expect(proxies["two"]).toMatchObject({ upstream: "localhost:2", enabled: true });
    });

    test("adds, gets, updates and removes a toxic", async () => {
      const proxy = await create();
      const toxic = await proxy.addToxic(bandwidth);
      expect(toxic.toJson()).toEqual(bandwidth);
      expect((await proxy.getToxic("slow")).toJson()).toEqual(bandwidth);
      const updated = await toxic.update({ ...bandwidth, toxicity: 0.5, attributes: { rate: 10 } });
      expect(updated.toJson()).toEqual({ ...bandwidth, toxicity: 0.5, attributes: { rate: 10 } });
      await toxic.remove();
      await expect(proxy.getToxic("slow")).rejects.toThrow("404");
    });

    test("rejects a toxic that exists or is unknown", async () => {
      const proxy = await create();
      await proxy.addToxic(bandwidth);
      await expect(proxy.addToxic(bandwidth)).rejects.toThrow("409");
      await expect(proxy.addToxic({ ...bandwidth, name: "x", type: "down" })).rejects.toThrow("400");
    });

    test.each([
      ["latency", { latency: 1000, jitter: 100 }],
      ["bandwidth", { rate: 1000 }],
      ["slow_close", { delay: 1000 }],
      ["timeout", { timeout: 1000 }],
      ["reset_peer", { timeout: 1000 }],
      ["slicer", { average_size: 64, size_variation: 32, delay: 10 }],
      ["limit_data", { bytes: 1000 }],
    ] as const)("adds a toxic of type %s", async (type, attributes) => {
      const proxy = await create();
      const body = { name: `a-${type}`, type, stream: "downstream" as const, toxicity: 1, attributes };
      expect((await proxy.addToxic(body)).toJson()).toEqual(body);
    });

    test("resets", async () => {
      const proxy = await create();
      await proxy.addToxic(bandwidth);
      await proxy.update({ enabled: false, listen: proxy.listen, upstream: proxy.upstream });
      await client.reset();
      expect((await client.get("redis")).enabled).toBe(true);
      await expect(proxy.getToxic("slow")).rejects.toThrow("404");
    });

    test("gets the version, as raw text", async () => {
      expect(await client.getVersion()).toMatch(/^\{"version": "[^"]+"\}\n$/);
    });
  });
}
