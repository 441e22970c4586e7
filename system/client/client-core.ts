// The client's logic without any input or output: what to send when, and what an operation's outcome is over all its
// attempts. `tcp-client.ts` drives it with a socket and timers, a simulation with virtual ones.
//
// One operation at a time. It belongs to a session of its key's group, opened when first needed, and has one number there that
// all its attempts carry, so that the store applies it once. An attempt is *open* until it is answered or its connection ends;
// then it is *refused*, when the node that was asked says that it gave the request to nobody, or else *unknown*. The operation
// failed only if every attempt was refused so, or none was made; with any other it is `info`.
import type { ClientReply, ClientRequest as Invocation, JsonValue } from "../../cluster/index.js";
import type { ClientRequest, ClientResponse, GroupId, KvOperation, RefusalReason } from "../core/interface.js";
import { groupOfKey } from "../core/partition-table.js";
import { outputOf, toKvOperation } from "./operation-mapping.js";

export interface ClientTiming {
  /** An attempt without an answer for so long is repeated on the same connection. */
  readonly attemptTimeoutMs: number;
  /** Pause before trying again after a refusal or a lost connection; doubles up to the longest. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** A quiet day's answer takes a few milliseconds; what takes much longer is lost, or waits behind an election of a few hundred. */
export const defaultClientTiming: ClientTiming = { attemptTimeoutMs: 100, firstPauseMs: 10, longestPauseMs: 200 };

export type ClientEvent =
  | { readonly type: "invoke"; readonly invocation: Invocation; readonly timeoutMs: number }
  /** The connection asked for is there. */
  | { readonly type: "connected" }
  /** It could not be made, or it ended. */
  | { readonly type: "disconnected"; readonly error: string }
  | { readonly type: "response"; readonly response: ClientResponse }
  /** The time asked for by `wake` has come. */
  | { readonly type: "timer" }
  /** The owner closes the client. */
  | { readonly type: "close" };

export type ClientEffect =
  | { readonly type: "connect" }
  | { readonly type: "disconnect" }
  /** `call`: the first bytes of the open operation. */
  | { readonly type: "send"; readonly request: ClientRequest; readonly call: boolean }
  /** Replaces any earlier wake. */
  | { readonly type: "wake"; readonly atMs: number }
  | { readonly type: "complete"; readonly reply: ClientReply };

type AttemptState = "open" | "refused" | "unknown";

interface OpenOperation {
  readonly operation: KvOperation;
  readonly deadlineMs: number;
  readonly attempts: Map<number, AttemptState>;
  /** Drawn from the session at the first attempt. */
  number: number | null;
  error: string | null;
  /** Earliest time of the next step. */
  notBeforeMs: number;
  pauseMs: number;
}

interface Session {
  readonly session: number;
  nextNumber: number;
  acknowledgedBelow: number;
}

/** What is waited for: the answer to a request, or (while connecting) the connection. */
interface Awaited {
  readonly id: number;
  readonly untilMs: number;
}

/** Refusals after which another attempt of the same operation is pointless. */
const finalRefusals: ReadonlySet<RefusalReason> = new Set(["malformed", "wrong-group"]);
/** Refusals that say nothing of earlier attempts and can only repeat themselves: the session is of no more use. */
const sessionRefusals: ReadonlySet<RefusalReason> = new Set([
  "unknown-session",
  "session-expired",
  "below-acknowledged",
]);

export class ClientCore {
  readonly #timing: ClientTiming;
  readonly #sessions = new Map<GroupId, Session>();
  #connection: "none" | "connecting" | "greeting" | "ready" = "none";
  #groups: number | null = null;
  #lastId = 0;
  #awaited: Awaited | null = null;
  #open: OpenOperation | null = null;
  #dead = false;
  #nowMs = 0;
  #effects: ClientEffect[] = [];

  constructor(timing: ClientTiming = defaultClientTiming) {
    this.#timing = timing;
  }

  /** True when `id` is that of an attempt of the open operation: a result with it completes the operation. */
  awaits(id: number): boolean {
    return this.#open?.attempts.has(id) ?? false;
  }

