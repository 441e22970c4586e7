// What the live checker tells besides its verdict: sentences, how far it is, what it holds, and what it gives up when a budget runs
// out. And the work of its sweep, told by the least budget that is enough: rules that only save work change no verdict.
import { describe, expect, test } from "vitest";
import { createRandom, operationsOf, type HistoryEvent, type JsonValue, type Operation } from "../../history/index.js";
import { createIncrementalChecker, type IncrementalBudget, type IncrementalChecker } from "../incremental.js";
import { cas, failedCas, get, operation, operations, put } from "../testing/builders.js";
import { RegisterKey } from "./live-key.js";
import { LiveOperation } from "./operation.js";
import { eventsOf } from "./testing/events-of.js";

const at = (seconds: number): number => seconds * 1e9;

function call(process: number, name: string, input: JsonValue, seconds: number, key: JsonValue = "k"): HistoryEvent {
  return { type: "invoke", time: at(seconds), process, thread: process, node: null, function: name, key, input };
}

function answer(
  process: number,
  name: string,
  output: JsonValue,
  seconds: number,
  type: "ok" | "fail" | "info" = "ok",
  key: JsonValue = "k",
): HistoryEvent {
  return { type, time: at(seconds), process, function: name, key, output };
}

function checker(budget: IncrementalBudget = {}, model = "cas-register"): IncrementalChecker {
  return createIncrementalChecker(model, { initial: 0, budget });
}

function feedAll(told: IncrementalChecker, events: readonly HistoryEvent[]): IncrementalChecker {
  for (const event of events) told.feed(event);
  return told;
}

test("a violation names its key and operation, in a sentence too, and stays", () => {
  const live = checker();
  const events = [call(1, "put", 1, 1), answer(1, "put", null, 2), call(2, "get", null, 3), answer(2, "get", 7, 4.5)];
  feedAll(live, events);
  expect(live.verdict).toEqual({ valid: true });
  live.feed(call(1, "put", 8, 5));
  const verdict = live.verdict;
  expect(verdict).toEqual({
    valid: false,
    violation: {
      key: "k",
      operation: operationsOf(events)[1],
      sentence:
        'key "k": nothing explains get by process 2, called at 3.000000 s and answered 7 at 4.500000 s, together with what had returned by then',
    },
  });
  live.feed(answer(9, "get", 7, 1));
  expect(live.end()).toEqual(verdict);
  expect(live.end()).toEqual(verdict);
  expect(() => live.feed(call(1, "get", null, 9))).toThrow("no more events come");
});

test("a violation by an operation with an input tells it", () => {
  const live = feedAll(checker(), [
    call(1, "cas", { expected: 5, new: 6 }, 1),
    answer(1, "cas", { status: "ok" }, 2),
    call(1, "get", null, 3),
  ]);
  expect(live.verdict).toMatchObject({
    violation: { sentence: expect.stringContaining('nothing explains cas {"expected":5,"new":6} by process 1') },
  });
});

test("progress counts events, keys, what was acted on and what waits for an outcome", () => {
  const live = checker();
  const shown: number[][] = [];
  const events: readonly HistoryEvent[] = [
    { type: "header", version: 1 } as unknown as HistoryEvent,
    call(1, "put", 1, 1, "a"),
    call(2, "get", null, 2, "a"),
    answer(2, "get", 1, 3, "ok", "a"),
    call(3, "put", 1, 4, "b"),
    answer(3, "put", null, 5, "fail", "b"),
    answer(1, "put", null, 6, "ok", "a"),
    call(2, "get", null, 7, "a"),
  ];
  for (const event of events) {
    live.feed(event);
    const { events: told, keys, swept, waiting } = live.progress;
    shown.push([told, keys, swept, waiting]);
  }
  expect(shown).toEqual([
    [1, 0, 0, 0],
    [2, 1, 0, 1],
    [3, 1, 0, 2],
    [4, 1, 0, 2],
    [5, 2, 0, 4],
    [6, 2, 1, 3],
    [7, 2, 1, 3],
    [8, 2, 5, 1],
  ]);
  expect(live.end()).toEqual({ valid: true });
  expect(live.progress).toEqual({ events: 8, keys: 2, swept: 6, waiting: 0 });
});

