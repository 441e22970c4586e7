// Explanations of small random histories, whole, against the texts that are kept in golden.txt: whoever changes a rule or a word sees
// what becomes of it. `GOLDEN=write npx vitest run checker/explain/golden` writes the file anew; read what changed before it is kept.
// That each of them is right is shown elsewhere: explanation.property.test.ts, and the verifier on every core.
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation, type Random } from "../../history/index.js";
import { checkLinearizability } from "../linearizability.js";
import { operation } from "../testing/builders.js";
import { fuzzHistory } from "../testing/fuzz-history.js";
import { tinyHistory, type TinyHistory } from "../testing/tiny-history.js";
import { formatExplanation } from "./format.js";

const file = new URL("./golden.txt", import.meta.url);
const perKind = 20;

/** Times in tenths of seconds, processes and nodes as few as can be, and some requests that were sent twice. */
function placed({ operations, initial }: TinyHistory): TinyHistory {
  const freeFrom: number[] = [];
  const inOrder = operations.toSorted((one, other) => one.callNs - other.callNs || one.index - other.index);
  const processes = new Map<number, number>();
  for (const { index, callNs, returnNs } of inOrder) {
    let process = freeFrom.findIndex((time) => time <= callNs);
    if (process === -1) process = freeFrom.length;
    freeFrom[process] = returnNs ?? Infinity;
    processes.set(index, process);
  }
  return {
    initial,
    operations: operations.map((one) => {
      const process = processes.get(one.index) ?? 0;
      const returnNs = one.returnNs === null ? null : (one.returnNs + 1) * 1e8;
      return { ...one, process, node: `n${process % 3}`, callNs: (one.callNs + 1) * 1e8, returnNs };
    }),
  };
}

/** Answers of a queue or a set, one in three of them made up. */
function objectHistory(random: Random, model: string): TinyHistory {
  const operations = Array.from({ length: random.integer(2, 7) }, (_, index): Operation => {
    const from = random.integer(0, 9);
    const to = random.chance(0.15) ? null : from + random.integer(0, 4);
    const value = random.integer(1, 3);
    const draw = random.chance(0.5);
    if (model === "queue") {
      const output: JsonValue = draw || to === null ? null : random.pick([null, 1, 2, 3]);
      return operation(index, draw ? "enqueue" : "dequeue", draw ? value : null, output, from, to);
    }
    if (draw) return operation(index, random.pick(["add", "remove"]), value, null, from, to);
    const name = random.pick(["get", "contains"]);
    const elements = [1, 2, 3].filter(() => random.chance(0.4));
    const output: JsonValue = to === null ? null : name === "get" ? elements : random.chance(0.5);
    return operation(index, name, name === "get" ? null : value, output, from, to);
  });
  return { operations, initial: null };
}

const kinds: readonly (readonly [name: string, model: string, draw: (random: Random) => TinyHistory])[] = [
  ["tiny", "cas-register", tinyHistory],
  ["fuzz", "cas-register", (random) => fuzzHistory(random)],
  ["queue", "queue", (random) => objectHistory(random, "queue")],
  ["set", "set", (random) => objectHistory(random, "set")],
];

function told(name: string, model: string, seed: number, { operations, initial }: TinyHistory): readonly string[] {
  const attemptsOf = ({ index }: Operation): number => (index % 3 === seed % 3 ? 2 : 1);
  const leaderChangesNs = seed % 4 === 0 ? [4e8] : [];
  const options = { initial, attemptsOf, leaderChangesNs };
  return checkLinearizability(operations, model, options).violations.map((violation) => {
    const { certificate, culprit, timeNs, fingerprint, explanation, ...rest } = violation;
    const shown = rest.operations.length > 0 ? formatExplanation(violation) : "no core";
    const facts = { culprit, timeNs, fingerprint, stalenessMs: explanation?.stalenessMs, ...certificate };
    return `== ${name} ${seed}, initially ${JSON.stringify(initial)}\n${JSON.stringify(facts)}\n${shown}\n`;
  });
}

/** Of each kind the first ones of which no earlier one is like: the same class, core, models and number of partial orders. */
function explanations(): string {
  return kinds
    .flatMap(([name, model, draw]) => {
      const seen = new Set<string>();
      const kept: string[] = [];
      for (let seed = 0; kept.length < perKind && seed < 600; seed++) {
        const history = placed(draw(createRandom(seed)));
        for (const text of told(name, model, seed, history)) {
          const likeness = text.replaceAll(/==.*|culprit":\d+|timeNs":\d+|\d+\.\d+ s|\b\d+\b|n\d\b/g, "");
          if (!seen.has(likeness)) kept.push(text);
          seen.add(likeness);
        }
      }
      return kept;
    })
    .join("\n");
}

test("explanations read as they are kept", () => {
  const texts = explanations();
  if (process.env["GOLDEN"] === "write") writeFileSync(file, texts);
  const kept = readFileSync(file, "utf8");
  expect(texts.split("\n\n==").length).toBeGreaterThan(60);
  expect(texts).toBe(kept);
});