  /** True after an `info`, or once closed: nothing may be invoked any more. */
  get dead(): boolean {
    return this.#dead;
  }

  get busy(): boolean {
    return this.#open !== null;
  }

  handle(event: ClientEvent, nowMs: number): readonly ClientEffect[] {
    this.#nowMs = nowMs;
    this.#effects = [];
    switch (event.type) {
      case "invoke":
        this.#invoke(event.invocation, event.timeoutMs);
        break;
      case "connected":
        this.#connected();
        break;
      case "disconnected":
        this.#disconnected(event.error);
        break;
      case "response":
        this.#response(event.response);
        break;
      case "timer":
        break;
      case "close":
        this.#close();
        break;
    }
    this.#advance();
    return this.#effects;
  }

  #invoke(invocation: Invocation, timeoutMs: number): void {
    if (this.#open !== null) throw new Error("an operation is open: a client does one at a time");
    if (this.#dead) throw new Error("the client is closed");
    const operation = toKvOperation(invocation);
    if ("error" in operation) {
      this.#effects.push({ type: "complete", reply: failure(operation.error, 0) });
      return;
    }
    this.#open = {
      operation,
      deadlineMs: this.#nowMs + timeoutMs,
      attempts: new Map(),
      number: null,
      error: null,
      notBeforeMs: this.#nowMs,
      pauseMs: this.#timing.firstPauseMs,
    };
  }

  #connected(): void {
    if (this.#connection !== "connecting") return;
    // Nothing of the operation is sent before the node has answered: a proxy accepts connections for a node that is down,
    // and bytes handed to it would make the outcome unknown.
    this.#connection = "greeting";
    this.#ask({ type: "hello", id: ++this.#lastId }, false);
  }

  #disconnected(error: string): void {
    this.#connection = "none";
    this.#awaited = null;
    const open = this.#open;
    if (open === null) return;
    for (const [id, state] of open.attempts) if (state === "open") open.attempts.set(id, "unknown");
    this.#pause(open, error);
  }

