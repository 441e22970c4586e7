// What a history could have shown: known shares on histories made for it, the oracle's own count on small ones, and bounds on the work.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../history/index.js";
import { measureCorruptions } from "./corruptions.js";
import { checkLinearizability, resolveModel } from "./linearizability.js";
import { weaknesses } from "./teeth.js";
import { bruteForce } from "./testing/brute-force.js";
import { cas, get, mismatch, operation, operations, put } from "./testing/builders.js";
import { fuzzHistory } from "./testing/fuzz-history.js";

function measured(
  history: readonly Operation[],
  options: { model?: string; initial?: JsonValue; seed?: number; count?: number } = {},
) {
  const { model = "cas-register", initial = null, seed = 1, count } = options;
  const { keys, valid } = checkLinearizability(history, model, { initial });
  const measures = measureCorruptions({
    operations: history,
    model: resolveModel(model),
    initial,
    keys,
    seed,
    ...(count === undefined ? {} : { count }),
  });
  const of = (name: string) => measures.find((measure) => measure.name === name);
  return {
    valid,
    measures,
    exposing: of("share of reads that would have exposed an older value"),
    caught: of("share of corruptions caught"),
    judged: of("corruptions judged"),
  };
}

type Maker = (index: number) => Operation;

/** put 1, get 1, put 2, get 2, … one after the other, or all at once. */
function alternating(pairs: number, atOnce: boolean): Operation[] {
  const length = 4 * pairs;
  return Array.from({ length: pairs }, (_, at) => at).flatMap((at) => [
    operation(2 * at, "put", at + 1, null, atOnce ? 0 : 4 * at, atOnce ? length : 4 * at + 1),
    operation(2 * at + 1, "get", null, at + 1, atOnce ? 0 : 4 * at + 2, atOnce ? length : 4 * at + 3),
  ]);
}

