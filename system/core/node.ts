// One node's core: the components composed. An event goes to the components it concerns; at the end of the turn what was decided is
// applied and answered, and everything asked for leaves as one set of effects.
import { bottomBallot } from "./ballot.js";
import { BallotLeaderElection } from "./ballot-leader-election.js";
import { Bootstrap } from "./bootstrap.js";
import { BestEffortBroadcast } from "./broadcast.js";
import { isWellFormed } from "./client-request.js";
import { Counters } from "./counters.js";
import { FailureDetector } from "./failure-detector.js";
import { formatDigest, zeroDigest } from "./hash.js";
import type {
  ClientRequest,
  Command,
  ConnectionId,
  Core,
  CoreConfiguration,
  CoreDecision,
  CoreEffects,
  CoreEvent,
  CoreStatus,
  DurableState,
  GroupId,
  NodeId,
  PartitionTable,
  RefusalReason,
  Waiter,
} from "./interface.js";
import { LogHash } from "./log-hash.js";
import type { PeerMessage } from "./messages.js";
import { Outbox } from "./outbox.js";
import { groupOfNode, refusePartition } from "./partition-table.js";
import { Replica } from "./replica.js";
import { Router } from "./router.js";
import { SequencePaxos } from "./sequence-paxos.js";

/** What a node has once it has the partition table: its group's components. */
interface Member {
  readonly group: GroupId;
  readonly members: readonly NodeId[];
  readonly paxos: SequencePaxos;
  readonly election: BallotLeaderElection;
  readonly detector: FailureDetector;
  readonly replica: Replica;
  readonly router: Router;
}

class Node implements Core {
  readonly #configuration: CoreConfiguration;
  readonly #outbox = new Outbox();
  readonly #counters = new Counters();
  readonly #bootstrap: Bootstrap;
  readonly #logHash = new LogHash();
  /** Peers to which this node's own connection stands. */
  readonly #linked = new Set<NodeId>();
  #restored: DurableState | null = null;
  #member: Member | null = null;

  constructor(configuration: CoreConfiguration) {
    const refusal = refuseConfiguration(configuration);
    if (refusal !== null) throw new Error(refusal);
    this.#configuration = configuration;
    this.#bootstrap = new Bootstrap(configuration, this.#outbox, this.#counters, (table) => this.#join(table));
  }

  handle(event: CoreEvent): CoreEffects {
    return this.handleBatch([event]);
  }

  handleBatch(events: readonly CoreEvent[]): CoreEffects {
    for (const event of events) this.#dispatch(event);
    this.#member?.paxos.endTurn();
    this.#apply();
    return this.#outbox.flush();
  }

  #dispatch(event: CoreEvent): void {
    if (this.#restored === null && event.type !== "restored")
      throw new Error(`the first event is "restored", not "${event.type}"`);
    switch (event.type) {
      case "restored":
        if (this.#restored !== null) throw new Error("a core is restored once");
        this.#restored = event.state;
        this.#bootstrap.restore(event.state.table);
        return;
      case "message":
        this.#onMessage(event.from, event.message);
        return;
      case "request":
        this.#onRequest(event.connection, event.request);
        return;
      case "tick":
        this.#bootstrap.onTick();
        this.#member?.detector.onTick();
        this.#member?.election.onTick();
        this.#member?.paxos.onTick();
        this.#member?.router.onTick();
        return;
      case "persisted":
        this.#outbox.persisted(event.write);
        this.#member?.paxos.onPersisted();
        return;
      case "link-up":
        if (event.direction === "out") {
          this.#linked.add(event.peer);
          this.#bootstrap.onLinkUp(event.peer);
        }
        this.#member?.paxos.onLinkUp(event.peer);
        return;
      case "link-down":
        if (event.direction === "out") this.#linked.delete(event.peer);
        return;
    }
  }

  #onMessage(from: NodeId, message: PeerMessage): void {
    const member = this.#member;
    switch (message.type) {
      case "CheckIn":
        this.#bootstrap.onCheckIn(from, message);
        return;
      case "Boot":
        this.#bootstrap.onBoot(from, message.table);
        return;
      case "Ready":
        this.#bootstrap.onReady(from);
        return;
      case "Route":
        // Without a table nothing can be routed, and nobody with one sends here before this node has checked in.
        for (const request of message.requests) member?.router.route(request);
        return;
      case "RoutedReply":
        member?.router.onRoutedReply(from, message.answers);
        return;
      case "HeartbeatRequest":
        member?.detector.onHeartbeatRequest(from, message);
        return;
      case "HeartbeatReply":
        member?.detector.onHeartbeatReply(from, message);
        return;
      case "HeartbeatReq":
        member?.election.onHeartbeatReq(from, message);
        return;
      case "HeartbeatResp":
        member?.election.onHeartbeatResp(from, message);
        return;
      default:
        if (member?.members.includes(from) === true) member.paxos.onMessage(from, message);
    }
  }

  #onRequest(connection: ConnectionId, request: ClientRequest): void {
    const refuse = (reason: RefusalReason): void => {
      this.#counters.count("refused");
      this.#outbox.reply(connection, { type: "refused", id: request.id, definite: true, reason });
    };
    if (!isWellFormed(request)) return refuse("malformed");
    const { node, nodes, replication, incarnation } = this.#configuration;
    if (request.type === "hello") {
      this.#outbox.reply(connection, { type: "welcome", id: request.id, node, groups: nodes.length / replication });
      return;
    }
    if (this.#member === null) return refuse("not-ready");
    const waiter: Waiter = { origin: node, incarnation, connection, id: request.id };
    this.#member.router.route({ hops: 0, group: request.group, waiter, request });
  }

