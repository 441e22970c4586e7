// The story of a violation: the few moments of a trace from which a reader who never saw it understands what went wrong. It begins with
// the breaches of the rules (`breaches.ts`), the one that the violation rests on first, and adds what a reader needs to follow: the
// clients' operations, who led when, and the faults that acted meanwhile.
import type { TracedCommand, TraceEvent } from "../../cluster/index.js";
import type { Violation } from "../../checker/index.js";
import type { Pair } from "../columns.js";
import type { FaultRecord } from "../payload.js";
import type { Membership } from "./breaches.js";
import { Replicas } from "./replicas.js";
import type { Breach, Step } from "./steps.js";
import { stuckSteps } from "./stuck.js";

const stepsMax = 16;
const faultsMax = 3;
/** An invariant that never broke the clients' view needs this much around it. */
const quietNs = 20e6;
/** What ended so long before may still be the reason. */
const justBeforeNs = 100e6;

export interface StoryInput {
  readonly events: readonly TraceEvent[];
  readonly breaches: readonly Breach[];
  readonly violations: readonly Violation[];
  readonly operations: readonly Pair[];
  readonly faults: readonly FaultRecord[];
  readonly groups: Membership;
}

export interface Story {
  /** In order of time. */
  readonly steps: readonly Step[];
  /** The breach that comes first, as a sentence; null where no rule was seen broken. */
  readonly cause: string | null;
  readonly fromNs: number;
  readonly toNs: number;
  /** Threads of the clients whose operations it is about. */
  readonly threads: readonly number[];
}

/** Null when there is no violation. */
export function tellStory(input: StoryInput): Story | null {
  const violation = input.violations.find(({ operations }) => operations.length > 0) ?? input.violations[0];
  if (violation === undefined) return null;
  const core = violation.operations.flatMap((index) => input.operations[index] ?? []);
  const told = core.map((pair) => ({ pair, commands: attemptsOf(pair, input.events) }));
  const subjects = told.flatMap(({ commands }) => commands);
  const breaches = related(input.breaches, subjects);
  const clients = clientSteps(told, input.events);
  const stuck = violation.class === "unavailable" ? stuckSteps(input.events, input.groups, lastCalm(input.faults)) : [];
  const broken = breaches.flatMap(({ steps }) => steps);
  const own = stuck.length === 0 ? [...broken, ...clients] : [...broken, ...stuck, ...clients.slice(0, 1)];
  if (own.length === 0) {
    const at = violation.timeNs ?? input.events.at(-1)?.time_ns ?? 0;
    return { steps: [], cause: null, fromNs: at - 10 * quietNs, toNs: at + quietNs, threads: [] };
  }
  const times = own.map(({ timeNs }) => timeNs);
  const fromNs = Math.min(...times);
  const toNs = Math.max(...times);
  const around = [...leaderSteps(input.events, fromNs, toNs), ...faultSteps(input.faults, fromNs, toNs)];
  const steps = shortened(unique([...around, ...own]));
  const begin = Math.min(fromNs, ...steps.map(({ timeNs }) => timeNs));
  const margin = Math.min(Math.max((toNs - begin) * 0.04, quietNs / 10), quietNs);
  const threads = [...new Set(told.flatMap(({ pair, commands }) => (commands.length === 0 ? [] : [pair.call.thread])))];
  const cause = (breaches[0]?.steps ?? stuck.slice(0, 2)).findLast(({ kind }) => kind === "wrong")?.text ?? null;
  return { steps, cause, fromNs: begin - margin, toNs: toNs + margin, threads };
}

/** When the last fault was over. */
function lastCalm(faults: readonly FaultRecord[]): number {
  return Math.max(0, ...faults.map(({ healRequestedNs, confirmedOffNs }) => confirmedOffNs ?? healRequestedNs ?? 0));
}

/** What a client asked for one operation: its attempts, as they stand in messages and logs. */
function attemptsOf({ call, end }: Pair, events: readonly TraceEvent[]): readonly TracedCommand[] {
  const untilNs = end?.time ?? Number.POSITIVE_INFINITY;
  const commands: TracedCommand[] = [];
  for (const event of events) {
    if (event.time_ns > untilNs) break;
    // The recorder sets an event's time a few nanoseconds later where two coincide.
    if (event.what !== "ask" || event.thread !== call.thread || event.time_ns < call.time - 1000) continue;
    if (event.command.request !== null && event.command.key === call.key) commands.push(event.command);
  }
  return commands;
}

