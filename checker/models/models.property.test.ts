// One conformance suite for every built-in model. For each: a sequential run of a plain reference object is valid, also with its
// operations made concurrent; the violation that such objects are known for is found with a core that is inconsistent by itself; and
// on thousands of small random histories the verdict is that of an oracle which knows the object only as the reference written
// down here and tries every order.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation, type Random } from "../../history/index.js";
import { check } from "../check.js";
import { operation } from "../testing/builders.js";
import { modelNamed, modelNames } from "./index.js";

/** A tenth of them where hundreds of mutants are tried on them. */
const isQuick = process.env["MUTATION_TESTS"] !== undefined;
const sequentialRuns = isQuick ? 3 : 30;
const randomRuns = isQuick ? 60 : 500;

interface Asked {
  readonly name: string;
  readonly input: JsonValue;
}
interface Answered {
  readonly state: JsonValue;
  readonly output: JsonValue;
}

/** A plain object: what it is asked at random, and every way in which it may answer and change. */
interface Reference {
  readonly initial: JsonValue;
  ask(random: Random): Asked;
  answers(state: JsonValue, asked: Asked): readonly Answered[];
  /** Sometimes another answer that may be wrong. */
  lie(random: Random, asked: Asked, output: JsonValue): JsonValue;
  /** The violation this object is known for: [function, input, output, call, return]. */
  readonly typical: readonly (readonly [string, JsonValue, JsonValue, number, number | null])[];
}

type Fields = { readonly [name: string]: JsonValue };
const same = (left: JsonValue | undefined, right: JsonValue | undefined) =>
  JSON.stringify(left) === JSON.stringify(right);
const byText = (left: JsonValue, right: JsonValue) => (String(left) < String(right) ? -1 : 1);
const list = (state: JsonValue) => state as readonly JsonValue[];
const value = (random: Random) => random.integer(1, 3);
const otherValue = (random: Random, _: Asked, output: JsonValue): JsonValue =>
  random.pick<JsonValue>([output, null, 1, 2, 3]);

function askRegister(random: Random, names: readonly string[]): Asked {
  const name = random.pick(names);
  if (name === "get" || name === "delete") return { name, input: null };
  return { name, input: name === "put" ? value(random) : { expected: value(random), new: value(random) } };
}

function registerAnswers(state: JsonValue, { name, input }: Asked): readonly Answered[] {
  if (name === "get") return [{ state, output: state }];
  if (name === "put")
    return [
      { state: input, output: null },
      { state: input, output: { previous: state } },
    ];
  if (name === "delete")
    return [
      { state: null, output: null },
      { state: null, output: { previous: state } },
      { state: null, output: { status: state === null ? "not-found" : "ok" } },
    ];
  const { expected = null, new: replacement = null } = input as Fields;
  if (same(state, expected)) return [{ state: replacement, output: { status: "ok" } }];
  return [
    ...(state === null ? [{ state, output: { status: "not-found" } }] : []),
    { state, output: { status: "mismatch" } },
    { state, output: { status: "mismatch", observed: state } },
  ];
}

function registerLie(random: Random, { name }: Asked, output: JsonValue): JsonValue {
  if (random.chance(0.6)) return output;
  if (name === "get") return random.pick<JsonValue>([null, 1, 2, 3]);
  if (name === "put") return { previous: random.pick<JsonValue>([null, 1, 2, 3]) };
  if (name === "delete") return random.pick<JsonValue>([{ status: "ok" }, { status: "not-found" }, { previous: 1 }]);
  return random.pick<JsonValue>([{ status: "ok" }, { status: "mismatch" }, { status: "not-found" }]);
}

