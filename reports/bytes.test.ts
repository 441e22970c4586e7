// Shows that the bytes of a report say what was written, at the borders of each form, and that damaged bytes are refused rather than
// read as something else. The numbers are chosen by hand; random ones are in columns.property.test.ts.
import { expect, test } from "vitest";
import { ByteReader, ByteWriter, signedLimit } from "./bytes.js";
import { NumberReader, NumberWriter } from "./numbers.js";
import { SectionPacker, unpackSections } from "./pack-sections.js";

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
  const packer = new SectionPacker();
  packer.add(0, Uint8Array.of(1, 2, 3));
  packer.add(1, new Uint8Array(0));
  const whole = packer.join();
  expect(unpackSections(whole).map((section) => [...section])).toEqual([[1, 2, 3], []]);
  expect(() => unpackSections(whole.subarray(0, 5))).toThrow("ends in the middle of a section");
  expect(() => unpackSections(Uint8Array.of(...whole, 0))).toThrow("goes on after its last section");
});

test("a section longer than a chunk comes back in one piece, whether it deflates or not", () => {
  const noise = Uint8Array.from({ length: 2_500_000 }, (_, index) => (Math.imul(index, 2_654_435_761) >>> 13) & 0xff);
  const same = new Uint8Array(3_000_000).fill(7);
  const packer = new SectionPacker();
  const writer = new ByteWriter();
  writer.bytes(noise);
  packer.drain([writer], 1, false);
  expect(writer.length).toBe(0);
  writer.bytes(Uint8Array.of(1, 2));
  packer.drain([writer], 1, false);
  expect(writer.length).toBe(2);
  packer.drain([writer], 1, true);
  packer.add(0, same);
  const whole = packer.join();
  expect(whole.length).toBeLessThan(noise.length + 20_000);
  const [first, second] = unpackSections(whole);
  expect(Buffer.compare(first ?? new Uint8Array(), same)).toBe(0);
  expect(Buffer.compare(second ?? new Uint8Array(), Buffer.concat([noise, Uint8Array.of(1, 2)]))).toBe(0);
});

test("numbers in symbols and bits come back, on both sides of zero, and rounded ones to their precision", () => {
  const values = [...borders, 7, 8, 9, 15, 16, 1000, 65_535, 65_536, -1, -8, -9, -1_000_000];
  const exact = new NumberWriter();
  for (const value of values) exact.write(value);
  for (const value of values.filter((each) => Math.abs(each) <= signedLimit)) exact.signed(value);
  exact.bits.end();
  const reader = new NumberReader(exact.symbols.take(), exact.bits.bytes.take());
  expect(values.map(() => reader.read())).toEqual(values);
  for (const value of values.filter((each) => Math.abs(each) <= signedLimit)) expect(reader.signed()).toBe(value);
  expect(reader.atEnd).toBe(true);
  const rounded = new NumberWriter(4);
  for (const value of borders) rounded.write(value);
  rounded.bits.end();
  const near = new NumberReader(rounded.symbols.take(), rounded.bits.bytes.take(), 4);
  for (const value of borders) expect(Math.abs(near.read() - value)).toBeLessThanOrEqual(value / 32);
  expect(() => exact.write(0.5)).toThrow("no safe integer");
});
