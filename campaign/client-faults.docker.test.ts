// Shows on real containers that faults of clients are confirmed on and off from what the load recorded.
import { test } from "vitest";
import { createDockerCluster } from "../docker/index.js";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { systemNamed } from "./systems.js";
import { showClientFaults } from "./testing/client-cases.js";

await describeWithDocker("faults of clients in containers", () => {
  test("each is confirmed on and off, and the store answers as if each request had come once", async () => {
    await showClientFaults(createDockerCluster, await systemNamed("store")(null));
  });
});