const references: Readonly<Record<string, Reference>> = {
  register: {
    initial: null,
    ask: (random) => askRegister(random, ["get", "put"]),
    answers: registerAnswers,
    lie: registerLie,
    typical: [
      ["put", 1, null, 0, 1],
      ["put", 2, null, 2, 3],
      ["get", null, 1, 4, 5],
    ],
  },
  "cas-register": {
    initial: null,
    ask: (random) => askRegister(random, ["get", "put", "cas"]),
    answers: registerAnswers,
    lie: registerLie,
    typical: [
      ["put", 1, null, 0, 1],
      ["cas", { expected: 1, new: 2 }, { status: "ok" }, 2, 5],
      ["cas", { expected: 1, new: 3 }, { status: "ok" }, 2, 5],
    ],
  },
  kv: {
    initial: null,
    ask: (random) => askRegister(random, ["get", "put", "cas", "delete"]),
    answers: registerAnswers,
    lie: registerLie,
    typical: [
      ["put", 1, null, 0, 1],
      ["delete", null, null, 2, 3],
      ["get", null, 1, 4, 5],
    ],
  },
  "kv-append": {
    initial: "",
    ask: (random) => {
      const name = random.pick(["get", "put", "append", "append"]);
      return { name, input: name === "get" ? null : random.pick(["a", "b"]) };
    },
    answers: (state, { name, input }) => {
      if (name === "get") return [{ state, output: state }];
      return [{ state: name === "put" ? input : `${String(state)}${String(input)}`, output: null }];
    },
    lie: (random, { name }, output) => (name === "get" ? random.pick<JsonValue>([output, "", "a", "ab"]) : output),
    typical: [
      ["append", "a", null, 0, 1],
      ["append", "b", null, 2, 3],
      ["get", null, "ba", 4, 5],
    ],
  },
  set: {
    initial: [],
    ask: (random) => {
      const name = random.pick(["get", "add", "add", "remove", "contains"]);
      return { name, input: name === "get" ? null : value(random) };
    },
    answers: (state, { name, input }) => {
      const elements = list(state);
      const holds = elements.includes(input);
      if (name === "get") return [{ state, output: [...elements].reverse() }];
      if (name === "contains") return [{ state, output: holds }];
      const after = (
        name === "add" ? [...new Set([...elements, input])] : elements.filter((one) => one !== input)
      ).sort(byText);
      return [
        { state: after, output: null },
        { state: after, output: name === "add" ? !holds : holds },
      ];
    },
    lie: (random, { name }, output) => {
      if (random.chance(0.6)) return output;
      return name === "get" ? random.pick<JsonValue>([[], [1], [2, 1], [1, 1]]) : random.chance(0.5);
    },
    typical: [
      ["add", 1, null, 0, 1],
      ["add", 2, null, 2, 3],
      ["get", null, [2], 4, 5],
    ],
  },
  counter: {
    initial: 0,
    ask: (random) => {
      const name = random.pick(["get", "add"]);
      return { name, input: name === "get" ? null : random.integer(-1, 2) };
    },
    answers: (state, { name, input }) => {
      if (name === "get") return [{ state, output: state }];
      const after = Number(state) + Number(input);
      return [
        { state: after, output: null },
        { state: after, output: after },
      ];
    },
    lie: (random, { name }, output) => (random.chance(0.6) || name !== "get" ? output : random.integer(-1, 4)),
    typical: [
      ["add", 1, null, 0, 1],
      ["add", 1, null, 0, 1],
      ["get", null, 1, 2, 3],
    ],
  },
  mutex: {
    initial: null,
    ask: (random) => ({ name: random.pick(["acquire", "release"]), input: random.pick<JsonValue>(["p", "q", null]) }),
    answers: (state, { name, input }) => {
      // A lock without an owner is held by the text "null" here, so that it is not mistaken for a free one.
      const owner = JSON.stringify(input);
      if (name === "acquire") return state === null ? [{ state: owner, output: null }] : [];
      return state === owner ? [{ state: null, output: true }] : [];
    },
    lie: (_random, _asked, output) => output,
    typical: [
      ["acquire", "p", null, 0, 1],
      ["acquire", "q", null, 2, 3],
    ],
  },
  queue: {
    initial: [],
    ask: (random) =>
      random.chance(0.5) ? { name: "enqueue", input: value(random) } : { name: "dequeue", input: null },
    answers: (state, { name, input }) => {
      const elements = list(state);
      if (name === "enqueue") return [{ state: [...elements, input], output: null }];
      return [{ state: elements.slice(1), output: elements[0] ?? null }];
    },
    lie: (random, asked, output) =>
      asked.name === "dequeue" && random.chance(0.3) ? otherValue(random, asked, output) : output,
    typical: [
      ["enqueue", 1, null, 0, 1],
      ["enqueue", 2, null, 2, 3],
      ["dequeue", null, 2, 4, 5],
    ],
  },
  "unordered-queue": {
    initial: [],
    ask: (random) =>
      random.chance(0.5) ? { name: "enqueue", input: value(random) } : { name: "dequeue", input: null },
    answers: (state, { name, input }) => {
      const elements = list(state);
      if (name === "enqueue") return [{ state: [...elements, input], output: null }];
      if (elements.length === 0) return [{ state, output: null }];
      return elements.map((element, place) => ({ state: elements.toSpliced(place, 1), output: element }));
    },
    lie: (random, asked, output) =>
      asked.name === "dequeue" && random.chance(0.3) ? otherValue(random, asked, output) : output,
    typical: [
      ["enqueue", 1, null, 0, 1],
      ["dequeue", null, 1, 2, 5],
      ["dequeue", null, 1, 2, 5],
    ],
  },
};

/** Operations one after the other, as the reference answers them. Where it would not, it is asked again. */
function sequentialRun(reference: Reference, random: Random, count: number): Operation[] {
  let state = reference.initial;
  const done: Operation[] = [];
  for (let tries = 0; done.length < count && tries < 1000; tries++) {
    const asked = reference.ask(random);
    const answers = reference.answers(state, asked);
    if (answers.length === 0) continue;
    const answer = random.pick(answers);
    state = answer.state;
    const at = done.length;
    done.push(operation(at, asked.name, asked.input, answer.output, at * 10, at * 10 + 5));
  }
  return done;
}

