// Connections over a network that loses, delays, doubles and reorders messages, as TCP makes them: to each peer a session whose frames
// are numbered, repeated until they are acknowledged, and handed over in order and once. A session that has too much to repeat
// is given up, what it still held is lost, and a new one begins: the node learns of that as of a connection that broke.
/** What travels between two nodes. Frame 0 of a session opens it and carries no text. */
export type LinkMessage =
  | {
      readonly type: "frame";
      readonly session: number;
      readonly number: number;
      readonly text: string;
    }
  /** All frames below `next` have arrived. */
  | { readonly type: "ack"; readonly session: number; readonly next: number };

export interface LinkHooks {
  send(peer: number, message: LinkMessage): void;
  deliver(peer: number, text: string): void;
  link(peer: number, direction: "in" | "out", up: boolean): void;
}

interface Frame {
  readonly number: number;
  readonly text: string;
}

interface Outward {
  session: number;
  /** Of the frame made next. */
  next: number;
  unacknowledged: Frame[];
  up: boolean;
  repeatAtMs: number;
  pauseMs: number;
  /** Acknowledgements in a row that brought no news: something that came later has arrived before the oldest. */
  repeated: number;
}

interface Inward {
  session: number;
  /** The frame that is wanted next. */
  next: number;
  /** Those that came too early. */
  readonly early: Map<number, string>;
}

const firstPauseMs = 250;
const longestPauseMs = 2_000;
/** Acknowledgements without news that tell of a loss. */
const repeatedBeforeLoss = 3;
/** Frames repeated at a time: the peer may have been cut off for long. */
const repeatedMax = 64;
/** Frames that a session holds for a peer that does not acknowledge. */
const unacknowledgedMax = 5_000;
const earlyMax = 1_000;

export class OrderedLinks {
  readonly #hooks: LinkHooks;
  readonly #outward = new Map<number, Outward>();
  readonly #inward = new Map<number, Inward>();

  constructor(peers: readonly number[], hooks: LinkHooks) {
    this.#hooks = hooks;
    for (const peer of peers) {
      this.#outward.set(peer, {
        session: 0,
        next: 0,
        unacknowledged: [],
        up: false,
        repeatAtMs: 0,
        pauseMs: 0,
        repeated: 0,
      });
      this.#inward.set(peer, { session: 0, next: 0, early: new Map() });
    }
  }

  /** Opens a session to every peer. */
  open(nowMs: number): void {
    for (const [peer, out] of this.#outward) this.#begin(peer, out, nowMs);
  }

  send(peer: number, text: string, nowMs: number): void {
    const out = this.#outward.get(peer);
    if (out === undefined) throw new Error(`there is no peer ${peer}`);
    if (out.unacknowledged.length >= unacknowledgedMax) {
      if (out.up) this.#hooks.link(peer, "out", false);
      this.#begin(peer, out, nowMs);
    }
    this.#frame(peer, out, text, nowMs);
  }

  /** Repeats what has waited too long for its acknowledgement. */
  tick(nowMs: number): void {
    for (const [peer, out] of this.#outward) {
      if (out.unacknowledged.length === 0 || nowMs < out.repeatAtMs) continue;
      out.pauseMs = Math.min(longestPauseMs, out.pauseMs * 2);
      out.repeatAtMs = nowMs + out.pauseMs;
      for (const { number, text } of out.unacknowledged.slice(0, repeatedMax))
        this.#hooks.send(peer, { type: "frame", session: out.session, number, text });
    }
  }

  receive(peer: number, message: LinkMessage, nowMs: number): void {
    if (message.type === "ack") this.#acknowledged(peer, message, nowMs);
    else this.#arrived(peer, message);
  }

  #begin(peer: number, out: Outward, nowMs: number): void {
    const session = out.session + 1;
    Object.assign(out, { session, next: 0, unacknowledged: [], up: false, pauseMs: firstPauseMs, repeated: 0 });
    this.#frame(peer, out, "", nowMs);
  }

  #frame(peer: number, out: Outward, text: string, nowMs: number): void {
    const frame = { number: out.next, text };
    out.next += 1;
    if (out.unacknowledged.length === 0) out.repeatAtMs = nowMs + out.pauseMs;
    out.unacknowledged.push(frame);
    this.#hooks.send(peer, { type: "frame", session: out.session, ...frame });
  }

  #acknowledged(peer: number, { session, next }: Extract<LinkMessage, { type: "ack" }>, nowMs: number): void {
    const out = this.#outward.get(peer);
    if (out === undefined || session !== out.session) return;
    const rest = out.unacknowledged.filter(({ number }) => number >= next);
    if (rest.length === out.unacknowledged.length) return this.#nothingNew(peer, out);
    out.unacknowledged = rest;
    out.repeated = 0;
    out.pauseMs = firstPauseMs;
    out.repeatAtMs = nowMs + firstPauseMs;
    if (out.up) return;
    out.up = true;
    this.#hooks.link(peer, "out", true);
  }

  /** TCP's fast retransmit (RFC 5681): the oldest frame is repeated before its time when later ones are seen to have arrived. */
  #nothingNew(peer: number, out: Outward): void {
    out.repeated += 1;
    const oldest = out.unacknowledged[0];
    if (out.repeated === repeatedBeforeLoss && oldest !== undefined)
      this.#hooks.send(peer, { type: "frame", session: out.session, ...oldest });
  }

  #arrived(peer: number, { session, number, text }: Extract<LinkMessage, { type: "frame" }>): void {
    const incoming = this.#inward.get(peer);
    if (incoming === undefined || session < incoming.session) return;
    if (session > incoming.session) {
      if (incoming.session > 0) this.#hooks.link(peer, "in", false);
      Object.assign(incoming, { session, next: 0 });
      incoming.early.clear();
      this.#hooks.link(peer, "in", true);
    }
    if (number >= incoming.next && incoming.early.size < earlyMax) incoming.early.set(number, text);
    for (let due = incoming.early.get(incoming.next); due !== undefined; due = incoming.early.get(incoming.next)) {
      incoming.early.delete(incoming.next);
      incoming.next += 1;
      if (due !== "") this.#hooks.deliver(peer, due);
    }
    this.#hooks.send(peer, { type: "ack", session, next: incoming.next });
  }
}
