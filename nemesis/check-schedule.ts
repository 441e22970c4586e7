// The rules for schedules, whoever made them: a plan that breaks one is refused before anything starts.
import type { Capabilities, GroupLayout, NodeName, PeerAddressing } from "../cluster/index.js";
import type { Fault, ShapedPartition, Target } from "./fault.js";
import { groupsDisturbed } from "./groups.js";
import { faultKinds, touchesLinks } from "./kinds.js";
import { customLinks, shapeEntry } from "./shapes.js";

/** What the rules for a schedule depend on. */
export interface ScheduleLimits {
  readonly nodes: readonly NodeName[];
  readonly groups: readonly GroupLayout[];
  readonly timeLimitMs: number;
  /** A fault lasts at least three of these, unless it is a glitch. */
  readonly operationTimeoutMs: number;
  /** Gaps in one group last at least four of these. */
  readonly electionTimeoutMs: number;
  readonly capabilities: Capabilities;
  readonly peerAddressing: PeerAddressing;
}

export const shortestFaultMs = (limits: Pick<ScheduleLimits, "operationTimeoutMs">): number =>
  3 * limits.operationTimeoutMs;
export const shortestGapMs = (limits: Pick<ScheduleLimits, "electionTimeoutMs">): number =>
  4 * limits.electionTimeoutMs;

function checkTarget(target: Target, limits: ScheduleLimits): readonly string[] {
  switch (target.by) {
    case "name": {
      const unknown = target.nodes.filter((name) => !limits.nodes.some((node) => node === name));
      return unknown.map((name) => `there is no node ${name}`);
    }
    case "random":
      return target.count > limits.nodes.length ? [`${target.count} of ${limits.nodes.length} nodes`] : [];
    case "all":
      return [];
    case "leader":
    case "follower":
    case "followers":
    case "ring-neighbours":
    case "minority":
    case "majority": {
      const problems = checkGroup(target.group, limits);
      const alone = limits.groups.some(
        ({ group, members }) => (target.group === "random" || target.group === group) && members.length < 3,
      );
      if (target.by === "minority" && alone) problems.push("a group of fewer than three has no minority");
      return problems;
    }
  }
}

function checkGroup(group: number | "random", limits: ScheduleLimits): string[] {
  const known = group === "random" || limits.groups.some((layout) => layout.group === group);
  return known ? [] : [`there is no group ${group}`];
}

function checkFault(fault: Fault, limits: ScheduleLimits): readonly string[] {
  const problems: string[] = [];
  const shortest = shortestFaultMs(limits);
  if (!(fault.at_ms >= 0)) problems.push(`starts at ${fault.at_ms} ms`);
  if (!(fault.for_ms > 0)) problems.push(`lasts ${fault.for_ms} ms`);
  if (fault.glitch !== true && fault.for_ms < shortest)
    problems.push(`lasts ${fault.for_ms} ms, less than three operation timeouts (${shortest} ms), and is no glitch`);
  if (fault.at_ms + fault.for_ms > limits.timeLimitMs)
    problems.push(`ends at ${fault.at_ms + fault.for_ms} ms, after the load (${limits.timeLimitMs} ms)`);
  for (const name of faultKinds[fault.kind].capabilities(fault)) {
    const capability = limits.capabilities[name];
    if (!capability.able) problems.push(`the cluster cannot do "${name}": ${capability.reason}`);
  }
  if (touchesLinks(fault.kind) && limits.peerAddressing === "shared")
    problems.push("the system's nodes share one address per peer, so a link of one node alone cannot be touched");
  if (fault.kind === "partition") {
    problems.push(...(fault.shape === "custom" ? checkLinks(fault.links, limits) : checkShape(fault, limits)));
  } else {
    problems.push(...checkTarget(fault.target, limits));
  }
  if (fault.kind === "latency" && fault.jitter_ms >= fault.latency_ms)
    problems.push(`jitter ${fault.jitter_ms} ms is not less than latency ${fault.latency_ms} ms`);
  return problems;
}

function checkShape(fault: ShapedPartition, limits: ScheduleLimits): readonly string[] {
  const problems = checkGroup(fault.group, limits);
  const members = fault.scope === "all" ? limits.nodes.length : smallest(fault.group, limits);
  const least = shapeEntry(fault.shape).leastMembers;
  if (members < 2) problems.push("a single node has no link to cut");
  else if (members < least) problems.push(`"${fault.shape}" needs ${least} nodes, and there are ${members}`);
  return problems;
}

function checkLinks(names: readonly string[], limits: ScheduleLimits): readonly string[] {
  const ends = customLinks(names).flatMap(({ from, to }) => [from, to]);
  const unknown = new Set(ends.filter((end) => !limits.nodes.includes(end)));
  return [...unknown].map((name) => `there is no node ${name}`);
}

function smallest(group: number | "random", limits: ScheduleLimits): number {
  const sizes = limits.groups
    .filter((layout) => group === "random" || layout.group === group)
    .map((layout) => layout.members.length);
  return Math.min(...sizes, Number.MAX_SAFE_INTEGER);
}

/**
 * Within one group, faults that overlap count as one disturbance; between one disturbance and the next the group gets time to
 * elect a leader and to serve.
 */
function checkGaps(faults: readonly Fault[], limits: ScheduleLimits): readonly string[] {
  const problems: string[] = [];
  const gap = shortestGapMs(limits);
  for (const { group } of limits.groups) {
    const here = faults
      .map((fault, index) => ({ fault, index, disturbed: groupsDisturbed(fault, limits.groups) }))
      .filter(({ disturbed }) => disturbed === "all" || disturbed.has(group))
      .sort((one, other) => one.fault.at_ms - other.fault.at_ms);
    let end = Number.NEGATIVE_INFINITY;
    let last = -1;
    const series = new Set<string>();
    for (const { fault, index } of here) {
      const quiet = fault.at_ms - end;
      const goesOn = fault.series !== undefined && series.has(fault.series);
      if (fault.series !== undefined) series.add(fault.series);
      if (quiet >= 0 && quiet < gap && !goesOn)
        problems.push(
          `faults[${index}]: starts ${quiet} ms after faults[${last}] ends in group ${group}, less than four election timeouts (${gap} ms)`,
        );
      if (fault.at_ms + fault.for_ms >= end) last = index;
      end = Math.max(end, fault.at_ms + fault.for_ms);
    }
  }
  // A fault of all groups is found once per group: one sentence is enough.
  return [...new Map(problems.map((problem) => [problem.split(":")[0], problem])).values()];
}

/** A disk of a size of its own outlives its node's container, by which alone a disk is emptied. */
function checkDisks(faults: readonly Fault[]): readonly string[] {
  if (!faults.some(({ kind }) => kind === "disk-full")) return [];
  return faults.flatMap(({ kind }, index) =>
    kind === "disk-slow"
      ? [
          `faults[${index}] (disk-slow): a disk that disk-full can fill lies in memory, and is not slowed in the same run`,
        ]
      : kind === "wipe-disk"
        ? [`faults[${index}] (wipe-disk): a disk that disk-full can fill is not emptied in the same run`]
        : [],
  );
}

/** What is wrong with a schedule, one sentence each; empty when it may run. */
export function checkSchedule(faults: readonly Fault[], limits: ScheduleLimits): readonly string[] {
  const single = faults.flatMap((fault, index) =>
    checkFault(fault, limits).map((problem) => `faults[${index}] (${fault.kind}): ${problem}`),
  );
  return [...single, ...checkDisks(faults), ...checkGaps(faults, limits)];
}