/**
 * Breaches worth telling: of those about the violation's operations, or else of all, the first of each rule; before them the one that
 * first led there, by a command that they share.
 */
function related(breaches: readonly Breach[], subjects: readonly TracedCommand[]): readonly Breach[] {
  const concerns = (breach: Breach, commands: readonly TracedCommand[]): boolean =>
    breach.commands.some(({ id, request }) =>
      commands.some((one) => (id !== null && one.id === id) || (request !== null && one.request === request)),
    );
  const about = breaches.filter((breach) => concerns(breach, subjects));
  const rules = new Set(breaches.map(({ rule }) => rule));
  const diverged = breaches.find(({ rule }) => rule === "decided two different commands");
  const picked = [...rules].flatMap((rule): Breach[] => {
    const same = breaches.filter((breach) => breach.rule === rule);
    const best =
      same.find((breach) => about.includes(breach)) ??
      same.find((breach) => diverged !== undefined && concerns(breach, diverged.commands)) ??
      same[0];
    return best === undefined ? [] : [best];
  });
  const sorted = picked.toSorted((a, b) => a.timeNs - b.timeNs);
  // What comes long after the logs have parted is a consequence that explains nothing.
  const last = ["decided two different commands", ...(about.length === 0 ? ["an invariant"] : [])];
  const parted = sorted.findIndex(({ rule }) => last.includes(rule));
  if (parted !== -1) return sorted.slice(0, parted + 1);
  if (subjects.length === 0 || about.length === 0) return sorted.slice(0, 3);
  const lastAbout = sorted.findLastIndex((breach) => about.includes(breach));
  return sorted.slice(0, lastAbout + 1);
}

interface ToldOperation {
  readonly pair: Pair;
  readonly commands: readonly TracedCommand[];
}

function clientSteps(told: readonly ToldOperation[], events: readonly TraceEvent[]): readonly Step[] {
  const steps: Step[] = [];
  const replicas = new Replicas();
  const isOf = (command: TracedCommand, entry: TracedCommand | null): boolean =>
    entry !== null && entry.request !== null && entry.request === command.request;
  const ordered = new Set<string>();
  for (const event of events) {
    replicas.follow(event);
    const { node, time_ns: timeNs } = event;
    if (node === null) continue;
    if (event.what === "state" && event.state.role === "leader") {
      const { log } = replicas.of(node);
      for (const { commands } of told) {
        const [command] = commands;
        if (command?.request === null || command === undefined || ordered.has(command.request)) continue;
        const place = log.findIndex((entry) => isOf(command, entry));
        if (place === -1 || place >= event.state.decided) continue;
        ordered.add(command.request);
        const text = `${node}, the leader, has “${command.text}” decided as entry ${place + 1} of the log.`;
        steps.push({ timeNs, node, kind: "step", text, messages: [] });
      }
    }
    if (event.what !== "ask" && event.what !== "answered") continue;
    const own = told.find(({ commands }) => commands.some(({ id }) => id !== null && id === event.command.id));
    if (own === undefined) continue;
    const [command] = own.commands;
    if (command === undefined) continue;
    const { process, thread } = own.pair.call;
    const client = process === thread ? `Client ${thread}` : `Client ${thread} (process ${process})`;
    if (event.what === "ask" && event.command.id !== command.id) continue;
    const text =
      event.what === "ask"
        ? `${client} asks ${node}: “${command.text}”.`
        : `${client} has its answer to “${command.text}”: ${event.command.text}.`;
    steps.push({ timeNs, node, kind: "client", text, messages: [], thread });
  }
  return steps;
}

/** Whoever came to lead meanwhile. */
function leaderSteps(events: readonly TraceEvent[], fromNs: number, toNs: number): readonly Step[] {
  const leading = new Map<string, string>();
  return events.flatMap((event): Step[] => {
    if (event.what !== "state" || event.node === null || event.time_ns > toNs) return [];
    const { role, phase, promised } = event.state;
    if (role !== "leader" || phase !== "accept" || leading.get(event.node) === promised) return [];
    leading.set(event.node, promised);
    if (event.time_ns < fromNs) return [];
    const text = `${event.node} becomes leader: a majority has promised its ballot ${promised}.`;
    return [{ timeNs: event.time_ns, node: event.node, kind: "step", text, messages: [] }];
  });
}

