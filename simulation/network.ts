// Links between nodes as TCP through proxies really is: a connection keeps its order, but a reset loses an unknown suffix of it, a
// cut direction discards or hoards bytes, and a new connection's bytes can arrive before the old one's. The receiver keeps to the
// rule of Hello: only a connection with a greater (incarnation, number) than any seen before counts, and it supersedes the others.
//
// Bytes are counted as if framed: a fixed share for each frame and each message, since nothing is encoded here.
import type { CutMode, LinkShape } from "../cluster/index.js";
import type { Random } from "../history/index.js";
import type { EventQueue } from "./queue.js";
import type { WorldSettings } from "./settings.js";

const frameBytes = 16;
const messageBytes = 64;
const helloBytes = 96;
/** How a sender waits before it dials again. */
const firstPauseNs = 20_000_000;
const longestPauseNs = 500_000_000;

/** What the network needs to know of nodes (by place, from 0), and tells them. */
export interface NetworkHosts {
  /** Of the process there; null while there is none. */
  incarnation(node: number): number | null;
  /** At once, or once the stopped process runs again; never when it dies before. */
  whenRunning(node: number, action: () => void): void;
  /** `node` takes no connection from the peer's present process, ever. */
  refuses(node: number, peer: number): boolean;
  linkChanged(node: number, peer: number, direction: "in" | "out", up: boolean): void;
  deliver(to: number, from: number, messages: readonly unknown[]): void;
}

/** What travels on a connection; without messages it is a Hello. */
interface Frame {
  /** Its place among the connection's frames. */
  readonly position: number;
  readonly bytes: number;
  readonly messages: readonly unknown[] | null;
}

interface Connection {
  readonly senderIncarnation: number;
  readonly number: number;
  readonly receiverIncarnation: number;
  lastArrivalNs: number;
  sent: number;
  /** Frames from this position on are lost. */
  lostFrom: number;
  held: Frame[] | null;
  /** Bytes were discarded in it, so it dies when the cut is healed. */
  broken: boolean;
  welcomed: boolean;
}

/** One direction between two nodes: what `from` sends to `to` over its own connections. */
export interface Link {
  readonly from: number;
  readonly to: number;
  connection: Connection | null;
  cut: CutMode | null;
  shape: LinkShape | null;
  dialling: boolean;
  /** It was told that it is refused for good, and dials no more. */
  givenUp: boolean;
  numbers: number;
  pauseNs: number;
  /** Welcomes that a stall of this direction holds back, of the peer's connections to `from`. */
  heldWelcomes: (() => void)[];
  offeredBytes: number;
  deliveredBytes: number;
  /** Of those offered: what will never arrive. */
  lostBytes: number;
  accepted: number;
  refused: number;
  /** The connection that `to` takes from `from`, and the greatest that said Hello. */
  current: Connection | null;
  greatestIncarnation: number;
  greatestNumber: number;
  /** When the link's wire is free again. */
  freeNs: number;
  hoards: Connection[];
}

export class SimulatedNetwork {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #settings: WorldSettings;
  readonly #hosts: NetworkHosts;
  readonly #count: number;
  /** By from × count + to. */
  readonly #links: readonly (Link | null)[];
  frames = 0;
  messages = 0;

