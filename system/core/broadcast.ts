// Best-effort broadcast to a group. Unlike the course's it does not deliver to the sender: a component's own part is done in
// place, in the same turn, so that it is in the same atomic write.
import type { NodeId } from "./interface.js";
import type { UnguardedMessage } from "./messages.js";
import type { Outbox } from "./outbox.js";

export class BestEffortBroadcast {
  readonly #outbox: Outbox;
  readonly #peers: readonly NodeId[];

  constructor(outbox: Outbox, peers: readonly NodeId[]) {
    this.#outbox = outbox;
    this.#peers = peers;
  }

  broadcast(message: UnguardedMessage): void {
    for (const peer of this.#peers) this.#outbox.sendNow(peer, message);
  }
}
