// Locks by cas with fencing tokens, and what they guard. Keys come in pairs: a lock `token:owner` and a guarded counter `token,count`. A client
// takes the lock with the next token, reads it back, writes to what is guarded with its token, and lets go. Whoever finds a lock held for
// long breaks it, for its owner's answer may have been lost; then it is the token that keeps an owner who was only slow from writing.
import { describeAnswer, checkCounter, type CheckerResult, type Violation } from "../checker/index.js";
import type { ClientReply, JsonValue } from "../cluster/index.js";
import type { Operation } from "../history/index.js";
import { derivedOf, derivedRead, judgeDerived, objectKey } from "./derived.js";
import { objectWorkload, type ObjectContext } from "./object-workload.js";
import { answerOf, objectText, parseObject, sightings, swapOf, type Swap } from "./objects.js";
import { wholeNumber } from "./options.js";
import { checkRising, type Observation } from "./rising.js";
import { readOf, type Task, type TaskStep } from "./task-load.js";
import type { Workload, WorkloadHistory } from "./workload.js";

interface Lock {
  readonly token: number;
  /** Empty: free. */
  readonly owner: string;
}
interface Guarded {
  /** Of the last write. */
  readonly token: number;
  readonly count: number;
}

function lockIn(text: string): Lock | null {
  const found = /^(\d+):(\w*)$/.exec(text);
  return found === null ? null : { token: Number(found[1]), owner: found[2] ?? "" };
}

function guardedIn(text: string): Guarded | null {
  const found = /^(\d+),(\d+)$/.exec(text);
  return found === null ? null : { token: Number(found[1]), count: Number(found[2]) };
}

const lockText = ({ token, owner }: Lock): string => `${token}:${owner}`;
const guardedText = ({ token, count }: Guarded): string => `${token},${count}`;

/** A swap of a lock: taken by an owner, or let go, by that owner or by somebody who broke it. */
interface LockSwap extends Swap {
  readonly kind: "acquire" | "release";
  readonly owner: string;
  readonly token: number;
}

function lockSwapOf(swap: Swap): LockSwap | null {
  const [from, to] = [lockIn(swap.from), lockIn(swap.to)];
  if (from === null || to === null) return null;
  if (from.owner === "" && to.owner !== "") return { ...swap, kind: "acquire", owner: to.owner, token: to.token };
  if (from.owner !== "" && to.owner === "") return { ...swap, kind: "release", owner: from.owner, token: to.token };
  return null;
}

/** When an owner surely held a lock: from the answer to its acquire to the first call of any release that may have worked. */
interface Holding {
  readonly acquire: LockSwap;
  readonly fromNs: number;
  readonly untilNs: number;
}

function holdingsOf(swaps: readonly LockSwap[]): readonly Holding[] {
  const released = new Map<string, number>();
  for (const { kind, owner, effect, operation } of swaps)
    if (kind === "release" && effect !== "none")
      released.set(owner, Math.min(released.get(owner) ?? Infinity, operation.callNs));
  return swaps
    .filter(({ kind, effect }) => kind === "acquire" && effect === "done")
    .map((acquire) => ({
      acquire,
      fromNs: acquire.operation.returnNs ?? Infinity,
      untilNs: released.get(acquire.owner) ?? Infinity,
    }))
    .filter(({ fromNs, untilNs }) => fromNs < untilNs)
    .toSorted((one, other) => one.fromNs - other.fromNs);
}

/** The last holding that had surely begun when an operation began and surely lasted when it was answered. */
function heldDuring(holdings: readonly Holding[], { callNs, returnNs }: Operation): Holding | null {
  let [low, high] = [0, holdings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((holdings[middle]?.fromNs ?? Infinity) < callNs) low = middle + 1;
    else high = middle;
  }
  const holding = holdings[low - 1];
  return holding !== undefined && (returnNs ?? Infinity) < holding.untilNs ? holding : null;
}

const shownAtMost = 5;

