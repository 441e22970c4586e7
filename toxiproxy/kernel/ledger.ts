// Which accepted socket belongs to which dialled one, and what follows for every link: pure, fed with one sample after the
// other. What it rests on:
//
// 1. Conservation. A proxy delivers nothing that it was not offered. Samples are not atomic, so the earlier sample's
//    delivered bytes are held against the later one's offered bytes: a pair that breaks this is impossible, for ever.
// 2. Equality. On a stream that passes bytes as they come, offered and delivered are equal whenever nothing is on its way.
//    Two sockets are a pair when they are each other's only possible match by equality in consecutive samples.
// 3. Birth. When just one socket of each kind is new, all the others being balanced before and after, the two are a pair.
//
// A pair stays one for the connections' life, unless it breaks rule 1 or is not seen equal again in many samples of traffic. A connection without a pair is counted with the bound of conservation over
// all unpaired connections to the same target, taking uncut streams to deliver what they are offered; it says so.
import type { MeshView } from "../counter-source.js";
import type { Certainty, Link, LinkCounters, MeshProxy } from "../types.js";
import { targetOf } from "./sides.js";
import type { AcceptedSide, DialledSide, Sides, SideBytes } from "./sides.js";

/** Equal in this many consecutive samples, or in two between which bytes moved. */
const samplesToPair = 3;

/** A pair on streams that pass is equal most of the time; not once in so many samples with traffic, and it was none. */
const missesToPart = 30;

interface Seen<T extends SideBytes> {
  now: T;
  before: SideBytes;
  /** Was there in the last sample. */
  present: boolean;
  isNew: boolean;
}

interface Totals {
  offered: number;
  delivered: number;
}

interface Connection extends Seen<AcceptedSide> {
  readonly proxy: MeshProxy;
  mate: Seen<DialledSide> | null;
  readonly impossible: Set<string>;
  suspect: { readonly id: string; readonly signature: string; samples: number; moved: boolean } | null;
  bornWith: string | null;
  /** Samples with traffic since the mates were last seen equal. */
  misses: number;
  readonly upstream: Totals;
  readonly downstream: Totals;
}

const nothing: SideBytes = { open: false, upstreamBytes: 0, downstreamBytes: 0 };
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Numbers sockets whose four-tuple was used again. */
let retired = 0;

/** Puts a sample's sockets into the book of those known; what is not in the sample is marked absent. */
function enter<T extends AcceptedSide | DialledSide, S extends Seen<T>>(
  book: Map<string, S>,
  sample: readonly T[],
  make: (side: T) => S,
): void {
  for (const seen of book.values()) {
    seen.present = false;
    seen.isNew = false;
    seen.before = seen.now;
  }
  for (const side of sample) {
    const known = book.get(side.id);
    const fell =
      known !== undefined &&
      (side.upstreamBytes < known.now.upstreamBytes || side.downstreamBytes < known.now.downstreamBytes);
    // Counts of a closing socket may lose what was never acknowledged; an open one's never fall: it is another socket.
    if (known !== undefined && fell && side.open) {
      book.delete(side.id);
      book.set(`${side.id} until ${++retired}`, known);
    }
    if (known === undefined || (fell && side.open)) book.set(side.id, make(side));
    else {
      known.present = true;
      if (!fell) known.now = side;
    }
  }
}

export class Ledger {
  private readonly connections = new Map<string, Connection>();
  private readonly dialled = new Map<string, Seen<DialledSide>>();
  /** By link, of connections that are gone. */
  private readonly closed = new Map<string, Totals>();
  /** By link, the greatest sums ever given out: an estimate that proves too high does not make them fall. */
  private readonly reported = new Map<string, Totals>();
  private readonly acceptedByProxy = new Map<string, number>();

  /** Takes in one sample. */
  enter(view: MeshView, sides: Sides): void {
    const balancedBefore = new Map(this.targets(view).map((target) => [target, this.isBalanced(target)]));
    const proxies = new Map(view.links.map((proxy) => [proxy.name, proxy]));
    enter(this.connections, sides.accepted, (side) => this.newConnection(side, proxies));
    enter(this.dialled, sides.dialled, (now) => ({ now, before: nothing, present: true, isNew: true }));
    this.ruleOut();
    this.partStrangers(view);
    for (const target of this.targets(view)) {
      this.pairByBirth(target, balancedBefore.get(target) === true);
      this.pairByEquality(view, target);
      this.book(view, target);
    }
    this.forget();
  }

