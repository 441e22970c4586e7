// Rules that only make the engines faster change no verdict, so that brute force cannot miss them. Their work is counted instead: the
// configurations that each engine visits on fixed histories. More than here means that a rule was lost; where an engine got better,
// lower the figure.
import { expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation } from "../history/index.js";
import { Budget } from "./budget.js";
import { judgeOperations, type EngineName } from "./engine.js";
import { resolveModel } from "./linearizability.js";
import { anyModel } from "./model.js";
import { casRegister } from "./models/index.js";
import { cas, failedCas, get, operation, operations, put } from "./testing/builders.js";
import { fuzzHistory } from "./testing/fuzz-history.js";
import { tinyHistory } from "./testing/tiny-history.js";

interface Judged {
  readonly operations: readonly Operation[];
  readonly initial: JsonValue;
}

function work(engine: EngineName | null, histories: readonly Judged[], model = "cas-register"): number {
  let spent = 0;
  for (const { operations: history, initial } of histories) {
    const budget = new Budget(
      { configurations: 1e9 },
      () => 0,
      () => 0,
    );
    judgeOperations(history, resolveModel(model), initial, budget, engine);
    spent += budget.spent;
  }
  return spent;
}

const drawn = (count: number, draw: (seed: number) => Judged): readonly Judged[] =>
  Array.from({ length: count }, (_, seed) => draw(seed));
const tiny = drawn(300, (seed) => tinyHistory(createRandom(seed, "work")));
const small = drawn(600, (seed) => fuzzHistory(createRandom(seed, "work")));
const larger = drawn(60, (seed) => fuzzHistory(createRandom(seed, "work"), 30));
const unknown = (count: number, values: number): readonly Judged[] => [
  {
    initial: 0,
    operations: operations(
      ...Array.from({ length: count }, (_, at) => put(1 + (at % values), at, null)),
      ...Array.from({ length: count }, (_, at) =>
        get(1 + ((at * 7) % values), 2 * count + 3 * at, 2 * count + 3 * at + 2),
      ),
    ),
  },
];
const crowd = (count: number, answer: JsonValue): readonly Judged[] => [
  {
    initial: 0,
    operations: operations(
      ...Array.from({ length: count }, (_, at) => put(1 + (at % 4), at, 100 + ((at * 37) % 50))),
      ...Array.from({ length: count }, (_, at) => get(1 + ((at * 3) % 4), 50 + at, 120 + at)),
      ...Array.from({ length: 3 }, (_, at) => cas(1 + at, 2 + at, 60 + at, at === 1 ? null : 140)),
      failedCas(3, 90, 130),
      get(answer, 1_000, 1_001),
    ),
  },
];
const sets: readonly Judged[] = [
  {
    initial: [],
    operations: operations(
      ...Array.from(
        { length: 9 },
        (_, at) => (index: number) => operation(index, "add", at, null, at, at % 3 === 0 ? null : 50),
      ),
      ...Array.from({ length: 4 }, (_, at) => (index: number) => operation(index, "contains", at, true, 20 + at, 60)),
      (index) => operation(index, "get", null, [1, 2, 4, 5, 7, 8, 9], 100, 101),
    ),
  },
];

test.each<readonly [string, EngineName | null, readonly Judged[], string, number]>([
  ["tiny histories", "configuration-sets", tiny, "cas-register", 454],
  ["small histories", "configuration-sets", small, "cas-register", 2121],
  ["larger histories", "configuration-sets", larger, "cas-register", 470],
  ["unknown writes", "configuration-sets", unknown(20, 5), "cas-register", 40],
  ["a crowd", "configuration-sets", crowd(9, 2), "cas-register", 74],
  ["a large crowd", "configuration-sets", crowd(60, 2), "cas-register", 591],
  ["small histories, by whichever engine", null, small, "cas-register", 159],
  ["larger histories, by whichever engine", null, larger, "cas-register", 32],
  ["unknown writes, by whichever engine", null, unknown(20, 5), "cas-register", 20],
  ["a crowd, by whichever engine", null, crowd(9, 2), "cas-register", 85],
  ["tiny histories", "wing-gong", tiny, "cas-register", 873],
  ["small histories", "wing-gong", small, "cas-register", 2095],
  ["larger histories", "wing-gong", larger, "cas-register", 1024],
  ["unknown writes", "wing-gong", unknown(11, 5), "cas-register", 2505],
  ["a crowd", "wing-gong", crowd(6, 2), "cas-register", 17],
  ["a crowd that cannot be", "wing-gong", crowd(4, 0), "cas-register", 273],
  ["a set", "wing-gong", sets, "set", 3041],
])("%s take %s no more configurations than they did", (_, engine, histories, model, most) => {
  expect(work(engine, histories, model)).toBeLessThanOrEqual(most);
});

/** What a general search asks of its model, which is all that a user's model costs. */
function asked(histories: readonly Judged[]): readonly [steps: number, texts: number, reads: number] {
  let steps = 0;
  let texts = 0;
  let reads = 0;
  const counting = casRegister.open((model) =>
    anyModel({
      ...model,
      step: (state, operation) => {
        steps += 1;
        return model.step(state, operation);
      },
      identify: (state) => {
        texts += 1;
        return model.identify(state);
      },
      isRead: (operation) => {
        reads += 1;
        return model.isRead(operation);
      },
    }),
  );
  for (const { operations: history, initial } of histories)
    judgeOperations(
      history,
      counting,
      initial,
      new Budget(
        { configurations: 1e9 },
        () => 0,
        () => 0,
      ),
    );
  return [steps, texts, reads];
}

test.each<readonly [string, readonly Judged[], number, number, number]>([
  ["small histories", small, 4394, 1615, 3338],
  ["larger histories", larger, 2921, 1008, 954],
  ["unknown writes", unknown(8, 3), 121, 43, 16],
  ["a crowd that cannot be", crowd(4, 0), 613, 263, 13],
])("the general search asks a model no more about %s than it did", (_, histories, steps, texts, reads) => {
  const [stepsNow, textsNow, readsNow] = asked(histories);
  expect(stepsNow, "steps").toBeLessThanOrEqual(steps);
  expect(textsNow, "texts of states").toBeLessThanOrEqual(texts);
  expect(readsNow, "is it a read").toBeLessThanOrEqual(reads);
});
