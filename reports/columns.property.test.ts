// Shows that operations come back from their columns as they went in, whatever their keys, values, processes and times: random
// histories are encoded and decoded, and every field of every operation is compared with the events it was made from.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  operationsOf,
  type CompleteEvent,
  type HistoryEvent,
  type InvokeEvent,
  type JsonValue,
} from "../history/index.js";
import { outcomes, pairs, type Operations } from "./columns.js";
import { decodeOperations } from "./decode-operations.js";
import { OperationsEncoder } from "./encode-operations.js";
import { KeyPlaces, operationsByKey, readLinearization, writeLinearization } from "./linearizations.js";
import { bytesOfLetters, lettersOf } from "./letters.js";
import { ByteReader, ByteWriter } from "./bytes.js";
import { textLimit } from "./texts.js";

const value: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -5, max: 2000 }) },
  { weight: 1, arbitrary: fc.record({ expected: fc.nat(50), new: fc.nat(50) }) as fc.Arbitrary<JsonValue> },
  {
    weight: 1,
    arbitrary: fc.constantFrom("n1-0", "007", "1.05e21", "\u0000 7", "<b>17</b>", "", null),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue> },
);

const step = fc.record({
  thread: fc.nat(5),
  wait: fc.integer({ min: 1, max: 3_000_000 }),
  took: fc.oneof(fc.integer({ min: 1, max: 5_000_000 }), fc.constant(4e12)),
  outcome: fc.constantFrom("ok", "ok", "ok", "fail", "info", "open"),
  function: fc.constantFrom("get", "put", "cas", "delete now"),
  key: fc.oneof(fc.constantFrom("k1", "k2", 3, null), value),
  node: fc.constantFrom("n1", "n2", null),
  input: value,
  output: value,
  error: fc.option(fc.string({ maxLength: 30 }), { nil: undefined }),
  lagUs: fc.option(fc.nat(1_000_000), { nil: undefined }),
  attempts: fc.option(fc.nat(9), { nil: undefined }),
  systemIndex: fc.option(fc.nat(2 ** 40), { nil: undefined }),
  phase: fc.constantFrom("load", "final-read", undefined),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Each thread does its steps one after the other; after an unknown end it goes on as another process. */
function eventsOf(steps: readonly Step[]): readonly HistoryEvent[] {
  const events: (InvokeEvent | CompleteEvent)[] = [];
  const free = new Map<number, number>();
  const processOf = new Map<number, number>();
  for (const { thread, ...own } of steps) {
    const call = (free.get(thread) ?? 0) + own.wait;
    const process = processOf.get(thread) ?? thread;
    const common = { process, function: own.function, key: own.key };
    events.push({
      type: "invoke",
      time: call,
      thread,
      node: own.node,
      input: own.input,
      ...common,
      ...(own.lagUs === undefined ? {} : { intended: call - own.lagUs * 1000 }),
      ...(own.phase === undefined ? {} : { phase: own.phase as "load" }),
    });
    free.set(thread, call + own.took);
    if (own.outcome === "info" || own.outcome === "open") processOf.set(thread, process + 6);
    if (own.outcome === "open") continue;
    events.push({
      type: own.outcome as "ok",
      time: call + own.took,
      output: own.output,
      ...common,
      ...(own.error === undefined ? {} : { error: own.error }),
      ...(own.attempts === undefined ? {} : { attempts: own.attempts }),
      ...(own.systemIndex === undefined ? {} : { systemIndex: own.systemIndex }),
    });
  }
  return events.toSorted((a, b) => a.time - b.time);
}

function throughColumns(events: readonly HistoryEvent[]): Operations {
  const encoder = new OperationsEncoder();
  for (const event of events) encoder.add(event);
  const dictionaries = encoder.end();
  return decodeOperations(
    encoder.columns().map((column) => column.take()),
    dictionaries,
  );
}

function cut(text: string): string {
  return text.length <= textLimit ? text : text.slice(0, textLimit);
}

test("every field of every operation survives the columns", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const events = eventsOf(steps);
      const expected = pairs(events);
      const operations = throughColumns(events);
      expect(operations.count).toBe(steps.length);
      for (const [row, { call, end }] of expected.entries()) {
        const lagUs = call.intended === undefined ? 0 : Math.round((call.time - call.intended) / 1000);
        expect(Math.abs((operations.lagUs[row] ?? 0) - lagUs)).toBeLessThanOrEqual((lagUs + 1) / 32);
        expect({
          callNs: operations.callNs[row],
          endNs: operations.endNs[row],
          thread: operations.thread[row],
          process: operations.process[row],
          node: operations.nodes[operations.node[row] ?? -1] ?? null,
          function: operations.functions[operations.function[row] ?? -1],
          key: operations.keys[operations.key[row] ?? -1],
          outcome: outcomes[operations.outcome[row] ?? -1],
          phase: operations.phases[operations.phase[row] ?? -1],
          attempts: operations.attempts[row],
          systemIndex: operations.systemIndex[row],
          input: operations.input(row),
          output: operations.output(row),
          error: operations.error(row),
        }).toEqual({
          callNs: Math.floor(call.time / 1000) * 1000,
          endNs: end === null ? Number.NaN : Math.floor(end.time / 1000) * 1000,
          thread: call.thread,
          process: call.process,
          node: call.node,
          function: call.function,
          key: JSON.stringify(call.key),
          outcome: end === null ? "open" : end.type,
          phase: call.phase,
          attempts: end?.attempts ?? -1,
          systemIndex: end?.systemIndex ?? Number.NaN,
          input: cut(JSON.stringify(call.input)),
          output: end === null || end.type === "info" ? null : cut(JSON.stringify(end.output)),
          error: end?.error === undefined ? null : JSON.stringify(end.error),
        });
      }
    }),
    { numRuns: 300 },
  );
});

