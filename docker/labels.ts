// The labels on everything that a run makes in the engine, by which an interrupted run is found, and its owner judged dead.
import type { Owner } from "../cluster/index.js";

export const label = {
  run: "minos.run",
  /** Tells two clusters of one run apart. */
  cluster: "minos.cluster",
  node: "minos.node",
  /** `node`, `toxiproxy`, `sampler`, `disks`, `packets`, `network` or `image`. */
  role: "minos.role",
  ownerPid: "minos.owner-pid",
  ownerStart: "minos.owner-start",
  bootId: "minos.boot-id",
} as const;

export type Role = "node" | "toxiproxy" | "sampler" | "disks" | "packets" | "network" | "image";
export type Labels = Readonly<Record<string, string>>;

export interface RunIdentity {
  readonly runId: string;
  /** Random; part of every name too. */
  readonly cluster: string;
  readonly owner: Owner;
}

export function labelsOf({ runId, cluster, owner }: RunIdentity, role: Role): Record<string, string> {
  return {
    [label.run]: runId,
    [label.cluster]: cluster,
    [label.role]: role,
    [label.ownerPid]: String(owner.pid),
    [label.ownerStart]: owner.startTime,
    [label.bootId]: owner.bootId,
  };
}

/**
 * A container inherits its image's labels. So an image says who made it, but not of which cluster it is: it is of none, and a
 * container that somebody makes of it by hand must not look like ours.
 */
export function imageLabelsOf(identity: RunIdentity): Record<string, string> {
  const { [label.cluster]: _cluster, ...rest } = labelsOf(identity, "image");
  return rest;
}

/** Null when the labels are not those of a run of ours: then it is not ours to remove. */
export function ownerOf(labels: Labels | null | undefined): Owner | null {
  const pid = Number(labels?.[label.ownerPid]);
  const startTime = labels?.[label.ownerStart];
  const bootId = labels?.[label.bootId];
  if (!Number.isSafeInteger(pid) || pid <= 0 || startTime === undefined || bootId === undefined) return null;
  return { pid, startTime, bootId };
}

export function runOf(labels: Labels | null | undefined): string {
  return labels?.[label.run] ?? "unknown";
}
