// What an explanation is built of, on small random histories: a core is judged as the verifier judges it, the first contradiction is
// where brute force finds it, and cores are as small as can be. The seed of a failure is in its message.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import { normaliseRegister, type NormalisedRegister } from "../register/normalise.js";
import { bruteForce } from "../testing/brute-force.js";
import { get, operations, put } from "../testing/builders.js";
import { fuzzHistory } from "../testing/fuzz-history.js";
import { knownAt } from "../testing/known-at.js";
import { tinyHistory } from "../testing/tiny-history.js";
import { verifyCore } from "../verifier-core.js";
import { registerSpecification } from "../verifier.js";
import { isInconsistentCore, Surroundings } from "./core-search.js";
import { coreOfModel, coreOfRegister, minimise } from "./minimise.js";
import { firstContradiction, troubleWith, type Trouble } from "./prefix.js";
import { registerModel } from "../models/register.js";

/** Fewer where hundreds of mutants are tried on them. */
const histories = process.env["MUTATION_TESTS"] === undefined ? 2_000 : 250;

function normalised(operations: readonly Operation[], initial: JsonValue): NormalisedRegister | null {
  const normal = normaliseRegister(operations, initial);
  return "values" in normal ? normal : null;
}

function drawn(seed: number) {
  const random = createRandom(seed);
  const { operations, initial } = seed % 2 === 0 ? tinyHistory(random) : fuzzHistory(random, 7);
  return { random, operations, initial, normal: normalised(operations, initial) };
}

const budget = () => new Budget({ timeMs: 20_000 }, undefined, () => 0);

describe("a core drawn by lot", () => {
  test.each(["own-window", "any-time"] as const)("is judged in context %s as the verifier judges it", (context) => {
    const seen = { consistent: 0, inconsistent: 0 };
    for (let seed = 0; seed < histories; seed++) {
      const { random, operations, initial, normal } = drawn(seed);
      if (normal === null) continue;
      const core = normal.operations.filter(() => random.chance(0.6));
      const all = new Surroundings(normal.operations);
      const claim = { operations: core.map(({ position }) => position), context };
      const truth = verifyCore(registerSpecification(initial), operations, claim);
      if (truth === "undecided") throw new Error(`seed ${seed}: too large`);
      const found = isInconsistentCore(core, all, context, 1_000_000) ? "inconsistent" : "consistent";
      expect([seed, found]).toEqual([seed, truth]);
      seen[truth] += 1;
    }
    expect(Math.min(seen.consistent, seen.inconsistent)).toBeGreaterThan(histories / 10);
  });

  test("is not said to be inconsistent when there was no room to look", () => {
    const { normal } = drawn(2);
    if (normal === null) throw new Error("invariant: no operation contradicts itself");
    for (const core of normal.operations.map((one) => [one]))
      expect(isInconsistentCore(core, new Surroundings(normal.operations), "own-window", 0)).toBe(false);
  });
});

describe("the first contradiction", () => {
  test("is where brute force finds it, wherever the search for it begins", () => {
    let found = 0;
    for (let seed = 0; seed < histories; seed++) {
      const { random, operations, initial, normal } = drawn(seed);
      if (normal === null || bruteForce(operations, initial) !== null) continue;
      const times = [...new Set(normal.operations.flatMap((one) => (one.required ? [one.return] : [])))];
      times.sort((one, other) => one - other);
      const truth = times.find((time) => bruteForce(knownAt(operations, time), initial) === null);
      const near = random.pick(normal.operations).position;
      const known = troubleWith(normal, budget());
      if (known === null) throw new Error(`seed ${seed}: no trouble`);
      for (const trouble of [known, { stuck: -1, conflict: [] }, { stuck: near, conflict: [] }])
        expect([seed, firstContradiction(normal, trouble, budget)?.operation.return]).toEqual([seed, truth]);
      found += 1;
    }
    expect(found).toBeGreaterThan(histories / 4);
  });

  test("is not found where there is none", () => {
    let sound = 0;
    for (let seed = 0; seed < histories / 4; seed++) {
      const { operations, initial, normal } = drawn(seed);
      if (normal === null || bruteForce(operations, initial) === null) continue;
      expect([seed, troubleWith(normal, budget())]).toEqual([seed, null]);
      expect([seed, firstContradiction(normal, { stuck: -1, conflict: [] }, budget)]).toEqual([seed, null]);
      sound += 1;
    }
    expect(sound).toBeGreaterThan(histories / 40);
  });
});

