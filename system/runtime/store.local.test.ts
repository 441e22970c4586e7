// Shows the store as real processes on loopback: what clients see, what survives kill -9 and restarts, and that a wiped disk is
// refused for good. Without proxies and without the suite's clusters: this is about the store alone.
import * as fs from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";

import type { Client, ClientReply, ClientRequest, NodeName } from "../../cluster/index.js";
import { DirectCluster } from "../../bench/direct-cluster.js";
import { eventually } from "../../bench/eventually.js";
import { describeKvReply, runKv, shippedBuild, storeSystem } from "../index.js";

const clusters: DirectCluster[] = [];
afterEach(async () => {
  for (const cluster of clusters.splice(0)) await cluster.teardown();
});

async function create(count: number): Promise<DirectCluster> {
  const cluster = await DirectCluster.create(await storeSystem(await shippedBuild()), count, 3);
  clusters.push(cluster);
  return cluster;
}

async function boot(count: number): Promise<DirectCluster> {
  const cluster = await create(count);
  await cluster.boot();
  return cluster;
}

const get = (key: number): ClientRequest => ({ function: "get", key, input: null });
const put = (key: number, input: string | number): ClientRequest => ({ function: "put", key, input });
const cas = (key: number, expected: string | number, replacement: string | number): ClientRequest => ({
  function: "cas",
  key,
  input: { expected, new: replacement },
});

async function invoke(client: Client, request: ClientRequest): Promise<ClientReply> {
  return client.invoke({ ...request, timeoutMs: 5_000 }, { called: () => undefined, returned: () => undefined });
}

async function output(client: Client, request: ClientRequest): Promise<unknown> {
  const reply = await invoke(client, request);
  expect(reply, JSON.stringify(request)).toMatchObject({ outcome: "ok" });
  return reply.output;
}

async function clientOf(cluster: DirectCluster, node: NodeName): Promise<Client> {
  return cluster.system.connect(cluster.address(node), new AbortController().signal);
}

const first = (cluster: DirectCluster): NodeName => nodeAt(cluster, 0);

function nodeAt(cluster: DirectCluster, index: number): NodeName {
  const node = cluster.nodes[index];
  if (node === undefined) throw new Error(`there is no node ${index}`);
  return node;
}

async function leaderOf(cluster: DirectCluster, node: NodeName): Promise<NodeName> {
  return eventually("there is a leader", async () => {
    const status = await cluster.status(node).catch(() => null);
    return status?.groups[0]?.leader ?? null;
  });
}