/** Whether two owners held one lock at once, or somebody saw it otherwise than held while it was. At most five violations a lock. */
export function checkLock(
  swaps: readonly LockSwap[],
  sights: readonly { readonly operation: Operation; readonly owner: string }[],
): readonly Violation[] {
  const violations: Violation[] = [];
  const found = (kind: "forked CAS" | "stale read", operation: Operation, but: string, by: Operation): void => {
    if (violations.length >= shownAtMost) return;
    violations.push({
      class: kind,
      checker: "mutex",
      sentence: `${describeAnswer(operation)}, though ${describeAnswer(by)} ${but}.`,
      key: operation.key,
      operations: [by.index, operation.index],
      timeNs: operation.returnNs,
      fingerprint: `${kind}/mutex/${kind === "forked CAS" ? "two owners" : "owner not seen"}`,
    });
  };
  const holdings = holdingsOf(swaps);
  const tokens = new Map<number, LockSwap>();
  for (const swap of swaps) {
    if (swap.kind !== "acquire" || swap.effect !== "done") continue;
    const same = tokens.get(swap.token);
    if (same !== undefined) found("forked CAS", swap.operation, "and was given the same token", same.operation);
    tokens.set(swap.token, same ?? swap);
    const held = heldDuring(holdings, swap.operation);
    if (held !== null && same === undefined)
      found("forked CAS", swap.operation, "and nobody had let go of the lock", held.acquire.operation);
  }
  for (const { operation, owner } of sights) {
    const held = heldDuring(holdings, operation);
    if (held !== null && held.acquire.owner !== owner)
      found("stale read", operation, "and held the lock all the while", held.acquire.operation);
  }
  return violations;
}

interface LockHistory {
  readonly swaps: LockSwap[];
  readonly sights: { readonly operation: Operation; readonly owner: string }[];
}

function judge({ operations }: WorkloadHistory): CheckerResult {
  const locks = new Map<string, LockHistory>();
  const tokens: Observation[] = [];
  const fences: Observation[] = [];
  /** The guarded counters, for the checker of counters. */
  const guarded: Operation[] = [];
  for (const operation of operations) {
    const objectOf = (made: number): JsonValue => objectKey(operation.key, made);
    const lockAt = (made: number): LockHistory => {
      const name = JSON.stringify(objectOf(made));
      const known = locks.get(name) ?? { swaps: [], sights: [] };
      locks.set(name, known);
      return known;
    };
    const observe = (list: Observation[], made: number, low: number, high: number): void =>
      void list.push({ operation, object: objectOf(made), position: 0, low, high });
    for (const { made, rest } of sightings(operation)) {
      const lock = lockIn(rest);
      const count = guardedIn(rest);
      if (lock !== null) {
        lockAt(made).sights.push({ operation, owner: lock.owner });
        observe(tokens, made, lock.token, lock.token);
      }
      if (count === null) continue;
      guarded.push(derivedRead(operation, objectOf(made), count.count));
      observe(fences, made, count.token, count.token);
    }
    const swap = swapOf(operation);
    if (swap === null) continue;
    const change = lockSwapOf(swap);
    if (change !== null) {
      lockAt(swap.made).swaps.push(change);
      const before = change.kind === "acquire" ? change.token - 1 : change.token;
      if (swap.effect === "done") observe(tokens, swap.made, before, change.token);
    }
    const [from, to] = [guardedIn(swap.from), guardedIn(swap.to)];
    if (from === null || to === null || swap.effect === "none") continue;
    const call = { function: "add", key: objectOf(swap.made), input: to.count - from.count, output: to.count };
    guarded.push(derivedOf([swap], call));
    if (swap.effect === "done") observe(fences, swap.made, from.token, to.token);
  }
  const histories = [...locks.values()];
  const swaps = histories.flatMap((one) => one.swaps);
  const count = (kind: LockSwap["kind"], effect: LockSwap["effect"]): number =>
    swaps.filter((swap) => swap.kind === kind && swap.effect === effect).length;
  const acquired = count("acquire", "done");
  const written = guarded.filter((operation) => operation.function === "add" && operation.outcome === "ok").length;
  const results = [
    { violations: histories.flatMap((one) => checkLock(one.swaps, one.sights)) },
    checkRising("mutex", "stale read", "with token", tokens),
    checkRising("mutex", "resurrected write", "with token", fences),
    checkCounter(guarded, 0),
  ];
  const sentence = `Locks were taken ${acquired} times and let go ${count("release", "done")} times; ${written} writes were made under their tokens.`;
  const details = {
    acquired,
    acquires_unknown: count("acquire", "unknown"),
    released: count("release", "done"),
    releases_unknown: count("release", "unknown"),
    guarded_writes: written,
  };
  return judgeDerived("mutex", results, { done: acquired, what: "lock", sentence, details });
}

/** What clients remember of a lock: who holds it, and since when that was seen. */
interface Memory {
  readonly text: string;
  readonly sinceMs: number;
}

/** One client's way through a lock: take it, look at it, write to what it guards, let go. */
class LockTask implements Task {
  readonly first: TaskStep;
  #stage: "taking" | "looking" | "writing" | "letting go" | "done" = "taking";
  /** The text of the lock while this client holds it. */
  #mine: { readonly made: number; readonly lock: Lock } | null = null;

