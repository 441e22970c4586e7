// What must hold while a run goes, judged from outside after every turn that writes: from what nodes say of themselves, what their
// messages claim and what their disks hold. The fault model that these rely on: any number of crashes, pauses, cuts and resets; a
// batch whose fsync has not returned may be lost or torn; a batch whose fsync has returned is never lost.
import type { DeterministicSystem, MessageClaim, NodeInspection, NodeName } from "../cluster/index.js";

/** What is looked at of a node; `SimulatedNode` is one. */
export interface WatchedNode {
  readonly at: number;
  readonly name: NodeName;
  readonly incarnation: number;
  readonly node: { inspect(): NodeInspection | null } | null;
  readonly disk: { readonly image: unknown };
}

export interface InvariantViolation {
  readonly invariant: InvariantName;
  readonly sentence: string;
  readonly timeNs: number;
  /** Whose words, disk or log broke it. */
  readonly node: string;
}

export const invariantNames = [
  "one leader per ballot",
  "ballots only grow",
  "promises are kept",
  "decided logs are prefixes of one another",
  "nothing decided is forgotten",
  "equal logs mean equal state",
  "claims are durable",
  "a connected group serves",
] as const;
export type InvariantName = (typeof invariantNames)[number];

interface NodeRecord {
  incarnation: number;
  decided: number;
  ballot: readonly number[];
  /** The greatest ballot of a promise that has left. */
  told: readonly number[];
  /** What that promise told of the log: under which ballot it was accepted, and its length. */
  toldLog: { readonly accepted: readonly number[]; readonly length: number } | null;
  /** Under which it was seen to lead last, since its start. */
  led: readonly number[] | null;
  /** Its disk was emptied: it knows nothing of what it promised and accepted before. */
  wiped: boolean;
}

interface GroupRecord {
  /** Chain hash and state hash by how much is decided. */
  readonly logHashes: Map<number, string>;
  readonly stateHashes: Map<number, string>;
  longest: number;
}

const none: readonly number[] = [];
/** The first few say all; a broken run would fill memory. */
const violationsMax = 20;
const keptHashes = 200_000;

