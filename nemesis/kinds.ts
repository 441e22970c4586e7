// The kinds of faults as data: what each does, what a cluster must be able to do for it, how it is confirmed, and how the report
// draws it. docs/faults.md is made from this table.
import type { CapabilityName } from "../cluster/index.js";
import type { Fault, FaultKind } from "./fault.js";

export interface FaultKindEntry {
  readonly kind: FaultKind;
  readonly description: string;
  /** What a cluster must be able to do for this very fault. */
  readonly capabilities: (fault: Fault) => readonly CapabilityName[];
  /** All capabilities that some fault of the kind may need. */
  readonly mayNeed: readonly CapabilityName[];
  readonly confirmedOn: string;
  readonly confirmedOff: string;
  /** For the report: a band's colour, and whether it is drawn across processes or links. */
  readonly shading: { readonly colour: string; readonly lane: "process" | "link" };
}

const cutCapability = { reset: "cut-reset", drop: "cut-drop", stall: "cut-stall" } as const;

export const faultKinds: Readonly<Record<FaultKind, FaultKindEntry>> = {
  kill: {
    kind: "kill",
    description: "SIGKILL; healed by starting the node again on the same disk.",
    capabilities: () => ["kill"],
    mayNeed: ["kill"],
    confirmedOn: "the process that ran before, by pid and incarnation, has exited",
    confirmedOff: "a process of another incarnation runs, and the node says on its admin path that it is ready",
    shading: { colour: "#c0392b", lane: "process" },
  },
  terminate: {
    kind: "terminate",
    description: "The system's own stop signal; healed by starting the node again on the same disk.",
    capabilities: () => ["terminate"],
    mayNeed: ["terminate"],
    confirmedOn: "the process that ran before, by pid and incarnation, has exited",
    confirmedOff: "a process of another incarnation runs, and the node says on its admin path that it is ready",
    shading: { colour: "#a04000", lane: "process" },
  },
  restart: {
    kind: "restart",
    description:
      "The target is stopped (`how`: `kill` or `terminate`) and started again at once, on the same disk: no downtime is chosen.",
    capabilities: (fault) => (fault.kind === "restart" ? [fault.how] : []),
    mayNeed: ["kill", "terminate"],
    confirmedOn:
      "the process that ran before, by pid and incarnation, has exited before the start, and one of another incarnation runs",
    confirmedOff: "a process of another incarnation runs, and the node says on its admin path that it is ready",
    shading: { colour: "#d35400", lane: "process" },
  },
  pause: {
    kind: "pause",
    description: "SIGSTOP, or the engine's freezer; healed by letting the process go on.",
    capabilities: () => ["pause"],
    mayNeed: ["pause"],
    confirmedOn: "the process is in a stopped state and its CPU time stands still over an interval",
    confirmedOff: "the process runs, has used CPU time since, and the node says that it is ready",
    shading: { colour: "#8e44ad", lane: "process" },
  },
  partition: {
    kind: "partition",
    description: "Directed links between nodes are cut, in a shape and a mode.",
    capabilities: (fault) => (fault.kind === "partition" ? [cutCapability[fault.mode]] : []),
    mayNeed: ["cut-reset", "cut-drop", "cut-stall"],
    confirmedOn:
      "`drop` and `stall`: on each cut link bytes were offered and none came out over an interval; `reset`: on each cut link the old connections ended and a new attempt was refused",
    confirmedOff: "each cut link delivers bytes again",
    shading: { colour: "#2471a3", lane: "link" },
  },
  bandwidth: {
    kind: "bandwidth",
    description:
      "Each connection between the target and its group's other members carries only so many kilobytes a second, each way; what is more waits.",
    capabilities: () => ["shape-bandwidth"],
    mayNeed: ["shape-bandwidth"],
    confirmedOn:
      "on at least one link bytes waited all the time over an interval in which no more came out than the rate allows, and on no link more came out",
    confirmedOff: "over an interval each link delivered as many bytes as it was offered, and some",
    shading: { colour: "#7d6608", lane: "link" },
  },
  slicing: {
    kind: "slicing",
    description:
      "Bytes between the target and its group's other members, both ways, come in pieces of at most so many, with a pause after each.",
    capabilities: () => ["shape-slicing"],
    mayNeed: ["shape-slicing"],
    confirmedOn:
      "on at least one link bytes waited all the time over an interval in which no more came out than pieces with their pauses can carry, and on no link more came out",
    confirmedOff: "over an interval each link delivered as many bytes as it was offered, and some",
    shading: { colour: "#9a7d0a", lane: "link" },
  },
  "limit-data": {
    kind: "limit-data",
    description:
      "Each connection between the target and its group's other members ends after so many bytes of one direction.",
    capabilities: () => ["shape-limit-data"],
    mayNeed: ["shape-limit-data"],
    confirmedOn:
      "between the nodes of each link new connections were opened again and again, and the link delivered no more than the limit for each of them",
    confirmedOff: "the same connections stay open while each link delivers more than the limit for each of them",
    shading: { colour: "#935116", lane: "link" },
  },
  reset: {
    kind: "reset",
    description:
      "Each connection between the target and its group's other members is reset (RST) as soon as, or a little after, data arrives on it; new ones are accepted.",
    capabilities: () => ["shape-reset"],
    mayNeed: ["shape-reset"],
    confirmedOn:
      "between the nodes of each link new connections were opened again and again, and the link delivered nothing",
    confirmedOff: "the same connections stay open while each link delivers bytes",
    shading: { colour: "#6e2c00", lane: "link" },
  },
  "slow-close": {
    kind: "slow-close",
    description:
      "The end of each connection between the target and its group's other members reaches the other side late: who is gone still looks connected.",
    capabilities: () => ["shape-slow-close"],
    mayNeed: ["shape-slow-close"],
    confirmedOn:
      "on each link a connection that Minos opened and closed from the dialling node's place was still open after half the delay",
    confirmedOff: "on each link such a connection was gone before half the delay had passed",
    shading: { colour: "#9c640c", lane: "link" },
  },
  latency: {
    kind: "latency",
    description: "Every byte between the target and its group's other members, both ways, comes later.",
    capabilities: () => ["shape-latency"],
    mayNeed: ["shape-latency"],
    confirmedOn:
      "on each link some bytes were seen to be under way for at least half of the least delay asked for (byte counts at two moments prove it)",
    confirmedOff: "over as long as the delay, bytes came out of each link and none is proved to have been late",
    shading: { colour: "#b7950b", lane: "link" },
  },
  "bit-flip": {
    kind: "bit-flip",
    description:
      "Bits of what was durable on the target's disk are turned over; the node is killed and started again. One that finds it refuses to start, for good. Never in the last batch, which cannot be told from a torn tail.",
    capabilities: () => ["bit-flip"],
    mayNeed: ["bit-flip"],
    confirmedOn: "the bytes on the disk are other ones, and the process that ran before has exited",
    confirmedOff: "the node was started again, and either refused or has read its whole log without the damage",
    shading: { colour: "#117864", lane: "process" },
  },
  truncate: {
    kind: "truncate",
    description:
      "A file of the target that holds what was durable is cut amid it, and all that stood behind is gone; the node is killed and started again. One that finds it refuses to start, for good.",
    capabilities: () => ["truncate"],
    mayNeed: ["truncate"],
    confirmedOn: "the file on the disk ends earlier, and the process that ran before has exited",
    confirmedOff: "the node was started again, and either refused or has read its log without the end",
    shading: { colour: "#148f77", lane: "process" },
  },
  "latent-error": {
    kind: "latent-error",
    description:
      "A sector of the target's log cannot be read any more; the node is killed and started again, and refuses to start, for good.",
    capabilities: () => ["latent-error"],
    mayNeed: ["latent-error"],
    confirmedOn: "the sector cannot be read, and the process that ran before has exited",
    confirmedOff: "the node was started again and refused",
    shading: { colour: "#0e6655", lane: "process" },
  },
  "wipe-disk": {
    kind: "wipe-disk",
    description:
      "The target is killed and comes back on an empty disk. A system whose nodes may not come back so refuses it by its identity, for good.",
    capabilities: () => ["wipe-disk"],
    mayNeed: ["wipe-disk"],
    confirmedOn: "the process that ran before has exited, and its disk was emptied or its container made anew",
    confirmedOff: "a process of another incarnation runs on the empty disk, or has refused",
    shading: { colour: "#1b4f72", lane: "process" },
  },
  "disk-full": {
    kind: "disk-full",
    description:
      "No byte more fits on the target's disk, which has a size of its own in such a run: 32 MB in memory. A node may end for it; healed by making room and starting whoever has ended.",
    capabilities: () => ["disk-full"],
    mayNeed: ["disk-full"],
    confirmedOn: "the file system of the node's data directory says that not one page of it is free",
    confirmedOff: "it says that there is room, and the node runs and says that it is ready",
    shading: { colour: "#21618c", lane: "process" },
  },
  "disk-read-only": {
    kind: "disk-read-only",
    description: "The target's disk takes no writes.",
    capabilities: () => ["disk-read-only"],
    mayNeed: ["disk-read-only"],
    confirmedOn: "no cluster can do it yet",
    confirmedOff: "no cluster can do it yet",
    shading: { colour: "#2e4053", lane: "process" },
  },
  "disk-slow": {
    kind: "disk-slow",
    description:
      "The kernel holds back what the target writes to its disk: only so many kilobytes a second, so that making it durable takes long.",
    capabilities: () => ["disk-slow"],
    mayNeed: ["disk-slow"],
    confirmedOn:
      "what a program writes and makes durable in the node's container, as much as half a second's worth, takes at least half as long as the rate says, and took less before",
    confirmedOff: "the same takes less than that",
    shading: { colour: "#34495e", lane: "process" },
  },
  "roll-back": {
    kind: "roll-back",
    description:
      "The target is killed and comes back on its disk as it was earlier: what was durable since is forgotten.",
    capabilities: () => ["roll-back"],
    mayNeed: ["roll-back"],
    confirmedOn: "no cluster can do it yet",
    confirmedOff: "no cluster can do it yet",
    shading: { colour: "#283747", lane: "process" },
  },
  "packet-loss": {
    kind: "packet-loss",
    description:
      "Of the packets that the target sends to its group's other members, acknowledgements too, so many in a hundred are lost below TCP.",
    capabilities: () => ["packet-loss"],
    mayNeed: ["packet-loss"],
    confirmedOn:
      "by the kernel's own counters, of each link's packets some were dropped and, below 100 percent, some were not",
    confirmedOff: "no rule that drops packets is there any more, and each link delivers bytes",
    shading: { colour: "#616a6b", lane: "link" },
  },
  "packet-duplicate": {
    kind: "packet-duplicate",
    description: "Of the packets that the target sends, so many in a hundred are sent twice.",
    capabilities: () => ["packets"],
    mayNeed: ["packets"],
    confirmedOn: "no cluster can do it yet",
    confirmedOff: "no cluster can do it yet",
    shading: { colour: "#515a5a", lane: "process" },
  },
  "packet-reorder": {
    kind: "packet-reorder",
    description: "Of the packets that the target sends, so many in a hundred overtake others.",
    capabilities: () => ["packets"],
    mayNeed: ["packets"],
    confirmedOn: "no cluster can do it yet",
    confirmedOff: "no cluster can do it yet",
    shading: { colour: "#4d5656", lane: "process" },
  },
  "packet-corrupt": {
    kind: "packet-corrupt",
    description:
      "Of the packets that the target sends, so many in a hundred have a bit changed; TCP's checksum finds most.",
    capabilities: () => ["packets"],
    mayNeed: ["packets"],
    confirmedOn: "no cluster can do it yet",
    confirmedOff: "no cluster can do it yet",
    shading: { colour: "#424949", lane: "process" },
  },
  "clock-jump": {
    kind: "clock-jump",
    description:
      "The target's time of day jumps by so many milliseconds, and back when healed. Its monotonic clock goes on, as it does on a machine whose time is set.",
    capabilities: () => ["clock"],
    mayNeed: ["clock"],
    confirmedOn:
      "the node's time of day, read inside, has moved against its monotonic clock by the offset, to within 20 ms",
    confirmedOff:
      "the node's time of day has moved as far as its monotonic clock since before the fault, to within 20 ms",
    shading: { colour: "#1f618d", lane: "process" },
  },
  "clock-drift": {
    kind: "clock-drift",
    description:
      "The target's time of day gains or loses so many milliseconds a second, in steps 50 ms apart. Its monotonic clock goes on.",
    capabilities: () => ["clock"],
    mayNeed: ["clock"],
    confirmedOn:
      "between two readings inside the node at least 500 ms apart, its time of day moved against its monotonic clock by the rate, to within a quarter and 5 ms",
    confirmedOff:
      "the node's time of day has moved as far as its monotonic clock since before the fault, to within 20 ms",
    shading: { colour: "#2874a6", lane: "process" },
  },
  "clock-strobe": {
    kind: "clock-strobe",
    description: "The target's time of day jumps to and fro, once every period. Its monotonic clock goes on.",
    capabilities: () => ["clock"],
    mayNeed: ["clock"],
    confirmedOn:
      "readings inside the node showed its time of day ahead of its monotonic clock by the offset, then not, then again, to within 20 ms",
    confirmedOff:
      "the node's time of day has moved as far as its monotonic clock since before the fault, to within 20 ms",
    shading: { colour: "#2e86c1", lane: "process" },
  },
  "client-death": {
    kind: "client-death",
    description:
      "Each client that is connected to the target dies once, a moment after it sent a request, and another takes its place at once: what the request did nobody knows.",
    capabilities: () => ["client-death"],
    mayNeed: ["client-death"],
    confirmedOn: "of each target's clients at least one died with an operation under way, whose outcome is unknown",
    confirmedOff: "whoever took a dead client's place has been answered",
    shading: { colour: "#a93226", lane: "process" },
  },
  "duplicate-requests": {
    kind: "duplicate-requests",
    description:
      "Each request of the clients that are connected to the target goes out several times, byte for byte, also after it was answered.",
    capabilities: () => ["repeat-requests"],
    mayNeed: ["repeat-requests"],
    confirmedOn: "of each target's clients copies were sent, and the system answered a request a further time",
    confirmedOff: "over an interval in which something was called no copy was sent",
    shading: { colour: "#b9770e", lane: "process" },
  },
  "retry-storm": {
    kind: "retry-storm",
    description:
      "The clients that are connected to the target send each request again and again, without a pause that grows, until it is answered.",
    capabilities: () => ["repeat-requests"],
    mayNeed: ["repeat-requests"],
    confirmedOn: "of each target's clients copies were sent, and the system answered a request a further time",
    confirmedOff: "over an interval in which something was called no copy was sent",
    shading: { colour: "#ba4a00", lane: "process" },
  },
  "memory-limit": {
    kind: "memory-limit",
    description:
      "The limit of the target's memory is lowered, in its control group, until the kernel ends its process for it; healed by lifting the limit and starting the node again on the same disk.",
    capabilities: () => ["memory-limit"],
    mayNeed: ["memory-limit"],
    confirmedOn:
      "the process that ran before, by pid and incarnation, has exited, and the engine passed on the kernel's word that it was ended for want of memory",
    confirmedOff: "a process of another incarnation runs, and the node says on its admin path that it is ready",
    shading: { colour: "#6c3483", lane: "process" },
  },
  "cpu-quota": {
    kind: "cpu-quota",
    description:
      "The target's processes get no more CPU time than so many cores' together, by the quota of their control group.",
    capabilities: () => ["cpu-quota"],
    mayNeed: ["cpu-quota"],
    confirmedOn:
      "over an interval the kernel held the processes back for want of quota (throttled time grew), and they used no more CPU time than the quota allows",
    confirmedOff:
      "over an interval the process of before used CPU time and was not held back, and the node says that it is ready",
    shading: { colour: "#76448a", lane: "process" },
  },
};

/** Whether a fault of the kind is about links between nodes, rather than about nodes. */
export const touchesLinks = (kind: FaultKind): boolean => faultKinds[kind].shading.lane === "link";
