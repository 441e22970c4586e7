// Where a traced run broke the rules of agreement: each breach with the moments that led to it, a sentence beside each. These are rules of
// any leader-based log with ballots, in the terms of `cluster/trace.ts`; no planted bug is known here.
import type { TracedCommand, TracedMessage, TraceEvent } from "../../cluster/index.js";
import { compareBallots, Replicas, sameCommand, type Replica } from "./replicas.js";
import { Complaints } from "./complaints.js";
import { step, quoted, onDisk, mayHold, isRead, type Breach, type Rule, type Step } from "./steps.js";

type Of<What extends TraceEvent["what"]> = Extract<TraceEvent, { readonly what: What }>;
type SendEvent = Of<"send">;

/** A group's members, by node. */
export type Membership = ReadonlyMap<string, readonly string[]>;

/** The first breaches of one rule say all. */
const eachMax = 3;

export function findBreaches(events: readonly TraceEvent[], groups: Membership): readonly Breach[] {
  const search = new Search(groups);
  const complaints = new Complaints();
  for (const event of events) {
    search.take(event);
    complaints.take(event);
  }
  search.finish();
  return [...search.found, ...complaints.found].toSorted((a, b) => a.timeNs - b.timeNs);
}

interface Decided {
  readonly command: TracedCommand;
  readonly node: string;
  readonly timeNs: number;
}

class Search {
  readonly found: Breach[] = [];
  readonly #groups: Membership;
  readonly #replicas = new Replicas();
  readonly #sends = new Map<number, SendEvent>();
  readonly #arrived = new Map<number, number>();
  /** By node: the messages that brought it a command, and what it had promised as they came. */
  readonly #brought = new Map<string, { readonly event: Of<"receive">; readonly promised: string }[]>();
  /** When a node first had this promise. */
  readonly #promises = new Map<string, number>();
  /** By group and place. */
  readonly #decided = new Map<string, Decided>();
  readonly #checked = new Map<string, number>();
  readonly #acknowledged: { readonly command: TracedCommand; readonly node: string; readonly timeNs: number }[] = [];
  readonly #answered = new Set<string>();
  /** By sender and receiver: the last messages that told of accepted entries. */
  readonly #claimed = new Map<string, SendEvent[]>();
  readonly #waiting = new Map<string, (() => void)[]>();

  constructor(groups: Membership) {
    this.#groups = groups;
  }