export function compareNumbers(left: readonly number[], right: readonly number[]): number {
  const length = Math.max(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * An acceptance may leave after a promise of a greater ballot if that promise told of it: whoever got the promise knows as much as if the
 * two had come the other way round. So it is with all that a node takes in one turn and tells when it is durable.
 */
function covers(told: NodeRecord["toldLog"], { ballot, length }: MessageClaim): boolean {
  return told !== null && compareNumbers(told.accepted, ballot) === 0 && told.length >= length;
}

export class Invariants {
  readonly #system: DeterministicSystem;
  readonly #nowNs: () => number;
  readonly #onViolation: (violation: InvariantViolation) => void;
  readonly #nodes: NodeRecord[];
  readonly #groups = new Map<number, GroupRecord>();
  readonly #leaders = new Map<string, string>();
  readonly violations: InvariantViolation[] = [];
  /** Checks made of each invariant: one that was never checked has shown nothing. */
  readonly checks: { [Name in InvariantName]: number };

  constructor(
    count: number,
    system: DeterministicSystem,
    nowNs: () => number,
    onViolation: (violation: InvariantViolation) => void = () => undefined,
  ) {
    this.#system = system;
    this.#nowNs = nowNs;
    this.#onViolation = onViolation;
    this.#nodes = Array.from({ length: count }, () => ({
      incarnation: 0,
      decided: 0,
      ballot: none,
      told: none,
      toldLog: null,
      led: null,
      wiped: false,
    }));
    this.checks = Object.fromEntries(invariantNames.map((name) => [name, 0])) as { [Name in InvariantName]: number };
  }

  /** Leaderships seen: ballots under which somebody proposed. */
  get leaderships(): number {
    return this.#leaders.size;
  }

  decidedLength(group: number): number {
    return this.#groups.get(group)?.longest ?? 0;
  }

  /** A process begins: what it had promised and told of must be on its disk. */
  started(node: WatchedNode): void {
    const record = this.#record(node);
    const disk = this.#system.inspectDisk?.(node.disk.image);
    if (disk !== undefined && !record.wiped)
      this.#hold(
        node,
        "promises are kept",
        compareNumbers(disk.promised, record.told) >= 0,
        () => `${node.name} forgot in a crash that it had promised ${record.told.join(".")}`,
      );
    record.incarnation = node.incarnation;
    record.decided = 0;
    record.ballot = none;
    record.led = null;
  }

  /** Its disk was emptied, and with it what it must never forget: from now on nobody may count on its word. */
  wiped(node: WatchedNode): void {
    this.#record(node).wiped = true;
  }

  /** A turn asked for a write: only then can anything of this have changed. */
  wrote(node: WatchedNode): void {
    const seen = node.node?.inspect() ?? null;
    if (seen !== null) this.saw(node, seen);
  }

  saw(node: WatchedNode, seen: NodeInspection): void {
    const record = this.#record(node);
    this.#hold(
      node,
      "ballots only grow",
      compareNumbers(seen.ballot, record.ballot) >= 0,
      () => `${node.name} went back from ballot ${record.ballot.join(".")} to ${seen.ballot.join(".")}`,
    );
    record.ballot = seen.ballot;
    if (seen.leads) this.#lead(node, seen);
    this.#hold(
      node,
      "nothing decided is forgotten",
      seen.decided >= record.decided,
      () => `${node.name} had decided ${record.decided} commands and now says ${seen.decided}`,
    );
    if (seen.decided !== record.decided) this.#decide(node, seen);
    record.decided = seen.decided;
  }

  /** Whether a group served within the bound while links were cut so that some node of it still heard a majority. */
  serves(node: WatchedNode, holds: boolean, sentence: () => string): void {
    this.#hold(node, "a connected group serves", holds, sentence);
  }

  /** Messages leave: what they claim of their sender's state must be durable, and break no promise that left before. */
  sending(node: WatchedNode, messages: readonly unknown[]): void {
    const { claimOf, inspectDisk } = this.#system;
    if (claimOf === undefined || inspectDisk === undefined) return;
    for (const message of messages) {
      const claim = claimOf(message);
      if (claim === null) continue;
      const record = this.#record(node);
      if (record.wiped)
        this.#hold(
          node,
          "promises are kept",
          false,
          () =>
            `${node.name} ${claim.type} under ${claim.ballot.join(".")}, though its disk was emptied and it cannot know what it promised before`,
        );
      const disk = inspectDisk(node.disk.image);
      if (claim.type === "promised") {
        this.#hold(
          node,
          "claims are durable",
          compareNumbers(disk.promised, claim.ballot) >= 0,
          () => `${node.name} told of its promise of ${claim.ballot.join(".")} before it was durable`,
        );
        if (compareNumbers(claim.ballot, record.told) > 0) {
          record.told = claim.ballot;
          record.toldLog = claim.log ?? null;
        }
        continue;
      }
      this.#hold(
        node,
        "promises are kept",
        compareNumbers(claim.ballot, record.told) >= 0 || covers(record.toldLog, claim),
        () => `${node.name} accepted under ${claim.ballot.join(".")} after it had promised ${record.told.join(".")}`,
      );
      const order = compareNumbers(disk.accepted, claim.ballot);
      this.#hold(
        node,
        "claims are durable",
        order > 0 || (order === 0 && disk.length >= claim.length),
        () =>
          `${node.name} said that ${claim.length} commands were accepted under ${claim.ballot.join(".")} before that was durable ` +
          `(on disk: ${disk.length} under ${disk.accepted.join(".")})`,
      );
    }
  }

  #lead(node: WatchedNode, seen: NodeInspection): void {
    const record = this.#record(node);
    if (
      record.incarnation === node.incarnation &&
      record.led !== null &&
      compareNumbers(record.led, seen.ballot) === 0
    ) {
      this.checks["one leader per ballot"] += 1;
      return;
    }
    record.incarnation = node.incarnation;
    record.led = seen.ballot;
    const name = `${seen.group}/${seen.ballot.join(".")}`;
    const leader = `${node.name} in its start ${node.incarnation}`;
    const other = this.#leaders.get(name);
    if (other === undefined) this.#leaders.set(name, leader);
    this.#hold(
      node,
      "one leader per ballot",
      other === undefined || other === leader,
      () => `ballot ${seen.ballot.join(".")} of group ${seen.group} was led by ${other ?? ""} and by ${leader}`,
    );
  }

  #decide(node: WatchedNode, seen: NodeInspection): void {
    let group = this.#groups.get(seen.group);
    if (group === undefined) {
      group = { logHashes: new Map(), stateHashes: new Map(), longest: 0 };
      this.#groups.set(seen.group, group);
    }
    const { decided, logHash, stateHash } = seen;
    group.longest = Math.max(group.longest, decided);
    this.#agree(node, group.logHashes, decided, logHash, "decided logs are prefixes of one another", () => {
      return `${node.name} has decided another log of ${decided} commands in group ${seen.group} than a node before it`;
    });
    this.#agree(node, group.stateHashes, decided, stateHash, "equal logs mean equal state", () => {
      return `${node.name} has another state after ${decided} commands of group ${seen.group} than a node before it`;
    });
  }

  #agree(
    node: WatchedNode,
    hashes: Map<number, string>,
    decided: number,
    hash: string,
    invariant: InvariantName,
    sentence: () => string,
  ): void {
    const known = hashes.get(decided);
    if (known === undefined) {
      hashes.set(decided, hash);
      // The oldest goes first; replicas that lag further behind are compared when they have caught up.
      if (hashes.size > keptHashes) for (const oldest of hashes.keys()) return void hashes.delete(oldest);
      return;
    }
    this.#hold(node, invariant, known === hash, sentence);
  }

  #hold(node: WatchedNode, invariant: InvariantName, holds: boolean, sentence: () => string): void {
    this.checks[invariant] += 1;
    if (holds || this.violations.length >= violationsMax) return;
    const violation = { invariant, sentence: sentence(), timeNs: this.#nowNs(), node: node.name };
    this.violations.push(violation);
    this.#onViolation(violation);
  }

  #record(node: WatchedNode): NodeRecord {
    const record = this.#nodes[node.at];
    if (record === undefined) throw new Error(`there is no node ${node.at}`);
    return record;
  }
}