  private newConnection(side: AcceptedSide, proxies: ReadonlyMap<string, MeshProxy>): Connection {
    const proxy = proxies.get(side.proxy);
    if (proxy === undefined) throw new Error(`a socket of ${side.proxy}, which is no link proxy`);
    this.acceptedByProxy.set(proxy.name, (this.acceptedByProxy.get(proxy.name) ?? 0) + 1);
    return {
      now: side,
      before: nothing,
      present: true,
      isNew: true,
      proxy,
      mate: null,
      impossible: new Set(),
      suspect: null,
      bornWith: null,
      misses: 0,
      upstream: { offered: 0, delivered: 0 },
      downstream: { offered: 0, delivered: 0 },
    };
  }

  private targets(view: MeshView): readonly string[] {
    return [...new Set(view.links.map(targetOf))];
  }

  private unpaired(target: string): readonly Connection[] {
    return [...this.connections.values()].filter(({ proxy, mate }) => mate === null && targetOf(proxy) === target);
  }

  private loose(target: string): readonly Seen<DialledSide>[] {
    const taken = new Set([...this.connections.values()].map(({ mate }) => mate));
    return [...this.dialled.values()].filter((side) => side.now.target === target && !taken.has(side));
  }

  /** As many accepted as dialled sockets wait for their mate, all of them present. */
  private isBalanced(target: string): boolean {
    const [accepted, dialled] = [this.unpaired(target), this.loose(target)];
    return accepted.length === dialled.length && [...accepted, ...dialled].every(({ present }) => present);
  }

  /** Rule 1, on pairs too: one that breaks it was none. */
  private ruleOut(): void {
    for (const connection of this.connections.values()) {
      for (const other of connection.mate === null ? this.loose(targetOf(connection.proxy)) : [connection.mate]) {
        const keeps =
          other.before.upstreamBytes <= connection.now.upstreamBytes &&
          connection.before.downstreamBytes <= other.now.downstreamBytes;
        if (keeps || !connection.present || !other.present) continue;
        connection.impossible.add(other.now.id);
        if (connection.mate === other) connection.mate = null;
      }
    }
  }

  private pair(connection: Connection, side: Seen<DialledSide>): void {
    connection.mate = side;
    connection.suspect = null;
    connection.bornWith = null;
    connection.misses = 0;
  }

  /** Parts mates whose bytes have long not agreed although nothing should keep them from it. */
  private partStrangers(view: MeshView): void {
    for (const connection of this.connections.values()) {
      const { mate, proxy, now, before } = connection;
      const [up, down] = [view.passes(proxy.name, "upstream"), view.passes(proxy.name, "downstream")];
      if (mate === null || !(up || down) || !connection.present || !mate.present) continue;
      const moved =
        (up && now.upstreamBytes > before.upstreamBytes) || (down && now.downstreamBytes > before.downstreamBytes);
      if (couldBePair(view, connection, mate)) connection.misses = 0;
      else if (moved) connection.misses++;
      if (connection.misses >= missesToPart) connection.mate = null;
    }
  }

  /** Rule 3: born together in one sample, and nothing born, lost or out of balance in the next. */
  private pairByBirth(target: string, balancedBefore: boolean): void {
    const [waiting, loose] = [this.unpaired(target), this.loose(target)];
    const newborn = waiting.filter(({ isNew }) => isNew);
    const newbornDialled = loose.filter(({ isNew }) => isNew);
    const balanced = this.isBalanced(target);
    for (const connection of waiting) {
      if (connection.bornWith === null) continue;
      const mate = loose.find(({ now }) => now.id === connection.bornWith);
      connection.bornWith = null;
      if (mate === undefined || !balanced || newborn.length + newbornDialled.length > 0) continue;
      if (!connection.impossible.has(mate.now.id)) this.pair(connection, mate);
    }
    const [first] = newborn;
    const [firstDialled] = newbornDialled;
    if (newborn.length !== 1 || newbornDialled.length !== 1 || !balancedBefore || !balanced) return;
    if (first !== undefined && firstDialled !== undefined) first.bornWith = firstDialled.now.id;
  }

