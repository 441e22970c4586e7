// Shows on real processes and sockets behind the built-in proxy that each fault is confirmed at its target and each lie is not.
import { createLocalCluster } from "../local/index.js";
import { executorCases } from "./testing/executor-cases.js";

executorCases("a local cluster", createLocalCluster);
