// The knobs of a node, in one place. Times in ticks unless the name says otherwise.
import type { CoreConfiguration } from "../core/interface.js";

/** Milliseconds of one tick of the core. */
export const tickMs = 30;

/** A leader that is gone is replaced within about this time on a healthy machine: some heartbeat periods. */
export const electionTimeoutMs = 500;

export const timing: CoreConfiguration["timing"] = {
  // 120 ms: short enough to replace a leader within half a second, long enough for a machine with six nodes on two cores.
  heartbeat: 4,
  resend: 7,
  detector: 17,
  detectorStep: 7,
};

export const limits: CoreConfiguration["limits"] = { pendingOperations: 20_000, hops: 3, sessions: 10_000 };
