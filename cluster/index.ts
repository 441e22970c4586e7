// The contracts between the suite and whatever it tests: a system under test says what it is (`SystemUnderTest`, `Client`),
// a cluster says where it runs and what can be done to it there (`Cluster` and its capabilities). The
// implementations are the rooms simulation, local and docker, and every one of them passes the conformance suites in
// `cluster/testing`. Beside the contracts stand helpers that need nothing else: who owns a run (`ownership.ts`), the
// sampler of the nodes' statuses, and the clock of a node that can be changed (`fake-clock.ts`).
export * from "./client-capabilities.js";
export * from "./client.js";
export * from "./cluster.js";
export * from "./deterministic.js";
export * from "./fake-clock.js";
export * from "./flip-bits.js";
export * from "./limit.js";
export * from "./log-times.js";
export * from "./names.js";
export * from "./ownership.js";
export * from "./status-sampler.js";
export * from "./system.js";
export * from "./trace.js";
export type { JsonValue, Outcome } from "../history/index.js";
