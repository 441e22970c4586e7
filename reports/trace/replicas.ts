// Follows a trace event by event and knows at each moment what every node has: its log in memory and on disk, what it promised, how
// much it decided. Everything is read from what the nodes wrote and said; nothing is guessed, and what the trace does not tell is null.
import type { TracedChange, TracedCommand, TracedState, TraceEvent } from "../../cluster/index.js";

/** A log's entries by place, from 0. Null: something that the trace does not name. */
export type TracedLog = (TracedCommand | null)[];

export interface Replica {
  readonly node: string;
  state: TracedState | null;
  up: boolean;
  /** As last written, durable or not. */
  readonly log: TracedLog;
  readonly disk: TracedLog;
  /** Of the disk. */
  promised: string;
  pending: { readonly write: number; readonly changes: readonly TracedChange[] } | null;
}

export class Replicas {
  readonly #byName = new Map<string, Replica>();
  /** Requests by the id of an attempt. */
  readonly #requests = new Map<string, TracedCommand>();

  get all(): readonly Replica[] {
    return [...this.#byName.values()];
  }

  of(node: string): Replica {
    let replica = this.#byName.get(node);
    if (replica === undefined) {
      replica = { node, state: null, up: false, log: [], disk: [], promised: "none", pending: null };
      this.#byName.set(node, replica);
    }
    return replica;
  }

  /** What a client asked with this attempt. */
  asked(id: string | null): TracedCommand | null {
    return id === null ? null : (this.#requests.get(id) ?? null);
  }

  /** Members of a group that have this command in their logs; `where`: as written, or on disk. */
  holders(command: TracedCommand, where: "log" | "disk"): readonly string[] {
    return this.all.flatMap((replica) => (placeOf(replica[where], command) === -1 ? [] : [replica.node]));
  }

  follow(event: TraceEvent): void {
    if (event.node === null) return;
    const replica = this.of(event.node);
    switch (event.what) {
      case "ask":
      case "asked":
        if (event.command.id !== null) this.#requests.set(event.command.id, event.command);
        return;
      case "start":
        replica.up = true;
        replica.state = null;
        replica.log.splice(0, replica.log.length, ...replica.disk);
        return;
      case "state":
        replica.state = event.state;
        return;
      case "write":
        replica.pending = { write: event.write, changes: event.changes };
        apply(replica.log, event.changes);
        return;
      case "durable":
        if (replica.pending?.write === event.write) settle(replica);
        return;
      case "crash":
        replica.up = false;
        replica.state = null;
        if (event.batch === "kept") settle(replica);
        replica.pending = null;
        return;
      default:
    }
  }
}

function settle(replica: Replica): void {
  const changes = replica.pending?.changes ?? [];
  replica.pending = null;
  apply(replica.disk, changes);
  for (const change of changes) if (change.type === "promised") replica.promised = change.ballot;
}

function apply(log: TracedLog, changes: readonly TracedChange[]): void {
  for (const change of changes) {
    if (change.type === "truncate") log.length = Math.min(log.length, change.length);
    if (change.type !== "append") continue;
    log.length = Math.min(log.length, change.index);
    while (log.length < change.index + change.count - change.commands.length) log.push(null);
    log.push(...change.commands);
  }
}

/** Whether two logs hold the same there. A log may have forgotten whose attempt a command was; then its request tells. */
export function sameCommand(one: TracedCommand, other: TracedCommand): boolean {
  if (one.text !== other.text) return false;
  return one.id === other.id || ((one.id === null || other.id === null) && one.request === other.request);
}

export function placeOf(log: TracedLog, command: TracedCommand): number {
  return log.findLastIndex((entry) => entry !== null && sameCommand(entry, command));
}

/** Ballots are `3.n2` or, with a priority, `3.1.n2`; `none` is the least. */
export function compareBallots(left: string, right: string): number {
  const numbers = (text: string): readonly number[] => {
    const parts = text === "none" ? [] : text.split(".").map((part) => Number(part.replace(/^n/, "")));
    return parts.length === 2 ? [parts[0] ?? 0, 0, parts[1] ?? 0] : parts;
  };
  const [a, b] = [numbers(left), numbers(right)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
