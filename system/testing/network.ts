// A network as TCP through proxies really is: each connection is FIFO, but a reset loses an unknown suffix of it, a cut direction
// loses or hoards bytes, and a new connection's bytes can arrive before the old one's. The receiver keeps to the Hello rule: only a
// connection with a greater (incarnation, number) than any seen before is taken, and it supersedes the one before.
import type { NodeId, PeerMessage } from "../core/index.js";
import type { Agenda } from "./agenda.js";
import type { Random } from "./random.js";

export type CutMode = "reset" | "drop" | "stall";

interface Connection {
  readonly incarnation: number;
  readonly number: number;
  /** The receiver's incarnation when it was dialled. */
  readonly receiverIncarnation: number;
  lastArrival: number;
  sent: number;
  /** Messages from this position on are lost. */
  lostFrom: number;
  held: (() => void)[];
  /** Bytes were dropped in it, so it cannot go on. */
  broken: boolean;
}

interface Link {
  readonly from: NodeId;
  readonly to: NodeId;
  connection: Connection | null;
  cut: CutMode | null;
  dialling: boolean;
  numbers: number;
}

/** What the network needs to know of the nodes, and tells them. */
export interface Hosts {
  /** Null while it is down. */
  incarnation(node: NodeId): number | null;
  linkChanged(node: NodeId, peer: NodeId, direction: "in" | "out", up: boolean): void;
  deliver(to: NodeId, from: NodeId, message: PeerMessage): void;
}

export class SimulatedNetwork {
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #hosts: Hosts;
  readonly #pace: { readonly delayMax: number };
  readonly #links = new Map<string, Link>();
  /** The connection that a receiver takes from a sender, and the greatest that said Hello. */
  readonly #received = new Map<string, { connection: Connection | null; incarnation: number; number: number }>();
  /** Connections that hold bytes back, old ones of the link included. */
  readonly #hoards = new Map<Link, Set<Connection>>();
  messages = 0;

  constructor(agenda: Agenda, random: Random, hosts: Hosts, pace: { readonly delayMax: number }) {
    this.#agenda = agenda;
    this.#random = random;
    this.#hosts = hosts;
    this.#pace = pace;
  }

  connectAll(nodes: readonly NodeId[]): void {
    for (const from of nodes)
      for (const to of nodes) {
        if (from === to) continue;
        const link = { from, to, connection: null, cut: null, dialling: false, numbers: 0 };
        this.#links.set(key(from, to), link);
        this.#received.set(key(from, to), { connection: null, incarnation: 0, number: 0 });
      }
  }

  send(from: NodeId, to: NodeId, message: PeerMessage): void {
    const link = this.#link(from, to);
    const { connection } = link;
    if (connection === null) return;
    this.#put(link, connection, () => {
      // Bytes of a superseded connection, or for a process that is gone, are discarded.
      if (this.#receivedOf(link).connection !== connection) return;
      if (this.#hosts.incarnation(to) === connection.receiverIncarnation) this.#hosts.deliver(to, from, message);
    });
  }

