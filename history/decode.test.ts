// Bytes that are no UTF-8 would be replaced by one and the same sign, and two values become one: they are refused with their place.
import { describe, expect, test } from "vitest";
import { decodeHistory } from "./decode.js";
import { MalformedHistory } from "./malformed.js";
import { readHistory } from "./read-history.js";

const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from([part]))));

function placeOf(source: Uint8Array): string {
  try {
    return decodeHistory(source);
  } catch (error) {
    if (error instanceof MalformedHistory) return error.message;
    throw error;
  }
}

describe("decodeHistory", () => {
  test("UTF-8 is decoded, a byte order mark kept for the reader to drop", () => {
    expect(placeOf(bytes('{:a "zażółć 🦉"}\n'))).toBe('{:a "zażółć 🦉"}\n');
    expect(placeOf(bytes("\uFEFF[]"))).toBe("\uFEFF[]");
    expect(placeOf(bytes())).toBe("");
  });

  test("a byte that is none is named with line, column and value", () => {
    expect(placeOf(bytes("ab\nżc", 0xff, "d\n"))).toBe("line 2, column 3: expected UTF-8, found byte 0xff");
    expect(placeOf(bytes(0x80))).toBe("line 1, column 1: expected UTF-8, found byte 0x80");
    // A character that is cut off by the end of its line, though not of the file.
    expect(placeOf(bytes("ab", 0xc5, "\ncd\n"))).toBe("line 1, column 3: expected UTF-8, found byte 0xc5");
  });

  test("a character cut off at the very end leaves a torn line", () => {
    expect(placeOf(bytes("ab\nc", 0xc5))).toBe("ab\nc\uFFFD");
    const line = '{:type :invoke, :process 0, :f :write, :value "a"}\n';
    const torn = readHistory(bytes(line, '{:type :ok, :process 0, :f :write, :value "', 0xf0, 0x9f));
    expect(torn).toMatchObject({ kind: "history", torn: { line: 2 } });
    const outside = readHistory(bytes(line, "{:type :ok, :process 0, :f :write, :value 7}", 0xf0));
    expect(outside).toBeInstanceOf(MalformedHistory);
  });
});