  #response(response: ClientResponse): void {
    const answersAwaited = this.#awaited?.id === response.id;
    switch (response.type) {
      case "welcome":
        if (this.#connection !== "greeting") return;
        this.#groups = response.groups;
        this.#connection = "ready";
        this.#awaited = null;
        return;
      case "session-opened":
        // A second answer, to an attempt that was given up, opened a session that nobody uses.
        if (!this.#sessions.has(response.group))
          this.#sessions.set(response.group, { session: response.session, nextNumber: 1, acknowledgedBelow: 1 });
        if (answersAwaited) this.#awaited = null;
        return;
      case "result":
        this.#result(response);
        return;
      case "refused":
        this.#refused(response, answersAwaited);
        return;
    }
  }

  #result(response: Extract<ClientResponse, { type: "result" }>): void {
    const open = this.#open;
    // A late answer to an operation that is over, or the second answer to one.
    if (open === null || !open.attempts.has(response.id) || open.number === null) return;
    if (response.result.function !== open.operation.function) {
      this.#finish("the answer is of another operation");
      return;
    }
    const session = this.#sessionOf(open);
    if (session !== undefined) session.acknowledgedBelow = open.number + 1;
    this.#complete({
      outcome: "ok",
      output: outputOf(response.result),
      error: null,
      attempts: open.attempts.size,
      systemIndex: response.result.index,
    });
  }

  #refused(response: Extract<ClientResponse, { type: "refused" }>, answersAwaited: boolean): void {
    const open = this.#open;
    if (answersAwaited) this.#awaited = null;
    if (this.#connection === "greeting") this.#hangUp();
    if (open === null) return;
    const state = open.attempts.get(response.id);
    if (state === undefined) {
      // Of a greeting or of the opening of a session: no byte of the operation has been sent for it.
      if (answersAwaited) this.#pause(open, `refused: ${response.reason}`);
      return;
    }
    open.attempts.set(response.id, response.definite ? "refused" : "unknown");
    open.error = `refused: ${response.reason}`;
    if (sessionRefusals.has(response.reason)) {
      // Whether an earlier attempt was applied before the session ended is not known, and a new session would not know it
      // either: never repeated silently.
      open.attempts.set(response.id, "unknown");
      this.#finish(`refused: ${response.reason}`);
    } else if (finalRefusals.has(response.reason) && response.definite) {
      this.#finish(`refused: ${response.reason}`);
    } else if (answersAwaited) {
      this.#pause(open, `refused: ${response.reason}`);
    }
  }

  #close(): void {
    this.#dead = true;
    if (this.#open !== null) this.#finish("closed");
    this.#hangUp();
  }

  /** Whatever can be done now is done, until something has to be waited for. */
  #advance(): void {
    const open = this.#open;
    if (open === null || this.#dead) return;
    if (this.#nowMs >= open.deadlineMs) {
      this.#finish(open.error === null ? "timeout" : `timeout (${open.error})`);
      return;
    }
    if (this.#awaited !== null && this.#nowMs >= this.#awaited.untilMs) {
      this.#awaited = null;
      if (this.#connection !== "ready") {
        this.#hangUp();
        this.#pause(open, "no greeting");
      }
    }
    if (this.#awaited === null && this.#nowMs >= open.notBeforeMs) this.#step(open);
    this.#wake(open);
  }

  #step(open: OpenOperation): void {
    if (this.#connection === "none") {
      this.#connection = "connecting";
      this.#awaited = { id: ++this.#lastId, untilMs: this.#nowMs + this.#timing.attemptTimeoutMs };
      this.#effects.push({ type: "connect" });
      return;
    }
    if (this.#groups === null) return;
    const group = groupOfKey(open.operation.key, this.#groups);
    const session = this.#sessions.get(group);
    if (session === undefined) {
      this.#ask({ type: "open-session", id: ++this.#lastId, group }, false);
      return;
    }
    open.number ??= session.nextNumber++;
    const id = ++this.#lastId;
    const first = open.attempts.size === 0;
    open.attempts.set(id, "open");
    const { number, operation } = open;
    const { session: sessionIndex, acknowledgedBelow } = session;
    this.#ask({ type: "operation", id, group, session: sessionIndex, number, acknowledgedBelow, operation }, first);
  }

  #ask(request: ClientRequest, call: boolean): void {
    this.#awaited = { id: request.id, untilMs: this.#nowMs + this.#timing.attemptTimeoutMs };
    this.#effects.push({ type: "send", request, call });
  }

  #pause(open: OpenOperation, error: string): void {
    open.error = error;
    open.notBeforeMs = this.#nowMs + open.pauseMs;
    open.pauseMs = Math.min(this.#timing.longestPauseMs, open.pauseMs * 2);
  }

  #wake(open: OpenOperation): void {
    const next = this.#awaited?.untilMs ?? open.notBeforeMs;
    this.#effects.push({ type: "wake", atMs: Math.min(open.deadlineMs, next) });
  }

  /** Ends the open operation without a result. */
  #finish(error: string): void {
    const open = this.#open;
    if (open === null) return;
    const failed = [...open.attempts.values()].every((state) => state === "refused");
    if (failed) {
      this.#complete(failure(error, open.attempts.size));
      return;
    }
    this.#complete({ outcome: "info", output: null, error, attempts: open.attempts.size, systemIndex: null });
    this.#dead = true;
    this.#hangUp();
  }

  #complete(reply: ClientReply): void {
    this.#open = null;
    if (this.#connection === "ready") this.#awaited = null;
    this.#effects.push({ type: "complete", reply });
  }

  #hangUp(): void {
    if (this.#connection === "none") return;
    this.#connection = "none";
    this.#awaited = null;
    this.#effects.push({ type: "disconnect" });
  }

  #sessionOf(open: OpenOperation): Session | undefined {
    return this.#groups === null ? undefined : this.#sessions.get(groupOfKey(open.operation.key, this.#groups));
  }
}

function failure(error: string, attempts: number): ClientReply {
  const output: JsonValue = null;
  return { outcome: "fail", output, error, attempts, systemIndex: null };
}