describe("looking for the first contradiction among 600 operations", () => {
  /** A value is written and read again and again, with one stale read at this place among the answers. */
  const stale = 301;
  const steps = Array.from({ length: 600 }, (_, at) => {
    const value = at - (at % 2);
    const seen = at === stale ? value - 2 : value;
    return at % 2 === 0 ? put(value, 10 * at, 10 * at + 5) : get(seen, 10 * at, 10 * at + 5);
  });
  const normal = normalised(operations(...steps), null);
  if (normal === null) throw new Error("invariant: no operation contradicts itself");

  const looksFrom = (trouble: Trouble): number => {
    let looks = 0;
    const first = firstContradiction(normal, trouble, () => {
      looks += 1;
      return budget();
    });
    expect(first?.operation.position).toBe(stale);
    return looks;
  };

  test("takes one look where a conflict is known, two where the place is", () => {
    expect(looksFrom({ stuck: stale, conflict: [stale - 1, stale, stale - 3] })).toBe(1);
    expect(looksFrom({ stuck: stale, conflict: [] })).toBe(2);
  });

  test.each([1, 3, 10, 30, 100, 298])(
    "takes at most eight and two more for each doubling of the distance, at %d",
    (far) => {
      // Steps outwards and steps back grow fourfold, halving goes on from there; each may reach three times as far as it need.
      const most = 8 + 2 * Math.log2(far);
      expect(looksFrom({ stuck: stale - far, conflict: [] })).toBeLessThanOrEqual(most);
      expect(looksFrom({ stuck: stale + far, conflict: [] })).toBeLessThanOrEqual(most);
    },
  );

  test("begins at the end where no place is known", () => {
    expect(looksFrom({ stuck: -1, conflict: [] })).toBe(looksFrom({ stuck: 599, conflict: [] }));
  });
});

describe("a core", () => {
  test("of a register is inconsistent, and consistent without any one of its operations", () => {
    const contexts = { "own-window": 0, "any-time": 0, "open-ended": 0 };
    for (let seed = 0; seed < histories; seed++) {
      const { operations, initial, normal } = drawn(seed);
      if (normal === null || bruteForce(operations, initial) !== null) continue;
      const first = firstContradiction(normal, { stuck: -1, conflict: [] }, budget);
      if (first === null) throw new Error(`seed ${seed}: no contradiction`);
      for (const hint of [first.trouble.conflict, []]) {
        const core = coreOfRegister(normal, first.operation.return, 20_000, hint);
        if (core === null) throw new Error(`seed ${seed}: no core`);
        const { positions, context } = core;
        const judged = (some: readonly number[]) =>
          verifyCore(registerSpecification(initial), operations, { operations: some, context });
        expect([seed, core.minimal, judged(positions)]).toEqual([seed, true, "inconsistent"]);
        for (const left of positions)
          expect([seed, judged(positions.filter((one) => one !== left))]).toEqual([seed, "consistent"]);
        contexts[context] += 1;
      }
    }
    expect(Math.min(contexts["own-window"], contexts["any-time"])).toBeGreaterThan(histories / 50);
  });

  test("of any model is inconsistent, and consistent without any one of its operations", () => {
    const model = registerModel("cas-register", true);
    let found = 0;
    for (let seed = 0; seed < histories / 2; seed++) {
      const { operations, initial } = drawn(seed);
      const happened = operations.filter(({ outcome }) => outcome !== "fail");
      const core = coreOfModel(model, initial, happened, 20_000);
      if (core === null) continue;
      found += 1;
      const judged = (some: readonly number[]) =>
        verifyCore(registerSpecification(initial), happened, {
          operations: some.map((position) => happened[position]?.index ?? -1),
          context: "open-ended",
        });
      expect([seed, core.minimal, judged(core.positions)]).toEqual([seed, true, "inconsistent"]);
      for (const left of core.positions)
        expect([seed, judged(core.positions.filter((one) => one !== left))]).toEqual([seed, "consistent"]);
    }
    expect(found).toBeGreaterThan(histories / 20);
  });
});

describe("greedy removal", () => {
  const items = Array.from({ length: 37 }, (_, at) => at);

  test("leaves just what is needed, in few tries", () => {
    for (let seed = 0; seed < 100; seed++) {
      const random = createRandom(seed);
      const needed = items.filter(() => random.chance(0.1));
      let tries = 0;
      const holds = (some: readonly number[]) => {
        tries += 1;
        return needed.every((one) => some.includes(one));
      };
      expect(minimise(items, holds, Infinity)).toEqual({ items: needed, minimal: true });
      expect(tries).toBeLessThan(30 + 14 * needed.length);
    }
  });

  test("says when its time was up, with what it had by then", () => {
    expect(minimise(items, () => true, -1)).toEqual({ items, minimal: false });
    expect(minimise([], () => true, Infinity)).toEqual({ items: [], minimal: true });
  });
});