const mayAnswerNothing = ["put", "delete", "append", "add", "remove", "acquire", "release", "enqueue"];

/** Stretches intervals, makes some outcomes unknown, tells some lies. */
function disturb(reference: Reference, random: Random, run: readonly Operation[], lies: boolean): Operation[] {
  return run
    .map((one) => {
      const callNs = one.callNs - random.integer(0, 3) * 5;
      const returnNs = (one.returnNs ?? 0) + random.integer(0, 3) * 5;
      if (random.chance(0.2)) return { ...one, callNs, returnNs: null, outcome: "info" as const, output: null };
      const asked = { name: one.function, input: one.input };
      const other = reference.ask(random);
      if (lies && random.chance(0.1) && mayAnswerNothing.includes(other.name))
        return { ...one, callNs, returnNs, function: other.name, input: other.input, output: null };
      const output = lies ? reference.lie(random, asked, one.output) : one.output;
      return { ...one, callNs, returnNs, output };
    })
    .toSorted((left, right) => left.callNs - right.callNs)
    .map((one, index) => ({ ...one, index }));
}

/** Tries every order, of the operations that were answered and any of the others. */
function oracle(reference: Reference, operations: readonly Operation[]): boolean {
  const used = new Set<Operation>();
  const search = (state: JsonValue): boolean => {
    const waiting = operations.filter((one) => one.outcome === "ok" && !used.has(one));
    if (waiting.length === 0) return true;
    const least = Math.min(...waiting.map(({ returnNs }) => returnNs ?? Infinity));
    for (const one of operations) {
      if (used.has(one) || one.callNs > least) continue;
      used.add(one);
      for (const answer of reference.answers(state, { name: one.function, input: one.input })) {
        const fits =
          one.outcome === "info" ||
          (one.output === null && mayAnswerNothing.includes(one.function)) ||
          (one.function === "get" && Array.isArray(one.output) && Array.isArray(answer.output)
            ? same(list(one.output).toSorted(byText), list(answer.output).toSorted(byText))
            : same(one.output, answer.output));
        if (fits && search(answer.state)) return true;
      }
      used.delete(one);
    }
    return false;
  };
  return search(reference.initial);
}

test("every built-in model has a reference here", () => {
  expect(Object.keys(references).sort()).toEqual([...modelNames].sort());
});

describe.each(Object.entries(references))("%s", (name, reference) => {
  const model = modelNamed(name);
  if (model === null) throw new Error(`no model ${name}`);
  const { initial } = reference;

  test("a sequential run is valid, and stays so when its operations overlap", async () => {
    for (let seed = 0; seed < sequentialRuns; seed++) {
      const random = createRandom(seed, `${name}/sequential`);
      const run = sequentialRun(reference, random, 40);
      expect(run.length, `seed ${seed}`).toBe(40);
      expect((await check(run, model, { initial })).valid, `seed ${seed}`).toBe(true);
      const wide = disturb(reference, random, run, false);
      expect((await check(wide, model, { initial })).valid, `seed ${seed}, overlapping`).toBe(true);
    }
  });

  test("its typical violation is found, with a minimal core that is inconsistent by itself", async () => {
    const operations = reference.typical.map(([one, input, output, from, to], index) =>
      operation(index, one, input, output, from, to),
    );
    const result = await check(operations, model, { initial });
    expect(result.valid).toBe(false);
    const [violation] = result.violations;
    expect(violation).toMatchObject({ certificate: { minimal: true, verified: true } });
    expect(violation?.operations.length).toBeGreaterThan(0);
    // Every operation before the last: the object did nothing wrong yet.
    expect((await check(operations.slice(0, -1), model, { initial })).valid).toBe(true);
  });

  test("on random histories, right and wrong, the verdict is the oracle's, whichever engine judges", async () => {
    const counts = { valid: 0, invalid: 0 };
    for (let seed = 0; seed < randomRuns; seed++) {
      const random = createRandom(seed, `${name}/random`);
      const run = sequentialRun(reference, random, random.integer(2, 6));
      const history = disturb(reference, random, run, true);
      const expected = oracle(reference, history);
      counts[expected ? "valid" : "invalid"] += 1;
      const result = await check(history, model, { initial, explainMs: 50 });
      expect(result.unknown, `seed ${seed}`).toEqual([]);
      expect(result.valid, `seed ${seed}: ${JSON.stringify(history)}`).toBe(expected);
      if (seed % 4 === 0)
        expect((await check(history, model, { initial, engine: "wing-gong", explainMs: 50 })).valid).toBe(expected);
    }
    expect(Math.min(counts.valid, counts.invalid)).toBeGreaterThan(randomRuns / 12.5);
  });
});
