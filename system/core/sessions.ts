// Client sessions: the memory that makes a retried request answered, not applied again. Part of the replicated state, changed by
// the decided log only: no clock takes part, so every replica expires the same session at the same index.
//
// Source: Ongaro, "Consensus: Bridging Theory and Practice", 6.3. Departures: a session is named by the log index of its
// OpenSession, so two can never share a name; expiry is by count, the least recently used first, in the order of the log.
import { Hasher, addDigest, removeDigest, zeroDigest, type Digest } from "./hash.js";
import type { KvResult, RefusalReason } from "./interface.js";

/** Answers that one session may leave unacknowledged. */
export const UNACKNOWLEDGED_MAX = 65_536;

interface Answer {
  readonly result: KvResult;
  readonly digest: Digest;
}

interface Session {
  readonly id: number;
  acknowledgedBelow: number;
  readonly answers: Map<number, Answer>;
}

export type Admission =
  /** First time: to be applied, its result handed to `remember`. */
  | { readonly type: "apply" }
  /** Applied before: this was the answer. */
  | { readonly type: "answered"; readonly result: KvResult }
  /** Never to be applied. */
  | { readonly type: "refused"; readonly reason: RefusalReason };

export class Sessions {
  readonly #limit: number;
  /** In the order of their last use, which is the order in which they expire. */
  readonly #sessions = new Map<number, Session>();
  #greatestExpired = -1;
  #digest: Digest = zeroDigest;

  /** `limit` must be the same on all replicas: it decides what the log means. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Over all sessions and the answers they hold; kept up to date, not computed. */
  get digest(): Digest {
    return this.#digest;
  }

  /** `id`: the log index of the OpenSession. */
  open(id: number): void {
    this.#sessions.set(id, { id, acknowledgedBelow: 1, answers: new Map() });
    this.#digest = addDigest(this.#digest, sessionDigest(id, 1));
    if (this.#sessions.size <= this.#limit) return;
    for (const oldest of this.#sessions.values()) {
      this.#expire(oldest);
      break;
    }
  }

  /** What is to become of a decided request. */
  admit(id: number, number: number, acknowledgedBelow: number): Admission {
    const session = this.#sessions.get(id);
    if (session === undefined)
      return { type: "refused", reason: id <= this.#greatestExpired ? "session-expired" : "unknown-session" };
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    this.#acknowledge(session, acknowledgedBelow);
    // What it was answered is forgotten; applying it again would be the second time.
    if (number < session.acknowledgedBelow) return { type: "refused", reason: "below-acknowledged" };
    const earlier = this.#earlierAnswer(session, number);
    if (earlier !== undefined) return { type: "answered", result: earlier };
    if (number >= session.acknowledgedBelow + UNACKNOWLEDGED_MAX) return { type: "refused", reason: "overloaded" };
    return { type: "apply" };
  }

  remember(id: number, number: number, result: KvResult): void {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`session ${id} was admitted and is gone`);
    const digest = answerDigest(id, number, result);
    session.answers.set(number, { result, digest });
    this.#digest = addDigest(this.#digest, digest);
  }

  /** The answer of a request that was applied before. */
  #earlierAnswer(session: Session, number: number): KvResult | undefined {
    return session.answers.get(number)?.result;
  }

  #acknowledge(session: Session, below: number): void {
    if (below <= session.acknowledgedBelow) return;
    this.#digest = removeDigest(this.#digest, sessionDigest(session.id, session.acknowledgedBelow));
    const span = below - session.acknowledgedBelow;
    // Whichever is shorter: the numbers between, or the answers held.
    if (span <= session.answers.size)
      for (let number = session.acknowledgedBelow; number < below; number += 1) this.#forget(session, number);
    else for (const number of session.answers.keys()) if (number < below) this.#forget(session, number);
    session.acknowledgedBelow = below;
    this.#digest = addDigest(this.#digest, sessionDigest(session.id, below));
  }

  #forget(session: Session, number: number): void {
    const answer = session.answers.get(number);
    if (answer === undefined) return;
    session.answers.delete(number);
    this.#digest = removeDigest(this.#digest, answer.digest);
  }

  #expire(session: Session): void {
    for (const number of session.answers.keys()) this.#forget(session, number);
    this.#digest = removeDigest(this.#digest, sessionDigest(session.id, session.acknowledgedBelow));
    this.#sessions.delete(session.id);
    this.#greatestExpired = Math.max(this.#greatestExpired, session.id);
  }
}

function sessionDigest(id: number, acknowledgedBelow: number): Digest {
  return new Hasher().word(1).integer(id).integer(acknowledgedBelow).digest();
}

/** Without the values: they follow from the operation's index and the map, which is hashed itself. */
function answerDigest(id: number, number: number, result: KvResult): Digest {
  const status = result.function === "cas" ? result.status.length : 0;
  return new Hasher().word(2).integer(id).integer(number).integer(result.index).word(status).digest();
}