describe("a budget that runs out", () => {
  const crowd = (key: string, count: number): readonly HistoryEvent[] => [
    ...Array.from({ length: count }, (_, one) => call(100 + one, "put", one % 3, 1, key)),
    ...Array.from({ length: count }, (_, one) =>
      call(200 + one, "cas", { expected: one % 3, new: (one + 1) % 3 }, 1, key),
    ),
    ...Array.from({ length: count }, (_, one) => answer(200 + one, "cas", { status: "ok" }, 2, "ok", key)),
    ...Array.from({ length: count }, (_, one) => answer(100 + one, "put", null, 2, "ok", key)),
    call(300, "get", null, 3, key),
    answer(300, "get", 2, 4, "ok", key),
    call(300, "get", null, 5, key),
  ];

  test("of configurations gives up its key with a sentence, and the other keys are judged on", () => {
    const live = feedAll(checker({ configurations: 5 }), crowd("k", 4));
    expect(live.verdict).toEqual({
      valid: "unknown",
      unknown: [
        {
          code: "budget",
          sentence:
            'key "k": the configurations budget ran out (more than 5 configurations at one return) after 9 events, 56 % of those told',
        },
      ],
    });
    const { swept, waiting } = live.progress;
    feedAll(live, [call(1, "get", null, 8, "b"), answer(1, "get", 5, 9, "ok", "b"), call(1, "get", null, 10, "b")]);
    expect([swept, waiting]).toEqual([9, 7]);
    expect(live.verdict).toMatchObject({ valid: false, violation: { key: "b" } });
  });

  /** Thousands of configurations at the one return: each add may have happened or not. */
  const longSearch = (): readonly HistoryEvent[] =>
    eventsOf(
      operations(...adds(13, null), (index) => operation(index, "get", null, [1, 3, 5], 60, 61)),
      createRandom(1),
    );
  const gaveUp = (budget: IncrementalBudget): unknown => {
    const live = createIncrementalChecker("set", { initial: [], budget });
    return feedAll(live, longSearch()).end();
  };

  test("of time or memory is looked at in a long search", () => {
    expect(gaveUp({ timeMs: -1 })).toMatchObject({
      valid: "unknown",
      unknown: [
        { code: "budget", sentence: expect.stringContaining("time budget ran out (more than -1 ms at one event)") },
      ],
    });
    expect(gaveUp({ memoryMb: -1e9 })).toMatchObject({
      valid: "unknown",
      unknown: [
        { code: "budget", sentence: expect.stringContaining("memory budget ran out (more than -1000000000 MiB)") },
      ],
    });
  });

  test("of memory gives up the key that holds most, once in so many events", () => {
    const live = checker({ memoryMb: -1e9 });
    const header = { type: "header", version: 1 } as unknown as HistoryEvent;
    const events: HistoryEvent[] = [header, call(1, "put", 1, 0, "waiting")];
    for (let one = 1; events.length < 2 ** 14; one++) {
      const key = one % 4 === 0 ? "waiting" : "done";
      events.push(call(2, "put", one, one, key), answer(2, "put", null, one, "ok", key));
    }
    events.length = 2 ** 14;
    feedAll(live, events);
    expect(live.verdict).toEqual({ valid: true });
    live.feed(call(3, "get", null, 1e5, "done"));
    const { valid, unknown } = live.verdict as { valid: unknown; unknown: readonly { sentence: string }[] };
    expect(valid).toBe("unknown");
    expect(unknown.map(({ sentence }) => sentence)).toEqual([
      'key "waiting": the memory budget ran out (more than -1000000000 MiB) after 0 events, 0 % of those told',
    ]);
  });
});

/** The most that a key held on the way, and what it holds in the end. */
function held(history: readonly Operation[]): readonly [most: number, end: number] {
  const key = new RegisterKey("k", 0, { configurations: 1e5, look: () => {} });
  const live = new Map<number, LiveOperation>();
  const moments = history
    .flatMap((one) => [
      { time: one.callNs, order: 0, one },
      ...(one.returnNs === null ? [] : [{ time: one.returnNs, order: 1, one }]),
    ])
    .toSorted((left, right) => left.time - right.time || left.order - right.order || left.one.index - right.one.index);
  let most = 0;
  for (const { one, order } of moments) {
    const known = live.get(one.index);
    if (known === undefined) {
      const { process, function: name, key: of, input, callNs: time } = one;
      const called = new LiveOperation(
        one.index,
        { type: "invoke", time, process, thread: process, node: null, function: name, key: of, input },
        0,
      );
      called.outcome = one.outcome;
      called.output = one.output;
      called.returnNs = one.returnNs;
      called.settled = true;
      live.set(one.index, called);
      key.called(called);
    } else if (order === 1) key.returned(known);
    key.advance();
    expect(key.status.kind).toBe("valid");
    most = Math.max(most, key.held);
  }
  return [most, key.held];
}

const turns = (count: number, one: (turn: number) => readonly ((index: number) => Operation)[]): readonly Operation[] =>
  operations(...Array.from({ length: count }, (_, turn) => one(turn)).flat());

