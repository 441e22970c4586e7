// A process that boots a cluster of the tiny system, tells what it started in one line of JSON, and lives until it is killed.
// Arguments: run id, directory, "builtin" or "PATH".
import { nodeNames } from "../../cluster/index.js";
import { tinySystem } from "../../test/tiny-system/description.js";
import { createLocalCluster } from "../index.js";

const [runId = "", directory = "", proxy = ""] = process.argv.slice(2);
const cluster = createLocalCluster({
  system: tinySystem(),
  nodes: nodeNames(3),
  replication: 3,
  runId,
  directory,
  proxy: proxy === "builtin" ? "builtin" : { toxiproxyServer: proxy },
});
await cluster.boot(AbortSignal.timeout(30_000));
const observations = await Promise.all(cluster.nodes.map((node) => cluster.observeProcess(node)));
process.stdout.write(`${JSON.stringify({ pids: observations.map(({ pid }) => pid) })}\n`);
setInterval(() => undefined, 60_000);
