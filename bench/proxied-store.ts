// The store as a local cluster of the suite: every link and every client behind a proxy.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nodeNames } from "../cluster/index.js";
import type { Address, Cluster } from "../cluster/index.js";
import { createLocalCluster } from "../local/index.js";
import { shippedBuild, storeSystem } from "../system/index.js";

export class ProxiedStore {
  readonly #cluster: Cluster;
  readonly #directory: string;

  private constructor(cluster: Cluster, directory: string) {
    this.#cluster = cluster;
    this.#directory = directory;
  }

  static async boot(): Promise<ProxiedStore> {
    const directory = await mkdtemp(join(tmpdir(), "minos-bench-"));
    const system = await storeSystem(await shippedBuild());
    const runId = `bench-${randomUUID().slice(0, 8)}`;
    const cluster = createLocalCluster({ system, nodes: nodeNames(3), replication: 3, runId, directory });
    const store = new ProxiedStore(cluster, directory);
    try {
      await cluster.boot(AbortSignal.timeout(30_000));
    } catch (error) {
      await store.teardown();
      throw error;
    }
    return store;
  }

  /** The leader's client port, through its proxy. */
  async leader(): Promise<Address> {
    const [first] = this.#cluster.nodes;
    if (first === undefined) throw new Error("a cluster has nodes");
    for (const end = Date.now() + 10_000; Date.now() < end;) {
      const leader = (await this.#cluster.status(first, AbortSignal.timeout(2_000))).groups[0]?.leader;
      if (leader !== null && leader !== undefined) return this.#cluster.clientAddress(leader);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error("the store has no leader");
  }

  async teardown(): Promise<void> {
    await this.#cluster.teardown();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