  take(event: TraceEvent): void {
    if (event.what === "write") this.#obeyed(event);
    this.#replicas.follow(event);
    if (event.node !== null && (event.what === "write" || event.what === "send")) this.#settle(event);
    switch (event.what) {
      case "send":
        this.#sends.set(event.id, event);
        if (event.message.accepted !== undefined) this.#claim(event);
        if (event.message.kind === "RoutedReply") this.#answers(event, event.message.commands ?? [], [event.id]);
        if (event.message.ballot !== undefined) this.#leads(event);
        return;
      case "receive":
        this.#arrived.set(event.id, event.time_ns);
        this.#bring(event);
        return;
      case "answer":
        this.#answers(event, [event.command], []);
        return;
      case "state":
        this.#promises.set(
          `${event.node} ${event.state.promised}`,
          this.#promises.get(`${event.node} ${event.state.promised}`) ?? event.time_ns,
        );
        this.#decides(event);
        return;
      default:
    }
  }

  finish(): void {
    for (const actions of this.#waiting.values()) for (const action of actions.splice(0)) action();
  }

  /**
   * What a node does to its log in a turn is seen when it writes, at the end of that turn or, with a busy disk, after the next fsync.
   * Whoever looks at the log of a turn waits for that.
   */
  #whenWritten(node: string, action: () => void): void {
    const waiting = this.#waiting.get(node);
    if (waiting === undefined) this.#waiting.set(node, [action]);
    else waiting.push(action);
  }

  #settle({ node, what }: TraceEvent): void {
    if (node === null || (what === "send" && this.#replicas.of(node).pending !== null)) return;
    for (const action of this.#waiting.get(node)?.splice(0) ?? []) action();
  }

  #members(node: string): readonly string[] {
    return this.#groups.get(node) ?? this.#replicas.all.map((replica) => replica.node);
  }

  #majority(node: string): number {
    return Math.floor(this.#members(node).length / 2) + 1;
  }

  #add(
    rule: Rule,
    at: { readonly time_ns: number; readonly node: string | null },
    commands: readonly TracedCommand[],
    before: readonly Step[],
    text: string,
    messages: readonly number[] = [],
  ): void {
    if (this.found.filter((breach) => breach.rule === rule).length >= eachMax) return;
    const breach: Step = { timeNs: at.time_ns, node: at.node, kind: "wrong", text, messages };
    const steps = [...before.toSorted((a, b) => a.timeNs - b.timeNs), breach];
    this.found.push({ rule, timeNs: at.time_ns, node: at.node, commands, steps });
  }

  #bring(event: Of<"receive">): void {
    const message = this.#sends.get(event.id)?.message;
    if (event.node === null || message?.ballot === undefined || (message.count ?? 0) === 0) return;
    const promised = this.#replicas.of(event.node).state?.promised ?? "none";
    const brought = this.#brought.get(event.node) ?? [];
    brought.push({ event, promised });
    this.#brought.set(event.node, brought.slice(-200));
  }

  /** A follower appended what only came under a smaller ballot than the one it had promised. */
  #obeyed(event: Of<"write">): void {
    if (event.node === null) return;
    const replica = this.#replicas.of(event.node);
    if (replica.state?.role === "leader") return;
    for (const change of event.changes) {
      if (change.type !== "append") continue;
      for (const command of change.commands) {
        const ways = (this.#brought.get(event.node) ?? []).filter(({ event: { id } }) =>
          this.#message(id)?.commands?.some((one) => command.id !== null && sameCommand(one, command)),
        );
        const last = ways.at(-1);
        const late = ways.every(
          ({ event: { id }, promised }) => compareBallots(this.#message(id)?.ballot ?? "none", promised) < 0,
        );
        if (last === undefined || !late) continue;
        this.#tellObeyed(event, replica, command, last.event, last.promised);
      }
    }
  }

  #tellObeyed(
    event: Of<"write">,
    { node }: Replica,
    command: TracedCommand,
    by: Of<"receive">,
    promised: string,
  ): void {
    const send = this.#sends.get(by.id);
    const message = send?.message;
    if (send === undefined || message === undefined) return;
    const ballot = message.ballot ?? "none";
    const how = send.fate === "held by a cut" ? "; the cut holds it back" : "";
    const steps: Step[] = [
      step(
        send.time_ns,
        send.node,
        `${send.node}, leader of ballot ${ballot}, sends ${quoted(command)} to ${node}${how}.`,
        [by.id],
      ),
      ...this.#promiseStep(node, promised),
    ];
    const text =
      `${node} takes ${quoted(command)} from ${by.from}, whose ballot ${ballot} is over: ` +
      `${node} has promised ${promised} and should have ignored it.`;
    this.#add("obeyed a deposed leader", { time_ns: by.time_ns, node: event.node }, [command], steps, text, [by.id]);
  }

  #promiseStep(node: string, ballot: string): readonly Step[] {
    const timeNs = this.#promises.get(`${node} ${ballot}`);
    if (timeNs === undefined) return [];
    const text = `${node} promises ballot ${ballot}: from now on it must ignore every smaller ballot.`;
    return [step(timeNs, node, text)];
  }

  #message(id: number): TracedMessage | undefined {
    return this.#sends.get(id)?.message;
  }

  /** Whoever decides first does so on a quorum's disks; all decide the same. */
  #decides({ node, time_ns: timeNs, state }: Of<"state">): void {
    if (node === null) return;
    const before = this.#checked.get(`decided ${node}`) ?? 0;
    if (state.decided < before) this.#checked.set(`decided ${node}`, state.decided);
    if (state.decided <= before) return;
    this.#checked.set(`decided ${node}`, state.decided);
    const replica = this.#replicas.of(node);
    const members = this.#members(node);
    const disks = members.map((name) => ({ name, entry: this.#replicas.of(name).disk[state.decided - 1] }));
    this.#whenWritten(node, () => {
      const command = replica.log[state.decided - 1] ?? null;
      const known = this.#decided.has(`${state.group}/${state.decided - 1}`);
      this.#agrees(replica, state.group, before, state.decided, timeNs);
      if (state.role !== "leader" || known || command === null || command.id === null) return;
      const holders = disks.flatMap(({ name, entry }) =>
        entry === null || (entry !== undefined && sameCommand(entry, command)) ? [name] : [],
      );
      if (holders.length >= this.#majority(node)) return;
      const text =
        `${node} decides ${quoted(command)} as entry ${state.decided}, though ${onDisk(holders)}; ` +
        `${this.#majority(node)} of ${members.length} are needed.`;
      const steps = this.#falseClaims(node, state.promised, state.decided, command, timeNs);
      this.#add("decided without a quorum", { time_ns: timeNs, node }, [command], steps, text);
    });
  }

  #claim(event: SendEvent): void {
    const name = `${event.node ?? ""} ${event.to}`;
    const last = this.#claimed.get(name) ?? [];
    last.push(event);
    this.#claimed.set(name, last.slice(-50));
  }

  /** What others told a leader of an entry that they have not. */
  #falseClaims(node: string, ballot: string, length: number, command: TracedCommand, untilNs: number): readonly Step[] {
    return this.#members(node).flatMap((member): Step[] => {
      const send = (this.#claimed.get(`${member} ${node}`) ?? []).find(
        ({ message, time_ns: timeNs }) =>
          timeNs <= untilNs && message.ballot === ballot && (message.accepted ?? 0) >= length,
      );
      const entry = this.#replicas.of(member).disk[length - 1];
      if (send === undefined || entry === null || (entry !== undefined && sameCommand(entry, command))) return [];
      const has = entry === undefined ? `its disk has no entry ${length}` : `its entry ${length} is ${quoted(entry)}`;
      const text = `${member} tells ${node} that it accepted ${send.message.accepted ?? 0} entries under ${ballot}; but ${has}.`;
      return [{ ...step(send.time_ns, member, text, [send.id]), kind: "wrong" }];
    });
  }

  /** Compares what this node has decided with what others did. */
  #agrees({ log, node }: Replica, group: number, from: number, to: number, timeNs: number): void {
    for (let place = from; place < Math.min(to, log.length); place += 1) {
      const command = log[place] ?? null;
      if (command === null) continue;
      const name = `${group}/${place}`;
      const other = this.#decided.get(name);
      if (other === undefined) this.#decided.set(name, { command, node, timeNs });
      else if (!sameCommand(other.command, command)) this.#tellDiverged(node, place, command, other, timeNs);
    }
  }

  /** What should have come to that place of its log and did not, and what came in its stead. */
  #howItCame(node: string, place: number, command: TracedCommand, instead: TracedCommand): readonly Step[] {
    const ways = (this.#brought.get(node) ?? []).filter(({ event: { id } }) =>
      this.#message(id)?.commands?.some((one) => sameCommand(one, command)),
    );
    const by = ways.at(-1)?.event;
    if (by === undefined) return [];
    const missed = [...this.#sends.values()].findLast(
      (send) =>
        send.to === node &&
        send.node === by.from &&
        send.time_ns <= by.time_ns &&
        send.message.ballot !== undefined &&
        send.message.commands?.some((one) => sameCommand(one, instead)) === true,
    );
    const lost = missed === undefined ? [] : [this.#missedStep(node, missed, instead)];
    const text = `${node} receives ${quoted(command)} from ${by.from} (${by.message.text}), and puts it at entry ${place + 1}.`;
    return [...lost, step(by.time_ns, node, text, [by.id])];
  }

  #missedStep(node: string, { id, time_ns: sentNs, node: from, message }: SendEvent, command: TracedCommand): Step {
    const arrivedNs = this.#arrived.get(id);
    const what = quoted(command);
    return arrivedNs === undefined
      ? step(sentNs, from, `${from ?? ""} sends ${what} to ${node}: it never arrives.`, [id])
      : step(arrivedNs, node, `${node} receives ${what} from ${from ?? ""} (${message.text}), and does not take it.`, [
          id,
        ]);
  }

  #tellDiverged(node: string, place: number, command: TracedCommand, other: Decided, timeNs: number): void {
    const first = `${other.node} decides ${quoted(other.command)} as entry ${place + 1} of the log.`;
    const text = `${node} decides ${quoted(command)} as entry ${place + 1}, where ${other.node} has ${quoted(other.command)}: the logs differ from here on.`;
    const steps = [step(other.timeNs, other.node, first), ...this.#howItCame(node, place, command, other.command)];
    this.#add("decided two different commands", { time_ns: timeNs, node }, [command, other.command], steps, text);
  }

  /** A result is told: its command must be decided, hence on a quorum's disks. */
  #answers(
    event: { readonly node: string | null; readonly time_ns: number },
    commands: readonly TracedCommand[],
    messages: readonly number[],
  ): void {
    const { node } = event;
    if (node === null) return;
    for (const answer of commands) {
      const asked = this.#replicas.asked(answer.id);
      if (asked?.request === null || asked === null || answer.text.startsWith("refused")) continue;
      const name = `${asked.request} ${asked.text}`;
      if (this.#answered.has(name)) continue;
      this.#answered.add(name);
      const members = this.#members(node);
      const holders = this.#holdersOfRequest(asked).filter((name) => members.includes(name));
      if (holders.length === 0) {
        const inLog = !isRead(asked) || this.#replicas.all.some(({ log }) => mayHold(log, asked));
        const how = inLog
          ? `before it is on any disk; ${this.#majority(node)} of ${members.length} are needed`
          : `from its own copy, without asking the others${this.#howFar(node, members)}`;
        const text = `${node} answers ${quoted(asked)} (${answer.text}) ${how}.`;
        this.#add(inLog ? "answered without a quorum" : "answered without the log", event, [asked], [], text, messages);
      } else if (holders.length < this.#majority(node)) {
        const text =
          `${node} answers ${quoted(asked)} (${answer.text}), though ${onDisk(holders)}; ` +
          `${this.#majority(node)} of ${members.length} are needed.`;
        this.#add("answered without a quorum", event, [asked], [], text, messages);
      }
      if (!isRead(asked)) this.#acknowledged.push({ command: asked, node, timeNs: event.time_ns });
    }
  }

  /** How far its copy is, and who is further. */
  #howFar(node: string, members: readonly string[]): string {
    const decided = (name: string): number => this.#replicas.of(name).state?.decided ?? 0;
    const furthest = members.toSorted((a, b) => decided(b) - decided(a))[0] ?? node;
    if (decided(furthest) === decided(node)) return ": nothing tells it whether they have decided more";
    return `: it has decided ${decided(node)} entries, ${furthest} already ${decided(furthest)}`;
  }

  #holdersOfRequest(command: TracedCommand): readonly string[] {
    return this.#replicas.all.flatMap(({ node, disk }) => (mayHold(disk, command) ? [node] : []));
  }

  /** The first time that a leader speaks under its ballot, all that was acknowledged is in its log. */
  #leads(event: SendEvent): void {
    const { node, message } = event;
    if (node === null || (message.kind !== "AcceptSync" && message.kind !== "Accept")) return;
    const name = `led ${node} ${message.ballot ?? ""}`;
    if (this.#checked.has(name)) return;
    this.#checked.set(name, 1);
    this.#whenWritten(node, () => this.#hasAll(event, node));
    this.#settle(event);
  }

  #hasAll(event: SendEvent, node: string): void {
    const members = this.#members(node);
    const { log } = this.#replicas.of(node);
    const gone = this.#acknowledged.find(
      ({ command, node: by, timeNs }) => timeNs < event.time_ns && members.includes(by) && !mayHold(log, command),
    );
    if (gone === undefined) return;
    const ballot = event.message.ballot ?? "";
    const said = step(gone.timeNs, gone.node, `${gone.node} answers ${quoted(gone.command)}: it is acknowledged.`);
    const text = `${node} leads ballot ${ballot} with a log that lacks ${quoted(gone.command)}: what was acknowledged is lost.`;
    this.#add("lost what was acknowledged", event, [gone.command], [said], text, [event.id]);
  }
}
