// Reading and writing by hand: whatever was written is read again. Keys above all, which are looked up by their bytes among those
// read before: one text must never be taken for another.
import fc from "fast-check";
import { expect, test } from "vitest";

import { ByteReader, BytesError, ByteWriter } from "./bytes.js";

function written(text: string): Buffer {
  const writer = new ByteWriter(8);
  writer.text(text);
  return writer.view();
}

test("a key is read as the same text as any other text is", () => {
  // Keys of few different units, so that many are read again; each unit takes one byte, or is what those bytes are in Latin-1.
  const key = fc.string({ unit: fc.constantFrom("a", "b", "é", "Ã", "©", "\u{fffd}", "€", "😀", "\0"), maxLength: 20 });
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 50 }), (keys) => {
      for (const each of [...keys, ...keys]) expect(new ByteReader(written(each)).key()).toBe(each);
    }),
  );
});

test("bytes that are no UTF-8 are read the same the second time", () => {
  const bytes = Buffer.from([3, 0, 0, 0, 0x61, 0xff, 0xc3]);
  const text = new ByteReader(bytes).text();
  expect([new ByteReader(bytes).key(), new ByteReader(bytes).key()]).toEqual([text, text]);
});

test("a safe integer is read as it was written", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (integer) => {
      const writer = new ByteWriter(1);
      writer.integer(integer);
      const reader = new ByteReader(writer.view());
      expect(reader.integer()).toBe(integer);
      expect(reader.atEnd).toBe(true);
    }),
  );
});

test("nothing behind the end is read", () => {
  const bytes = Buffer.concat([written("abc"), written("abc")]);
  for (let end = 0; end < 7; end++) {
    expect(() => new ByteReader(bytes, 0, end).key()).toThrow(BytesError);
    expect(() => new ByteReader(bytes, 0, end).text()).toThrow(BytesError);
  }
  expect(() => new ByteReader(bytes, 3, 3).byte()).toThrow(BytesError);
  const reader = new ByteReader(bytes, 0, 7);
  expect(reader.key()).toBe("abc");
  expect(reader.atEnd).toBe(true);
});
