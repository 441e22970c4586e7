// Eventually perfect failure detector with increasing timeout (Cachin, Guerraoui, Rodrigues, "Reliable and Secure Distributed
// Programming", 2.7): it may suspect wrongly, but each false suspicion lengthens the period until there are none.
import type { BestEffortBroadcast } from "./broadcast.js";
import type { Counters } from "./counters.js";
import type { CoreConfiguration, NodeId } from "./interface.js";
import type { HeartbeatReply, HeartbeatRequest } from "./messages.js";
import type { Outbox } from "./outbox.js";

/** The period's limit, in first periods: a node paused for minutes must not blind the detector for minutes. */
const PERIOD_GROWTH_MAX = 20;

export class FailureDetector {
  readonly #outbox: Outbox;
  readonly #broadcast: BestEffortBroadcast;
  readonly #counters: Counters;
  readonly #step: number;
  readonly #periodMax: number;
  /** Departure: only the own group is watched; the course watched everybody, n² messages for an output nobody read. */
  readonly #peers: readonly NodeId[];
  readonly #alive: Set<NodeId>;
  readonly #suspected = new Set<NodeId>();
  #period: number;
  #ticks = 0;
  #sequence = 0;

  constructor(
    timing: CoreConfiguration["timing"],
    peers: readonly NodeId[],
    outbox: Outbox,
    broadcast: BestEffortBroadcast,
    counters: Counters,
  ) {
    this.#outbox = outbox;
    this.#broadcast = broadcast;
    this.#counters = counters;
    this.#peers = peers;
    this.#period = timing.detector;
    this.#periodMax = timing.detector * PERIOD_GROWTH_MAX;
    this.#step = timing.detectorStep;
    this.#alive = new Set(peers);
  }

  get suspected(): readonly NodeId[] {
    return [...this.#suspected];
  }

  get period(): number {
    return this.#period;
  }

  isSuspected(node: NodeId): boolean {
    return this.#suspected.has(node);
  }

  onHeartbeatRequest(from: NodeId, message: HeartbeatRequest): void {
    this.#outbox.sendNow(from, { type: "HeartbeatReply", sequence: message.sequence });
  }

  onHeartbeatReply(from: NodeId, message: HeartbeatReply): void {
    // A late answer of a suspected node also shows that it lives.
    if (message.sequence === this.#sequence || this.#suspected.has(from)) this.#alive.add(from);
  }

  onTick(): void {
    this.#ticks += 1;
    if (this.#ticks < this.#period) return;
    this.#ticks = 0;
    const falselySuspected = this.#peers.some((peer) => this.#alive.has(peer) && this.#suspected.has(peer));
    if (falselySuspected) this.#period = Math.min(this.#period + this.#step, this.#periodMax);
    for (const peer of this.#peers) {
      if (this.#alive.has(peer)) this.#restore(peer);
      else this.#suspect(peer);
    }
    this.#alive.clear();
    this.#sequence += 1;
    this.#broadcast.broadcast({ type: "HeartbeatRequest", sequence: this.#sequence });
  }

  #suspect(peer: NodeId): void {
    if (this.#suspected.has(peer)) return;
    this.#suspected.add(peer);
    this.#counters.count("suspicions");
  }

  #restore(peer: NodeId): void {
    if (this.#suspected.delete(peer)) this.#counters.count("restores");
  }
}
