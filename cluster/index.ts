// The contracts between the suite and whatever it tests: a system under test says what it is (`SystemUnderTest`, `Client`),
// a cluster says where it runs and what can be done to it there (`Cluster` and its capabilities). Nothing here does anything;
// the implementations are the rooms simulation, local and docker, and every one of them passes the conformance suites in
// `cluster/testing`.
export * from "./client.js";
export * from "./cluster.js";
export * from "./names.js";
export * from "./ownership.js";
export * from "./system.js";
export type { JsonValue, Outcome } from "../history/index.js";
