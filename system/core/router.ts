// Any node takes any request and brings it to the leader of the key's group; the answer comes back through the node that the client
// asked, whose client's address travels in the request.
import { nobody } from "./command-log.js";
import type { Counters } from "./counters.js";
import type {
  ClientResponse,
  Command,
  CoreConfiguration,
  GroupId,
  NodeId,
  RefusalReason,
  Waiter,
} from "./interface.js";
import type { RoutedAnswer, RoutedRequest } from "./messages.js";
import type { Outbox } from "./outbox.js";
import { groupOfKey } from "./partition-table.js";

/** What the router asks of the group that this node is a member of. */
export interface LocalGroup {
  readonly group: GroupId;
  readonly isLeader: boolean;
  /** Whom this member believes to lead, itself excluded; null when nobody or when it is suspected. */
  readonly leader: NodeId | null;
  /** False when the limit of undecided commands is reached. */
  propose(command: Command): boolean;
}

/** Who in another group is asked, and what is known of it. */
interface Hint {
  node: NodeId;
  /** Ticks since it was asked something it has not answered; null when nothing is open. */
  silentTicks: number | null;
}

export class Router {
  readonly #configuration: CoreConfiguration;
  readonly #outbox: Outbox;
  readonly #counters: Counters;
  readonly #groups: readonly (readonly NodeId[])[];
  readonly #local: LocalGroup;
  readonly #linked: ReadonlySet<NodeId>;
  readonly #hints = new Map<GroupId, Hint>();

  /** `linked`: the peers to which this node's own connection stands. */
  constructor(
    configuration: CoreConfiguration,
    outbox: Outbox,
    counters: Counters,
    groups: readonly (readonly NodeId[])[],
    local: LocalGroup,
    linked: ReadonlySet<NodeId>,
  ) {
    this.#configuration = configuration;
    this.#outbox = outbox;
    this.#counters = counters;
    this.#groups = groups;
    this.#local = local;
    this.#linked = linked;
  }

  /** A request of one of this node's own clients, or one that another node has forwarded. */
  route(request: RoutedRequest): void {
    const refusal = this.#refusal(request);
    if (refusal !== null) this.refuse(request, refusal);
    else if (request.group === this.#local.group) this.#routeHere(request);
    else this.#forward(request, this.#memberOf(request.group));
  }

  onRoutedReply(from: NodeId, answers: readonly RoutedAnswer[]): void {
    for (const { waiter, response } of answers) {
      // A client of an earlier incarnation of this node is gone, and its connection's number may be in use again.
      if (waiter.origin !== this.#configuration.node || waiter.incarnation !== this.#configuration.incarnation)
        continue;
      this.#outbox.reply(waiter.connection, response);
    }
    this.#learn(from, answers);
  }

  onTick(): void {
    for (const [group, hint] of this.#hints) {
      if (hint.silentTicks === null) continue;
      hint.silentTicks += 1;
      // The failure detector watches the own group only; of another group's member silence is all the evidence there is.
      if (hint.silentTicks > this.#configuration.timing.detector) this.#turn(group, hint);
    }
  }

  /** Sends an answer to the client that waits for it, wherever it is. */
  answer(waiter: Waiter, response: ClientResponse): void {
    if (waiter.origin === nobody.origin) return;
    if (waiter.origin !== this.#configuration.node) this.#outbox.answer(waiter.origin, { waiter, response });
    else if (waiter.incarnation === this.#configuration.incarnation) this.#outbox.reply(waiter.connection, response);
  }

  /** Definite only here, where the client asked, and only for a request that no other node, log or buffer has had. */
  refuse(request: RoutedRequest, reason: RefusalReason): void {
    this.#counters.count("refused");
    const definite = request.hops === 0 && request.waiter.origin === this.#configuration.node;
    this.answer(request.waiter, { type: "refused", id: request.waiter.id, definite, reason });
  }

  #refusal({ group, request }: RoutedRequest): RefusalReason | null {
    if (this.#groups[group] === undefined) return "wrong-group";
    if (request.type === "operation" && groupOfKey(request.operation.key, this.#groups.length) !== group)
      return "wrong-group";
    return null;
  }

  /** Every operation, reads included, goes through the log of its group. */
  #routeHere(request: RoutedRequest): void {
    if (!this.#local.isLeader) this.#forward(request, this.#local.leader);
    else if (!this.#local.propose(commandOf(request))) this.refuse(request, "overloaded");
  }

  #forward(request: RoutedRequest, to: NodeId | null): void {
    if (to === null) this.refuse(request, "no-leader");
    else if (request.hops >= this.#configuration.limits.hops) this.refuse(request, "hop-limit");
    else {
      this.#counters.count("forwarded");
      this.#outbox.route(to, { ...request, hops: request.hops + 1 });
    }
  }

  /** The member that answered last, or the next that is connected. */
  #memberOf(group: GroupId): NodeId | null {
    const members = this.#groups[group] ?? [];
    let hint = this.#hints.get(group);
    if (hint === undefined) {
      const [first] = members;
      if (first === undefined) return null;
      hint = { node: first, silentTicks: null };
      this.#hints.set(group, hint);
    }
    if (!this.#linked.has(hint.node)) this.#turn(group, hint);
    if (!this.#linked.has(hint.node)) return null;
    hint.silentTicks ??= 0;
    return hint.node;
  }

  #turn(group: GroupId, hint: Hint): void {
    const members = this.#groups[group] ?? [];
    const position = members.indexOf(hint.node);
    for (let step = 1; step <= members.length; step += 1) {
      const next = members[(position + step) % members.length];
      if (next === undefined || !this.#linked.has(next)) continue;
      hint.node = next;
      break;
    }
    hint.silentTicks = null;
  }

  /** Answers come from the leader itself, refusals from anybody. */
  #learn(from: NodeId, answers: readonly RoutedAnswer[]): void {
    const group = this.#groups.findIndex((members) => members.includes(from));
    const hint = this.#hints.get(group);
    if (hint === undefined) return;
    if (answers.some(({ response }) => response.type !== "refused")) {
      hint.node = from;
      hint.silentTicks = null;
    } else if (hint.node === from) this.#turn(group, hint);
  }
}

function commandOf({ request, waiter }: RoutedRequest): Command {
  if (request.type === "open-session") return { type: "open-session", waiter };
  const { session, number, acknowledgedBelow, operation } = request;
  return { type: "operation", session, number, acknowledgedBelow, operation, waiter };
}
