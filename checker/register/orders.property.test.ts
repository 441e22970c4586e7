// The two orders of the search, each alone and both in turns, on tiny histories against brute force and on longer ones against each other; depth first
// also with so little memory that it must forget. Every linearization is replayed. The seed of a failure is in its message.
import { expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../../history/index.js";
import { Budget } from "../budget.js";
import type { EngineAnswer } from "../engine.js";
import { Scratch } from "../scratch.js";
import { bruteForce } from "../testing/brute-force.js";
import { fuzzHistory } from "../testing/fuzz-history.js";
import { longHistory, withWrongRead } from "../testing/long-history.js";
import { BreadthFirst } from "./breadth-first.js";
import { DepthFirst } from "./depth-first.js";
import { normaliseRegister, tighten, type NumberedRegister } from "./normalise.js";
import { planSweep } from "./plan.js";
import { searchRegister } from "./sweep.js";
import { newMemory } from "./sweep-memory.js";

const isQuick = process.env["MUTATION_TESTS"] !== undefined;
const tiny = isQuick ? 1_000 : 8_000;
const long = isQuick ? 40 : 80;
/** Far too few for what a search reaches, so that it forgets again and again. */
const fewCells = 512;

interface Judged {
  readonly name: string;
  /** Null: it gave up, which only depth first may, and only when it had to forget. */
  readonly answer: EngineAnswer | null;
}

function judgements(normal: NumberedRegister): readonly Judged[] {
  const budget = (): Budget => new Budget({}, undefined, () => 0);
  const breadth = new BreadthFirst(planSweep(normal, new Scratch()), budget(), newMemory());
  const depth = new DepthFirst(planSweep(normal, new Scratch()), budget(), newMemory());
  const widening = new DepthFirst(planSweep(normal, new Scratch()), budget(), newMemory());
  const forgetful = new DepthFirst(planSweep(normal, new Scratch()), budget(), newMemory(), fewCells);
  return [
    { name: "breadth first", answer: breadth.run(Infinity) },
    { name: "depth first", answer: depth.run(Infinity) },
    { name: "depth first, in passes", answer: inPasses(widening) },
    { name: "depth first with little memory", answer: forgetful.run(Infinity) },
    { name: "both in turns", answer: searchRegister(normal, budget(), 1) },
  ];
}

function inPasses(depth: DepthFirst): EngineAnswer | null {
  for (let turn = 2; !depth.gaveUp; turn += 2) {
    const answer = depth.run(turn);
    if (answer !== null) return answer;
    depth.widen();
  }
  return null;
}

function requireLinearization({ operations }: NumberedRegister, order: Iterable<number>, name: string): void {
  const byPosition = new Map(operations.map((one) => [one.position, one]));
  let state = 0;
  let latestCall = -Infinity;
  for (const position of order) {
    const one = byPosition.get(position);
    if (one === undefined) throw new Error(`${name}: ${position} stands twice in the linearization, or is unknown`);
    byPosition.delete(position);
    latestCall = Math.max(latestCall, one.call);
    if (one.return < latestCall) throw new Error(`${name}: ${position} stands too late`);
    const looked = one.kind === "cas" ? one.expected : one.value;
    if (one.kind !== "write" && (looked === state) === (one.kind === "not")) throw new Error(`${name}: ${position}`);
    if (one.kind === "write" || one.kind === "cas") state = one.value;
  }
  for (const one of byPosition.values()) if (one.required) throw new Error(`${name}: ${one.position} is missing`);
}

/** The verdict that all agree on, and how many gave up. */
function agreement(normal: NumberedRegister): { readonly valid: boolean; readonly gaveUp: number } {
  const all = judgements(normal);
  const [first] = all;
  const known = first?.answer ?? null;
  if (known === null) throw new Error("breadth first without an answer");
  let gaveUp = 0;
  for (const { name, answer } of all) {
    if (answer === null) gaveUp += 1;
    else if (answer.valid !== known.valid) throw new Error(`${name}: ${String(answer.valid)}`);
    else if (answer.valid) requireLinearization(normal, answer.order, name);
    else if (!known.valid && answer.stuck !== known.stuck) throw new Error(`${name}: stuck at ${String(answer.stuck)}`);
    if (answer === null && !name.includes("little memory")) throw new Error(`${name} gave up`);
  }
  return { valid: known.valid, gaveUp };
}

test("thousands of tiny histories are judged in every order as brute force judges them", () => {
  for (let seed = 0; seed < tiny; seed++) {
    const { operations, initial } = fuzzHistory(createRandom(seed, "orders"));
    const truth = bruteForce(operations, initial) !== null;
    const normal = tightened(
      operations.filter(({ outcome }) => outcome !== "fail"),
      initial,
    );
    if (normal === null) continue;
    try {
      const { valid } = agreement(normal);
      if (valid !== truth) throw new Error(`all say ${String(valid)}, but it is ${String(truth)}`);
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
});

test("hundreds of operations over few values are judged alike in every order, forgetting or not", () => {
  const seen = { valid: 0, invalid: 0, gaveUp: 0 };
  for (let seed = 0; seed < long; seed++) {
    const random = createRandom(seed, "orders, long");
    const shape = { operations: random.integer(60, 240), clients: random.integer(3, 8), unknownShare: 0.03 };
    const good = overFewValues(longHistory(random, { ...shape, silentShare: 0 }), 2 + (seed % 5));
    for (const operations of [good, withWrongRead(random, good, 1) ?? good]) {
      const normal = tightened(operations, 0);
      if (normal === null) continue;
      try {
        const { valid, gaveUp } = agreement(normal);
        seen[valid ? "valid" : "invalid"] += 1;
        seen.gaveUp += gaveUp;
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
  }
  expect(seen.valid).toBeGreaterThan(long);
  expect(seen.invalid).toBeGreaterThan(long / 4);
  expect(seen.gaveUp).toBeGreaterThan(long / 8);
});

function tightened(operations: readonly Operation[], initial: JsonValue): NumberedRegister | null {
  const normal = normaliseRegister(operations, initial);
  const tight = "values" in normal ? tighten(normal) : normal;
  return "values" in tight ? tight : null;
}

/** Every value by its remainder: what was linearizable with plain writes and reads still is. A cas that matched becomes a write. */
function overFewValues(operations: readonly Operation[], count: number): Operation[] {
  const few = (value: JsonValue): JsonValue => Number(value) % count;
  return operations.flatMap((one): Operation[] => {
    if (one.function === "get") return [one.outcome === "ok" ? { ...one, output: few(one.output) } : one];
    if (one.function === "put") return [{ ...one, input: few(one.input) }];
    if (one.outcome !== "ok" || (one.output as { readonly status: string }).status !== "ok") return [];
    return [{ ...one, function: "put", input: few((one.input as { readonly new: JsonValue }).new), output: null }];
  });
}