  constructor(
    readonly lockKey: string,
    readonly guardedKey: string | null,
    readonly owner: string,
    readonly breakAfterMs: number,
    readonly memory: Map<string, Memory>,
  ) {
    this.first = readOf(lockKey).first;
  }

  after(reply: ClientReply, step: TaskStep, nowMs: number): TaskStep | null {
    const answer = answerOf(reply, step);
    if (answer === null) return null;
    switch (this.#stage) {
      case "taking":
        return answer.swapped ? this.#taken(step) : this.#take(answer.seen, nowMs);
      case "looking":
        if (this.guardedKey === null) return this.#letGo();
        this.#stage = "writing";
        return readOf(this.guardedKey).first;
      case "writing":
        return answer.swapped ? this.#letGo() : this.#write(answer.seen);
      case "letting go":
      case "done":
        return null;
    }
  }

  #taken(step: TaskStep): TaskStep | null {
    // A lock that was only broken is there for everybody again.
    if (this.#mine === null) return null;
    this.#stage = "looking";
    return readOf(step.key).first;
  }

  #take(seen: JsonValue, nowMs: number): TaskStep | null {
    const object = parseObject(seen);
    const lock = object === null ? null : lockIn(object.rest);
    if (object === null || lock === null || typeof seen !== "string") return null;
    if (lock.owner === "") {
      const mine = { token: lock.token + 1, owner: this.owner };
      this.#mine = { made: object.made, lock: mine };
      return swap(this.lockKey, seen, objectText(object.made, lockText(mine)));
    }
    this.#mine = null;
    const known = this.memory.get(this.lockKey);
    if (known?.text !== seen) {
      this.memory.set(this.lockKey, { text: seen, sinceMs: nowMs });
      return null;
    }
    if (nowMs - known.sinceMs < this.breakAfterMs) return null;
    return swap(this.lockKey, seen, objectText(object.made, lockText({ token: lock.token, owner: "" })));
  }

  #write(seen: JsonValue): TaskStep | null {
    const object = parseObject(seen);
    const guarded = object === null ? null : guardedIn(object.rest);
    const token = this.#mine?.lock.token ?? 0;
    // Somebody with a later token was here: this client's lock was broken, and it must not write any more.
    if (object === null || guarded === null || guarded.token > token || this.guardedKey === null) return this.#letGo();
    const next = objectText(object.made, guardedText({ token, count: guarded.count + 1 }));
    return swap(this.guardedKey, seen, next);
  }

  #letGo(): TaskStep | null {
    this.#stage = "letting go";
    if (this.#mine === null) return null;
    const { made, lock } = this.#mine;
    const held = objectText(made, lockText(lock));
    return swap(this.lockKey, held, objectText(made, lockText({ token: lock.token, owner: "" })));
  }
}

const swap = (key: string, expected: JsonValue, next: string): TaskStep => ({
  function: "cas",
  key,
  input: { expected, new: next },
});

export const mutex: Workload = objectWorkload({
  name: "mutex",
  description:
    "Locks by cas with fencing tokens. Keys come in pairs, a lock and what it guards: a client takes the lock with the next token, reads it back, writes under its token, and lets go. A lock that seems held for too long is broken by others; its token then keeps the late owner from writing.",
  readShare: 0.35,
  options: [
    wholeNumber(
      "break_after_ms",
      1500,
      [1, 3_600_000],
      "a lock seen held by one owner for so long is broken by whoever wants it",
    ),
  ],
  empty: (_key, place) => (place % 2 === 0 ? lockText({ token: 0, owner: "" }) : guardedText({ token: 0, count: 0 })),
  judgedBy:
    "whether two owners ever held a lock at once, tokens only rise, no write under an old token follows one under a later, and no guarded write is lost",
  judge,
  writer(context: ObjectContext) {
    const { objects, own } = context;
    const memory = new Map<string, Memory>();
    let clients = 0;
    return (key) => {
      const place = Math.floor(objects.keys.indexOf(key) / 2) * 2;
      const [lockKey = key, guardedKey] = objects.keys.slice(place, place + 2);
      clients += 1;
      const { there } = objects;
      const guards = guardedKey !== undefined && there.includes(guardedKey) ? guardedKey : null;
      if (!there.includes(lockKey)) return readOf(key);
      return new LockTask(lockKey, guards, `c${clients}`, own("break_after_ms"), memory);
    };
  },
});
