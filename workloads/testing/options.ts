// Options for tests of workloads: six nodes in two groups, a load of a few seconds.
import { nodeNames } from "../../cluster/index.js";
import type { JsonValue } from "../../history/index.js";
import type { WorkloadOptions } from "../workload.js";

const nodes = nodeNames(6);
/** A skew hash, as a real one may be for few keys: two of three names go to group 0. */
export const groupOfKey = (key: JsonValue): number => (Number(String(key).slice(1)) % 3 === 2 ? 1 : 0);

export const testOptions: WorkloadOptions = {
  nodes,
  groups: [
    { group: 0, members: nodes.slice(0, 3) },
    { group: 1, members: nodes.slice(3) },
  ],
  groupOfKey,
  initialValue: null,
  concurrency: 18,
  keys: 6,
  ratePerS: 200,
  timeLimitMs: 8_000,
  operationTimeoutMs: 500,
  own: {},
};