/** The latest faults that acted on it. */
function faultSteps(faults: readonly FaultRecord[], fromNs: number, toNs: number): readonly Step[] {
  const acting = faults.flatMap((record) => {
    const onNs = record.confirmedOnNs ?? record.requestedNs;
    const offNs = record.healRequestedNs ?? record.confirmedOffNs ?? Number.POSITIVE_INFINITY;
    return record.state === "void" || onNs === null || onNs > toNs || offNs < fromNs - justBeforeNs
      ? []
      : [{ record, onNs, offNs }];
  });
  return acting.slice(-faultsMax).flatMap(({ record, onNs, offNs }): Step[] => {
    const name = nameOf(record);
    const at = { node: null, kind: "fault", messages: [] } as const;
    const begins: Step = { ...at, timeNs: onNs, text: `Fault: ${name}.` };
    if (offNs > toNs) return [begins];
    const held = record.kind === "partition" && fieldOf(record, "mode") === "stall";
    const who = record.targets.slice(0, 4).join(", ");
    const again: Readonly<Record<string, string>> = {
      kill: `${who} starts again`,
      pause: `${who} goes on`,
      partition: `The partition ends${held ? ": what it held back arrives now, late" : ""}`,
    };
    const text = `${again[record.kind] ?? `The ${record.kind} ends`}.`;
    return [begins, { ...at, timeNs: offNs, text }];
  });
}

function fieldOf({ spec }: FaultRecord, name: string): string | null {
  if (spec === null || typeof spec !== "object" || Array.isArray(spec)) return null;
  const value = (spec as { readonly [name: string]: unknown })[name];
  return typeof value === "string" ? value : null;
}

const modes: Readonly<Record<string, string>> = {
  stall: "which holds messages back",
  drop: "which discards messages",
  reset: "which ends connections",
};

function nameOf(record: FaultRecord): string {
  const { kind, targets } = record;
  if (kind !== "partition") return `${kind} ${targets.slice(0, 4).join(", ")}`;
  const mode = modes[fieldOf(record, "mode") ?? ""] ?? "";
  const shape = (fieldOf(record, "shape") ?? "").replaceAll("-", " ");
  return `a partition (${shape}${sides(targets)}), ${mode}`;
}

/** `: n1, n5 | n2, n3, n4`: who could not reach whom, where the cut has two sides. */
function sides(targets: readonly string[]): string {
  const links = targets.flatMap((target) => {
    const [from, to] = target.split(">");
    return from === undefined || to === undefined ? [] : [{ from, to }];
  });
  const [first] = links;
  if (first === undefined) return "";
  const cutFrom = (node: string): ReadonlySet<string> =>
    new Set(links.flatMap(({ from, to }) => (from === node ? [to] : to === node ? [from] : [])));
  const other = cutFrom(first.from);
  const own = cutFrom([...other][0] ?? "");
  const whole = [...own].every((node) => [...other].every((peer) => cutFrom(node).has(peer)));
  if (!whole || [...own].some((node) => other.has(node))) return "";
  const written = (names: ReadonlySet<string>): string => [...names].toSorted().join(", ");
  return `: ${written(own)} | ${written(other)}`;
}

function unique(steps: readonly Step[]): readonly Step[] {
  const seen = new Set<string>();
  /** A breach says what the plain step of the same moment says, and more. */
  const saidBetter = ({ kind, timeNs, text }: Step): boolean => {
    const plain = text.replace(/ of the log\.$/, "");
    return (
      kind === "step" &&
      steps.some((one) => one.kind === "wrong" && one.timeNs === timeNs && one.text.startsWith(plain))
    );
  };
  return steps
    .filter((step) => !saidBetter(step))
    .filter(({ text, timeNs }) => !seen.has(`${timeNs} ${text}`) && seen.add(`${timeNs} ${text}`))
    .toSorted((a, b) => a.timeNs - b.timeNs);
}

const rank: readonly Step["kind"][] = ["wrong", "client", "step", "fault"];

/** The most telling ones, in order of time. */
function shortened(steps: readonly Step[]): readonly Step[] {
  if (steps.length <= stepsMax) return steps;
  const kept = new Set(steps.toSorted((a, b) => rank.indexOf(a.kind) - rank.indexOf(b.kind)).slice(0, stepsMax));
  return steps.filter((step) => kept.has(step));
}
