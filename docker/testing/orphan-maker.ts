// Boots a cluster of the tiny system and stays, to be killed by a test:
//   node --import tsx orphan-maker.ts <run id> <directory>
// Prints "booted" when it has.
import { nodeNames } from "../../cluster/index.js";
import { tinySystem } from "../../test/tiny-system/description.js";
import { createDockerCluster } from "../index.js";

const [runId = "orphan", directory = "."] = process.argv.slice(2);
const cluster = createDockerCluster({ system: tinySystem(), nodes: nodeNames(2), replication: 2, runId, directory });
await cluster.boot(AbortSignal.timeout(60_000));
console.log("booted");
setInterval(() => undefined, 60_000);
