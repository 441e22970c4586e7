// Random histories of a register that are too large for brute force: correct ones, made from a real order, and the same with an
// answer or two changed. Ties, long operations, unknown outcomes that take effect late or never, small and large domains.
import { registerHistory } from "../../../bench/checker-histories.js";
import type { JsonValue, Operation, Random } from "../../../history/index.js";
import { operation } from "../../testing/builders.js";

export interface LargerHistory {
  readonly operations: readonly Operation[];
  readonly initial: JsonValue;
}

interface Shape {
  readonly count: number;
  readonly spread: number;
  readonly domain: number;
  readonly unique: boolean;
  readonly unknownShare: number;
  readonly casShare: number;
  readonly blindFailures: boolean;
}

function shapeOf(random: Random): Shape {
  return {
    count: 12 + random.integer(0, 48),
    spread: random.pick([2, 6, 14]),
    domain: random.pick([2, 3, 4, 8]),
    unique: random.chance(0.4),
    unknownShare: random.pick([0, 0.03, 0.1, 0.25, 0.5]),
    casShare: random.pick([0, 0.2, 0.4]),
    blindFailures: random.chance(0.3),
  };
}

export function largerHistory(random: Random): LargerHistory {
  const shape = shapeOf(random);
  const operations: Operation[] = [];
  const initial: JsonValue = 0;
  let value: JsonValue = initial;
  let next = 1;
  const recent: JsonValue[] = [initial];
  for (let index = 0; index < shape.count; index++) {
    const at = 2 * index;
    const from = at - random.integer(0, shape.spread);
    const to = at + random.integer(0, shape.spread);
    const unknown = random.chance(shape.unknownShare);
    const happens = !unknown || random.chance(0.6);
    const fresh = (): JsonValue =>
      shape.unique && !random.chance(0.04) ? 100 + next++ : random.integer(0, shape.domain);
    const draw = random.unit();
    const until = unknown ? null : to;
    if (draw < 0.4) operations.push(operation(index, "get", null, unknown ? null : value, from, until));
    else if (draw < 1 - shape.casShare) {
      const input: JsonValue = fresh();
      operations.push(operation(index, "put", input, null, from, until));
      if (happens) value = input;
    } else {
      const expected: JsonValue = random.chance(0.7) ? value : random.pick(recent);
      const input: { readonly expected: JsonValue; readonly new: JsonValue } = { expected, new: fresh() };
      const status = expected === value ? "ok" : "mismatch";
      const told: Record<string, JsonValue> = shape.blindFailures && random.chance(0.5) ? {} : { observed: value };
      operations.push(operation(index, "cas", input, unknown ? null : { status, ...told }, from, until));
      if (happens && expected === value) value = input.new;
    }
    recent.push(value);
    if (recent.length > 5) recent.shift();
  }
  return { operations, initial };
}

/** Up to three answers are another's, or their operations did not happen after all. */
export function spoil(operations: readonly Operation[], random: Random): readonly Operation[] {
  const places = new Set(Array.from({ length: random.integer(1, 3) }, () => random.integer(0, operations.length - 1)));
  const others = operations.filter(({ function: name, outcome }) => name === "get" && outcome === "ok");
  return operations.map((given, at) => {
    if (!places.has(at) || given.outcome !== "ok") return given;
    if (given.function === "get") return { ...given, output: random.pick(others).output };
    return { ...given, outcome: "fail" };
  });
}

/** What clients see that call one after the other and give up on many: unknown writes of few values, some taking effect much later. */
export function clientsHistory(random: Random): LargerHistory {
  const operations = registerHistory({
    seed: random.uint32(),
    operations: random.integer(12, 51),
    clients: random.integer(2, 6),
    values: random.integer(2, 5),
    unknownShare: 0.2 + 0.4 * random.unit(),
    tells: random.chance(0.5),
  });
  return { operations, initial: null };
}
