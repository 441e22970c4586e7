// Shows on real containers that a store whose disk was damaged or emptied refuses for good, while the others serve.
import { test } from "vitest";
import { createDockerCluster } from "../docker/index.js";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { systemNamed } from "./systems.js";
import { showDiskDamage, showTruncation } from "./testing/disk-cases.js";

await describeWithDocker("damage to disks in containers", () => {
  test("a bit turned over and an emptied disk are each refused for good, and the others serve", async () => {
    await showDiskDamage(createDockerCluster, await systemNamed("store")(null));
  });

  test("a log that has lost its end is refused, and the others serve", async () => {
    await showTruncation(createDockerCluster, await systemNamed("store")(null));
  });
});
