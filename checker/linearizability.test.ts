// The way of one check through its stages: what a result holds, in which order keys are judged and told, which engine is named where
// one gave up, and that answers which do not stand up are never passed on.
import { describe, expect, test } from "vitest";
import type { JsonValue, Operation } from "../history/index.js";
import { Budget } from "./budget.js";
import { CertificateMismatch } from "./certificate.js";
import { EngineDoesNotApply, judgeOperations } from "./engine.js";
import { checkLinearizability, requireLinearization, resolveModel } from "./linearizability.js";
import { anyModel } from "./model.js";
import { cas, get, operation, operations, put } from "./testing/builders.js";

type Maker = (index: number) => Operation;
const on =
  (key: JsonValue, make: Maker): Maker =>
  (index) => ({ ...make(index), key });
const register = { initial: null } as const;
const stale = (key: JsonValue, from: number): readonly Maker[] =>
  [put(1, from, from + 1), put(2, from + 2, from + 3), get(1, from + 4, from + 5)].map((make) => on(key, make));
const twice = [put(1, 0, 1), put(2, 2, 3), put(1, 4, 5), get(1, 6, 7)];

describe("a result", () => {
  test("of a valid key is its linearization, by index, and nothing else", () => {
    const history = operations(put(1, 0, 1), get(1, 2, 3)).map((one) => ({ ...one, index: 10 * one.index + 5 }));
    const began = performance.now();
    const result = checkLinearizability(history, "cas-register", register);
    const key = { key: "k", valid: true, operations: 2, engine: "no-search", linearization: [5, 15], reason: null };
    expect(result).toEqual({
      checker: "linearizability",
      valid: true,
      violations: [],
      unknown: [],
      keys: [{ ...key, durationMs: expect.any(Number) as number }],
    });
    expect(result.keys[0]?.durationMs).toBeLessThanOrEqual(performance.now() - began);
    expect(result.keys[0]?.durationMs).toBeGreaterThanOrEqual(0);
  });

  test("of nothing is valid, and of what is no history unknown", () => {
    expect(checkLinearizability([], "cas-register", register)).toEqual({
      checker: "linearizability",
      valid: true,
      violations: [],
      unknown: [],
      keys: [],
    });
    expect(checkLinearizability(operations(put(1, 5, 4)), "cas-register", register)).toEqual({
      checker: "linearizability",
      valid: "unknown",
      violations: [],
      unknown: [{ code: "malformed", sentence: "operation 0 (put, event 0): it returns before it is called" }],
      keys: [],
    });
  });

  test("names keys in order of first call, and violations in order of time", () => {
    const history = operations(
      on("long", put(0, 0, 1)),
      ...stale("late", 50),
      ...stale("early", 10),
      on("long", get(0, 90, 91)),
    );
    const result = checkLinearizability(history, "cas-register", register);
    expect(result.keys.map(({ key, valid }) => [key, valid])).toEqual([
      ["long", true],
      ["late", false],
      ["early", false],
    ]);
    expect(result.violations.map(({ key }) => key)).toEqual(["early", "late"]);
    for (const { certificate } of result.violations) expect(certificate?.verified).toBe(true);
    expect(result.unknown).toEqual([]);
    expect(result.keys[1]?.reason).toBe(result.violations[1]?.sentence);
  });

  test("names the engine that was at work when it gave up, and why", () => {
    const given = (engine: "no-search" | undefined, limit: number, makers: readonly Maker[] = twice) => {
      const result = checkLinearizability(operations(...makers), "cas-register", {
        ...register,
        budget: { configurations: limit },
        ...(engine === undefined ? {} : { engine }),
      });
      return [result.keys[0]?.engine, result.keys[0]?.valid, result.unknown[0]?.code, result.unknown[0]?.sentence];
    };
    expect(given("no-search", 100)).toEqual([
      "no-search",
      "unknown",
      "not-applicable",
      expect.stringMatching(/^key "k": no-search cannot judge it: ./),
    ]);
    // Not to be judged without a search, and not within one configuration.
    const crowd = [
      ...[1, 2, 1, 2, 1, 2].map((value, at) => put(value, at, 100 + at)),
      ...[2, 1, 2, 1].map((value, at) => get(value, 20 + 2 * at, 21 + 2 * at)),
    ];
    expect(given(undefined, 1, crowd)).toEqual([
      "configuration-sets",
      "unknown",
      "budget",
      expect.stringMatching(
        /^key "k": the configurations budget ran out \(more than 1 configurations\) after \d+ configurations of 10 operations/,
      ),
    ]);
  });

  test("that was stopped is interrupted, and no budget", () => {
    const result = checkLinearizability(operations(...twice), "cas-register", {
      ...register,
      watch: { signal: AbortSignal.abort() },
    });
    expect(result.unknown).toEqual([
      { code: "interrupted", sentence: 'key "k": it was asked to stop after 0 configurations of 4 operations' },
    ]);
  });
});

