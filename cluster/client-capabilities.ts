// What can be done to the clients of a run is the same wherever the system runs: it depends on its clients alone.
import type { Capability } from "./cluster.js";
import type { SystemUnderTest } from "./system.js";

/** For a cluster's `capabilities`. */
export function clientCapabilities(
  system: SystemUnderTest,
): Readonly<Record<"client-death" | "repeat-requests", Capability>> {
  const reason = `${system.name} does not say that its clients can send a request again, byte for byte`;
  return {
    "client-death": { able: true },
    "repeat-requests": system.repeatsRequests === true ? { able: true } : { able: false, reason },
  };
}