test("a row is the operation's index, so that a verdict's indices name the same operations", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const events = eventsOf(steps);
      const judged = operationsOf(events);
      const shown = throughColumns(events);
      expect(judged.map((operation) => [operation.process, Math.floor(operation.callNs / 1000) * 1000])).toEqual(
        judged.map((operation) => [shown.process[operation.index], shown.callNs[operation.index]]),
      );
    }),
    { numRuns: 100 },
  );
});

test("the order of calls and ends is exact, also of those in one microsecond", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(1, 1000, 1e7), (steps, divisor) => {
      const events = eventsOf(steps).map((event) =>
        event.type === "header" ? event : { ...event, time: Math.floor(event.time / divisor) },
      );
      const shown = throughColumns(events);
      const order: { readonly place: number; readonly type: string; readonly process: number | undefined }[] = [];
      for (let row = 0; row < shown.count; row++) {
        const process = shown.process[row];
        order.push({ place: shown.callPlace[row] ?? -1, type: "invoke", process });
        const type = outcomes[shown.outcome[row] ?? -1] ?? "";
        if (type !== "open") order.push({ place: shown.endPlace[row] ?? -1, type, process });
      }
      expect(order.toSorted((a, b) => a.place - b.place)).toEqual(
        events.map((event, place) => ({ place, type: event.type, process: "process" in event ? event.process : -1 })),
      );
    }),
    { numRuns: 100 },
  );
});

test("times that run backwards and processes that call twice are told as they are", () => {
  const wild = fc.record({
    type: fc.constantFrom("invoke", "ok", "fail", "info"),
    time: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    process: fc.integer({ min: -2, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 60 }), (all) => {
      const events = all.map(
        ({ type, ...own }) =>
          ({
            type,
            ...own,
            function: "get",
            key: "k",
            ...(type === "invoke" ? { thread: own.process, node: null, input: null } : { output: 1 }),
          }) as HistoryEvent,
      );
      const expected = pairs(events);
      const shown = throughColumns(events);
      expect([...shown.process]).toEqual(expected.map(({ call }) => call.process));
      expect([...shown.callNs]).toEqual(expected.map(({ call }) => Math.floor(call.time / 1000) * 1000));
      expect([...shown.endNs]).toEqual(
        expected.map(({ end }) => (end === null ? Number.NaN : Math.floor(end.time / 1000) * 1000)),
      );
    }),
    { numRuns: 300 },
  );
});

test("an order of a key's operations comes back, and one that mixes keys as well", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 50 }),
      fc.boolean(),
      fc.infiniteStream(fc.nat()),
      (keys, mixed, draws) => {
        const places = new KeyPlaces();
        for (const key of keys) places.add(key);
        const chosen = keys.flatMap((key, operation) => (mixed || key === keys[0] ? [operation] : []));
        const order = chosen
          .map((operation) => ({ operation, by: draws.next().value ?? 0 }))
          .toSorted((a, b) => a.by - b.by)
          .map(({ operation }) => operation);
        const writer = new ByteWriter();
        writeLinearization(writer, order, places);
        const reader = new ByteReader(writer.take());
        expect([...readLinearization(reader, order.length, operationsByKey(Int32Array.from(keys), 4))]).toEqual(order);
        expect(reader.atEnd).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test("bytes come back from letters, whatever they are and however many, and no letter is markup", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const letters = lettersOf(bytes);
      expect(letters).toMatch(/^[!-%'-;=?-~]*$/);
      expect([...bytesOfLetters(letters)]).toEqual([...bytes]);
    }),
    { numRuns: 1000 },
  );
  expect(() => bytesOfLetters("a<")).toThrow("none of its alphabet");
});