describe("three nodes", () => {
  it("give each client what the others wrote, through any node", async () => {
    const cluster = await boot(3);
    const clients = await Promise.all(cluster.nodes.map((node) => clientOf(cluster, node)));
    for (const [index, client] of clients.entries()) {
      expect(await output(client, get(index))).toBeNull();
      expect(await output(client, put(index, `v${index}`))).toEqual({ previous: null });
    }
    for (const client of clients) {
      for (let key = 0; key < 3; key++) expect(await output(client, get(key))).toBe(`v${key}`);
      expect(await output(client, cas(0, "v0", "v0"))).toEqual({ status: "ok", observed: "v0" });
      expect(await output(client, cas(1, "other", "x"))).toEqual({ status: "mismatch", observed: "v1" });
      expect(await output(client, cas(99, "a", "b"))).toMatchObject({ status: "not-found" });
    }
    for (const client of clients) client.close();
  });

  it("keep every answered write through kill -9 of each node in turn, leaders included, and agree on one log", async () => {
    const cluster = await boot(3);
    const written = new Map<number, string>();
    let key = 0;
    for (const victim of cluster.nodes) {
      const survivor = nodeAt(cluster, (cluster.nodes.indexOf(victim) + 1) % 3);
      const client = await clientOf(cluster, survivor);
      for (let count = 0; count < 20; count++) {
        if (count === 10) {
          const ended = await cluster.end(victim, "SIGKILL");
          expect(ended.signal).toBe("SIGKILL");
        }
        key++;
        await output(client, put(key, `v${key}`));
        written.set(key, `v${key}`);
      }
      client.close();
      cluster.start(victim);
      await cluster.ready(victim);
    }
    for (const node of cluster.nodes) {
      const client = await clientOf(cluster, node);
      for (const [key, value] of written) expect(await output(client, get(key))).toBe(value);
      client.close();
    }
    await expectAgreement(cluster);
  });

  it("keep every answered write when all are killed at once and started again", async () => {
    const cluster = await boot(3);
    const client = await clientOf(cluster, first(cluster));
    for (let key = 0; key < 50; key++) await output(client, put(key, `v${key}`));
    client.close();
    await Promise.all(cluster.nodes.map((node) => cluster.end(node, "SIGKILL")));
    await cluster.boot();
    const status = await cluster.status(first(cluster));
    expect(status.incarnation).toBe(2);
    const again = await clientOf(cluster, nodeAt(cluster, 2));
    for (let key = 0; key < 50; key++) expect(await output(again, get(key))).toBe(`v${key}`);
    again.close();
  });

  it("keep an operation open over the death of the leader that has it, and apply it once", async () => {
    const cluster = await boot(3);
    const leader = await leaderOf(cluster, first(cluster));
    const other = nodeAt(cluster, (cluster.nodes.indexOf(leader) + 1) % 3);
    const client = await clientOf(cluster, other);
    await output(client, put(1, "before"));
    const open = invoke(client, cas(1, "before", "after"));
    await cluster.end(leader, "SIGKILL");
    const reply = await open;
    expect(reply).toMatchObject({ outcome: "ok", output: { status: "ok", observed: "before" } });
    expect(await output(client, get(1))).toBe("after");
    client.close();
  });

  it("stop cleanly on SIGTERM", async () => {
    const cluster = await boot(3);
    for (const node of cluster.nodes) {
      expect(await cluster.end(node, "SIGTERM")).toEqual({ code: 0, signal: null });
      expect(cluster.output(node)).toContain('"event":"stopping"');
      expect(cluster.output(node)).not.toMatch(/^FATAL /m);
    }
  });

  it("serve status, metrics and decisions, and nothing else, on the admin port", async () => {
    const cluster = await boot(3);
    const client = await clientOf(cluster, first(cluster));
    for (let key = 0; key < 5; key++) await output(client, put(key, "v"));
    client.close();
    const leader = await leaderOf(cluster, first(cluster));
    const metrics = await cluster.metrics(leader);
    expect(metrics.get("minos_store_is_leader")).toBe(1);
    expect(metrics.get("minos_store_log_fdatasyncs_total")).toBeGreaterThan(0);
    expect(metrics.get("minos_store_decided_index")).toBeGreaterThanOrEqual(6);
    const decisions = await cluster.system.decisions?.(cluster.admin(leader), 0, 0, AbortSignal.timeout(2_000));
    expect(decisions?.length).toBeGreaterThanOrEqual(6);
    expect(decisions?.[0]).toEqual({
      group: 0,
      index: 1,
      hash: expect.stringMatching(/^[0-9a-f]{16}$/),
      command: null,
    });
    const { host, port } = cluster.admin(leader);
    expect((await fetch(`http://${host}:${port}/`)).status).toBe(404);
    expect((await fetch(`http://${host}:${port}/status`, { method: "POST" })).status).toBe(405);
    expect((await fetch(`http://${host}:${port}/decisions?from=-1`)).status).toBe(400);
  });

  it("run single operations for the command line", async () => {
    const cluster = await boot(3);
    const build = await shippedBuild();
    const address = cluster.address(first(cluster));
    const say = async (command: Parameters<typeof runKv>[2]): Promise<string> =>
      describeKvReply(command, await runKv(build, address, command, 3_000));
    expect(await say({ function: "get", key: "k" })).toBe("not found");
    expect(await say({ function: "put", key: "k", value: "v" })).toBe("ok, previously null");
    expect(await say({ function: "get", key: "k" })).toBe('"v"');
    expect(await say({ function: "cas", key: "k", expected: "x", new: "w" })).toBe('mismatch: the value is "v"');
    expect(await say({ function: "cas", key: "k", expected: "v", new: "w" })).toBe('ok, was "v"');
    expect(await say({ function: "cas", key: "none", expected: "v", new: "w" })).toBe("not found");
  });
});