describe("explanations", () => {
  const large = [...stale("large", 0), on("large", get(2, 8, 9))];
  const explained = (
    makers: readonly Maker[],
    options: { readonly explainKeys?: number; readonly explainMs?: number },
  ) =>
    checkLinearizability(operations(...makers), "cas-register", { ...register, ...options }).violations.flatMap(
      ({ key, explanation }) => (explanation === undefined ? [] : [key]),
    );

  test("are given for as many violated keys as asked for, the smallest first", () => {
    const history = [...large, on("valid", get(null, 0, 1)), ...stale("small", 20)];
    expect(explained(history, {})).toEqual(["large", "small"]);
    expect(explained(history, { explainKeys: 2 })).toEqual(["large", "small"]);
    expect(explained(history, { explainKeys: 1 })).toEqual(["small"]);
    expect(explained(history, { explainKeys: 0 })).toEqual([]);
    expect(explained(history, { explainMs: 0 })).toEqual([]);
  });

  test("are given for the only key, unless none is asked for", () => {
    expect(explained(large, {})).toEqual(["large"]);
    expect(explained(large, { explainKeys: 1 })).toEqual(["large"]);
    expect(explained(large, { explainKeys: 0 })).toEqual([]);
    expect(explained(large, { explainMs: 0 })).toEqual([]);
  });
});

describe("an answer that does not stand up", () => {
  const history = operations(put(1, 0, 1), get(1, 2, 3));
  const key = { key: "k", operations: history };
  const counter = operations((index) => operation(index, "add", 2, null, 0, 1), get(2, 2, 3));

  test("is thrown, naming the key, for a register and for any other model", () => {
    expect(() => requireLinearization(key, resolveModel("cas-register"), null, [0, 1])).not.toThrow();
    expect(() => requireLinearization(key, resolveModel("cas-register"), null, [1, 0])).toThrow(
      /^the linearization of key "k" does not stand up to the verifier: ./,
    );
    const other = { key: "c", operations: counter };
    expect(() => requireLinearization(other, resolveModel("counter"), 0, [0, 1])).not.toThrow();
    expect(() => requireLinearization(other, resolveModel("counter"), 0, [1, 0])).toThrow(CertificateMismatch);
    expect(() => requireLinearization(other, resolveModel("counter"), 0, [0])).toThrow(CertificateMismatch);
  });

  /** Refuses every get until it was asked so often, and none afterwards, or the other way round. */
  const fickle = (honestFrom: number, denies: boolean) => {
    let asked = 0;
    return anyModel<number>({
      name: "fickle",
      initial: () => 0,
      step: (state, { function: name }) => (name === "get" && asked++ < honestFrom === denies ? "illegal" : { state }),
      identify: String,
      refuses: () => null,
      isRead: ({ function: name }) => name === "get",
    });
  };
  test.each([
    ["denied what it then allowed", true, /the core of a violation does not stand up/],
    ["allowed what it then denied", false, /the linearization of key "k" does not stand up/],
  ] as const)("because a model %s is thrown too", (_, denies, message) => {
    const thrown: string[] = [];
    for (let honestFrom = 0; honestFrom < 60; honestFrom++)
      try {
        checkLinearizability(history, fickle(honestFrom, denies), register);
      } catch (error) {
        if (!(error instanceof CertificateMismatch)) throw error;
        thrown.push(error.message);
      }
    expect(thrown.join("\n")).toMatch(message);
  });

  test("is not made of what a model throws, which is thrown on", () => {
    const throws = (where: "step" | "refuses") =>
      anyModel<number>({
        name: "throws",
        initial: () => 0,
        step: (state) => {
          if (where === "step") throw new Error("no step");
          return { state };
        },
        identify: String,
        refuses: () => {
          if (where === "refuses") throw new Error("no shape");
          return null;
        },
        isRead: () => false,
      });
    expect(() => checkLinearizability(history, throws("step"), register)).toThrow("no step");
    expect(() => checkLinearizability(history, throws("refuses"), register)).toThrow("no shape");
  });
});

