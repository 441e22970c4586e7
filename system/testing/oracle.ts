// What must hold after every turn of every node, judged from outside: from the writes that the cores ask for, the messages that
// leave and the answers that clients get, against a model of the store that shares no code with it.
import {
  compareBallots,
  equalBallots,
  formatBallot,
  type Ballot,
  type ClientResponse,
  type Command,
  type Core,
  type CoreEffects,
  type GroupId,
  type KvOperation,
  type KvResult,
  type NodeId,
  type PeerMessage,
  type Value,
} from "../core/index.js";
import { applyOperations, emptyState } from "./disk.js";
import type { SimulatedNode } from "./simulated-node.js";

export class Violation extends Error {}

/** What one group has decided, as all its members must see it. */
interface GroupRecord {
  /** Each decided command without its waiter, as text. */
  readonly commands: string[];
  readonly hashes: string[];
  readonly stateHashes: Map<number, string>;
  readonly map: Map<string, Value>;
  /** First answer of each (session, number); never forgotten here. */
  readonly answers: Map<string, KvResult>;
  /** Live sessions in the order of their last use, and below which number each has acknowledged. */
  readonly sessions: Map<number, number>;
  readonly opened: Set<number>;
}

interface NodeRecord {
  /** The node's state with all writes that were asked for. */
  state: ReturnType<typeof emptyState>;
  incarnation: number;
  decided: number;
  promised: Ballot;
  /** The greatest ballot that left in a Promise or Prepare. */
  told: Ballot;
}

export class Oracle {
  readonly #groups = new Map<GroupId, GroupRecord>();
  readonly #nodes = new Map<NodeId, NodeRecord>();
  readonly #ballots = new Map<string, string>();
  leaderships = 0;
  readonly #sessionLimit: number;

  constructor(sessionLimit: number) {
    this.#sessionLimit = sessionLimit;
  }

  decidedLength(group: GroupId): number {
    return this.#group(group).commands.length;
  }

  turned(node: SimulatedNode, core: Core, effects: CoreEffects): void {
    const record = this.#node(node);
    if (effects.persist !== null) applyOperations(record.state, effects.persist.operations);
    const status = core.status();
    if (status.group === null) return;
    if (compareBallots(status.ballot, record.promised) < 0)
      throw new Violation(`n${node.id} shrank its promise to ${formatBallot(status.ballot)}`);
    record.promised = status.ballot;
    if (compareBallots(record.state.promised, status.ballot) !== 0)
      throw new Violation(`n${node.id} promised ${formatBallot(status.ballot)} and asked for no write of it`);
    if (status.role === "leader" && status.phase === "accept") this.#lead(node, status.group, status.ballot);
    if (status.decided > record.decided) this.#decide(node, core, record, status.group, status.decided);
    if (status.decided < record.decided) throw new Violation(`n${node.id} forgot decided commands`);
    this.#checkState(node, status.group, status.decided, status.logHash, status.stateHash);
  }

  /** A guarded message leaves: what it says must be on the disk, and no promise that left before may be broken by it. */
  released(node: SimulatedNode, message: PeerMessage): void {
    const record = this.#node(node);
    const { durable } = node.disk;
    switch (message.type) {
      case "Promise":
      case "Prepare":
        if (compareBallots(durable.promised, message.ballot) < 0)
          throw new Violation(
            `n${node.id} sent ${message.type} of ${formatBallot(message.ballot)} before it was durable`,
          );
        if (compareBallots(message.ballot, record.told) > 0) record.told = message.ballot;
        break;
      case "Accepted":
        if (compareBallots(message.ballot, record.told) < 0)
          throw new Violation(
            `n${node.id} accepted in ${formatBallot(message.ballot)} after it promised ${formatBallot(record.told)}`,
          );
        if (
          compareBallots(durable.accepted, message.ballot) < 0 ||
          (equalBallots(durable.accepted, message.ballot) && durable.log.length < message.length)
        )
          throw new Violation(`n${node.id} said that it accepted ${message.length} before it was durable`);
        break;
      default:
    }
  }