describe("corruptions", () => {
  test("where every operation ends before the next begins, all of them show", () => {
    const { exposing, caught, judged } = measured(alternating(50, false));
    expect(exposing?.value).toBe(1);
    expect(caught?.value).toBe(1);
    expect(judged?.value).toBe(1000);
    expect(exposing?.meaning).toMatch(/for 50 of 50 reads, drawn with seed 1$/);
    expect(caught?.meaning).toMatch(/stale 334 of 334, dropped 333 of 333, swapped 333 of 333; 1000 of 1000 judged/);
  });

  test("a floor for the reads that would have exposed an older value stands beside their share", () => {
    const history = alternating(50, false);
    const { keys } = checkLinearizability(history, "cas-register", { initial: null });
    const input = { operations: history, model: resolveModel("cas-register"), initial: null, keys, seed: 1 };
    const weak = (exposingReadShare: number) => weaknesses(measureCorruptions({ ...input, exposingReadShare }));
    expect(weak(1)).toEqual([]);
    expect(weak(1.01)).toMatchObject([{ code: "weak", sentence: expect.stringContaining("below the floor of 1.01") }]);
  });

  test("reads near faults are counted by themselves, and a floor for them stands there", () => {
    const history = alternating(50, false);
    const { keys } = checkLinearizability(history, "cas-register", { initial: null });
    const input = { operations: history, model: resolveModel("cas-register"), initial: null, keys, seed: 1 };
    const near = (...stretches: readonly [fromNs: number, untilNs: number][]) => {
      const nearFaults = stretches.map(([fromNs, untilNs]) => ({ fromNs, untilNs }));
      return (exposingReadsNearFaults: number) => {
        const measures = measureCorruptions({ ...input, nearFaults, exposingReadsNearFaults });
        const told = measures.find(({ name }) => name.startsWith("reads near faults"));
        return [told?.value, told?.meaning, weaknesses(measures).length];
      };
    };
    // Reads take from 2 to 3, from 6 to 7, …: those from 10, 14 and 18 on are near, and the one until 7 touches it.
    expect(near([8, 21])(3)).toEqual([3, "of the 3 judged there", 0]);
    expect(near([8, 21])(4)).toEqual([3, "of the 3 judged there", 1]);
    expect(near([7, 18], [9, 11])(4)).toEqual([4, "of the 4 judged there", 0]);
    expect(near([190, Infinity])(3)).toEqual([3, "of the 3 judged there", 0]);
    expect(near()(1)).toEqual([0, "of the 0 judged there", 1]);
    const without = measureCorruptions(input).map(({ name }) => name);
    expect(without.filter((name) => name.startsWith("reads near faults"))).toEqual([]);
  });

  test("a floor that is not asked for has its reason beside the figure, also where nothing was broken", () => {
    const history = alternating(50, false);
    const { keys } = checkLinearizability(history, "cas-register", { initial: null });
    const input = { operations: history, model: resolveModel("cas-register"), initial: null, keys, seed: 1 };
    const floorsNotAsked = { exposing_read_share: "too short", exposing_reads_near_faults: "nothing is broken" };
    const told = measureCorruptions({ ...input, floorsNotAsked }).filter(({ name }) => name.includes("reads"));
    expect(told.map(({ notAsked, floor }) => [notAsked, floor])).toEqual([
      ["too short", null],
      ["nothing is broken", null],
    ]);
    const asked = measureCorruptions({ ...input, floorsNotAsked, exposingReadShare: 0.3, exposingReadsNearFaults: 1 });
    expect(asked.filter(({ notAsked }) => notAsked !== undefined)).toEqual([]);
  });

  test("where everything happens at once, no older value does", () => {
    const { exposing, caught } = measured(alternating(50, true));
    expect(exposing?.value).toBe(0);
    // A value that nobody wrote any more shows all the same.
    expect(caught?.meaning).toMatch(/stale 0 of 334, dropped 333 of 333, swapped 0 of 333/);
  });

  test("a read with nothing before its value gives nothing away", () => {
    const { exposing } = measured(operations(get(null, 0, 1), put(1, 2, 3), get(1, 4, 5)));
    expect(exposing).toMatchObject({ value: 0.5, meaning: expect.stringContaining("for 2 of 2 reads") as string });
  });

  test("the value before is the one in the order that the certificate proves, reads or not", () => {
    // 1 was never read, yet it is what 2 replaced; the read is still concurrent with that put.
    const late = measured(operations(put(1, 0, 1), put(2, 2, 9), get(2, 4, 5)));
    expect(late.exposing?.value).toBe(0);
    const done = measured(operations(put(1, 0, 1), put(2, 2, 3), get(2, 4, 5)));
    expect(done.exposing?.value).toBe(1);
  });

  test("a cas that happened is a value before, answered or not; one that failed is none", () => {
    const exposed = (...makers: readonly Maker[]) => measured(operations(...makers)).exposing?.value;
    // While 2 becomes 3 a read may answer 2 as well: 2 came before 3, and not 1.
    expect(exposed(put(1, 0, 1), cas(1, 2, 2, 3), cas(2, 3, 4, 9), get(3, 5, 6))).toBe(0);
    expect(exposed(put(1, 0, 1), cas(1, 2, 2, null), cas(2, 3, 4, 9), get(3, 5, 6))).toBe(0);
    expect(exposed(put(1, 0, 1), cas(1, 2, 2, 3), cas(2, 3, 4, 5), get(3, 6, 7))).toBe(1);
    // Nothing but a put that nobody heard of again explains "never".
    expect(exposed(put(1, 0, 1), put("never", 2, null), mismatch(7, 1, 3, 4), get(1, 5, 6))).toBe(1);
  });

  test("a stale answer is one of the three different values before", () => {
    const stale = (...makers: readonly Maker[]) =>
      /stale (\d+) of (\d+)/
        .exec(measured(operations(...makers)).caught?.meaning ?? "")
        ?.slice(1)
        .map(Number) ?? [];
    const later = [put(2, 2, 3), put(3, 4, 5), put(4, 6, 7), put(5, 8, 9)];
    // The fourth before could be explained at any time, so it shows that it is never asked for.
    expect(stale(put(1, 0, null), put(1, 0, 1), ...later, get(5, 10, 11))).toEqual([500, 500]);
    // The third before could, so about one in three is not caught.
    const [caught = 0, of] = stale(put(2, 0, null), put(1, 0, 1), ...later, get(5, 10, 11));
    expect(of).toBe(500);
    expect(caught).toBeGreaterThan(280);
    expect(caught).toBeLessThan(390);
    // A value that came twice is one value, and the read's own is none of those before it.
    expect(stale(put(1, 0, 1), put(2, 2, 3), put(1, 4, 5), put(2, 6, 7), get(2, 8, 9))).toEqual([500, 500]);
  });

  test("only what can be damaged is: no reads, no writes, no pairs", () => {
    const how = (history: readonly Operation[], model?: string, initial?: JsonValue) => {
      const { measures, caught } = measured(history, {
        count: 10,
        ...(model === undefined ? {} : { model, initial: initial ?? null }),
      });
      return [
        measures.map(({ name, unit }) => `${name} in ${unit}`).length,
        /: (stale.*?);/.exec(caught?.meaning ?? "")?.[1],
      ];
    };
    const single = "stale 0 of 0, dropped 10 of 10, swapped 0 of 0";
    // Equal answers that are exchanged change nothing; an unanswered read and a failed write say nothing.
    expect(how(operations(put(1, 0, 1), get(1, 2, 3), get(1, 4, 5)))).toEqual([
      3,
      "stale 5 of 5, dropped 5 of 5, swapped 0 of 0",
    ]);
    expect(how(operations(put(1, 0, 1), get(null, 2, null)))).toEqual([
      2,
      "stale 0 of 0, dropped 0 of 10, swapped 0 of 0",
    ]);
    expect(how(operations(get(null, 0, 1)))).toEqual([1, undefined]);
    expect(how(operations((index) => operation(index, "put", 1, null, 0, 1, { outcome: "fail" })))).toEqual([
      0,
      undefined,
    ]);
    expect(how([])).toEqual([0, undefined]);
    // To ask whether an element is there is no write, whatever its name.
    const add = (index: number) => operation(index, "add", "a", null, 0, 1);
    const contains = (index: number) => operation(index, "contains", "a", true, 2, 3);
    expect(how(operations(add, contains), "set", [])).toEqual([2, single]);
  });

  test("of a model that is no register a read's older values are those that other reads answered", () => {
    const append = (text: string, from: number) => (index: number) =>
      operation(index, "append", text, null, from, from + 1);
    const texts = operations(append("a", 0), get("a", 2, 3), append("b", 4), get("ab", 6, 7), get("ab", 8, 9));
    const { exposing } = measured(texts, { model: "kv-append", initial: "" });
    expect(exposing).toMatchObject({
      value: 0.6667,
      unit: "share",
      meaning: expect.stringContaining("for 3 of 3 reads") as string,
    });
  });

  test("damages that a search cannot decide are told apart, and cost by the configurations they took", () => {
    const letters = "abcdefghijklm".split("");
    const history = operations(
      put("x", 0, 1),
      get("x", 2, 3),
      put("", 4, 5),
      ...letters.map((letter) => (index: number) => operation(index, "append", letter, null, 10, 20)),
      get(letters.join(""), 30, 31),
    );
    const { valid, measures, exposing, caught, judged } = measured(history, { model: "kv-append", initial: "" });
    expect(valid).toBe(true);
    expect(exposing?.meaning).toMatch(/for 1 of 2 reads, drawn with seed 1; 1 more were too hard to decide$/);
    const undecided = Number(/seed 1; (\d+) more were too hard to decide$/.exec(caught?.meaning ?? "")?.[1]);
    expect(undecided).toBeGreaterThan(100);
    // 1,500,000 operations' worth of work, of which a search given up takes 8,000.
    expect(undecided).toBeLessThan(190);
    expect(caught?.value).toBe(1);
    expect(judged).toMatchObject({ unit: "corruptions", meaning: "of 1000 wanted; seed 1" });
    expect(measures).toHaveLength(3);
  });

  test("a part of more than 200,000 operations is left alone", () => {
    const history = Array.from({ length: 200_001 }, (_, at) => operation(at, "put", at, null, 2 * at, 2 * at + 1));
    const keys = [
      {
        key: "k",
        valid: true,
        operations: history.length,
        engine: "",
        durationMs: 0,
        linearization: [0],
        reason: null,
      },
    ] as const;
    const model = resolveModel("cas-register");
    expect(measureCorruptions({ operations: history, model, initial: null, keys, seed: 1, count: 1 })).toEqual([]);
    const few = history.slice(0, 10);
    expect(measureCorruptions({ operations: few, model, initial: null, keys, seed: 1, count: 1 })).toHaveLength(2);
    // Of a key that was not judged there is no order to tell what came before.
    expect(measureCorruptions({ operations: few, model, initial: null, keys: [], seed: 1, count: 1 })).toEqual([]);
  });

  test("the figures of a seed are the same in every version", () => {
    const history = alternating(40, false).map((one, at) => ({ ...one, returnNs: (one.returnNs ?? 0) + (at % 5) * 3 }));
    const { exposing, caught } = measured(history, { seed: 11, count: 200 });
    expect([exposing?.value, caught?.meaning]).toEqual([
      0.025,
      "damaged in one place and judged again: stale 33 of 67, dropped 67 of 67, swapped 15 of 66; 200 of 200 judged, drawn with seed 11",
    ]);
    const long = measured(alternating(3000, false), { seed: 11, count: 1 });
    expect(long.exposing?.meaning).toMatch(/, for 100 of 3000 reads/);
  });

  test("on small histories the share is what brute force counts", () => {
    const shares = new Set<number>();
    for (let number = 0; number < 400; number++) {
      const { operations: history, initial } = fuzzHistory(createRandom(5, `teeth/${number}`), 7);
      const { valid, exposing } = measured(history, { initial, count: 1 });
      if (valid !== true || exposing === undefined) continue;
      const order = checkLinearizability(history, "cas-register", { initial }).keys[0]?.linearization ?? [];
      const reads = history.filter(({ function: name, outcome }) => name === "get" && outcome === "ok");
      const exposed = reads.filter((read) => {
        const previous = valueBefore(history, order, read.index, initial);
        const damaged = history.map((one) => (one === read ? { ...one, output: previous ?? null } : one));
        return previous !== undefined && bruteForce(damaged, initial) === null;
      });
      expect(exposing.value, `history ${number}`).toBeCloseTo(exposed.length / reads.length, 3);
      shares.add(exposing.value);
    }
    expect(shares.size).toBeGreaterThan(3);
  });

  test("the same seed gives the same figures, another seed others", () => {
    const history = alternating(40, false).map((one, at) => ({ ...one, returnNs: (one.returnNs ?? 0) + (at % 5) * 3 }));
    const text = (seed: number) => JSON.stringify(measured(history, { seed }).measures);
    expect(text(1)).toBe(text(1));
    expect(text(2).replaceAll("seed 2", "seed 1")).not.toBe(text(1));
  });

  test("a key with a violation is left alone, and so is everything when none is asked for", () => {
    const bad = operations(put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)).map((one) => ({ ...one, key: "bad" }));
    const good = operations(put(1, 10, 11), get(1, 14, 15)).map((one) => ({
      ...one,
      key: "good",
      index: one.index + 3,
    }));
    expect(measured(bad).measures).toEqual([]);
    expect(measured([...bad, ...good]).exposing?.meaning).toMatch(/for 1 of 1 reads/);
    expect(measured(good, { count: 0 }).measures).toEqual([]);
  });

  test("a delete is a change, and other models are damaged too", () => {
    const kept = operations(put(1, 0, 1), (index) => operation(index, "delete", null, null, 2, 3), get(null, 4, 5));
    expect(measured(kept, { model: "kv" }).exposing?.value).toBe(1);
    const texts = operations(
      (index) => operation(index, "append", "a", null, 0, 1),
      get("a", 2, 3),
      (index) => operation(index, "append", "b", null, 4, 5),
      get("ab", 6, 7),
    );
    expect(measured(texts, { model: "kv-append", initial: "" })).toMatchObject({
      caught: { value: 1 },
      judged: { value: 1000 },
    });
  });

  test("6,000 operations on one key take a bounded time, and it says how many damages that was enough for", () => {
    const history = alternating(3000, false);
    const { keys } = checkLinearizability(history, "cas-register", { initial: null });
    const before = process.cpuUsage();
    const measures = measureCorruptions({
      operations: history,
      model: resolveModel("cas-register"),
      initial: null,
      keys,
      seed: 1,
    });
    const used = process.cpuUsage(before);
    expect((used.user + used.system) / 1e6).toBeLessThan(4);
    const judged = measures.find(({ name }) => name === "corruptions judged")?.value ?? 0;
    expect(judged).toBeGreaterThan(200);
    expect(judged).toBeLessThan(1000);
    expect(measures[1]?.meaning).toContain(`${judged} of 1000 judged`);
  });
});

/** The last other value before a read in this order; undefined when there was none but the read's own. */
function valueBefore(
  history: readonly Operation[],
  order: readonly number[],
  read: number,
  initial: JsonValue,
): JsonValue | undefined {
  let values: JsonValue[] = [initial];
  const see = (value: JsonValue): void => void (values = [value, ...values.filter((other) => other !== value)]);
  for (const index of order) {
    const one = history[index];
    if (one === undefined) continue;
    const output = one.output as { readonly status?: string; readonly previous?: JsonValue } | null;
    const input = one.input as { readonly new?: JsonValue } | null;
    if (one.function === "get" && one.outcome === "ok") see(one.output);
    if (one.function === "put") {
      if (output?.previous !== undefined) see(output.previous);
      see(one.input);
    }
    if (one.function === "cas" && (one.outcome === "info" || output?.status === "ok")) see(input?.new ?? null);
    if (index === read) return values[1];
  }
  return undefined;
}