  /** The process has started: it dials everybody. */
  started(node: NodeId): void {
    for (const link of this.#links.values()) {
      if (link.from !== node) continue;
      link.numbers = 0;
      this.#dial(link);
    }
    for (const [name, received] of this.#received)
      if (name.endsWith(`>${node}`)) Object.assign(received, { connection: null, incarnation: 0, number: 0 });
  }

  /** The process is gone, and every connection with it. */
  stopped(node: NodeId): void {
    for (const link of this.#links.values()) if (link.from === node || link.to === node) this.#close(link);
  }

  reset(from: NodeId, to: NodeId): void {
    this.#close(this.#link(from, to));
  }

  cut(from: NodeId, to: NodeId, mode: CutMode): void {
    const link = this.#link(from, to);
    if (link.cut !== null) this.heal(from, to);
    link.cut = mode;
    if (mode === "reset") this.#close(link);
  }

  heal(from: NodeId, to: NodeId): void {
    const link = this.#link(from, to);
    link.cut = null;
    const { connection } = link;
    if (connection?.broken === true) this.#close(link);
    for (const other of this.#hoards.get(link) ?? []) {
      for (const release of other.held) this.#arrive(other, release);
      other.held = [];
    }
    this.#hoards.delete(link);
  }

  healAll(): void {
    for (const link of this.#links.values()) if (link.cut !== null) this.heal(link.from, link.to);
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#link(from, to).cut !== null;
  }

  #put(link: Link, connection: Connection, arrive: () => void): void {
    const position = connection.sent;
    connection.sent += 1;
    const guarded = (): void => {
      if (position < connection.lostFrom) arrive();
    };
    if (link.cut === "drop") {
      connection.broken = true;
      connection.lostFrom = Math.min(connection.lostFrom, position);
    } else if (link.cut === "stall") {
      connection.held.push(guarded);
      const hoard = this.#hoards.get(link) ?? new Set();
      this.#hoards.set(link, hoard.add(connection));
    } else this.#arrive(connection, guarded);
  }

  #arrive(connection: Connection, deliver: () => void): void {
    this.messages += 1;
    connection.lastArrival = Math.max(connection.lastArrival, this.#agenda.now + this.#delay());
    this.#agenda.at(connection.lastArrival, deliver);
  }

  #delay(): number {
    // Mostly short, now and then long: that is what reorders between connections.
    return this.#random.chance(0.05)
      ? this.#random.next() * this.#pace.delayMax * 4
      : this.#random.next() * this.#pace.delayMax;
  }

  #dial(link: Link): void {
    if (link.dialling || link.connection !== null) return;
    const incarnation = this.#hosts.incarnation(link.from);
    if (incarnation === null) return;
    link.dialling = true;
    this.#agenda.in(0.2 + this.#random.next() * this.#pace.delayMax * 2, () => {
      link.dialling = false;
      const receiverIncarnation = this.#hosts.incarnation(link.to);
      if (this.#hosts.incarnation(link.from) !== incarnation) this.#dial(link);
      else if (receiverIncarnation === null || link.cut === "reset") this.#dial(link);
      else this.#connect(link, incarnation, receiverIncarnation);
    });
  }

  #connect(link: Link, incarnation: number, receiverIncarnation: number): void {
    link.numbers += 1;
    const connection: Connection = {
      incarnation,
      number: link.numbers,
      receiverIncarnation,
      lastArrival: 0,
      sent: 0,
      lostFrom: Number.POSITIVE_INFINITY,
      held: [],
      broken: false,
    };
    link.connection = connection;
    this.#put(link, connection, () => this.#hello(link, connection));
    this.#hosts.linkChanged(link.from, link.to, "out", true);
  }

  #hello(link: Link, connection: Connection): void {
    if (this.#hosts.incarnation(link.to) !== connection.receiverIncarnation) return;
    const received = this.#receivedOf(link);
    const greater =
      connection.incarnation > received.incarnation ||
      (connection.incarnation === received.incarnation && connection.number > received.number);
    if (!greater) {
      if (link.connection === connection) this.#close(link);
      return;
    }
    Object.assign(received, { connection, incarnation: connection.incarnation, number: connection.number });
    this.#hosts.linkChanged(link.to, link.from, "in", true);
  }

  #close(link: Link): void {
    const { connection } = link;
    if (connection !== null) {
      link.connection = null;
      // Of what has not arrived a prefix still may, much later perhaps; the rest is lost.
      connection.lostFrom = Math.min(connection.lostFrom, Math.floor(this.#random.between(0, connection.sent + 1)));
      if (this.#hosts.incarnation(link.from) !== null) this.#hosts.linkChanged(link.from, link.to, "out", false);
      const received = this.#receivedOf(link);
      this.#agenda.in(this.#random.next() * this.#pace.delayMax * 4, () => {
        if (received.connection !== connection) return;
        received.connection = null;
        if (this.#hosts.incarnation(link.to) === connection.receiverIncarnation)
          this.#hosts.linkChanged(link.to, link.from, "in", false);
      });
    }
    this.#dial(link);
  }

  #link(from: NodeId, to: NodeId): Link {
    const link = this.#links.get(key(from, to));
    if (link === undefined) throw new Error(`no link ${from}>${to}`);
    return link;
  }

  #receivedOf(link: Link): { connection: Connection | null; incarnation: number; number: number } {
    const received = this.#received.get(key(link.from, link.to));
    if (received === undefined) throw new Error(`no link ${link.from}>${link.to}`);
    return received;
  }
}

function key(from: NodeId, to: NodeId): string {
  return `${from}>${to}`;
}
