// The models weaker than linearizability against their definitions word for word, on small random histories: what is said to hold
// holds together, what is said to fail fails, and the witness shows it by itself. The seed of a failure is in its message.
import { describe, expect, test } from "vitest";
import { createRandom, type JsonValue, type Operation, type Random } from "../../history/index.js";
import { casRegister } from "../models/index.js";
import { actsOf, holdTogether, isSequential, onlyActs } from "../testing/brute-sessions.js";
import { operation } from "../testing/builders.js";
import { judgeWeaker } from "./judge-weaker.js";

/** Fewer where hundreds of mutants are tried on them. */
const histories = process.env["MUTATION_TESTS"] === undefined ? 12_000 : 600;

interface Drawn {
  readonly operations: readonly Operation[];
  readonly initial: JsonValue;
}

/** Up to three sessions of up to four operations each, with at most four writes. */
function drawHistory(random: Random): Drawn {
  const initial: JsonValue = random.chance(0.3) ? null : 0;
  const isUnique = random.chance(0.7);
  const tells = random.chance(0.3);
  const unknownShare = random.pick([0, 0, 0.3]);
  let nextValue = 1;
  let writes = 0;
  const looked = (): JsonValue => (random.chance(0.15) ? initial : random.integer(1, isUnique ? 4 : 2));
  const written = (): JsonValue => (isUnique ? nextValue++ : random.chance(0.1) ? initial : random.integer(1, 2));
  const operations: Operation[] = [];
  const sessions = random.integer(2, 3);
  for (let process = 0; process < sessions; process++) {
    let time = random.integer(0, 3);
    for (let count = random.integer(1, 4); count > 0; count--) {
      const from = time;
      const to = from + random.integer(0, 3);
      time = to + random.integer(1, 2);
      const isUnknown = random.chance(unknownShare);
      const end = isUnknown ? null : to;
      const index = operations.length;
      const add = (name: string, input: JsonValue, output: JsonValue): void => {
        const failed = !isUnknown && random.chance(0.02) ? { outcome: "fail" as const } : {};
        operations.push(operation(index, name, input, isUnknown ? null : output, from, end, { process, ...failed }));
      };
      const draw = random.unit();
      if (draw < 0.5 || writes >= 4) add("get", null, looked());
      else if (draw < 0.75) {
        writes += 1;
        add("put", written(), tells && random.chance(0.5) ? { previous: looked() } : null);
      } else if (draw < 0.93) {
        writes += 1;
        add("cas", { expected: looked(), new: written() }, { status: "ok" });
      } else if (draw < 0.97) add("cas", { expected: looked(), new: 9 }, { status: "mismatch", observed: looked() });
      else add("cas", { expected: looked(), new: 9 }, { status: "mismatch" });
      if (isUnknown) break;
    }
  }
  return { operations, initial };
}

/** Is it plain which write each answer saw? Each value was written once, none was the initial one, and no answer is vague. */
function isCertain(operations: readonly Operation[], initial: JsonValue): boolean {
  const happened = operations.filter(({ outcome }) => outcome !== "fail");
  const written = happened.flatMap(({ function: name, input, output }): JsonValue[] => {
    if (name === "put") return [input];
    const told = output as { readonly status: string } | null;
    return name === "cas" && (told === null || told.status === "ok")
      ? [(input as { readonly new: JsonValue }).new]
      : [];
  });
  const isVague = ({ output }: Operation) => JSON.stringify(output) === '{"status":"mismatch"}';
  return new Set([initial, ...written]).size === written.length + 1 && !happened.some(isVague);
}

describe("small random histories", () => {
  test(`${histories} of them are judged as the definitions judge them`, () => {
    const counts = {
      sequential: 0,
      failed: 0,
      unknown: 0,
      guarantees: 0,
      broken: 0,
      together: 0,
      certain: 0,
      idle: 0,
    };
    for (let seed = 0; seed < histories; seed++) {
      const { operations, initial } = drawHistory(createRandom(seed));
      const acts = actsOf(operations, initial);
      const answer = judgeWeaker(casRegister, operations, initial, 1_000);
      const fail = (what: string): never => {
        throw new Error(`seed ${seed}: ${what}: ${JSON.stringify(answer)}`);
      };
      const { sequential, guarantees } = answer;
      if (acts === null) {
        if (sequential.holds !== false || answer.strongest !== "none of the models that were looked at")
          fail("an answer contradicts itself");
        continue;
      }
      const truth = isSequential(acts);
      if (sequential.holds === "unknown") fail("so small a history cannot be unknown");
      if (sequential.holds !== truth) fail(`sequential consistency is ${String(truth)}`);
      counts[truth ? "sequential" : "failed"] += 1;
      if (sequential.witness.length > 0 && isSequential(onlyActs(acts, sequential.witness)))
        fail("the witness is sequentially consistent");
      if (isCertain(operations, initial)) {
        counts.certain += 1;
        if (sequential.holds === false && sequential.witness.length === 0) fail("a certain failure has no witness");
        if (guarantees.some(({ holds }) => holds === "unknown")) fail("what is certain is not known");
        for (const left of sequential.witness)
          if (
            !isSequential(
              onlyActs(
                acts,
                sequential.witness.filter((at) => at !== left),
              ),
            )
          )
            counts.idle += 1;
      }
      const kept = guarantees.filter(({ holds }) => holds === true).map(({ guarantee }) => guarantee);
      if (kept.length > 0 && !holdTogether(acts, kept)) fail("what holds does not hold together");
      counts.guarantees += kept.length;
      for (const { guarantee, holds, given, witness } of guarantees) {
        if (holds === "unknown") counts.unknown += 1;
        if (holds !== false) continue;
        counts.broken += 1;
        if (given.length > 0) counts.together += 1;
        if (holdTogether(acts, [...given, guarantee])) fail(`${guarantee} can hold with what is given`);
        if (holdTogether(onlyActs(acts, witness), [...given, guarantee]))
          fail(`the witness does not show ${guarantee}`);
        for (const one of given) if (!kept.includes(one)) fail("what is given does not hold");
        for (const one of given)
          if (!holdTogether(onlyActs(acts, witness), [...given.filter((other) => other !== one), guarantee]))
            counts.idle += 1;
        for (const left of witness)
          if (
            !holdTogether(
              onlyActs(
                acts,
                witness.filter((at) => at !== left),
              ),
              [...given, guarantee],
            )
          )
            counts.idle += 1;
      }
    }
    expect(counts.sequential).toBeGreaterThan(histories / 20);
    expect(counts.failed).toBeGreaterThan(histories / 5);
    expect(counts.guarantees).toBeGreaterThan(histories / 5);
    expect(counts.broken).toBeGreaterThan(histories / 5);
    expect(counts.together).toBeGreaterThan(histories / 50);
    expect(counts.certain).toBeGreaterThan(histories / 2);
    // Where it is left open which write was seen, a guess mostly serves.
    expect(counts.unknown).toBeLessThan(histories / 16);
    // Operations of a witness, and guarantees that are given, that it would also do without.
    expect(counts.idle).toBeLessThan(counts.broken / 5);
  });
});
