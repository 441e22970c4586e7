// Shows the order that the engine keeps between core, disk and sockets, with a core that does what the test says: nothing guarded
// leaves before its write is durable, whatever else happens meanwhile.
import { describe, expect, it } from "vitest";

import { nodeId } from "../core/interface.js";
import type { Core, CoreEffects, CoreEvent, NodeId, StorageOperation } from "../core/interface.js";
import type { PeerMessage, UnguardedMessage } from "../core/messages.js";
import { Engine } from "./engine.js";

const peer = nodeId(2);
const other = nodeId(3);
const ballot = { number: 1, priority: 0, node: nodeId(1) };
const nothing: CoreEffects = { sendNow: [], persist: null, sendAfterPersist: [], replies: [] };
const now = (round: number): UnguardedMessage => ({ type: "HeartbeatReq", round });
const guarded = (length: number): PeerMessage => ({ type: "Accepted", ballot, length });
const decide = (decided: number): PeerMessage => ({ type: "Decide", ballot, session: 1, counter: 1, decided });
const decided = (length: number): StorageOperation => ({ type: "decided", length });

/** An engine whose core answers each turn with the next of `effects`, and everything that it did, in order. */
class Harness {
  readonly done: string[] = [];
  readonly turns: (readonly CoreEvent[])[] = [];
  readonly committed: { readonly write: number; readonly operations: readonly StorageOperation[] }[] = [];
  accept = true;
  #busy = false;
  #work: (() => void) | null = null;
  readonly engine: Engine;

  constructor(effects: readonly Partial<CoreEffects>[]) {
    const waiting = [...effects];
    const core: Pick<Core, "handleBatch"> = {
      handleBatch: (events) => {
        this.turns.push(events);
        return { ...nothing, ...waiting.shift() };
      },
    };
    this.engine = new Engine(core as Core, {
      send: (to: NodeId, messages) => this.done.push(`send ${to}: ${messages.map(describeMessage).join(" ")}`),
      answer: (answers) => this.done.push(`answer ${answers.map((answer) => answer.connection).join(" ")}`),
      logBusy: () => this.#busy,
      commit: (write, operations) => {
        this.#busy = true;
        this.committed.push({ write, operations });
        this.done.push(`commit ${write}`);
      },
      inspect: () => this.accept,
      atEndOfTurn: (work) => {
        this.#work = work;
      },
    });
  }

  /** One turn of the event loop in which these events came. */
  turn(...events: readonly CoreEvent[]): void {
    for (const event of events) this.engine.push(event);
    this.end();
  }

  end(): void {
    const work = this.#work;
    this.#work = null;
    work?.();
  }

  /** The disk reports the commit durable. */
  durable(write: number): void {
    this.#busy = false;
    this.engine.persisted(write);
    this.end();
  }
}

function describeMessage(message: PeerMessage): string {
  if (message.type === "HeartbeatReq") return `heartbeat ${message.round}`;
  return message.type === "Accepted" ? `accepted ${message.length}` : message.type;
}

const tick: CoreEvent = { type: "tick" };
const linkUp: CoreEvent = { type: "link-up", peer, direction: "in" };

