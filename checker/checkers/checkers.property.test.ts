// A checker that needs no search says false only where the history has no linearization, and one that judges its model in full misses
// little: on random small histories of sets, counters, registers and queues, right and wrong, its false is never the linearizability
// checker's true.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation, type Random } from "../../history/index.js";
import { Budget } from "../budget.js";
import { judgeOperations } from "../engine.js";
import { modelNamed } from "../models/index.js";
import { operation } from "../testing/builders.js";
import type { CheckerResult } from "../verdict.js";
import { checkCounter } from "./counter.js";
import { checkFailedButSeen } from "./failed-but-seen.js";
import { checkMonotonic } from "./monotonic.js";
import { checkSet } from "./set.js";

const value = (random: Random) => random.integer(1, 3);

/** [function, input, output] at random. */
type Draw = (random: Random) => readonly [string, JsonValue, JsonValue];

const draws: Readonly<Record<string, Draw>> = {
  set: (random) => {
    const name = random.pick(["get", "get", "add", "add", "remove"]);
    if (name !== "get" && random.chance(0.9)) return ["add", value(random), null];
    if (name !== "get") return ["remove", value(random), null];
    return ["get", null, random.shuffle([1, 2, 3]).slice(0, random.integer(0, 3))];
  },
  counter: (random) => {
    if (random.chance(0.5)) return ["get", null, random.integer(0, 4)];
    const amount = random.pick([1, 1, 2, -1]);
    return ["add", amount, random.chance(0.3) ? random.integer(0, 4) : null];
  },
  "cas-register": (random) => {
    const name = random.pick(["get", "put", "cas"]);
    if (name === "get") return ["get", null, random.pick<JsonValue>([null, 1, 2, 3])];
    if (name === "put") return ["put", value(random), null];
    const status = random.pick(["ok", "mismatch"]);
    return ["cas", { expected: value(random), new: value(random) }, { status }];
  },
  queue: (random) =>
    random.chance(0.5) ? ["enqueue", value(random), null] : ["dequeue", null, random.pick<JsonValue>([null, 1, 2, 3])],
};

/** Three sequential processes; some operations fail, some are never answered. */
function drawHistory(random: Random, draw: Draw): Operation[] {
  const free = [0, 0, 0];
  const drawn = Array.from({ length: random.integer(2, 7) }, () => {
    const process = random.integer(0, 2);
    const from = (free[process] ?? 0) + random.integer(1, 8);
    const to = from + random.integer(0, 12);
    free[process] = to + 1;
    const [name, input, output] = draw(random);
    const fate = random.unit();
    if (fate < 0.1)
      return { process: 10 + from * 10 + process, name, input, output: null, from, to: null, outcome: "info" as const };
    if (fate < 0.25) return { process, name, input, output: null, from, to, outcome: "fail" as const };
    return { process, name, input, output, from, to, outcome: "ok" as const };
  });
  return drawn
    .toSorted((left, right) => left.from - right.from)
    .map(({ process, name, input, output, from, to, outcome }, index) =>
      operation(index, name, input, output, from, to, { process, outcome }),
    );
}

const checkers: readonly (readonly [string, string, (operations: readonly Operation[]) => CheckerResult, number])[] = [
  // At least this share of all wrong histories is found.
  ["set", "set", (operations) => checkSet(operations, null), 0.6],
  ["counter", "counter", (operations) => checkCounter(operations, null), 0.6],
  ["monotonic", "counter", checkMonotonic, 0.01],
  ["monotonic", "set", checkMonotonic, 0.01],
  ["failed-but-seen", "cas-register", (operations) => checkFailedButSeen(operations, null), 0.01],
  ["failed-but-seen", "queue", (operations) => checkFailedButSeen(operations, null), 0.01],
];

describe.each(checkers)("%s on histories of the model %s", (name, modelName, check, leastShare) => {
  test("never says false of a history that has a linearization, and finds its share of the others", () => {
    const model = modelNamed(modelName);
    const draw = draws[modelName];
    if (model === null || draw === undefined) throw new Error(`no model ${modelName}`);
    let wrong = 0;
    let found = 0;
    for (let seed = 0; seed < 3000; seed++) {
      const history = drawHistory(createRandom(seed, `${name}/${modelName}`), draw);
      const { answer } = judgeOperations(history, model, null, new Budget({}, undefined, () => 0));
      const isFalse = check(history).valid === false;
      if (isFalse && answer.valid) throw new Error(`seed ${seed}: ${JSON.stringify(history)}`);
      if (!answer.valid) wrong += 1;
      if (isFalse) found += 1;
    }
    expect(wrong).toBeGreaterThan(300);
    expect(found / wrong).toBeGreaterThan(leastShare);
  });
});
