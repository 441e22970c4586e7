// Tiny random histories of one register, dense in everything that goes wrong: ties, zero-length operations, unknown outcomes,
// every shape of cas answer, duplicate values and writes back to the initial value.
import type { JsonValue, Operation, Random } from "../../history/index.js";
import { operation } from "./builders.js";

export interface TinyHistory {
  readonly operations: readonly Operation[];
  readonly initial: JsonValue;
}

/** 2 to 7 operations. */
export function tinyHistory(random: Random): TinyHistory {
  const count = 2 + random.integer(0, 6 - 1);
  const span = 2 + random.integer(0, 10 - 1);
  const unique = random.chance(0.4);
  const domain = unique ? [0, 1, 2, 3, 4, 5, 6, 7] : [0, 1, 2, 3].slice(0, 2 + random.integer(0, 3 - 1));
  const initial: JsonValue = random.chance(0.3) ? null : 0;
  const share = { get: 0.2 + random.unit() * 0.4, put: 0.2 + random.unit() * 0.3 };
  const unknownShare = random.pick([0, 0.15, 0.4]);
  const tells = random.chance(0.3);
  let nextUnique = 1;
  const value = (): JsonValue => (random.chance(0.1) ? initial : random.pick(domain));
  const written = (): JsonValue => (unique && random.chance(0.9) ? nextUnique++ : value());
  const operations: Operation[] = [];
  for (let index = 0; index < count; index++) {
    const from = random.integer(0, span - 1);
    const to = random.chance(unknownShare) ? null : from + random.integer(0, random.integer(0, span - 1));
    const draw = random.unit();
    const failed = to !== null && random.chance(0.04);
    const extra: Partial<Operation> = failed ? { outcome: "fail" } : {};
    if (draw < share.get) operations.push(operation(index, "get", null, value(), from, to, extra));
    else if (draw < share.get + share.put) {
      const output: JsonValue = tells && random.chance(0.6) ? { previous: value() } : null;
      operations.push(operation(index, "put", written(), output, from, to, extra));
    } else {
      const input = { expected: value(), new: written() };
      const output = to === null ? null : casAnswer(random, input.expected, value);
      operations.push(operation(index, "cas", input, output, from, to, extra));
    }
  }
  return { operations, initial };
}

function casAnswer(random: Random, expected: JsonValue, value: () => JsonValue): JsonValue {
  const draw = random.unit();
  if (draw < 0.5) return random.chance(0.1) ? { status: "ok", observed: expected } : { status: "ok" };
  if (draw < 0.65) return { status: "mismatch" };
  if (draw < 0.95) return { status: "mismatch", observed: value() };
  return random.chance(0.5) ? { status: "not-found" } : { status: "not-found", observed: null };
}
