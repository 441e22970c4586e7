// What a history could have shown: known shares on histories made for it, the oracle's own count on small ones, and bounds on the work.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../history/index.js";
import { measureCorruptions } from "./corruptions.js";
import { checkLinearizability, resolveModel } from "./linearizability.js";
import { bruteForce } from "./testing/brute-force.js";
import { get, operation, operations, put } from "./testing/builders.js";
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
