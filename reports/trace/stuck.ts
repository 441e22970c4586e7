// Why a group served nothing though every fault was over: what each of its nodes was waiting for at the end, and whom it asked in vain.
import type { TraceEvent } from "../../cluster/index.js";
import type { Membership } from "./breaches.js";
import { compareBallots } from "./replicas.js";
import { step, type Step } from "./steps.js";

type Of<What extends TraceEvent["what"]> = Extract<TraceEvent, { readonly what: What }>;

/** So often must a message be repeated to be told as vain. */
const vainTimes = 5;
const toldMax = 4;
/** What arrived so long before a change may be its reason. */
const reasonNs = 1e6;

interface Last {
  readonly event: Of<"state">;
  /** The latest change of role, phase, promise or leader; what came later only let the log grow. */
  readonly sinceNs: number;
}

/** Steps of the group that served nothing; none where all its nodes seem to work. */
export function stuckSteps(events: readonly TraceEvent[], groups: Membership, calmNs: number): readonly Step[] {
  const last = lastStates(events);
  const waiting = [...last.values()].filter(
    ({ event: { state } }) => state.role !== "leader" && state.phase !== "accept",
  );
  const steps = waiting
    .toSorted((a, b) => a.sinceNs - b.sinceNs)
    .slice(0, toldMax)
    .flatMap((one, at) => [...(at === 0 ? reasonOf(events, one) : []), waits(events, one, calmNs)]);
  const leaders = [...last.values()].filter(({ event: { state } }) => state.role === "leader");
  return [...steps, ...leaders.flatMap((one) => leads(one, events, groups))];
}

function lastStates(events: readonly TraceEvent[]): ReadonlyMap<string, Last> {
  const last = new Map<string, Last>();
  for (const event of events) {
    if (event.what === "crash" && event.node !== null) last.delete(event.node);
    if (event.what !== "state" || event.node === null) continue;
    const before = last.get(event.node);
    const { role, phase, promised, leader } = event.state;
    const old = before?.event.state;
    const same = old?.role === role && old.phase === phase && old.promised === promised && old.leader === leader;
    last.set(event.node, { event, sinceNs: same && before !== undefined ? before.sinceNs : event.time_ns });
  }
  return last;
}

/** The message after which a node began to wait. */
function reasonOf(events: readonly TraceEvent[], { event, sinceNs }: Last): readonly Step[] {
  const heard = events.findLast(
    (one): one is Of<"receive"> =>
      one.what === "receive" &&
      one.node === event.node &&
      one.time_ns <= sinceNs &&
      one.time_ns > sinceNs - reasonNs &&
      one.message.topic === "agreement",
  );
  const send = events.find((one): one is Of<"send"> => one.what === "send" && one.id === heard?.id);
  if (heard === undefined || send === undefined || event.node === null) return [];
  const { promised } = event.state;
  const over = send.message.ballot !== undefined && compareBallots(send.message.ballot, promised) < 0;
  const why = over ? `, of a ballot that is over: ${event.node} has promised ${promised}` : "";
  return [
    step(heard.time_ns, event.node, `${event.node} receives from ${heard.from}: ${send.message.text}${why}.`, [
      heard.id,
    ]),
  ];
}

function waits(events: readonly TraceEvent[], { event, sinceNs }: Last, calmNs: number): Step {
  const { node, state } = event;
  const asked = new Map<string, Of<"send">[]>();
  for (const one of events) {
    if (one.what !== "send" || one.node !== node || one.time_ns < Math.max(calmNs, sinceNs)) continue;
    if (one.message.topic !== "agreement") continue;
    const name = `${one.to} ${one.message.kind}`;
    asked.set(name, [...(asked.get(name) ?? []), one]);
  }
  const [vain] = [...asked.values()]
    .filter((sends) => sends.length >= vainTimes)
    .toSorted((a, b) => b.length - a.length);
  const [first] = vain ?? [];
  const whom =
    first === undefined || vain === undefined
      ? ""
      : ` It sends ${first.message.kind} to ${first.to} ${vain.length} times, in vain` +
        `${state.leader === null || state.leader === first.to ? "" : `, though it takes ${state.leader} for its leader`}.`;
  const text = `${node ?? ""} waits in phase “${state.phase}” from here to the end.${whom}`;
  return { ...step(sinceNs, node, text, first === undefined ? [] : [first.id]), kind: "wrong" };
}

function leads({ event }: Last, events: readonly TraceEvent[], groups: Membership): readonly Step[] {
  const { node, state } = event;
  if (node === null || state.decided >= state.length) return [];
  const members = groups.get(node)?.length;
  const of = members === undefined ? "" : ` of its ${members} nodes`;
  // Told where it begins: at the first entry after which nothing was decided any more.
  const begins = events.find(
    (one) =>
      one.what === "state" &&
      one.node === node &&
      one.state.promised === state.promised &&
      one.state.decided === state.decided &&
      one.state.length > state.decided,
  );
  const text =
    `${node} leads ${state.promised}: from here on its log grows to ${state.length} entries, but no more than ` +
    `${state.decided} are ever decided, for a majority${of} does not accept them.`;
  return [step((begins ?? event).time_ns, node, text)];
}