  /** This node has the table: it becomes a member of its group. */
  #join(table: PartitionTable): void {
    const restored = this.#restored;
    if (restored === null) throw new Error("a table arrived before the state was restored");
    const { node, timing, limits } = this.#configuration;
    const group = groupOfNode(table, node);
    const members = table.groups[group] ?? [];
    const peers = members.filter((member) => member !== node);
    const outbox = this.#outbox;
    const counters = this.#counters;
    const broadcast = new BestEffortBroadcast(outbox, peers);
    const election: BallotLeaderElection = new BallotLeaderElection(
      node,
      members.length,
      timing.heartbeat,
      outbox,
      broadcast,
      counters,
      (ballot) => paxos.lead(ballot),
    );
    const paxos: SequencePaxos = new SequencePaxos(node, members, timing.resend, outbox, counters, {
      promised: (ballot) => election.onPromise(ballot),
      refused: (promised) => election.onNotAccepted(promised),
      lost: (command) => this.#lost(command),
    });
    const detector = new FailureDetector(timing, peers, outbox, broadcast, counters);
    const replica = new Replica(group, limits.sessions, counters);
    const local = {
      group,
      get isLeader() {
        return paxos.isLeader;
      },
      get leader() {
        const { node: leader, number } = election.leader;
        return number === 0 || leader === node || detector.isSuspected(leader) ? null : leader;
      },
      propose: (command: Command) => {
        if (paxos.pending >= limits.pendingOperations) return false;
        paxos.propose(command);
        return true;
      },
    };
    const router = new Router(this.#configuration, outbox, counters, table.groups, local, this.#linked);
    this.#member = { group, members, paxos, election, detector, replica, router };
    paxos.restore(restored);
    election.restore(restored.promised);
    // The log is in the core now; the list that brought it may go.
    this.#restored = { ...restored, log: [] };
  }

  /** Applies what is due and answers those who wait, if this node leads: every member applies, one answers. */
  #apply(): void {
    const member = this.#member;
    if (member === null) return;
    const { paxos, replica, router } = member;
    const { log, decided } = paxos.state;
    while (this.#logHash.length < Math.min(decided, log.length)) this.#logHash.advance(log.get(this.#logHash.length));
    const due = Math.min(this.#appliedLengthDue(paxos), log.length);
    while (replica.applied < due) {
      const answer = replica.apply(log.get(replica.applied));
      if (answer !== null && paxos.isLeader) router.answer(answer.waiter, answer.response);
    }
    log.compact(Math.min(replica.applied, decided), (key) => replica.stateMachine.canonicalKey(key));
  }

  /** A command is applied and its answer due when it is decided, that is, durable at a majority under the leader's ballot. */
  #appliedLengthDue(paxos: SequencePaxos): number {
    return paxos.state.decided;
  }

  #lost(command: Command): void {
    if (command.type === "noop") return;
    const { waiter } = command;
    this.#counters.count("refused");
    this.#member?.router.answer(waiter, { type: "refused", id: waiter.id, definite: false, reason: "lost-leadership" });
  }

  status(): CoreStatus {
    const member = this.#member;
    const counters = this.#counters.all();
    if (member === null)
      return {
        ready: false,
        group: null,
        members: [],
        leader: null,
        ballot: bottomBallot,
        role: "follower",
        phase: "none",
        logLength: 0,
        decided: 0,
        logHash: this.#logHash.hash,
        stateHash: formatDigest(zeroDigest),
        suspected: [],
        sessions: 0,
        keys: 0,
        counters,
      };
    const { group, members, paxos, election, detector, replica } = member;
    const { state } = paxos;
    const followed = election.leader.node;
    const leads = state.role === "leader";
    return {
      ready: true,
      group,
      members,
      leader: leads ? state.self : followed === state.self || election.leader.number === 0 ? null : followed,
      ballot: state.promised,
      role: state.role,
      phase: state.phase,
      logLength: state.log.length,
      decided: state.decided,
      logHash: this.#logHash.hash,
      stateHash: replica.stateHash,
      suspected: detector.suspected,
      sessions: replica.sessions.size,
      keys: replica.stateMachine.size,
      counters,
    };
  }

  decisions(from: number): readonly CoreDecision[] {
    const log = this.#member?.paxos.state.log;
    if (log === undefined) return [];
    return this.#logHash.after(from).map(({ index, hash }) => {
      // What is decided never leaves a log. A node where it did must still be able to say so.
      const command = index <= log.length ? log.get(index - 1) : null;
      return { index, hash, command };
    });
  }
}

function refuseConfiguration(configuration: CoreConfiguration): string | null {
  const { node, nodes, replication, timing, limits } = configuration;
  if (!nodes.includes(node)) return `node ${node} is not among the configured nodes ${nodes.join(", ")}`;
  if (new Set(nodes).size !== nodes.length) return `a node is configured twice in ${nodes.join(", ")}`;
  for (const [name, value] of Object.entries({ ...timing, ...limits }))
    if (!Number.isSafeInteger(value) || value < 1) return `${name} is ${value}, not a positive integer`;
  return refusePartition(nodes.length, replication);
}

/** A node's core. Throws when the configuration is impossible, with a sentence that says why. */
export function createCore(configuration: CoreConfiguration): Core {
  return new Node(configuration);
}