test.each<readonly [string, readonly Operation[], number, number]>([
  ["writes one after the other", turns(40, (turn) => [put(turn + 1, 4 * turn, 4 * turn + 1)]), 2, 1],
  [
    "writes and their reads",
    turns(40, (turn) => [put(turn + 1, 4 * turn, 4 * turn + 1), get(turn + 1, 4 * turn + 2, 4 * turn + 3)]),
    2,
    1,
  ],
  ["cas one after the other", turns(40, (turn) => [cas(turn, turn + 1, 4 * turn, 4 * turn + 1)]), 2, 1],
  ["writes that overlap the next", turns(40, (turn) => [put(turn + 1, 4 * turn, 4 * turn + 5)]), 4, 2],
  [
    "unknown writes of one value",
    turns(40, (turn) => [put(99, 4 * turn, null), put(turn + 1, 4 * turn, 4 * turn + 1)]),
    3,
    2,
  ],
  ["the same two values over and over", turns(40, (turn) => [put(1 + (turn % 2), 4 * turn, 4 * turn + 1)]), 2, 1],
  [
    "failed cas between writes",
    turns(40, (turn) => [put(turn + 1, 4 * turn, 4 * turn + 1), failedCas(0, 4 * turn + 2, 4 * turn + 3)]),
    2,
    1,
  ],
])("%s hold no more than they did", (_, history, most, end) => {
  const [mostNow, endNow] = held(history);
  expect([mostNow, endNow]).toEqual([most, end]);
});

/** The least number of configurations at one return that is enough. */
function leastEnough(history: readonly Operation[], model: string, initial: JsonValue): number {
  const events = eventsOf(history, createRandom(1, "live"));
  const isEnough = (configurations: number): boolean => {
    const live = createIncrementalChecker(model, { initial, budget: { configurations } });
    feedAll(live, events);
    return live.end().valid !== "unknown";
  };
  let enough = 1;
  while (!isEnough(enough)) enough *= 2;
  for (let step = enough / 2; step >= 1; step /= 2) if (enough > step && isEnough(enough - step)) enough -= step;
  return enough;
}

const adds = (count: number, to: number | null) =>
  Array.from({ length: count }, (_, one) => (index: number) => operation(index, "add", one, null, one, to));

test.each<readonly [string, readonly Operation[], string, JsonValue, number]>([
  ["equal writes at once", turns(8, () => [put(1, 0, 50), cas(1, 2, 1, 60)]), "cas-register", 0, 34],
  [
    "writes of two values at once",
    turns(6, (turn) => [put(turn % 2, 0, 50 + turn), get(turn % 2, 2, 40)]),
    "cas-register",
    0,
    6,
  ],
  [
    "unknown writes and reads",
    operations(
      ...turnsOf(6, (turn) => put(turn % 3, turn, null)),
      ...turnsOf(6, (turn) => get((turn * 2) % 3, 20 + 2 * turn, 21 + 2 * turn)),
    ),
    "cas-register",
    0,
    2,
  ],
  [
    "unknown cas in a row",
    operations(
      put(0, 0, 1),
      put(0, 0, 1),
      ...turnsOf(5, (turn) => cas(turn, turn + 1, 2, null)),
      get(5, 20, 21),
      get(0, 22, 23),
    ),
    "cas-register",
    0,
    6,
  ],
  [
    "unknown cas and the writes that stand for them",
    operations(
      put(0, 0, 1),
      failedCas(7, 0, 1),
      ...turnsOf(4, (turn) => cas(turn, turn + 1, 2, null)),
      ...turnsOf(4, (turn) => put(turn + 1, 3, null)),
      get(3, 20, 21),
      get(1, 22, 23),
      get(4, 24, 25),
    ),
    "cas-register",
    0,
    12,
  ],
  [
    "failed cas among writes",
    operations(
      ...turnsOf(7, (turn) => put(turn, 0, 30 + turn)),
      failedCas(3, 5, 25),
      failedCas(2, 5, 26),
      get(4, 40, 41),
    ),
    "cas-register",
    0,
    44,
  ],
  [
    "a history that cannot be",
    operations(...turnsOf(6, (turn) => put(turn % 3, 0, 30)), failedCas(3, 5, 25), get(9, 40, 41)),
    "cas-register",
    0,
    13,
  ],
  [
    "more than a word of writes at once",
    operations(failedCas(0, 0, 90), ...turnsOf(40, (turn) => put(turn % 5, 0, 100 + turn)), get(2, 200, 201)),
    "cas-register",
    0,
    38,
  ],
  [
    "adds at once and a look at all",
    operations(...adds(6, 50), (index) => operation(index, "get", null, [0, 1, 2, 3, 4, 5], 60, 61)),
    "set",
    [],
    113,
  ],
  [
    "unknown adds and a look at some",
    operations(...adds(6, null), (index) => operation(index, "get", null, [1, 3, 5], 60, 61)),
    "set",
    [],
    190,
  ],
])("%s take no more configurations than they did", (_, history, model, initial, most) => {
  expect(leastEnough(history, model, initial)).toBeLessThanOrEqual(most);
});

function turnsOf(count: number, one: (turn: number) => (index: number) => Operation) {
  return Array.from({ length: count }, (_, turn) => one(turn));
}
