// Shows on real processes that clients die in mid-request, send a request several times and ask without pausing when a fault says so, that
// each is confirmed from what the load recorded, and that clients which do nothing of it are not believed.
import { test } from "vitest";
import { createLocalCluster } from "../local/index.js";
import { systemNamed } from "./systems.js";
import { showClientFaults, showUnfaithfulClients } from "./testing/client-cases.js";

test("each fault of clients is confirmed on and off, and the store answers as if each request had come once", async () => {
  await showClientFaults(createLocalCluster, await systemNamed("store")(null));
});

test("a fault of clients that was not carried out is not confirmed", async () => {
  await showUnfaithfulClients(createLocalCluster, await systemNamed("store")(null));
});
