// The verifier against brute force on tiny random histories: it accepts each linearization that brute force finds and none that was
// spoilt, and with every operation in the core it finds inconsistent just what brute force does. The seed of a failure is in its
// message.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../history/index.js";
import { bruteForce } from "./testing/brute-force.js";
import { tinyHistory } from "./testing/tiny-history.js";
import { verifyCore, type CoreClaim } from "./verifier-core.js";
import { registerSpecification, verifyLinearization } from "./verifier.js";

/** Fewer where hundreds of mutants are tried on them. */
const histories = process.env["MUTATION_TESTS"] === undefined ? 3_000 : 300;

/** The core as it is, and the others as their context leaves them. */
function weakened(operations: readonly Operation[], { operations: core, context }: CoreClaim): readonly Operation[] {
  return operations.flatMap((one): Operation[] => {
    if (core.includes(one.index)) return [one];
    const { function: name, outcome, output, callNs, returnNs } = one;
    if (outcome === "fail" || name === "get") return [];
    const told = output as { readonly status?: string; readonly previous?: JsonValue } | null;
    if (outcome === "ok" && told?.status !== undefined && told.status !== "ok") return [];
    const replaced = outcome === "ok" ? told?.previous : undefined;
    const change = replaced === undefined ? {} : { function: "cas", input: { expected: replaced, new: one.input } };
    const times = context === "any-time" ? { callNs: -1, returnNs: null } : { callNs, returnNs };
    return [{ ...one, ...change, ...times, outcome: "info", output: null }];
  });
}

/** Is there an order of the core, each outside operation used as often as wanted inside its interval? By depth-first search. */
function isConsistent(operations: readonly Operation[], initial: JsonValue, claim: CoreClaim): boolean {
  const moves = weakened(operations, claim);
  const { step, text } = registerSpecification(initial);
  const seen = new Set<string>();
  const isCore = (one: Operation) => claim.operations.includes(one.index);
  const search = (state: JsonValue | undefined, used: readonly number[], time: number): boolean => {
    if (state === undefined) return false;
    const key = JSON.stringify([text(state), [...used].sort((left, right) => left - right), time]);
    if (seen.has(key)) return false;
    seen.add(key);
    const waiting = moves.filter((one) => isCore(one) && one.outcome === "ok" && !used.includes(one.index));
    if (waiting.length === 0) return true;
    return moves.some((one) => {
      if (isCore(one) && (used.includes(one.index) || one.outcome === "fail")) return false;
      const at = Math.max(time, one.callNs);
      if (at > (one.returnNs ?? Infinity)) return false;
      return search(step(state, one), isCore(one) ? [...used, one.index] : used, at);
    });
  };
  return search(initial, [], -Infinity);
}

describe("tiny random histories", () => {
  test(`of ${histories}, every linearization that brute force finds is accepted, and no spoilt one`, () => {
    let accepted = 0;
    let spoilt = 0;
    for (let seed = 0; seed < histories; seed++) {
      const { operations, initial } = tinyHistory(createRandom(seed));
      const found = bruteForce(operations, initial);
      const whole = verifyCore(registerSpecification(initial), operations, {
        operations: operations.map(({ index }) => index),
        context: "own-window",
      });
      expect([seed, whole]).toEqual([seed, found === null ? "inconsistent" : "consistent"]);
      if (found === null) continue;
      const order = found.map((position) => operations[position]?.index ?? -1);
      expect([seed, verifyLinearization(registerSpecification(initial), operations, order)]).toEqual([seed, null]);
      accepted += 1;
      // Indices need not be positions.
      const moved = operations.map((one) => ({ ...one, index: 3 * one.index + 5 }));
      const movedOrder = order.map((index) => 3 * index + 5);
      expect([seed, verifyLinearization(registerSpecification(initial), moved, movedOrder)]).toEqual([seed, null]);
      // Backwards it is right only if time allows that and brute force finds it when the calls leave no other order.
      if (order.length < 2 || order.length < operations.length) continue;
      spoilt += 1;
      const backwards = found.toReversed().flatMap((position) => operations[position] ?? []);
      const allows = backwards.every((one, at) =>
        backwards.slice(at).every((later) => (later.returnNs ?? Infinity) >= one.callNs),
      );
      const forced = backwards.map((one, at): Operation => ({
        ...one,
        callNs: at,
        returnNs: one.returnNs === null ? null : at,
      }));
      const right = allows && bruteForce(forced, initial)?.every((position, at) => position === at) === true;
      const verdict = verifyLinearization(registerSpecification(initial), operations, order.toReversed());
      expect([seed, verdict === null]).toEqual([seed, right]);
    }
    expect(accepted).toBeGreaterThan(histories / 10);
    expect(spoilt).toBeGreaterThan(histories / 30);
  });

  test.each(["own-window", "any-time"] as const)("a core drawn by lot is judged as its context %s says", (context) => {
    const seen = { consistent: 0, inconsistent: 0 };
    for (let seed = 0; seed < histories; seed++) {
      const random = createRandom(seed);
      const { operations, initial } = tinyHistory(random);
      const claim = { operations: operations.map(({ index }) => index).filter(() => random.chance(0.6)), context };
      const truth = isConsistent(operations, initial, claim) ? "consistent" : "inconsistent";
      expect([seed, verifyCore(registerSpecification(initial), operations, claim)]).toEqual([seed, truth]);
      seen[truth] += 1;
    }
    expect(seen.consistent).toBeGreaterThan(histories / 10);
    expect(seen.inconsistent).toBeGreaterThan(histories / 10);
  });
});
