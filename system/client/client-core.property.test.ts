// Drives the client core with random events and checks what must hold after every one: an operation ends once; `ok` only with the
// answer to one of its own attempts; `fail` only when every attempt was definitely refused; all attempts carry one number; bytes go
// only to a connection that stands; and the end comes no later than the timeout.
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { nodeId } from "../core/interface.js";
import type { ClientRequest, ClientResponse, RefusalReason } from "../core/interface.js";
import type { ClientReply } from "../../cluster/index.js";
import { ClientCore } from "./client-core.js";
import type { ClientEffect, ClientEvent } from "./client-core.js";

type OperationRequest = Extract<ClientRequest, { type: "operation" }>;

/** What the world does next; numbers pick among the requests seen so far. */
type Move =
  | { readonly do: "connect" | "lose" | "greet" | "open-session" | "wait" }
  | { readonly do: "answer"; readonly which: number }
  | { readonly do: "refuse"; readonly which: number; readonly definite: boolean; readonly reason: RefusalReason };

const reasons: readonly RefusalReason[] = ["not-ready", "no-leader", "lost-leadership", "session-expired", "malformed"];
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Move>({ do: "connect" }, { do: "greet" }, { do: "open-session" }) },
  { weight: 1, arbitrary: fc.constantFrom<Move>({ do: "lose" }, { do: "wait" }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("answer" as const), which: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("refuse" as const),
      which: fc.nat(20),
      definite: fc.boolean(),
      reason: fc.constantFrom(...reasons),
    }),
  },
);

const timeoutMs = 1_000;

class World {
  readonly core = new ClientCore();
  nowMs = 0;
  startedMs = 0;
  wakeMs = Infinity;
  connection: "none" | "connecting" | "open" = "none";
  /** Requests sent on the present connection that may still be answered. */
  asked: ClientRequest[] = [];
  attempts: OperationRequest[] = [];
  /** Attempts that were answered by a definite refusal. */
  refused = new Set<number>();
  answered = new Set<number>();
  replies: ClientReply[] = [];
  calls = 0;

  invoke(index: number): void {
    this.attempts = [];
    this.refused = new Set();
    this.answered = new Set();
    this.replies = [];
    this.calls = 0;
    this.startedMs = this.nowMs;
    this.feed({ type: "invoke", invocation: { function: "put", key: "k", input: index }, timeoutMs });
  }

  feed(event: ClientEvent): void {
    for (const effect of this.core.handle(event, this.nowMs)) this.carryOut(effect);
  }

  carryOut(effect: ClientEffect): void {
    switch (effect.type) {
      case "connect":
        expect(this.connection, "at most one connection").toBe("none");
        this.connection = "connecting";
        return;
      case "disconnect":
        this.connection = "none";
        this.asked = [];
        return;
      case "send":
        expect(this.connection, "bytes go to an open connection only").toBe("open");
        this.asked.push(effect.request);
        if (effect.call) this.calls++;
        if (effect.request.type === "operation") this.attempts.push(effect.request);
        expect(this.calls, "the call is stamped with the first attempt").toBe(this.attempts.length > 0 ? 1 : 0);
        return;
      case "wake":
        expect(effect.atMs).toBeGreaterThanOrEqual(0);
        this.wakeMs = effect.atMs;
        return;
      case "complete":
        this.replies.push(effect.reply);
        return;
    }
  }

  play(step: Move): void {
    switch (step.do) {
      case "connect":
        if (this.connection !== "connecting") return;
        this.connection = "open";
        this.asked = [];
        this.feed({ type: "connected" });
        return;
      case "lose":
        if (this.connection === "none") return;
        this.connection = "none";
        this.asked = [];
        this.feed({ type: "disconnected", error: "lost" });
        return;
      case "greet":
        this.answer("hello", ({ id }) => ({ type: "welcome", id, node: nodeId(1), groups: 1 }));
        return;
      case "open-session":
        this.answer("open-session", ({ id }) => ({ type: "session-opened", id, group: 0, session: 100 + id }));
        return;
      case "wait":
        if (this.wakeMs === Infinity) return;
        this.nowMs = Math.max(this.nowMs, this.wakeMs);
        this.wakeMs = Infinity;
        this.feed({ type: "timer" });
        return;
      case "answer": {
        const request = this.asked[step.which % Math.max(1, this.asked.length)];
        if (request?.type !== "operation") return;
        this.answered.add(request.id);
        this.feed({
          type: "response",
          response: { type: "result", id: request.id, result: { function: "put", previous: null, index: 1 } },
        });
        return;
      }
      case "refuse": {
        const request = this.asked[step.which % Math.max(1, this.asked.length)];
        if (request === undefined) return;
        const { definite, reason } = step;
        if (definite && reason !== "session-expired") this.refused.add(request.id);
        else this.refused.delete(request.id);
        this.feed({ type: "response", response: { type: "refused", id: request.id, definite, reason } });
        return;
      }
    }
  }

  answer(type: ClientRequest["type"], make: (request: ClientRequest) => ClientResponse): void {
    const request = this.asked.findLast((each) => each.type === type);
    if (request !== undefined) this.feed({ type: "response", response: make(request) });
  }

  /** What must hold of the operation begun last, at any time. */
  check(): void {
    expect(this.replies.length).toBeLessThanOrEqual(1);
    expect(new Set(this.attempts.map((attempt) => `${attempt.session}/${attempt.number}`)).size).toBeLessThanOrEqual(1);
    const [reply] = this.replies;
    if (reply === undefined) return;
    expect(reply.attempts).toBe(this.attempts.length);
    if (reply.outcome === "ok") expect(this.attempts.some(({ id }) => this.answered.has(id))).toBe(true);
    if (reply.outcome === "fail") expect(this.attempts.every(({ id }) => this.refused.has(id))).toBe(true);
    if (reply.outcome === "info") expect(this.attempts.some(({ id }) => !this.refused.has(id))).toBe(true);
  }
}

describe("the client core", () => {
  it("tells the truth of all attempts, whatever the world does", () => {
    fc.assert(
      fc.property(fc.array(move, { minLength: 10, maxLength: 60, size: "max" }), (moves) => {
        const world = new World();
        let index = 0;
        world.invoke(index);
        for (const step of moves) {
          world.play(step);
          world.check();
          if (world.replies.length > 0) {
            if (world.core.dead) return;
            world.invoke(++index);
          }
        }
        // Left alone, the operation ends by its timeout.
        for (let count = 0; world.replies.length === 0; count++) {
          expect(count).toBeLessThan(100);
          expect(world.wakeMs, "something wakes an open operation").toBeLessThan(Infinity);
          world.play({ do: "wait" });
          world.check();
        }
        expect(world.nowMs - world.startedMs).toBeLessThanOrEqual(timeoutMs);
      }),
      { numRuns: 3_000 },
    );
  });
});
