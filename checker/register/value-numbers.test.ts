// Values and their numbers: equal numbers exactly where canonical texts are equal.
import { expect, test } from "vitest";
import type { JsonValue } from "../../history/index.js";
import { Scratch } from "../scratch.js";
import { canonical } from "../values.js";
import { ValueNumbers } from "./value-numbers.js";

const numbers: readonly JsonValue[] = [0, -0, 1, -1, 1.5, 17, 18, 1e9, 2 ** 31, 2 ** 53 - 1, -5];
const texts: readonly JsonValue[] = ["0", "1", "", "null", "true", "[1]", '{"a":1}', '{"a":1,"b":2}', "[null]"];
const others: readonly JsonValue[] = [
  null,
  true,
  false,
  [1],
  [1, [2]],
  [],
  [null],
  {},
  { a: 1, b: 2 },
  { b: 2, a: 1 },
  { a: 1 },
];
const values: readonly JsonValue[] = numbers.concat(texts, others);

test("equal values get equal numbers and different ones different numbers, whichever is initial", () => {
  for (const initial of values) {
    const numbering = new ValueNumbers(initial, 2, new Scratch());
    expect(numbering.numberOf(initial)).toBe(0);
    for (const one of values)
      for (const other of values)
        expect(numbering.numberOf(one) === numbering.numberOf(other), `${canonical(one)} and ${canonical(other)}`).toBe(
          canonical(one) === canonical(other),
        );
    const known = numbering.texts();
    expect(known.length).toBe(numbering.size);
    for (const value of values) expect(known[numbering.numberOf(value)]).toBe(canonical(value));
  }
});

test("memory with leftovers of an earlier use changes nothing", () => {
  const scratch = new Scratch();
  scratch.int32(5000).fill(77);
  scratch.clear();
  const numbering = new ValueNumbers(5, 100, scratch);
  expect([numbering.numberOf(3), numbering.numberOf(4), numbering.numberOf(3), numbering.numberOf(5)]).toEqual([
    1, 2, 1, 0,
  ]);
});
