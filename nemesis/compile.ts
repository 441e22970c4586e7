// From a fault and the cluster as it is now to what is to be done to whom. Pure: same fault, view and random stream, same plan.
import {
  linkName,
  type ClockTrouble,
  type CutMode,
  type DirectedLink,
  type LinkShape,
  type NodeName,
} from "../cluster/index.js";
import type { Random } from "../history/index.js";
import type { ClientTrouble } from "./client-control.js";
import type { Fault, ShapedPartition } from "./fault.js";
import { customLinks, shapeEntry, shapeLinks } from "./shapes.js";
import { resolveGroup, resolveLeader, resolveTarget, type Resolved } from "./targets.js";
import { linksBetween, type ClusterView } from "./view.js";

/** Faults that leave a node with a disk which it must not trust. */
export const diskDamageKinds = ["bit-flip", "truncate", "latent-error", "wipe-disk"] as const;
export type DiskDamageKind = (typeof diskDamageKinds)[number];

/** What is done to the cluster when a fault starts; `nemesis.ts` knows how to do it, undo it and see it. */
export type FaultAction =
  | { readonly type: "stop"; readonly how: "kill" | "terminate"; readonly nodes: readonly NodeName[] }
  | { readonly type: "restart"; readonly how: "kill" | "terminate"; readonly nodes: readonly NodeName[] }
  | { readonly type: "pause"; readonly nodes: readonly NodeName[] }
  /** Kill, and what becomes of the disk meanwhile. */
  | {
      readonly type: "damage";
      readonly how: DiskDamageKind;
      readonly bits: number;
      readonly nodes: readonly NodeName[];
    }
  | { readonly type: "clock"; readonly trouble: ClockTrouble; readonly nodes: readonly NodeName[] }
  | { readonly type: "exhaust-memory"; readonly nodes: readonly NodeName[] }
  | { readonly type: "limit-cpu"; readonly cores: number; readonly nodes: readonly NodeName[] }
  | { readonly type: "slow-disk"; readonly bytesPerS: number; readonly nodes: readonly NodeName[] }
  | { readonly type: "fill-disk"; readonly nodes: readonly NodeName[] }
  /** To the clients that are connected to these nodes. */
  | { readonly type: "clients"; readonly trouble: ClientTrouble; readonly nodes: readonly NodeName[] }
  | { readonly type: "drop-packets"; readonly percent: number; readonly links: readonly DirectedLink[] }
  | { readonly type: "cut"; readonly mode: CutMode; readonly links: readonly DirectedLink[] }
  | { readonly type: "shape"; readonly shape: LinkShape; readonly links: readonly DirectedLink[] };

export type PlannedFault =
  | { readonly type: "planned"; readonly targets: readonly string[]; readonly action: FaultAction }
  | { readonly type: "void"; readonly reason: string; readonly transient: boolean };

const planned = (action: FaultAction): PlannedFault => ({
  type: "planned",
  targets: "nodes" in action ? action.nodes : action.links.map(linkName),
  action,
});

/** Processes can only be stopped while they run; a target that is down already makes the fault void. */
function planProcessFault(
  nodes: Resolved<readonly NodeName[]>,
  view: ClusterView,
  action: (nodes: readonly NodeName[]) => FaultAction,
): PlannedFault {
  if (nodes.type === "void") return nodes;
  if (nodes.value.length === 0) return { type: "void", reason: "the target names no node", transient: false };
  const down = nodes.value.filter((node) => view.processes.get(node) !== "running");
  if (down.length > 0) {
    const states = down.map((node) => `${node} is ${view.processes.get(node) ?? "unknown"}`);
    return { type: "void", reason: `${states.join(", ")}: not running`, transient: true };
  }
  return planned(action(nodes.value));
}

/** What may be refused for good stays a minority of each group: with more lost no system has to serve, and nothing could be said of it. */
function planDamage(
  nodes: Resolved<readonly NodeName[]>,
  view: ClusterView,
  action: (nodes: readonly NodeName[]) => FaultAction,
): PlannedFault {
  const plan = planProcessFault(nodes, view, action);
  if (plan.type === "void") return plan;
  const struck = new Set<string>(plan.targets);
  for (const { group, members } of view.groups) {
    const harmed = members.filter((member) => struck.has(member) || (view.lost?.has(member) ?? false));
    if (members.some((member) => struck.has(member)) && 2 * harmed.length >= members.length) {
      const reason = `${harmed.join(", ")} would be harmed, which is no minority of group ${group}`;
      return { type: "void", reason, transient: false };
    }
  }
  return plan;
}