  /** Rule 2. */
  private pairByEquality(view: MeshView, target: string): void {
    const waiting = this.unpaired(target);
    const loose = this.loose(target).filter(({ present }) => present);
    const fits = new Map(waiting.map((one) => [one, loose.filter((other) => couldBePair(view, one, other))]));
    const wooers = (side: Seen<DialledSide>): number => waiting.filter((one) => fits.get(one)?.includes(side)).length;
    for (const connection of waiting) {
      const { name } = connection.proxy;
      const [only, ...others] = fits.get(connection) ?? [];
      const passes = view.passes(name, "upstream") || view.passes(name, "downstream");
      if (only === undefined || others.length > 0 || !passes || !connection.present || wooers(only) !== 1) {
        connection.suspect = null;
        continue;
      }
      const signature = `${only.now.upstreamBytes}/${only.now.downstreamBytes}`;
      const { suspect } = connection;
      if (suspect === null || suspect.id !== only.now.id) {
        connection.suspect = { id: only.now.id, signature, samples: 1, moved: false };
        continue;
      }
      const moved = suspect.moved || suspect.signature !== signature;
      connection.suspect = { id: suspect.id, signature, samples: suspect.samples + 1, moved };
      if (connection.suspect.samples >= (moved ? samplesToPair - 1 : samplesToPair)) this.pair(connection, only);
    }
  }

  /** Brings every connection's totals up to date: exact with a mate, bounded without. */
  private book(view: MeshView, target: string): void {
    for (const connection of this.connections.values()) {
      const { mate, now, upstream, downstream } = connection;
      if (mate === null || targetOf(connection.proxy) !== target) continue;
      // A sample is not atomic: the delivering socket, read later, may know of bytes that the other had not seen yet. They
      // were offered all the same.
      raise(upstream, Math.max(now.upstreamBytes, mate.now.upstreamBytes), mate.now.upstreamBytes);
      raise(downstream, Math.max(mate.now.downstreamBytes, now.downstreamBytes), now.downstreamBytes);
    }
    const waiting = this.unpaired(target);
    const loose = this.loose(target).filter(({ present }) => present);
    this.bookUpstream(waiting, loose, (one) => view.passes(one.proxy.name, "upstream"));
    this.bookDownstream(waiting, loose, (one) => view.passes(one.proxy.name, "downstream"));
  }

  /**
   * Offered is known. What reached the target until the last sample beyond all that uncut streams were offered until now can
   * only have come through cut ones; among several of these nobody can tell, so it is held against each.
   */
  private bookUpstream(
    waiting: readonly Connection[],
    loose: readonly Seen<DialledSide>[],
    passes: (one: Connection) => boolean,
  ): void {
    const cut = waiting.filter((one) => !passes(one));
    const uncut = waiting.filter((one) => passes(one));
    for (const { upstream, now } of uncut) raise(upstream, now.upstreamBytes, now.upstreamBytes);
    const delivered = sum(loose.map(({ before }) => before.upstreamBytes));
    const excess =
      delivered - sum(uncut.map(({ now }) => now.upstreamBytes)) - sum(cut.map((one) => one.upstream.delivered));
    for (const { upstream, now, present } of cut)
      if (present)
        raise(upstream, now.upstreamBytes, Math.min(now.upstreamBytes, upstream.delivered + Math.max(0, excess)));
  }

  /**
   * Delivered is known. A cut stream was offered at least what each of its possible mates was, and, when it is the only cut
   * one, what the target had sent until the last sample and no uncut stream has delivered until now.
   */
  private bookDownstream(
    waiting: readonly Connection[],
    loose: readonly Seen<DialledSide>[],
    passes: (one: Connection) => boolean,
  ): void {
    const cut = waiting.filter((one) => !passes(one));
    const uncut = waiting.filter((one) => passes(one));
    for (const { downstream, now } of uncut) raise(downstream, now.downstreamBytes, now.downstreamBytes);
    const sent = sum(loose.map(({ before }) => before.downstreamBytes));
    const undelivered = sent - sum(uncut.map(({ now }) => now.downstreamBytes));
    for (const { downstream, now, impossible, present } of cut) {
      // One that is gone took its mate along: those that are left say nothing of it.
      if (!present) continue;
      const possible = loose.filter((other) => !impossible.has(other.now.id));
      const least = possible.length === 0 ? 0 : Math.min(...possible.map((other) => other.now.downstreamBytes));
      const offered = Math.max(now.downstreamBytes, least, cut.length === 1 ? undelivered : 0);
      raise(downstream, offered, now.downstreamBytes);
    }
  }

