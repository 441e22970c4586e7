// What an explanation adds to a core, on tiny random histories and on simulated systems with planted bugs: staleness that brute
// force confirms, partial linearizations that replay, and fingerprints that repeats of one bug share. Seeds are in the messages.
import { describe, expect, test } from "vitest";
import { createRandom, operationsOf } from "../../history/index.js";
import { checkLinearizability } from "../linearizability.js";
import { bruteForce } from "../testing/brute-force.js";
import { knownAt } from "../testing/known-at.js";
import { simulateRegister } from "../testing/simulated-register.js";
import { tinyHistory } from "../testing/tiny-history.js";
import { registerSpecification, verifyLinearization } from "../verifier.js";

/** Fewer where hundreds of mutants are tried on them. */
const histories = process.env["MUTATION_TESTS"] === undefined ? 4_000 : 300;

describe("tiny random histories", () => {
  test(`explanations of the wrong ones among ${histories} stand up`, () => {
    const seen = { explained: 0, stale: 0, partials: 0 };
    for (let seed = 0; seed < histories; seed++) {
      const { operations, initial } = tinyHistory(createRandom(seed));
      const [violation] = checkLinearizability(operations, "cas-register", { initial }).violations;
      if (violation === undefined) continue;
      const { explanation, culprit, timeNs } = violation;
      if (explanation === undefined || culprit === undefined || timeNs === null)
        throw new Error(`seed ${seed}: no explanation`);
      seen.explained += 1;
      if (bruteForce(knownAt(operations, timeNs), initial) !== null)
        throw new Error(`seed ${seed}: nothing was wrong yet`);
      const legend = new Set(explanation.legend.map(({ operation }) => operation));
      for (const index of [...violation.operations, culprit]) expect(legend.has(index), `seed ${seed}`).toBe(true);
      if (explanation.stalenessMs !== null) {
        seen.stale += 1;
        // Had the read begun that much earlier, just after the value was gone, it would be wrong as well.
        const earlier = operations.map((one) => {
          if (one.index !== culprit) return one;
          return { ...one, callNs: Math.round(one.callNs - (explanation.stalenessMs ?? 0) * 1e6) + 1 };
        });
        if (bruteForce(earlier, initial) !== null) throw new Error(`seed ${seed}: it was not gone for so long`);
      }
      for (const { order, before, notPlaced } of explanation.partials) {
        seen.partials += 1;
        expect(before, `seed ${seed}`).toBe(0);
        const known = operations.flatMap((one) => {
          if (one.callNs > timeNs || one.index === notPlaced[0]?.operation) return [];
          const isLater = one.returnNs !== null && one.returnNs > timeNs && one.outcome === "ok";
          return [isLater ? { ...one, outcome: "info" as const, output: null, returnNs: null } : one];
        });
        const problem = verifyLinearization(registerSpecification(initial), known, order);
        if (problem !== null) throw new Error(`seed ${seed}: ${problem}`);
      }
    }
    expect(seen.explained).toBeGreaterThan(histories / 4);
    expect(seen.stale).toBeGreaterThan(histories / 40);
    expect(seen.partials).toBeGreaterThan(seen.explained / 2);
  });
});

describe("fingerprints", () => {
  // Fewer where hundreds of mutants are tried on them.
  const isQuick = process.env["MUTATION_TESTS"] !== undefined;
  const options = { clients: 8, keys: 3, operations: isQuick ? 300 : 1500 };
  test.each(["stale-reads", "lost-writes"] as const)("repeats of %s share one, whatever the seed", (bug) => {
    const found = new Map<string, number>();
    for (let seed = 0; seed < 12; seed++) {
      const operations = operationsOf(simulateRegister({ ...options, seed, bug }));
      const { violations } = checkLinearizability(operations, "cas-register", { initial: null });
      for (const { fingerprint } of violations) found.set(fingerprint, (found.get(fingerprint) ?? 0) + 1);
    }
    // By chance one bug may look like another on a key; of one class there is one fingerprint.
    const classes = new Set([...found.keys()].map((fingerprint) => fingerprint.split("/")[0]));
    expect([...found]).toHaveLength(classes.size);
    expect(Math.max(...found.values())).toBeGreaterThan(10);
  });
});