describe("the engine", () => {
  it("sends what is guarded only after its write is durable, and what is not at once", () => {
    const harness = new Harness([
      {
        sendNow: [{ to: peer, message: now(1) }],
        persist: { write: 1, operations: [decided(1)] },
        sendAfterPersist: [{ after: 1, to: peer, message: guarded(1) }],
        replies: [{ after: 1, connection: 5, response: { type: "welcome", id: 1, node: peer, groups: 1 } }],
      },
    ]);
    harness.turn(linkUp);
    expect(harness.done).toEqual(["send 2: heartbeat 1", "commit 1"]);
    harness.turn(tick);
    expect(harness.done).toHaveLength(2);
    harness.durable(1);
    expect(harness.done.slice(2)).toEqual(["send 2: accepted 1", "answer 5"]);
  });

  it("gathers the writes of all turns during one fdatasync into the next batch", () => {
    const write = (number: number): Partial<CoreEffects> => ({
      persist: { write: number, operations: [decided(number)] },
      sendAfterPersist: [{ after: number, to: peer, message: guarded(number) }],
    });
    const harness = new Harness([write(1), write(2), write(3), {}, {}]);
    harness.turn(linkUp);
    harness.turn(linkUp);
    harness.turn(linkUp);
    expect(harness.committed).toEqual([{ write: 1, operations: [decided(1)] }]);
    harness.durable(1);
    expect(harness.committed[1]).toEqual({ write: 3, operations: [decided(2), decided(3)] });
    expect(harness.done).toEqual(["commit 1", "send 2: accepted 1", "commit 3"]);
    harness.durable(3);
    expect(harness.done.at(-1)).toBe("send 2: accepted 2 accepted 3");
  });

  it("lets nothing guarded overtake what was guarded before it", () => {
    const harness = new Harness([
      { persist: { write: 1, operations: [decided(1)] } },
      {
        persist: { write: 2, operations: [decided(2)] },
        sendAfterPersist: [
          { after: 2, to: peer, message: guarded(2) },
          { after: 1, to: peer, message: guarded(1) },
        ],
      },
      {},
      {},
    ]);
    harness.turn(linkUp);
    harness.turn(linkUp);
    harness.durable(1);
    expect(harness.done).toEqual(["commit 1", "commit 2"]);
    harness.durable(2);
    expect(harness.done.at(-1)).toBe("send 2: accepted 2 accepted 1");
  });

  it("refuses a core that lets something wait for a write that was never asked for, or whose writes do not grow", () => {
    const early = new Harness([{ sendAfterPersist: [{ after: 1, to: peer, message: guarded(1) }] }]);
    expect(() => early.turn(linkUp)).toThrow("never asked for");
    const again = new Harness([
      { persist: { write: 1, operations: [decided(1)] } },
      { persist: { write: 1, operations: [decided(1)] } },
    ]);
    again.turn(linkUp);
    expect(() => again.turn(linkUp)).toThrow("do not grow");
  });

  it("hands over a turn's events as one, a tick last, and several ticks as one", () => {
    const harness = new Harness([]);
    harness.turn(tick, linkUp, tick);
    expect(harness.turns).toEqual([[linkUp, tick]]);
  });

  it("sends each peer one frame a turn, in the order in which things were asked for", () => {
    const harness = new Harness([
      {
        sendNow: [
          { to: peer, message: now(1) },
          { to: other, message: now(2) },
          { to: peer, message: now(3) },
        ],
        sendAfterPersist: [{ after: 0, to: peer, message: guarded(9) }],
      },
    ]);
    harness.turn(linkUp);
    expect(harness.done).toEqual(["send 2: heartbeat 1 heartbeat 3 accepted 9", "send 3: heartbeat 2"]);
  });

  it("keeps a lone Decide for the next message to that peer or the next tick, and the order", () => {
    const alone = { sendAfterPersist: [{ after: 0, to: peer, message: decide(1) }] };
    const harness = new Harness([alone, { sendNow: [{ to: peer, message: now(1) }] }, alone, {}]);
    harness.turn(linkUp);
    expect(harness.done).toEqual([]);
    harness.turn(linkUp);
    expect(harness.done).toEqual(["send 2: Decide heartbeat 1"]);
    harness.turn(linkUp);
    harness.turn(tick);
    expect(harness.done[1]).toBe("send 2: Decide");
  });

  it("does nothing more once stopped, not even for what was under way", () => {
    const harness = new Harness([
      {
        persist: { write: 1, operations: [decided(1)] },
        sendAfterPersist: [{ after: 1, to: peer, message: guarded(1) }],
      },
    ]);
    harness.turn(linkUp);
    harness.engine.stop();
    harness.durable(1);
    harness.turn(linkUp);
    expect(harness.done).toEqual(["commit 1"]);
  });
});
