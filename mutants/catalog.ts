// The planted bugs and the controls, by id, and the bugs that cannot be planted yet. Each is one place of the store's sources.
import { clientBugs } from "./bugs/clients.js";
import { controls } from "./bugs/controls.js";
import { durabilityBugs } from "./bugs/durability.js";
import { electionBugs } from "./bugs/election.js";
import { followerBugs } from "./bugs/follower.js";
import { leaderBugs } from "./bugs/leader.js";
import type { MissingMutant, Mutant } from "./mutant.js";

const bugs = [...leaderBugs, ...followerBugs, ...durabilityBugs, ...electionBugs, ...clientBugs].sort((left, right) =>
  left.id < right.id ? -1 : 1,
);

/** In the order of their ids, the controls last. */
export const mutants: ReadonlyMap<string, Mutant> = new Map(
  [...bugs, ...controls].map((mutant) => [mutant.id, mutant]),
);

export const missingMutants: readonly MissingMutant[] = [
  { id: "M16", kind: "should", title: "read index without an entry of the current ballot", needs: "quorum read index" },
  { id: "M18", kind: "should", title: "lease from wall clock", needs: "leases" },
  { id: "M34", kind: "must", title: "deduplication lost in a snapshot", needs: "snapshots" },
  { id: "M38", kind: "must", title: "snapshot index off by one", needs: "snapshots" },
  {
    id: "M42",
    kind: "must",
    title: "new configuration before the stop sign is decided",
    needs: "reconfiguration",
  },
];
