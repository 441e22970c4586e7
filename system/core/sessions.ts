// Client sessions: the memory that makes a retried request answered, not applied again. Part of the replicated state, changed by
// the decided log only: no clock takes part, so every replica expires the same session at the same index.
//
// Source: Ongaro, "Consensus: Bridging Theory and Practice", 6.3. Departures: a session is named by the log index of its
// OpenSession, so two can never share a name; expiry is by count, the least recently used first, in the order of the log.
import { Hasher, addDigest, removeDigest, zeroDigest, type Digest } from "./hash.js";
import type { KvResult, RefusalReason } from "./interface.js";

/** Answers that one session may leave unacknowledged. */
export const UNACKNOWLEDGED_MAX = 65_536;
/** Sessions that may wait for their share of the digest to be brought up to date. */
const STALE_MAX = 4096;

/** Answers by number. A sequential client leaves one at a time, which costs no map. */
class Answers {
  #latestNumber = 0;
  #latest: KvResult | null = null;
  #older: Map<number, KvResult> | null = null;

  get(number: number): KvResult | undefined {
    if (this.#latest !== null && this.#latestNumber === number) return this.#latest;
    return this.#older?.get(number);
  }

  set(number: number, result: KvResult): void {
    if (this.#latest !== null) {
      this.#older ??= new Map();
      this.#older.set(this.#latestNumber, this.#latest);
    }
    this.#latestNumber = number;
    this.#latest = result;
  }

  /** Forgets the answers with numbers in [from, below); there are none with lower ones. */
  forget(from: number, below: number): void {
    if (this.#latestNumber < below) this.#latest = null;
    const older = this.#older;
    if (older === null || older.size === 0) return;
    // Whichever is shorter: the numbers between, or the answers held.
    if (below - from <= older.size) for (let number = from; number < below; number += 1) older.delete(number);
    else for (const number of older.keys()) if (number < below) older.delete(number);
  }

  each(visit: (number: number, result: KvResult) => void): void {
    if (this.#latest !== null) visit(this.#latestNumber, this.#latest);
    for (const [number, result] of this.#older ?? []) visit(number, result);
  }
}

interface Session {
  readonly id: number;
  acknowledgedBelow: number;
  readonly answers: Answers;
  /** Its share of the digest when that was last brought up to date. */
  share: Digest;
  stale: boolean;
  expired: boolean;
  /** Neighbours in the order of last use. */
  older: Session | null;
  newer: Session | null;
}

export type Admission =
  /** First time: to be applied, its result handed to `remember`. */
  | { readonly type: "apply" }
  /** Applied before: this was the answer. */
  | { readonly type: "answered"; readonly result: KvResult }
  /** Never to be applied. */
  | { readonly type: "refused"; readonly reason: RefusalReason };

const admitted: Admission = { type: "apply" };

export class Sessions {
  readonly #limit: number;
  readonly #sessions = new Map<number, Session>();
  /** Ends of the list in the order of last use, which is the order of expiry: a map would be rebuilt all the time. */
  #oldest: Session | null = null;
  #newest: Session | null = null;
  #greatestExpired = -1;
  #digest: Digest = zeroDigest;
  /** Sessions that changed since their share of the digest was computed. */
  #stale: Session[] = [];

  /** `limit` must be the same on all replicas: it decides what the log means. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Over all sessions and the answers they hold; computed for those that have changed since it was last asked for. */
  get digest(): Digest {
    for (const session of this.#stale) {
      session.stale = false;
      if (session.expired) continue;
      const share = sessionDigest(session);
      this.#digest = addDigest(removeDigest(this.#digest, session.share), share);
      session.share = share;
    }
    this.#stale = [];
    return this.#digest;
  }

  /** `id`: the log index of the OpenSession. */
  open(id: number): void {
    const session: Session = {
      id,
      acknowledgedBelow: 1,
      answers: new Answers(),
      share: zeroDigest,
      stale: false,
      expired: false,
      older: null,
      newer: null,
    };
    this.#sessions.set(id, session);
    this.#append(session);
    this.#changed(session);
    if (this.#sessions.size > this.#limit && this.#oldest !== null) this.#expire(this.#oldest);
  }

  /** What is to become of a decided request. */
  admit(id: number, number: number, acknowledgedBelow: number): Admission {
    const session = this.#sessions.get(id);
    if (session === undefined)
      return { type: "refused", reason: id <= this.#greatestExpired ? "session-expired" : "unknown-session" };
    if (session !== this.#newest) {
      this.#unlink(session);
      this.#append(session);
    }
    this.#acknowledge(session, acknowledgedBelow);
    // What it was answered is forgotten; applying it again would be the second time.
    if (number < session.acknowledgedBelow) return { type: "refused", reason: "below-acknowledged" };
    const earlier = this.#earlierAnswer(session, number);
    if (earlier !== undefined) return { type: "answered", result: earlier };
    if (number >= session.acknowledgedBelow + UNACKNOWLEDGED_MAX) return { type: "refused", reason: "overloaded" };
    return admitted;
  }

  remember(id: number, number: number, result: KvResult): void {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`session ${id} was admitted and is gone`);
    session.answers.set(number, result);
    this.#changed(session);
  }

  /** The answer of a request that was applied before. */
  #earlierAnswer(session: Session, number: number): KvResult | undefined {
    return session.answers.get(number);
  }

  #acknowledge(session: Session, below: number): void {
    if (below <= session.acknowledgedBelow) return;
    session.answers.forget(session.acknowledgedBelow, below);
    session.acknowledgedBelow = below;
    this.#changed(session);
  }

  #changed(session: Session): void {
    if (session.stale) return;
    session.stale = true;
    // Bounded, so that no single question is long in answering and an expired session is not kept for ever.
    if (this.#stale.push(session) >= STALE_MAX) void this.digest;
  }

  #expire(session: Session): void {
    this.#digest = removeDigest(this.#digest, session.share);
    session.expired = true;
    this.#unlink(session);
    this.#sessions.delete(session.id);
    this.#greatestExpired = Math.max(this.#greatestExpired, session.id);
  }

  #append(session: Session): void {
    session.older = this.#newest;
    if (this.#newest === null) this.#oldest = session;
    else this.#newest.newer = session;
    this.#newest = session;
  }

  #unlink(session: Session): void {
    const { older, newer } = session;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    session.older = null;
    session.newer = null;
  }
}

/** A session's share: itself and the answers it holds. */
function sessionDigest({ id, acknowledgedBelow, answers }: Session): Digest {
  let digest = new Hasher().word(1).integer(id).integer(acknowledgedBelow).digest();
  answers.each((number, result) => {
    digest = addDigest(digest, answerDigest(id, number, result));
  });
  return digest;
}

/** Without the values: they follow from the operation's index and the map, which is hashed itself. */
function answerDigest(id: number, number: number, result: KvResult): Digest {
  const status = result.function === "cas" ? result.status.length : 0;
  return new Hasher().word(2).integer(id).integer(number).integer(result.index).word(status).digest();
}