  constructor(count: number, queue: EventQueue, random: Random, settings: WorldSettings, hosts: NetworkHosts) {
    this.#count = count;
    this.#queue = queue;
    this.#random = random;
    this.#settings = settings;
    this.#hosts = hosts;
    this.#links = Array.from({ length: count * count }, (_, at) => {
      const from = Math.floor(at / count);
      const to = at % count;
      return from === to ? null : newLink(from, to);
    });
    if (settings.resetEveryMs > 0 && count > 1) this.#planReset();
  }

  link(from: number, to: number): Link {
    const link = this.#links[from * this.#count + to];
    if (link === undefined || link === null) throw new Error(`there is no link from ${from} to ${to}`);
    return link;
  }

  get links(): readonly Link[] {
    return this.#links.filter((link) => link !== null);
  }

  /** Without a connection it is lost: the protocol asks again. */
  send(from: number, to: number, messages: readonly unknown[]): void {
    const link = this.link(from, to);
    const { connection } = link;
    if (connection === null) return;
    this.frames += 1;
    this.messages += messages.length;
    this.#put(link, connection, frameBytes + messageBytes * messages.length, messages);
  }

  /** A process has started: it dials everybody, and has seen no connection yet. */
  started(node: number): void {
    for (const link of this.links) {
      if (link.from === node) {
        link.numbers = 0;
        link.givenUp = false;
        link.pauseNs = firstPauseNs;
        this.#dial(link);
      } else if (link.to === node) {
        link.current = null;
        link.greatestIncarnation = 0;
        link.greatestNumber = 0;
      }
    }
  }

  /** A process is gone, and every connection with it. */
  stopped(node: number): void {
    for (const link of this.links) if (link.from === node || link.to === node) this.#close(link);
  }

  /** Ends a link's connection; what was under way arrives up to an unknown place. */
  reset(from: number, to: number): void {
    this.#close(this.link(from, to));
  }

  cut(from: number, to: number, mode: CutMode): void {
    const link = this.link(from, to);
    if (link.cut !== null) throw new Error("the link is cut already");
    link.cut = mode;
    if (mode === "reset") this.#close(link);
  }

  shape(from: number, to: number, shape: LinkShape): void {
    this.link(from, to).shape = shape;
  }

  /** Undoes cut and shape: what was held arrives late, a connection that lost bytes dies. */
  heal(from: number, to: number): void {
    const link = this.link(from, to);
    link.shape = null;
    if (link.cut === null) return;
    const { cut } = link;
    link.cut = null;
    if (link.connection?.broken === true) this.#close(link);
    const { hoards, heldWelcomes } = link;
    link.hoards = [];
    link.heldWelcomes = [];
    for (const connection of hoards) {
      for (const frame of connection.held ?? []) this.#travel(link, connection, frame);
      connection.held = null;
    }
    for (const welcome of heldWelcomes) welcome();
    // The peer's connection waits for a greeting that was discarded: it dies too.
    const back = this.link(to, from);
    if (cut !== "stall" && back.connection !== null && !back.connection.welcomed) this.#close(back);
    link.pauseNs = Math.min(link.pauseNs, firstPauseNs * 4);
  }

  #put(link: Link, connection: Connection, bytes: number, messages: readonly unknown[] | null): void {
    const position = connection.sent;
    connection.sent += 1;
    link.offeredBytes += bytes;
    if (link.cut === "drop") {
      connection.broken = true;
      connection.lostFrom = Math.min(connection.lostFrom, position);
      link.lostBytes += bytes;
      return;
    }
    const frame = { position, bytes, messages };
    if (link.cut === "stall") this.#hoard(link, connection, frame);
    else this.#travel(link, connection, frame);
  }

  #hoard(link: Link, connection: Connection, frame: Frame): void {
    if (connection.held === null) {
      connection.held = [];
      link.hoards.push(connection);
    }
    connection.held.push(frame);
  }

  #travel(link: Link, connection: Connection, frame: Frame): void {
    const { shape } = link;
    const { bytes } = frame;
    let wireNs = (bytes / this.#settings.linkBytesPerS) * 1e9;
    if (shape?.bandwidthKbPerS !== undefined) wireNs = Math.max(wireNs, (bytes / (shape.bandwidthKbPerS * 1000)) * 1e9);
    link.freeNs = Math.max(link.freeNs, this.#queue.nowNs) + wireNs;
    const arrivalNs = link.freeNs + this.#delayNs(shape);
    connection.lastArrivalNs = Math.max(connection.lastArrivalNs, arrivalNs);
    this.#queue.at(connection.lastArrivalNs, () => {
      // What a cut finds under way behind the proxy is inside it: kept or discarded like what comes after.
      if (link.cut === "drop") {
        connection.broken = true;
        connection.lostFrom = 0;
        link.lostBytes += bytes;
      } else if (link.cut === "stall") this.#hoard(link, connection, frame);
      else this.#arrive(link, connection, frame);
    });
  }

  #arrive(link: Link, connection: Connection, { position, bytes, messages }: Frame): void {
    if (position >= connection.lostFrom) {
      link.lostBytes += bytes;
      return;
    }
    link.deliveredBytes += bytes;
    if (this.#hosts.incarnation(link.to) !== connection.receiverIncarnation) return;
    this.#hosts.whenRunning(link.to, () => {
      if (messages === null) this.#hello(link, connection);
      // Bytes of a superseded connection are discarded.
      else if (link.current === connection) this.#hosts.deliver(link.to, link.from, messages);
    });
  }

  #delayNs(shape: LinkShape | null): number {
    const { latencyNs, tailChance, tailFactor } = this.#settings;
    const random = this.#random;
    let delayNs = latencyNs * (0.5 + random.unit());
    if (tailChance > 0 && random.chance(tailChance)) delayNs *= 1 + random.unit() * (tailFactor - 1);
    if (shape?.latencyMs !== undefined) {
      const jitterMs = (shape.jitterMs ?? 0) * (2 * random.unit() - 1);
      delayNs += Math.max(0, shape.latencyMs + jitterMs) * 1e6;
    }
    return delayNs;
  }

  #dial(link: Link): void {
    if (link.dialling || link.givenUp || link.connection !== null) return;
    const incarnation = this.#hosts.incarnation(link.from);
    if (incarnation === null) return;
    link.dialling = true;
    this.#queue.after(link.pauseNs * (0.9 + 0.2 * this.#random.unit()) + this.#delayNs(null), () => {
      link.dialling = false;
      const receiverIncarnation = this.#hosts.incarnation(link.to);
      if (this.#hosts.incarnation(link.from) !== incarnation) this.#dial(link);
      else if (receiverIncarnation === null || link.cut === "reset") {
        link.refused += 1;
        link.pauseNs = Math.min(longestPauseNs, link.pauseNs * 2);
        this.#dial(link);
      } else this.#connect(link, incarnation, receiverIncarnation);
    });
  }

  #connect(link: Link, senderIncarnation: number, receiverIncarnation: number): void {
    link.numbers += 1;
    link.accepted += 1;
    const connection: Connection = {
      senderIncarnation,
      number: link.numbers,
      receiverIncarnation,
      lastArrivalNs: 0,
      sent: 0,
      lostFrom: Number.POSITIVE_INFINITY,
      held: null,
      broken: false,
      welcomed: false,
    };
    link.connection = connection;
    this.#put(link, connection, helloBytes, null);
  }

  #hello(link: Link, connection: Connection): void {
    if (this.#hosts.refuses(link.to, link.from)) {
      link.refused += 1;
      if (link.connection !== connection) return;
      link.givenUp = true;
      this.#close(link);
      return;
    }
    const { senderIncarnation, number } = connection;
    const greater =
      senderIncarnation > link.greatestIncarnation ||
      (senderIncarnation === link.greatestIncarnation && number > link.greatestNumber);
    if (!greater) {
      if (link.connection === connection) this.#close(link);
      return;
    }
    const superseded = link.current;
    link.current = connection;
    link.greatestIncarnation = senderIncarnation;
    link.greatestNumber = number;
    if (superseded !== null) this.#hosts.linkChanged(link.to, link.from, "in", false);
    this.#hosts.linkChanged(link.to, link.from, "in", true);
    this.#welcome(link, connection);
  }

  /** The answer to a Hello goes the other way, and shares that direction's fate. */
  #welcome(link: Link, connection: Connection): void {
    const back = this.link(link.to, link.from);
    back.offeredBytes += helloBytes;
    const lose = (): void => {
      back.lostBytes += helloBytes;
    };
    const arrive = (): void => {
      if (link.connection !== connection || connection.welcomed) return lose();
      if (this.#hosts.incarnation(link.from) !== connection.senderIncarnation) return lose();
      back.deliveredBytes += helloBytes;
      this.#hosts.whenRunning(link.from, () => {
        if (link.connection !== connection || connection.welcomed) return;
        connection.welcomed = true;
        link.pauseNs = firstPauseNs;
        this.#hosts.linkChanged(link.from, link.to, "out", true);
      });
    };
    if (back.cut === "drop" || back.cut === "reset") return lose();
    if (back.cut === "stall") back.heldWelcomes.push(arrive);
    else
      this.#queue.after(this.#delayNs(back.shape), () => {
        if (back.cut === "stall") back.heldWelcomes.push(arrive);
        else if (back.cut === null) arrive();
        else lose();
      });
  }

  #close(link: Link): void {
    const { connection } = link;
    if (connection !== null) {
      link.connection = null;
      // Of what has not arrived a prefix still may, much later perhaps; the rest is lost.
      const kept = this.#random.integer(0, connection.sent);
      connection.lostFrom = Math.min(connection.lostFrom, kept);
      if (connection.welcomed && this.#hosts.incarnation(link.from) === connection.senderIncarnation)
        this.#hosts.linkChanged(link.from, link.to, "out", false);
      this.#queue.after(this.#delayNs(null) * 4 * this.#random.unit(), () => {
        if (this.#hosts.incarnation(link.to) !== connection.receiverIncarnation) return;
        this.#hosts.whenRunning(link.to, () => {
          if (link.current !== connection) return;
          link.current = null;
          this.#hosts.linkChanged(link.to, link.from, "in", false);
        });
      });
    }
    this.#dial(link);
  }

  #planReset(): void {
    const meanNs = this.#settings.resetEveryMs * 1e6;
    this.#queue.after(this.#random.exponential(meanNs), () => {
      this.#close(this.#random.pick(this.links));
      this.#planReset();
    });
  }
}

function newLink(from: number, to: number): Link {
  return {
    from,
    to,
    connection: null,
    cut: null,
    shape: null,
    dialling: false,
    givenUp: false,
    numbers: 0,
    pauseNs: firstPauseNs,
    heldWelcomes: [],
    offeredBytes: 0,
    deliveredBytes: 0,
    lostBytes: 0,
    accepted: 0,
    refused: 0,
    current: null,
    greatestIncarnation: 0,
    greatestNumber: 0,
    freeNs: 0,
    hoards: [],
  };
}
