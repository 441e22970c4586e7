// Shows on real containers behind the real Toxiproxy that each fault is confirmed at its target and each lie is not.
import { createDockerCluster } from "../docker/index.js";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { executorCases } from "./testing/executor-cases.js";

await describeWithDocker("the nemesis in containers", () => executorCases("a Docker cluster", createDockerCluster));
