// Teeth: how much a run could have shown, measured from its events. Below a floor it is `unknown: weak`.
import type { HistoryEvent, Operation } from "../history/index.js";
import type { FaultSpan } from "./faults.js";
import { measureFloors } from "./floors.js";
import type { JudgeFloors } from "./judge-input.js";
import { splitByKey } from "./keys.js";
import { OpenOperations } from "./open-operations.js";
import { isStarved, runnerLag, runnerMeasures } from "./runner-lag.js";
import { canonical, fieldOf } from "./values.js";
import type { TeethMeasure, UnknownReason } from "./verdict.js";

const heldBack = "runner held back for want of processor quota";

export interface TeethInput {
  readonly mode: "run" | "history";
  readonly events: readonly HistoryEvent[];
  readonly operations: readonly Operation[];
  readonly faults: readonly FaultSpan[];
  readonly floors: JudgeFloors;
  readonly floorsNotAsked: { readonly [floor: string]: string };
  readonly nodes: readonly string[];
}

export function measureTeeth(input: TeethInput): readonly TeethMeasure[] {
  const { events, operations, floors, mode } = input;
  const completed = operations.filter(({ outcome }) => outcome === "ok").length;
  const unknown = operations.filter(({ outcome }) => outcome === "info").length;
  const { concurrent, most } = concurrencyByKey(operations, events);
  const measures: TeethMeasure[] = [
    measure(
      "completed operations",
      completed,
      "operations",
      "answers there were to judge",
      floors.completed_operations,
    ),
    ceiling(
      "share of unknown outcomes",
      share(unknown, operations.length),
      "share",
      "an operation of unknown outcome explains almost anything",
      floors.max_info_share,
    ),
    measure("share of concurrent operations", concurrent, "share", "operations that overlapped another on their key"),
    measure("most concurrent operations on a key", most, "operations", "without concurrency every order is given"),
  ];
  return mode === "history" ? measures : [...measures, ...runTeeth(input)];
}

function runTeeth({ events, operations, faults, floors, floorsNotAsked, nodes }: TeethInput): readonly TeethMeasure[] {
  const sorted = new OpenOperations(operations, events);
  const lag = runnerLag(events);
  const confirmed = faults.filter(({ confirmedOn, confirmedOff }) => confirmedOn !== null && confirmedOff !== null);
  const changes = events.filter((event) => event.type === "node" && event.what === "leader-change");
  const open = changes.filter((event) => event.type === "node" && sorted.countAt(event.time) > 0);
  const perNode = nodes.map((node) => operations.filter((one) => one.node === node && one.outcome === "ok").length);
  return [
    measure(
      "confirmed faults",
      confirmed.length,
      "faults",
      "seen at their target, and seen to end",
      floors.confirmed_faults,
    ),
    ...(nodes.length === 0
      ? []
      : [
          measure(
            "fewest completed operations on a node",
            Math.min(...perNode),
            "operations",
            "a node that nobody asked cannot have answered wrongly",
            floors.operations_per_node,
          ),
        ]),
    ...nodes.map((node, place) =>
      measure(`completed operations on ${node}`, perNode[place] ?? 0, "operations", "asked through this node"),
    ),
    measure("leader changes", changes.length, "changes", "seen in the nodes' status"),
    // Once: with a floor of its own, or the reason for none, it stands further down.
    ...(floors.leader_changes_open !== undefined || floorsNotAsked["leader_changes_open"] !== undefined
      ? []
      : [
          measure(
            "leader changes with operations open",
            open.length,
            "changes",
            "where a change of leader could lose something",
          ),
        ]),
    ceiling(
      runnerMeasures.worst,
      lag.worstMs,
      "ms",
      "a runner that stalls sees less than there was",
      floors.max_runner_lag_ms,
    ),
    ...(lag.throttledMs === null
      ? []
      : [measure(heldBack, lag.throttledMs, "ms", "as the kernel counts it for the runner's control group")]),
    ...measureFloors(floors, floorsNotAsked, { events, operations, faults, nodes }),
    ...faults.flatMap((fault) => faultTeeth(fault, sorted)),
  ];
}