  /** A connection is over when its sockets are gone. It still took part in the sums of the sample that missed it. */
  private forget(): void {
    for (const [id, { present, mate, proxy, upstream, downstream }] of this.connections) {
      if (present || mate?.present === true) continue;
      this.connections.delete(id);
      add(this.closed, linksOf(proxy).upstream, upstream);
      add(this.closed, linksOf(proxy).downstream, downstream);
    }
    const mates = new Set([...this.connections.values()].map(({ mate }) => mate));
    for (const [id, side] of this.dialled) if (!side.present && !mates.has(side)) this.dialled.delete(id);
  }

  counters<Node extends string>(view: MeshView<Node>): readonly LinkCounters<Node>[] {
    const live = new Map<string, Totals>();
    const uncertain = new Set<string>();
    for (const connection of this.connections.values()) {
      const { upstream, downstream } = linksOf(connection.proxy);
      add(live, upstream, connection.upstream);
      add(live, downstream, connection.downstream);
      if (connection.mate !== null) continue;
      // Nothing offered is nothing delivered, whoever the mate is.
      if (connection.now.upstreamBytes > 0) uncertain.add(upstream);
      const loose = this.loose(targetOf(connection.proxy));
      if (loose.some(({ now }) => now.downstreamBytes > 0)) uncertain.add(downstream);
    }
    return view.links.flatMap(({ name, role }) => {
      if (role.kind !== "link") return [];
      const link: Link<Node> = { from: role.from, to: role.to };
      const text = `${role.from}>${role.to}`;
      const given = this.reported.get(text) ?? { offered: 0, delivered: 0 };
      const offered = (live.get(text)?.offered ?? 0) + (this.closed.get(text)?.offered ?? 0);
      const delivered = (live.get(text)?.delivered ?? 0) + (this.closed.get(text)?.delivered ?? 0);
      raise(given, offered, delivered);
      this.reported.set(text, given);
      const held = [...this.connections.values()].filter((one) => one.proxy.name === name && one.present);
      const open = held.filter((one) => one.now.open);
      const certainty: Certainty = uncertain.has(text) ? "conservation-bound" : "exact";
      return [
        {
          link,
          offeredBytes: given.offered,
          deliveredBytes: given.delivered,
          openConnections: open.length,
          acceptedConnections: this.acceptedByProxy.get(name) ?? 0,
          heldConnections: held.length,
          refusedConnections: null,
          certainty,
        },
      ];
    });
  }

  /** For tests: the pairs, accepted to dialled. */
  pairs(): ReadonlyMap<string, string> {
    const pairs = new Map<string, string>();
    for (const [id, { mate }] of this.connections) if (mate !== null) pairs.set(id, mate.now.id);
    return pairs;
  }
}

function couldBePair(view: MeshView, connection: Connection, side: Seen<DialledSide>): boolean {
  if (connection.impossible.has(side.now.id)) return false;
  const { name } = connection.proxy;
  const { now } = connection;
  if (view.passes(name, "upstream") && now.upstreamBytes !== side.now.upstreamBytes) return false;
  return !view.passes(name, "downstream") || now.downstreamBytes === side.now.downstreamBytes;
}

/** The two directed links whose bytes a link proxy carries. */
function linksOf({ role }: MeshProxy): { readonly upstream: string; readonly downstream: string } {
  if (role.kind !== "link") throw new Error("not a link proxy");
  return { upstream: `${role.from}>${role.to}`, downstream: `${role.to}>${role.from}` };
}

function raise(totals: Totals, offered: number, delivered: number): void {
  totals.offered = Math.max(totals.offered, offered);
  totals.delivered = Math.max(totals.delivered, delivered);
}

function add(book: Map<string, Totals>, key: string, { offered, delivered }: Totals): void {
  const known = book.get(key) ?? { offered: 0, delivered: 0 };
  book.set(key, { offered: known.offered + offered, delivered: known.delivered + delivered });
}
