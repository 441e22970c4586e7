// A system under test inside vitest: shelf, the small server of ../own-system, which knows nothing of Minos. Each run of the campaign is a
// test, and `clusterTest` gives a test a cluster of its own. A failing test tells the report, the seed and the line that does it again.
import { fileURLToPath } from "node:url";
import { campaign, clusterTest } from "minos-suite/vitest";
import { expect } from "vitest";

const shelf = fileURLToPath(new URL("../own-system/shelf-mended.js", import.meta.url));
const plan = { system: shelf, on: "local", nodes: 3, replication: 3 } as const;

campaign("shelf answers as one register", {
  plan: { ...plan, time_limit_ms: "12s" },
  matrix: { workloads: ["register"], nemeses: ["kill", "pause"], seeds: 2 },
});

const test = clusterTest({ plan });

test("a write is seen through every node", { timeout: 60_000 }, async ({ cluster }) => {
  const writer = cluster.client("n1");
  for (let value = 1; value <= 20; value++) {
    await writer.put("x", value);
    for (const node of cluster.nodes) await cluster.client(node).get("x");
  }
  expect(cluster.history()).toBeLinearizable("cas-register");
});

test("a write outlives the node that took it", { timeout: 60_000 }, async ({ cluster }) => {
  const written = cluster.random.integer(1, 1_000_000);
  await cluster.client("n1").put("x", written);
  await cluster.kill("n1");
  await cluster.start("n1");
  expect(await cluster.client("n1").get("x")).toMatchObject({ outcome: "ok", output: written });
  expect(cluster.history()).toBeLinearizable("cas-register");
});