/** Links are idle while an end is down, so that nothing could be seen of the fault; and a cut link cannot be cut again. */
function planLinkFault(
  links: readonly DirectedLink[],
  view: ClusterView,
  action: (links: readonly DirectedLink[]) => FaultAction,
): PlannedFault {
  if (links.length === 0) return { type: "void", reason: "the fault touches no link", transient: false };
  const ends = new Set(links.flatMap((link) => [link.from, link.to]));
  const down = [...ends].filter((node) => view.processes.get(node) !== "running");
  if (down.length > 0)
    return { type: "void", reason: `${down.join(", ")}: not running, so the links are idle`, transient: true };
  const busy = links.map(linkName).filter((name) => view.busyLinks.has(name));
  if (busy.length > 0)
    return { type: "void", reason: `${busy.join(", ")}: another fault is on there`, transient: true };
  return planned(action(links));
}

function planPartition(fault: ShapedPartition, view: ClusterView, random: Random): PlannedFault {
  const group = resolveGroup(fault.group, view, random);
  if (group.type === "void") return group;
  const leader = resolveLeader(group.value, view);
  const needsLeader = shapeEntry(fault.shape).needsLeader;
  if (needsLeader && leader.type === "void") return leader;
  const members = fault.scope === "all" ? view.nodes : group.value.members;
  const links = shapeLinks(fault.shape, members, leader.type === "found" ? leader.value : null, random);
  return planLinkFault(links, view, (links) => ({ type: "cut", mode: fault.mode, links }));
}

type LinkFaultKind = "latency" | "bandwidth" | "slicing" | "limit-data" | "reset" | "slow-close";

function linkShape(fault: Extract<Fault, { readonly kind: LinkFaultKind }>): LinkShape {
  switch (fault.kind) {
    case "latency":
      return { latencyMs: fault.latency_ms, jitterMs: fault.jitter_ms };
    case "bandwidth":
      return { bandwidthKbPerS: fault.rate_kb_per_s };
    case "slicing":
      return { slicing: { pieceBytes: fault.piece_bytes, pauseMs: fault.pause_ms } };
    case "limit-data":
      return { limitBytes: fault.limit_bytes };
    case "reset":
      return { resetAfterMs: fault.after_ms };
    case "slow-close":
      return { closeAfterMs: fault.delay_ms };
  }
}

function planShape(
  fault: Extract<Fault, { readonly kind: LinkFaultKind }>,
  view: ClusterView,
  random: Random,
): PlannedFault {
  const nodes = resolveTarget(fault.target, view, random);
  if (nodes.type === "void") return nodes;
  const links = nodes.value.flatMap((node) => {
    const members = view.groups.find((group) => group.members.includes(node))?.members ?? [];
    return linksBetween([node], members);
  });
  const once = new Map(links.map((link) => [linkName(link), link]));
  const shape = linkShape(fault);
  return planLinkFault([...once.values()], view, (links) => ({ type: "shape", shape, links }));
}

/** What the target sends; what it is sent comes whole. */
function planPacketLoss(
  { target, percent }: Extract<Fault, { readonly kind: "packet-loss" }>,
  view: ClusterView,
  random: Random,
): PlannedFault {
  const nodes = resolveTarget(target, view, random);
  if (nodes.type === "void") return nodes;
  const links = nodes.value.flatMap((from) => {
    const members = view.groups.find((group) => group.members.includes(from))?.members ?? [];
    return members.filter((to) => to !== from).map((to) => ({ from, to }));
  });
  return planLinkFault(links, view, (links) => ({ type: "drop-packets", percent, links }));
}

type ClockFaultKind = "clock-jump" | "clock-drift" | "clock-strobe";

