// Scratch memory: what is lent at one time does not overlap, and what was given back is lent again.
import { expect, test } from "vitest";
import { Scratch, withScratch } from "./scratch.js";

test("arrays lent together do not share a byte, whatever their kinds and however many chunks they take", () => {
  const scratch = new Scratch();
  for (let turn = 0; turn < 3; turn++) {
    const arrays = Array.from({ length: 300 }, (_, at) =>
      at % 3 === 0 ? scratch.int32(at * 7) : at % 3 === 1 ? scratch.float64(at * 5) : scratch.uint8(at * 11),
    );
    for (const [at, array] of arrays.entries()) array.fill(at % 251);
    for (const [at, array] of arrays.entries()) expect(array.every((value: number) => value === at % 251)).toBe(true);
    scratch.clear();
  }
});

test("a second judgement gets the memory of the first, a judgement within a judgement its own", () => {
  const buffer = withScratch(1000, (scratch) => scratch.uint8(10).buffer);
  withScratch(1000, (scratch) => {
    const outer = scratch.uint8(10);
    expect(outer.buffer).toBe(buffer);
    withScratch(1000, (inner) => expect(inner.uint8(10).buffer).not.toBe(buffer));
  });
});

test("memory lent to what throws is lent again", () => {
  const buffer = withScratch(1000, (scratch) => scratch.uint8(10).buffer);
  expect(() =>
    withScratch(1000, () => {
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(withScratch(1000, (scratch) => scratch.uint8(10).buffer)).toBe(buffer);
});
