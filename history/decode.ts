// Bytes of a file → its text. Bytes that are no UTF-8 are an error with their place: replaced by a question mark, two different
// values could become one.
import { MalformedHistory } from "./malformed.js";

const newline = 0x0a;

/**
 * The text of a history file. A character cut off at the very end, as a crash in mid-write leaves it, becomes U+FFFD: it is part of
 * a last line that is torn. Throws MalformedHistory.
 */
export function decodeHistory(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    const text = decoder.decode(bytes, { stream: true });
    return hasCutEnd(decoder) ? `${text}\uFFFD` : text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw badByte(bytes);
  }
}

/** Flushing a decoder that still holds the beginning of a character fails. */
function hasCutEnd(decoder: { decode(): string }): boolean {
  try {
    decoder.decode();
    return false;
  } catch {
    return true;
  }
}

/** The first line that does not decode, and where in it. */
function badByte(bytes: Uint8Array): MalformedHistory {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const next = bytes.indexOf(newline, start);
    const end = next === -1 ? bytes.length : next;
    const offset = firstBad(bytes.subarray(start, end));
    if (offset !== null) {
      const column = new TextDecoder().decode(bytes.subarray(start, start + offset)).length + 1;
      const byte = (bytes[start + offset] ?? 0).toString(16).padStart(2, "0");
      return new MalformedHistory(`expected UTF-8, found byte 0x${byte}`, { line, column });
    }
    start = end + 1;
  }
  return new MalformedHistory("expected UTF-8", { line, column: 1 });
}

/** Length of the longest beginning that decodes; null when all of it does. */
function firstBad(line: Uint8Array): number | null {
  const decodes = (length: number): boolean => {
    try {
      // A character that is only cut off by looking at a part is none that is wrong.
      new TextDecoder("utf-8", { fatal: true }).decode(line.subarray(0, length), { stream: length < line.length });
      return true;
    } catch {
      return false;
    }
  };
  if (decodes(line.length)) return null;
  let low = 0;
  let high = line.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (decodes(middle)) low = middle;
    else high = middle;
  }
  return low;
}
