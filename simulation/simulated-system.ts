// A system of one's own that exists in simulation only: what it has to say of itself for that, and the rest of the contract as refusals.
import type { DeterministicSystem, SystemUnderTest } from "../cluster/index.js";
import type { JsonValue } from "../history/index.js";

export interface SimulatedSystemDescription {
  readonly name: string;
  /** As for `minos check --model`; each key starts with the initial value. */
  readonly model: string;
  readonly initialValue: JsonValue;
  /** Functions that its clients support, of those of docs/workloads.md. */
  readonly functions: readonly string[];
  readonly deterministic: DeterministicSystem;
  /** Its nodes' `decisions` tell the log that they decided; without, what they say is not held against them. */
  readonly hasLog?: boolean;
  /** Why it cannot run in this size, or null; by default any whole number of groups will do. */
  readonly refuses?: SystemUnderTest["refuses"];
  /** The group that serves a key; by default the first one. */
  readonly groupOfKey?: SystemUnderTest["groupOfKey"];
}

function onlySimulated(name: string): never {
  throw new Error(`${name} exists in simulation only`);
}

/** The system as `minos hunt --system`, `minos run --on simulation` and `minos replay` take it. */
export function simulatedSystem(description: SimulatedSystemDescription): SystemUnderTest {
  const { name, model, initialValue, functions, deterministic, hasLog, refuses, groupOfKey } = description;
  return {
    name,
    version: "0",
    buildHash: null,
    model,
    initialValue,
    functions,
    peerAddressing: "per-observer",
    ports: { client: 7000, peer: 7001, admin: 7002 },
    stopSignal: "SIGTERM",
    timing: { electionTimeoutMs: deterministic.electionTimeoutMs, bootTimeoutMs: 15_000 },
    crashPatterns: [],
    filesToCollect: [],
    wipedNodeMayRejoin: false,
    refuses:
      refuses ??
      ((nodes, replication) =>
        replication >= 1 && nodes % replication === 0 ? null : `${nodes} nodes are no whole number of groups`),
    launch: () => onlySimulated(name),
    status: () => onlySimulated(name),
    connect: () => onlySimulated(name),
    ...(hasLog === true ? { decisions: () => onlySimulated(name) } : {}),
    groupOfKey: groupOfKey ?? ((_, groups) => groups[0]?.group ?? 0),
    deterministic: () => Promise.resolve(deterministic),
  };
}
