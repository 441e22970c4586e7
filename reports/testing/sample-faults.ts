// The eight faults of a made-up run, their events, and what its nodes said of their leaders meanwhile.
import type { FaultEvent, JsonValue } from "../../history/index.js";
import type { NodeName } from "../../cluster/index.js";
import type { Fault } from "../../nemesis/index.js";
import type { ReportStatusSample } from "../index.js";

export const second = 1e9;

export interface SampleFault {
  readonly spec: Fault;
  readonly targets: readonly string[];
  readonly evidence: JsonValue;
  /** Nodes whose clients get no answer, are refused, or wait longer. */
  readonly hang: readonly NodeName[];
  readonly refuse: readonly NodeName[];
  readonly slow: readonly NodeName[];
  readonly deposed: { readonly group: number; readonly by: NodeName } | null;
}

export function name(nodes: readonly NodeName[], index: number): NodeName {
  const found = nodes[index];
  if (found === undefined) throw new Error(`no node ${index}`);
  return found;
}

/** The eight faults, at fractions of the load. */
export function faultsOf(nodes: readonly NodeName[], loadMs: number): readonly SampleFault[] {
  const [n1, n2, n3, n4, n5, n6] = [0, 1, 2, 3, 4, 5].map((index) => name(nodes, index)) as [
    NodeName,
    NodeName,
    NodeName,
    NodeName,
    NodeName,
    NodeName,
  ];
  const slot = loadMs / 8.4;
  const at = (index: number) => ({ at_ms: Math.round(slot * (index + 0.3)), for_ms: Math.round(slot * 0.55) });
  const links = (from: readonly string[], to: readonly string[]): string[] =>
    from.flatMap((a) => to.flatMap((b) => [`${a}>${b}`, `${b}>${a}`]));
  const none = { hang: [], refuse: [], slow: [], deposed: null };
  const partition = (
    index: number,
    shape: "isolate-leader" | "halves" | "majorities-ring" | "one-way-in",
    mode: "reset" | "drop" | "stall",
    group: number,
  ): Fault => ({
    kind: "partition",
    shape,
    mode,
    group,
    scope: "group",
    ...at(index),
  });
  const bytes = (offered: number): JsonValue => ({ offered_bytes: offered, delivered_bytes: 0, window_ms: 100 });
  return [
    {
      ...none,
      spec: { kind: "kill", target: { by: "leader", group: 0 }, ...at(0) },
      targets: [n1],
      refuse: [n1],
      deposed: { group: 0, by: n2 },
      evidence: { pid: 48211, incarnation: "48211:91823", state: "exited", signal: "SIGKILL" },
    },
    {
      ...none,
      spec: { kind: "pause", target: { by: "follower", group: 1 }, ...at(1) },
      targets: [n5],
      hang: [n5],
      evidence: { pid: 48219, state: "paused", cpu_time_ms: [412, 412] },
    },
    {
      ...none,
      spec: partition(2, "isolate-leader", "stall", 0),
      targets: links([n2], [n1, n3]),
      hang: [n2],
      deposed: { group: 0, by: n3 },
      evidence: { links: { [`${n2}>${n1}`]: bytes(1832), [`${n1}>${n2}`]: bytes(912) } },
    },
    {
      ...none,
      spec: partition(3, "halves", "drop", 1),
      targets: links([n4], [n5, n6]),
      hang: [n4],
      deposed: { group: 1, by: n5 },
      evidence: { links: { [`${n4}>${n5}`]: bytes(2210) } },
    },
    {
      ...none,
      spec: partition(4, "majorities-ring", "reset", 0),
      targets: links([n1], [n3]),
      slow: [n1, n3],
      evidence: { connections_ended: 4, attempt: "refused" },
    },
    {
      ...none,
      spec: { kind: "kill", target: { by: "follower", group: 1 }, ...at(5) },
      targets: [n6],
      refuse: [n6],
      evidence: { pid: 48223, incarnation: "48223:91901", state: "exited", signal: "SIGKILL" },
    },
    {
      ...none,
      spec: partition(6, "one-way-in", "stall", 1),
      targets: [`${n4}>${n5}`, `${n6}>${n5}`],
      hang: [n5],
      deposed: { group: 1, by: n6 },
      evidence: { links: { [`${n4}>${n5}`]: bytes(744) } },
    },
    {
      ...none,
      spec: { kind: "latency", target: { by: "all" }, latency_ms: 40, jitter_ms: 15, ...at(7) },
      targets: nodes,
      slow: nodes,
      evidence: { round_trip_ms: [81, 78, 92] },
    },
  ];
}

/** When a fault acts, in nanoseconds of the run. */
export function window(fault: SampleFault): { readonly from: number; readonly to: number } {
  return { from: (fault.spec.at_ms + 14) * 1e6, to: (fault.spec.at_ms + fault.spec.for_ms + 22) * 1e6 };
}

export function faultEvents(faults: readonly SampleFault[], unconfirmed: number | null): FaultEvent[] {
  return faults.flatMap((fault, index): FaultEvent[] => {
    const { from, to } = window(fault);
    const event = (stage: FaultEvent["stage"], time: number, evidence: JsonValue): FaultEvent => ({
      type: "fault",
      time: Math.round(time),
      fault: index,
      stage,
      kind: fault.spec.kind,
      spec: fault.spec as unknown as JsonValue,
      targets: fault.targets,
      evidence,
    });
    const requested = event("requested", fault.spec.at_ms * 1e6, null);
    const heal = event("heal-requested", to - 9e6, null);
    if (index === unconfirmed)
      return [requested, event("unconfirmed", from + 400e6, { reason: "bytes still came out of n4>n5" }), heal];
    return [
      requested,
      event("confirmed-on", from, fault.evidence),
      heal,
      event("confirmed-off", to + 35e6, { reachable: true }),
    ];
  });
}

export function statusSamples(
  nodes: readonly NodeName[],
  faults: readonly SampleFault[],
  endNs: number,
): ReportStatusSample[] {
  const samples: ReportStatusSample[] = [];
  const groups = [0, 1].map((group) => ({ group, members: nodes.slice(group * 3, group * 3 + 3) }));
  for (let time = 5e6; time < endNs; time += 100e6) {
    for (const { group, members } of groups) {
      const changes = faults.filter(
        (fault) => fault.deposed?.group === group && window(fault).from + 0.3 * second <= time,
      );
      const leader = changes.at(-1)?.deposed?.by ?? members[0];
      const previous = changes.at(-2)?.deposed?.by ?? members[0];
      for (const node of members) {
        const acting = faults.find((fault) => time >= window(fault).from && time < window(fault).to);
        const down =
          acting?.refuse.includes(node) === true || (acting?.spec.kind === "pause" && acting.hang.includes(node));
        const cut = acting?.hang.includes(node) === true;
        const believed = cut && previous === node ? node : leader;
        samples.push({
          time_ns: time + members.indexOf(node) * 1e6,
          node,
          status: down
            ? null
            : {
                node,
                ready: true,
                incarnation: 1,
                suspected: [],
                groups: [
                  {
                    group,
                    members,
                    leader: believed ?? null,
                    ballot: `${changes.length + (cut ? 0 : 1)}.0.${believed}`,
                    phase: "accept",
                    decidedIndex: Math.floor(time / 1e7),
                    logHash: "9f3c",
                  },
                ],
              },
        });
      }
    }
  }
  return samples;
}
