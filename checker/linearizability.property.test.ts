// Both engines against brute force on tiny random histories, every witness replayed and every core re-checked and minimal. The seed
// of a failure is in its message: tinyHistory(createRandom(seed)) makes the history again.
import { describe, expect, test } from "vitest";
import { createRandom } from "../history/index.js";
import { checkLinearizability } from "./linearizability.js";
import { bruteForce } from "./testing/brute-force.js";
import { tinyHistory } from "./testing/tiny-history.js";
import { verifyCore } from "./verifier-core.js";
import { registerSpecification, verifyLinearization } from "./verifier.js";

const histories = 25_000;

describe("tiny random histories", () => {
  test(`${histories} of them are judged as brute force judges them, and certified`, () => {
    const seen = { valid: 0, invalid: 0 };
    for (let seed = 0; seed < histories; seed++) {
      const { operations, initial } = tinyHistory(createRandom(seed));
      const truth = bruteForce(operations, initial) !== null;
      const specification = registerSpecification(initial);
      const result = checkLinearizability(operations, "cas-register", { initial });
      if (result.valid !== truth)
        throw new Error(`seed ${seed}: judged ${String(result.valid)}, but it is ${String(truth)}`);
      if (truth) {
        seen.valid += 1;
        const problem = verifyLinearization(specification, operations, result.keys[0]?.linearization ?? []);
        if (problem !== null) throw new Error(`seed ${seed}: ${problem}`);
        continue;
      }
      seen.invalid += 1;
      const [violation] = result.violations;
      const certificate = violation?.certificate;
      if (violation === undefined || certificate === undefined) throw new Error(`seed ${seed}: no certificate`);
      const { context } = certificate;
      if (!certificate.verified || !certificate.minimal)
        throw new Error(`seed ${seed}: ${JSON.stringify(certificate)}`);
      for (const left of violation.operations) {
        const rest = violation.operations.filter((index) => index !== left);
        if (verifyCore(specification, operations, { operations: rest, context }) !== "consistent")
          throw new Error(`seed ${seed}: the core ${violation.operations.join()} does not need ${left}`);
      }
    }
    expect(seen.valid).toBeGreaterThan(histories / 10);
    expect(seen.invalid).toBeGreaterThan(histories / 10);
  });

  test("Wing and Gong's search agrees with brute force", () => {
    for (let seed = 1_000_000; seed < 1_000_000 + histories; seed++) {
      const { operations, initial } = tinyHistory(createRandom(seed));
      const truth = bruteForce(operations, initial) !== null;
      const result = checkLinearizability(operations, "cas-register", {
        initial,
        engine: "wing-gong",
        explainMs: 1,
        explainKeys: 0,
      });
      if (result.valid !== truth)
        throw new Error(`seed ${seed}: judged ${String(result.valid)}, but it is ${String(truth)}`);
    }
  });
});