  restarted(node: SimulatedNode): void {
    const record = this.#node(node);
    const { durable } = node.disk;
    if (compareBallots(durable.promised, record.told) < 0)
      throw new Violation(`n${node.id} forgot its promise of ${formatBallot(record.told)} in a crash`);
    this.#nodes.set(node.id, {
      state: { ...durable, log: [...durable.log] },
      incarnation: node.incarnation,
      decided: 0,
      promised: durable.promised,
      told: record.told,
    });
  }

  /** An answer to a request: the one and only answer of that (session, number), of an operation decided after `calledAt`. */
  answered(group: GroupId, session: number, number: number, calledAt: number, response: ClientResponse): void {
    if (response.type !== "result") return;
    const expected = this.#group(group).answers.get(`${session}.${number}`);
    const request = `request ${number} of session ${session} of group ${group}`;
    if (expected === undefined) throw new Violation(`${request} was answered before it was decided`);
    if (JSON.stringify(expected) !== JSON.stringify(response.result))
      throw new Violation(
        `${request} was answered ${JSON.stringify(response.result)}, not ${JSON.stringify(expected)}`,
      );
    if (expected.index < calledAt)
      throw new Violation(`${request} took effect at ${expected.index}, before it was asked for at ${calledAt}`);
  }

  sessionOpened(group: GroupId, session: number): void {
    if (!this.#group(group).opened.has(session)) throw new Violation(`session ${session} was opened and never decided`);
  }

  #lead(node: SimulatedNode, group: GroupId, ballot: Ballot): void {
    const name = `${group}/${formatBallot(ballot)}`;
    const leader = `n${node.id} in its incarnation ${node.incarnation}`;
    const other = this.#ballots.get(name);
    if (other === undefined) {
      this.#ballots.set(name, leader);
      this.leaderships += 1;
    } else if (other !== leader) throw new Violation(`${name} was led by ${other} and by ${leader}`);
  }

  #decide(node: SimulatedNode, core: Core, record: NodeRecord, id: GroupId, decided: number): void {
    const group = this.#group(id);
    const hashes = core.decisions(record.decided);
    for (let index = record.decided; index < decided; index += 1) {
      const command = record.state.log[index];
      if (command === undefined) throw new Violation(`n${node.id} decided ${index}, which its log does not hold`);
      const text = withoutWaiter(command);
      const hash = hashes[index - record.decided]?.hash ?? "none";
      const known = group.commands[index];
      if (known === undefined) {
        group.commands.push(text);
        group.hashes.push(hash);
        this.#apply(group, index, command);
      } else if (known !== text)
        throw new Violation(`n${node.id} decided ${text} at ${index} where ${known} was decided`);
      else if (group.hashes[index] !== hash) throw new Violation(`n${node.id} has another hash at ${index + 1}`);
    }
    record.decided = decided;
  }

  #checkState(node: SimulatedNode, id: GroupId, decided: number, logHash: string, stateHash: string): void {
    const group = this.#group(id);
    if (decided > 0 && group.hashes[decided - 1] !== logHash) throw new Violation(`n${node.id} has another log hash`);
    const known = group.stateHashes.get(decided);
    if (known === undefined) group.stateHashes.set(decided, stateHash);
    else if (known !== stateHash) throw new Violation(`n${node.id} has another state after ${decided} commands`);
  }

  /** The model of sessions: the first copy of a request counts, and none that is unknown, expired or acknowledged. */
  #apply(group: GroupRecord, index: number, command: Command): void {
    if (command.type === "noop") return;
    const { sessions } = group;
    if (command.type === "open-session") {
      group.opened.add(index);
      sessions.set(index, 1);
      const oldest = [...sessions.keys()][0];
      if (sessions.size > this.#sessionLimit && oldest !== undefined) sessions.delete(oldest);
      return;
    }
    const { session, number } = command;
    const below = sessions.get(session);
    if (below === undefined) return;
    sessions.delete(session);
    sessions.set(session, Math.max(below, command.acknowledgedBelow));
    const request = `${session}.${number}`;
    if (number < Math.max(below, command.acknowledgedBelow) || group.answers.has(request)) return;
    group.answers.set(request, applyToMap(group.map, command.operation, index));
  }

  #group(id: GroupId): GroupRecord {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = {
        commands: [],
        hashes: [],
        stateHashes: new Map(),
        map: new Map(),
        answers: new Map(),
        sessions: new Map(),
        opened: new Set(),
      };
      this.#groups.set(id, group);
    }
    return group;
  }

  #node(node: SimulatedNode): NodeRecord {
    let record = this.#nodes.get(node.id);
    if (record === undefined) {
      const state = emptyState();
      record = { state, incarnation: 1, decided: 0, promised: state.promised, told: state.promised };
      this.#nodes.set(node.id, record);
    }
    return record;
  }
}

function withoutWaiter(command: Command): string {
  if (command.type !== "operation") return command.type;
  const { session, number, acknowledgedBelow, operation } = command;
  return JSON.stringify([session, number, acknowledgedBelow, operation]);
}

function applyToMap(map: Map<string, Value>, operation: KvOperation, index: number): KvResult {
  const present = map.has(operation.key);
  const value = map.get(operation.key) ?? null;
  if (operation.function === "get") return { function: "get", found: present, value, index };
  if (operation.function === "put") {
    map.set(operation.key, operation.value);
    return { function: "put", previous: value, index };
  }
  if (!present) return { function: "cas", status: "not-found", observed: null, index };
  if (value !== operation.expected) return { function: "cas", status: "mismatch", observed: value, index };
  map.set(operation.key, operation.new);
  return { function: "cas", status: "ok", observed: value, index };
}