function faultTeeth(fault: FaultSpan, operations: OpenOperations): readonly TeethMeasure[] {
  if (fault.confirmedOn === null) return [];
  const name = `fault ${fault.fault} (${fault.kind}${fault.targets.length === 0 ? "" : ` ${fault.targets.slice(0, 4).join(", ")}`})`;
  const until = fault.healRequested ?? fault.confirmedOff ?? Infinity;
  const measures = [
    measure(
      `${name}: operations in flight when it began`,
      operations.countAt(fault.requested ?? fault.confirmedOn),
      "operations",
      "what it could interrupt",
    ),
    measure(
      `${name}: operations overlapping it`,
      operations.countBetween(fault.confirmedOn, until),
      "operations",
      "what it could disturb",
    ),
  ];
  const refused = fault.cuts.filter(({ isRefused }) => isRefused).length;
  if (refused > 0)
    measures.push(
      measure(
        `${name}: cut directions with a refused attempt`,
        refused,
        "links",
        "somebody tried to connect and could not",
      ),
    );
  const offered = fault.cuts.flatMap(({ offeredBytes }) => (offeredBytes === null ? [] : [offeredBytes]));
  if (offered.length > 0)
    measures.push(
      measure(
        `${name}: least bytes offered to a cut direction`,
        Math.min(...offered),
        "bytes",
        "each direction by itself: a link that nobody uses is not seen to be cut",
      ),
    );
  if (fault.offeredBytes !== null)
    measures.push(
      measure(`${name}: bytes offered to cut links`, fault.offeredBytes, "bytes", "somebody tried to get through"),
    );
  if (fault.deliveredBytes !== null)
    measures.push(
      measure(
        `${name}: bytes delivered by them`,
        fault.deliveredBytes,
        "bytes",
        "a cut delivers nothing, a slow link late",
      ),
    );
  return measures;
}

function concurrencyByKey(
  operations: readonly Operation[],
  events: readonly HistoryEvent[],
): { readonly concurrent: number; readonly most: number } {
  let overlapping = 0;
  let most = 0;
  for (const { operations: own } of splitByKey(operations)) {
    const ends = own.flatMap(({ callNs, returnNs }) =>
      returnNs === null
        ? []
        : [
            { time: callNs, step: 1 },
            { time: returnNs, step: -1 },
          ],
    );
    ends.sort((left, right) => left.time - right.time || right.step - left.step);
    let open = 0;
    for (const { step } of ends) most = Math.max(most, (open += step));
    const counts = new OpenOperations(
      own.filter(({ returnNs }) => returnNs !== null),
      events,
    );
    for (const { callNs, returnNs } of own)
      if (returnNs !== null && counts.countBetween(callNs, returnNs) > 1) overlapping += 1;
  }
  return { concurrent: share(overlapping, operations.filter(({ returnNs }) => returnNs !== null).length), most };
}

/** Text of the value that a completed operation certainly wrote, or null. */
export function writtenBy({ function: name, input, output, outcome }: Operation): string | null {
  if (outcome !== "ok") return null;
  if (name === "cas") {
    const replacement = fieldOf(input, "new");
    return fieldOf(output, "status") === "ok" && replacement !== undefined ? canonical(replacement) : null;
  }
  return name === "get" ? null : canonical(input);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000;
}

function measure(
  name: string,
  value: number,
  unit: string,
  meaning: string,
  floor: number | null = null,
): TeethMeasure {
  return { name, value, unit, floor, meaning };
}

function ceiling(
  name: string,
  value: number,
  unit: string,
  meaning: string,
  limit: number | null = null,
): TeethMeasure {
  return { name, value, unit, floor: null, ceiling: limit, meaning };
}

/** Why the run is too weak, or its runner was too slow, for it to be called valid. */
export function weaknesses(teeth: readonly TeethMeasure[]): readonly UnknownReason[] {
  const throttled = teeth.find(({ name }) => name === heldBack)?.value ?? 0;
  const held = throttled === 0 ? "" : `; its processor quota held it back for ${throttled} ms`;
  return teeth.flatMap((tooth) => {
    const { name, value, unit, floor, ceiling: limit } = tooth;
    if (floor !== null && value < floor)
      return [{ code: "weak" as const, sentence: `${name}: ${value} ${unit}, below the floor of ${floor}` }];
    if (limit !== null && limit !== undefined && value > limit)
      return [
        isStarved([tooth])
          ? { code: "starved" as const, sentence: `${name}: ${value} ${unit}, above the limit of ${limit}${held}` }
          : { code: "weak" as const, sentence: `${name}: ${value} ${unit}, above the limit of ${limit}` },
      ];
    return [];
  });
}
