// Keys on threads: the answers are those of the caller's thread; hard keys run side by side and leave the event loop free; a violation
// stops the others unless asked not to; a signal ends them at once; models of one's own are found by their module or stay here.
import { describe, expect, test } from "vitest";
import type { Operation } from "../../history/index.js";
import { check, type CheckProgress } from "../check.js";
import { cas, failedCas, get, operations, put } from "../testing/builders.js";
import { exponentialHistory } from "../testing/exponential.js";
import { slowRegister } from "../testing/slow-register.js";
import { judgeOnThreads, type ThreadsOptions } from "./judge-on-threads.js";

/** Histories of several keys as one. */
function together(histories: readonly (readonly Operation[])[]): Operation[] {
  return histories.flatMap((history, key) =>
    history.map((operation) => ({
      ...operation,
      key,
      index: 1_000 * key + operation.index,
      process: 100_000 * key + operation.process,
    })),
  );
}

const easy = operations(put(1, 0, 1), get(1, 2, 3));
const wrong = operations(put(1, 0, 1), get(2, 2, 3));
const hard = exponentialHistory(12);

function judge(parts: readonly (readonly Operation[])[], options: Partial<ThreadsOptions> = {}) {
  const results = new Map<number, unknown>();
  const histories = parts.map((part, key) => ({ key, operations: part.map((given) => ({ ...given, key })) }));
  const done = judgeOnThreads(histories, {
    model: { kind: "built-in", name: "cas-register" },
    initial: 0,
    engine: undefined,
    explainMs: undefined,
    explainKeys: 20,
    threads: 2,
    budget: { timeMs: 60_000, memoryMb: 512 },
    stopAtViolation: true,
    signal: undefined,
    onVisited: () => {},
    onJudged: (part, result) => results.set(Number(part.key), result.valid),
    ...options,
  });
  return { done, results };
}

function byKey(results: ReadonlyMap<number, unknown>): readonly (readonly [number, unknown])[] {
  return [...results].toSorted(([left], [right]) => left - right);
}

describe("keys on threads", () => {
  test("are judged as in the caller's thread", async () => {
    const chain = operations(
      cas(0, 1, 0, null),
      failedCas(3, 1, 9),
      put(3, 2, 3),
      get(1, 4, 5),
      get(3, 6, 8),
      put(3, 6, 7),
    );
    const { done, results } = judge([easy, wrong, chain, easy, wrong], { stopAtViolation: false });
    await done;
    const here = await check(together([easy, wrong, chain, easy, wrong]), "cas-register", { initial: 0, threads: 0 });
    expect(byKey(results)).toEqual(here.keys.map(({ key, valid }) => [key, valid]));
  });

  test("a violation in one stops the others", async () => {
    const startedMs = performance.now();
    const { done, results } = judge([hard, wrong, easy]);
    await done;
    expect(byKey(results)).toEqual([
      [0, "unknown"],
      [1, false],
      [2, "unknown"],
    ]);
    expect(performance.now() - startedMs).toBeLessThan(30_000);
  });

  test("unless asked not to", async () => {
    const { done, results } = judge([wrong, easy, wrong], { stopAtViolation: false, threads: 1 });
    await done;
    expect(byKey(results)).toEqual([
      [0, false],
      [1, true],
      [2, false],
    ]);
  });

  test("a signal ends them at once, with its reason", async () => {
    const abort = new AbortController();
    const { done } = judge([hard, hard, hard], {
      signal: abort.signal,
      onVisited: () => abort.abort(new Error("enough")),
    });
    await expect(done).rejects.toThrow("enough");
  });

  test("a thread whose heap is full leaves its key unknown, and the next key is judged by another", async () => {
    const { done, results } = judge([exponentialHistory(14), easy], {
      engine: "wing-gong",
      threads: 1,
      budget: { timeMs: 60_000, memoryMb: 16 },
    });
    await done;
    expect(byKey(results)).toEqual([
      [0, "unknown"],
      [1, true],
    ]);
  });
});

describe("check", () => {
  test("searches hard keys on threads, within its time, while the event loop goes on", async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 50);
    const heard: CheckProgress[] = [];
    const result = await check(together([easy, hard, hard, easy]), "cas-register", {
      initial: 0,
      budget: { timeMs: 4_000, configurations: 1e12 },
      onProgress: (progress) => heard.push(progress),
    });
    clearInterval(timer);
    expect(result.keys.map(({ valid }) => valid)).toEqual([true, "unknown", "unknown", true]);
    for (const { sentence } of result.unknown)
      expect(sentence).toMatch(
        /^key [12]: the time budget ran out .* after \d+ configurations of \d+ operations, \d+ % of its events swept$/,
      );
    expect(turns).toBeGreaterThan(10);
    expect(heard.map(({ keysJudged }) => keysJudged)).toEqual([1, 2, 3, 4]);
    expect(heard.at(-1)?.configurations).toBeGreaterThan(1_000);
  });

  test("does not search on when an easy key has a violation, unless asked to", async () => {
    const history = together([hard, wrong]);
    const stopped = await check(history, "cas-register", { initial: 0 });
    expect(stopped.valid).toBe(false);
    expect(stopped.unknown).toEqual([
      { code: "interrupted", sentence: "key 0: it was not judged to the end, since key 1 has a violation" },
    ]);
    const whole = await check(history, "cas-register", {
      initial: 0,
      everyKey: true,
      budget: { timeMs: 3_000, configurations: 1e12 },
    });
    expect(whole.valid).toBe(false);
    expect(whole.unknown[0]?.sentence).toMatch(/time budget ran out/);
  });

  test("judges a model of one's own here, or on threads when told its module", async () => {
    const history = together([operations(put(1, 0, 1), get(1, 2, 3), get(1, 2, 3))]);
    const here = await check(history, slowRegister, { initial: 0 });
    expect(here.valid).toBe(true);
    const modelModule = { url: new URL("../testing/slow-register.ts", import.meta.url).href, exported: "slowRegister" };
    const there = await check(history, slowRegister, { initial: 0, modelModule });
    expect(there.keys.map(({ linearization }) => linearization)).toEqual(
      here.keys.map(({ linearization }) => linearization),
    );
    const wrongName = { ...modelModule, exported: "nobody" };
    await expect(check(history, slowRegister, { initial: 0, modelModule: wrongName })).rejects.toThrow(
      /exports no model called nobody/,
    );
  });
});
