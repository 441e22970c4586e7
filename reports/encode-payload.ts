// Everything that a report shows, as the data that travels in it. The run's events are gone through once: those of clients go into columns,
// of the few others the records are made that the page draws. A history of millions of events can come from a generator and is never held.
import type { HistoryEvent, JsonValue, TimeNs } from "../history/index.js";
import type { Verdict } from "../checker/index.js";
import type { TraceDocument } from "../cluster/index.js";
import { ByteWriter } from "./bytes.js";
import { pairs, type Dictionaries, type Pair } from "./columns.js";
import { OperationsEncoder } from "./encode-operations.js";
import { gatherFaults, gatherGroups, gatherMarks, gatherPhases } from "./gather.js";
import { KeyPlaces, writeLinearization } from "./linearizations.js";
import { gatherForks, gatherNodes, sinceLoad, type ReportStatusSample } from "./nodes.js";
import { SectionPacker } from "./pack-sections.js";
import { payloadVersion, type ExactTimes, type LogExcerpt } from "./payload.js";
import type { Payload, PayloadVerdict, ReportPlan } from "./payload.js";
import { drawTrace } from "./trace/diagram.js";

/** Everything that a report shows. */
export interface ReportInput {
  readonly plan: ReportPlan;
  /** environment.json: anything that JSON can carry. */
  readonly environment: unknown;
  readonly events: readonly HistoryEvent[];
  readonly verdict: Verdict;
  /** Answers of the nodes' admin ports: who led which group, and who was silent. */
  readonly status?: readonly ReportStatusSample[];
  readonly logs?: readonly LogExcerpt[];
  /** What happened inside, where the run was simulated. */
  readonly trace?: TraceDocument;
  /** The command line that does this run again. */
  readonly rerun: string;
}

/** The same with events that are gone through once. */
export type StreamedReport = Omit<ReportInput, "events"> & { readonly events: Iterable<HistoryEvent> };

/** Sections of the payload; the columns of the operations follow from `firstColumn` on. */
export const jsonSection = 0;
export const linearizationsSection = 1;
export const firstColumn = 2;

/** How often it is looked whether a column is long enough to be packed. */
const drainEvery = 1 << 14;

interface Gone {
  readonly dictionaries: Dictionaries;
  /** Events of others than clients. */
  readonly others: readonly HistoryEvent[];
  readonly exact: readonly ExactTimes[];
  readonly places: KeyPlaces;
  readonly endNs: TimeNs;
  /** Only where a diagram is drawn of them. */
  readonly operations: readonly Pair[];
}

/** Packs the columns of the events' operations and keeps what else is needed of them. */
function goThrough({ events, verdict, trace }: StreamedReport, packer: SectionPacker): Gone {
  const encoder = new OperationsEncoder();
  const columns = encoder.columns();
  const places = new KeyPlaces();
  const ordered = verdict.checkers.some(({ keys }) => keys?.some(({ linearization }) => linearization !== null));
  const named = new Set(verdict.violations.flatMap(({ operations }) => operations));
  const exact = new Map<number, ExactTimes>();
  const others: HistoryEvent[] = [];
  const drawn: HistoryEvent[] = [];
  let endNs = 0;
  let seen = 0;
  for (const event of events) {
    if (event.type !== "header" && event.time > endNs) endNs = event.time;
    if (event.type === "invoke" || event.type === "ok" || event.type === "fail" || event.type === "info") {
      const operation = encoder.add(event);
      if (trace !== undefined) drawn.push(event);
      if (event.type === "invoke" && ordered) places.add(encoder.lastKey);
      if (operation !== null && named.has(operation)) {
        const before = exact.get(operation);
        if (before === undefined) exact.set(operation, { operation, callNs: event.time, endNs: null });
        else exact.set(operation, { ...before, endNs: event.time });
      }
    } else others.push(event);
    if (++seen % drainEvery === 0) packer.drain(columns, firstColumn, false);
  }
  const dictionaries = encoder.end();
  packer.drain(columns, firstColumn, true);
  return {
    dictionaries,
    others,
    exact: [...named].flatMap((operation) => exact.get(operation) ?? []),
    places,
    endNs,
    operations: pairs(drawn),
  };
}

/** Linearizations leave the JSON and become one section, in the order of checkers and their keys. */
function splitVerdict(
  verdict: Verdict,
  places: KeyPlaces,
): { readonly verdict: PayloadVerdict; readonly linearizations: Uint8Array } {
  const writer = new ByteWriter();
  const checkers = verdict.checkers.map((checker) => ({
    ...checker,
    keys: (checker.keys ?? []).map(({ linearization, ...rest }) => {
      if (linearization !== null) writeLinearization(writer, linearization, places);
      return { ...rest, linearizationLength: linearization?.length ?? null };
    }),
  }));
  return { verdict: { ...verdict, checkers }, linearizations: writer.take() };
}

/** The payload in packed sections: JSON, linearizations, then the columns of the operations. */
export function encodePayload(input: StreamedReport): Uint8Array {
  const packer = new SectionPacker();
  const { dictionaries, others, exact, places, endNs, operations } = goThrough(input, packer);
  const { verdict, linearizations } = splitVerdict(input.verdict, places);
  const header = others.find((event) => event.type === "header");
  const { plan } = input;
  const faults = gatherFaults(others);
  const samples = sinceLoad(input.status ?? []);
  const groups = gatherGroups(samples);
  const payload: Payload = {
    version: payloadVersion,
    plan,
    environment: (input.environment ?? null) as JsonValue,
    verdict,
    rerun: input.rerun,
    run: {
      id: header?.run ?? plan.name,
      startedAt: header?.startedAt ?? "",
      model: header?.model ?? "",
      initial: header?.initial ?? null,
      keyed: header?.keyed ?? true,
      build: header?.build ?? plan.build,
    },
    endNs,
    phases: gatherPhases(others, endNs),
    faults,
    groups,
    nodes: gatherNodes(samples),
    forks: gatherForks(samples),
    marks: gatherMarks(others),
    exact,
    logs: input.logs ?? [],
    diagram:
      input.trace === undefined
        ? null
        : drawTrace({ trace: input.trace, violations: verdict.violations, operations, faults, groups }),
    operations: dictionaries,
  };
  packer.add(jsonSection, new TextEncoder().encode(JSON.stringify(payload)));
  packer.add(linearizationsSection, linearizations);
  return packer.join();
}
