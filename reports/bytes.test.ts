// Shows that the bytes of a report say what was written, at the borders of each form, and that damaged bytes are refused rather than
// read as something else. The numbers are chosen by hand; random ones are in columns.property.test.ts.
import { expect, test } from "vitest";
import { ByteReader, ByteWriter, joinSections, signedLimit, splitSections } from "./bytes.js";

const borders = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER];

test("unsigned numbers come back, up to the largest safe integer", () => {
  const writer = new ByteWriter();
  for (const value of borders) writer.unsigned(value);
  const reader = new ByteReader(writer.take());
  expect(borders.map(() => reader.unsigned())).toEqual(borders);
  expect(reader.atEnd).toBe(true);
});

test("signed numbers come back, on both sides of zero", () => {
  const values = borders.filter((value) => value <= signedLimit).flatMap((value) => [value, value === 0 ? 0 : -value]);
  const writer = new ByteWriter();
  for (const value of values) writer.signed(value);
  const reader = new ByteReader(writer.take());
  expect(values.map(() => reader.signed())).toEqual(values);
});

test("what is no number of the column is refused when written", () => {
  const writer = new ByteWriter();
  for (const value of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
    expect(() => writer.unsigned(value)).toThrow(RangeError);
  expect(() => writer.signed(signedLimit + 1)).toThrow(RangeError);
  expect(writer.length).toBe(0);
});

test("bytes that end too early, or go on too long, are refused when read", () => {
  expect(() => new ByteReader(Uint8Array.of(0x80)).unsigned()).toThrow("ends in the middle of a number");
  expect(() => new ByteReader(new Uint8Array(9).fill(0x80)).unsigned()).toThrow("longer than any safe integer");
  const whole = joinSections([Uint8Array.of(1, 2, 3), new Uint8Array(0)]);
  expect(splitSections(whole).map((section) => [...section])).toEqual([[1, 2, 3], []]);
  expect(() => splitSections(whole.subarray(0, 3))).toThrow("ends in the middle of a section");
  expect(() => splitSections(Uint8Array.of(...whole, 0))).toThrow("goes on after its last section");
});