describe("a node", () => {
  it("whose disk was wiped is refused for good, and the others go on", async () => {
    const cluster = await boot(3);
    const client = await clientOf(cluster, first(cluster));
    await output(client, put(1, "v"));
    const wiped = nodeAt(cluster, 2);
    await cluster.end(wiped, "SIGKILL");
    fs.rmSync(cluster.data(wiped), { recursive: true });
    cluster.start(wiped);
    await eventually("the wiped node was refused by both", async () =>
      cluster.output(wiped).match(/"event":"refused-for-good".*"reason":"wrong-identity"/g)?.length === 2 ? true : null,
    );
    expect(cluster.output(first(cluster))).toContain('"reason":"wrong-identity"');
    expect(await output(client, get(1))).toBe("v");
    expect(await cluster.status(wiped)).toMatchObject({ ready: false });
    client.close();
  });

  it("started on another cluster's or another node's directory says so and ends with code 1", async () => {
    const cluster = await create(3);
    const [one, two] = [nodeAt(cluster, 0), nodeAt(cluster, 1)];
    cluster.start(one);
    await eventually("the node listens", async () => (cluster.output(one).includes("listening") ? true : null));
    await cluster.end(one, "SIGKILL");
    fs.renameSync(cluster.data(one), cluster.data(two));
    cluster.start(two);
    expect(await cluster.ended(two)).toEqual({ code: 1, signal: null });
    expect(cluster.output(two)).toMatch(/^FATAL .*it belongs to node "n1", not "n2"/m);
  });

  it("that finds its log damaged before a whole batch ends with a clear error", async () => {
    const cluster = await boot(3);
    const client = await clientOf(cluster, first(cluster));
    for (let key = 0; key < 20; key++) await output(client, put(key, "v"));
    client.close();
    const node = nodeAt(cluster, 1);
    await cluster.end(node, "SIGKILL");
    const path = join(cluster.data(node), "wal", "00000001.wal");
    const bytes = fs.readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60);
    fs.writeFileSync(path, bytes);
    cluster.start(node);
    expect(await cluster.ended(node)).toEqual({ code: 1, signal: null });
    expect(cluster.output(node)).toMatch(/^FATAL .*the write-ahead log is corrupt: batch 1 in segment 1/m);
  });

  it("that loses its log but not its node.json does not start as if it were new", async () => {
    const cluster = await boot(3);
    const node = nodeAt(cluster, 1);
    await cluster.end(node, "SIGKILL");
    fs.rmSync(join(cluster.data(node), "wal"), { recursive: true });
    cluster.start(node);
    expect(await cluster.ended(node)).toEqual({ code: 1, signal: null });
    expect(cluster.output(node)).toMatch(/^FATAL .*the write-ahead log is gone/m);
  });
});

describe("six nodes", () => {
  it("serve two groups through any node", async () => {
    const cluster = await create(6);
    await cluster.boot();
    const clients = await Promise.all(cluster.nodes.map((node) => clientOf(cluster, node)));
    for (let key = 0; key < 24; key++) {
      const writer = clients[key % 6];
      const reader = clients[(key + 3) % 6];
      if (writer === undefined || reader === undefined) throw new Error("there are six clients");
      await output(writer, put(key, key + 10));
      expect(await output(reader, get(key))).toBe(key + 10);
    }
    for (const client of clients) client.close();
    await expectAgreement(cluster);
  });
});

/** Replicas of a group that decided equally much have equal logs. */
async function expectAgreement(cluster: DirectCluster): Promise<void> {
  await eventually("the members of each group have decided equally much", async () => {
    const groups = new Map<number, Map<number, string>>();
    for (const node of cluster.nodes) {
      const group = (await cluster.status(node)).groups[0];
      if (group === undefined) return null;
      const hashes = groups.get(group.group) ?? new Map<number, string>();
      const known = hashes.get(group.decidedIndex);
      if (known !== undefined) expect(group.logHash).toBe(known);
      hashes.set(group.decidedIndex, group.logHash);
      groups.set(group.group, hashes);
    }
    return [...groups.values()].every((hashes) => hashes.size === 1) ? true : null;
  });
}