function clockTrouble(fault: Extract<Fault, { readonly kind: ClockFaultKind }>): ClockTrouble {
  switch (fault.kind) {
    case "clock-jump":
      return { how: "jump", offsetMs: fault.offset_ms };
    case "clock-drift":
      return { how: "drift", msPerS: fault.ms_per_s };
    case "clock-strobe":
      return { how: "strobe", offsetMs: fault.offset_ms, periodMs: fault.period_ms };
  }
}

type ClientFaultKind = "client-death" | "duplicate-requests" | "retry-storm";

/** More often no client asks, whatever the storm. */
const mostRetries = 200;

function clientTrouble(fault: Extract<Fault, { readonly kind: ClientFaultKind }>): ClientTrouble {
  switch (fault.kind) {
    case "client-death":
      return { how: "die" };
    case "duplicate-requests":
      return { how: "repeat", repeat: { copies: fault.copies, everyMs: fault.every_ms, untilAnswered: false } };
    case "retry-storm":
      return { how: "repeat", repeat: { copies: mostRetries, everyMs: fault.every_ms, untilAnswered: true } };
  }
}

const namesItsTargets = (fault: Fault): boolean =>
  fault.kind === "partition" ? fault.shape === "custom" : fault.target.by === "name";

/** The same deed to the same targets, where that can be done now. */
function planAgain(action: FaultAction, view: ClusterView): PlannedFault {
  switch (action.type) {
    case "damage":
      return planDamage({ type: "found", value: action.nodes }, view, () => action);
    case "stop":
    case "restart":
    case "pause":
    case "limit-cpu":
    case "exhaust-memory":
    case "clock":
    case "clients":
    case "fill-disk":
    case "slow-disk":
      return planProcessFault({ type: "found", value: action.nodes }, view, () => action);
    case "cut":
    case "shape":
    case "drop-packets":
      return planLinkFault(action.links, view, () => action);
  }
}

/**
 * Resolves a fault's targets against the view. `void` when it cannot be carried out now, with the reason. `first` is what the first fault
 * of this one's series did, if there was one.
 */
export function planFault(
  fault: Fault,
  view: ClusterView,
  random: Random,
  first: FaultAction | null = null,
): PlannedFault {
  if (first !== null && !namesItsTargets(fault)) return planAgain(first, view);
  switch (fault.kind) {
    case "kill":
    case "terminate": {
      const how = fault.kind;
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "stop", how, nodes }));
    }
    case "restart": {
      const { how } = fault;
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "restart", how, nodes }));
    }
    case "pause": {
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "pause", nodes }));
    }
    case "bit-flip":
    case "truncate":
    case "latent-error":
    case "wipe-disk": {
      const how = fault.kind;
      const bits = fault.kind === "bit-flip" ? fault.bits : 0;
      const nodes = resolveTarget(fault.target, view, random);
      return planDamage(nodes, view, (nodes) => ({ type: "damage", how, bits, nodes }));
    }
    case "clock-jump":
    case "clock-drift":
    case "clock-strobe": {
      const trouble = clockTrouble(fault);
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "clock", trouble, nodes }));
    }
    case "client-death":
    case "duplicate-requests":
    case "retry-storm": {
      const trouble = clientTrouble(fault);
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "clients", trouble, nodes }));
    }
    case "packet-loss":
      return planPacketLoss(fault, view, random);
    case "disk-full": {
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "fill-disk", nodes }));
    }
    case "disk-slow": {
      const bytesPerS = fault.rate_kb_per_s * 1_000;
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "slow-disk", bytesPerS, nodes }));
    }
    case "disk-read-only":
    case "roll-back":
    case "packet-duplicate":
    case "packet-reorder":
    case "packet-corrupt":
      return { type: "void", reason: "no cluster can do it", transient: false };
    case "memory-limit": {
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "exhaust-memory", nodes }));
    }
    case "cpu-quota": {
      const { cores } = fault;
      const nodes = resolveTarget(fault.target, view, random);
      return planProcessFault(nodes, view, (nodes) => ({ type: "limit-cpu", cores, nodes }));
    }
    case "partition":
      if (fault.shape !== "custom") return planPartition(fault, view, random);
      return planLinkFault(customLinks(fault.links), view, (links) => ({ type: "cut", mode: fault.mode, links }));
    case "latency":
    case "bandwidth":
    case "slicing":
    case "limit-data":
    case "reset":
    case "slow-close":
      return planShape(fault, view, random);
  }
}