describe("an engine's answer", () => {
  const judged = (
    makers: readonly Maker[],
    engine: Parameters<typeof judgeOperations>[4] = null,
    model = "cas-register",
    initial: JsonValue = 0,
  ) => {
    const heard: string[] = [];
    const list = operations(...makers);
    const { answer, engine: used } = judgeOperations(list, resolveModel(model), initial, new Budget(), engine, (one) =>
      heard.push(one),
    );
    return { answer, used, heard };
  };

  test("comes from the first that applies; each is heard of before it begins", () => {
    expect(judged([put(1, 0, 1)])).toMatchObject({ used: "no-search", heard: ["no-search"], answer: { valid: true } });
    expect(judged(twice)).toMatchObject({ used: "configuration-sets", heard: ["no-search", "configuration-sets"] });
    expect(judged(twice, "configuration-sets")).toMatchObject({
      used: "configuration-sets",
      heard: ["configuration-sets", "configuration-sets"],
    });
    expect(judged([get(0, 0, 1)], null, "counter")).toMatchObject({ used: "wing-gong", heard: ["wing-gong"] });
    expect(() => judged([get(0, 0, 1)], "no-search", "counter")).toThrow(
      /^no-search judges registers only, not model "counter"$/,
    );
    expect(() => judged(twice, "no-search")).toThrow(EngineDoesNotApply);
    try {
      judged(twice, "no-search");
    } catch (error) {
      expect(error).toMatchObject({
        name: "EngineDoesNotApply",
        message: expect.stringMatching(/^no-search cannot judge it: ./) as string,
      });
    }
  });

  test("names the operation at which it is stuck, or those that contradict each other, by their positions", () => {
    // A cas that saw its own expectation contradicts itself.
    const itself = (index: number) =>
      operation(index, "cas", { expected: 1, new: 2 }, { status: "mismatch", observed: 1 }, 2, 3);
    for (const engine of ["no-search", "configuration-sets"] as const)
      expect(judged([put(1, 0, 1), itself], engine).answer).toEqual({ valid: false, stuck: 1 });
    expect(judged([put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)]).answer).toMatchObject({
      valid: false,
      stuck: null,
      conflict: { operations: expect.arrayContaining([1, 2]) as number[] },
    });
    // 1 was written twice, but both times before 2; so it is gone for certain.
    expect(judged([put(1, 0, 1), put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)])).toMatchObject({
      used: "no-search",
      answer: { valid: false, stuck: 3 },
    });
    expect(judged([put(1, 0, 1), put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)], "configuration-sets").answer).toEqual({
      valid: false,
      stuck: 2,
    });
    // Tightening alone shows that 5 came before its only writer began.
    expect(judged([put(1, 0, 1), put(1, 0, 1), get(5, 2, 3), put(5, 6, 7)], "configuration-sets").answer).toMatchObject(
      { valid: false, stuck: expect.any(Number) as number },
    );
  });

  test("of the general search is told in positions of the list given, whatever was left out", () => {
    const failed = (index: number) => operation(index, "put", 9, null, 0, 1, { outcome: "fail" });
    const unanswered = get(null, 0, null);
    expect(judged([failed, put(1, 0, 1), unanswered, get(1, 2, 3)], "wing-gong").answer).toEqual({
      valid: true,
      order: [1, 3],
    });
    expect(judged([failed, unanswered, put(1, 0, 1), get(7, 2, 3)], "wing-gong").answer).toEqual({
      valid: false,
      stuck: 3,
    });
    // Nothing left out: told as it is.
    expect(judged([put(1, 0, 1), get(7, 2, 3)], "wing-gong").answer).toEqual({ valid: false, stuck: 1 });
    expect(judged([put(1, 0, 1), cas(1, 2, 2, 3), get(2, 4, 5)], "wing-gong").answer).toEqual({
      valid: true,
      order: [0, 1, 2],
    });
  });
});
