// Bytes as letters that can stand in a script element: two of 91 printable characters carry 13 bits, so data grows by 23 % rather than by
// base64's 33 %. The characters `<`, `>` and `&` are not among them: no data can end the element or begin a comment. No Node and no DOM.

const bitsOfPair = 13;
const alphabet = Array.from({ length: 0x7f - 0x21 }, (_, place) => 0x21 + place).filter(
  (code) => !"<>&".includes(String.fromCharCode(code)),
);
const base = alphabet.length;

/** Letters that are made at once: a call of `fromCharCode` takes no more arguments than a stack holds. */
const lettersAtOnce = 0x4000;

export function lettersOf(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil((bytes.length * 8) / bitsOfPair) * 2);
  let at = 0;
  let pending = 0;
  let count = 0;
  const pair = (value: number): void => {
    codes[at++] = alphabet[value % base] ?? 0;
    codes[at++] = alphabet[Math.floor(value / base)] ?? 0;
  };
  for (const byte of bytes) {
    pending |= byte << count;
    count += 8;
    if (count < bitsOfPair) continue;
    pair(pending & (2 ** bitsOfPair - 1));
    pending >>>= bitsOfPair;
    count -= bitsOfPair;
  }
  if (count > 0) pair(pending);
  const parts: string[] = [];
  for (let from = 0; from < codes.length; from += lettersAtOnce)
    parts.push(String.fromCharCode(...codes.subarray(from, from + lettersAtOnce)));
  // Where the last pair has room for one byte more than there is, a letter that is no pair says so.
  return parts.join("") + (bytesIn(codes.length) > bytes.length ? surplus : "");
}

const surplus = "!";

function bytesIn(letters: number): number {
  return Math.floor((Math.floor(letters / 2) * bitsOfPair) / 8);
}

/** Throws a RangeError on anything that `lettersOf` does not write. */
export function bytesOfLetters(text: string): Uint8Array<ArrayBuffer> {
  const valueOf = new Int16Array(128).fill(-1);
  for (const [value, code] of alphabet.entries()) valueOf[code] = value;
  const value = (place: number): number => {
    const found = valueOf[text.charCodeAt(place)] ?? -1;
    if (found < 0) throw new RangeError(`letter ${place} of the report's data is none of its alphabet`);
    return found;
  };
  const bytes = new Uint8Array(bytesIn(text.length));
  let at = 0;
  let pending = 0;
  let count = 0;
  for (let place = 0; place + 1 < text.length; place += 2) {
    pending |= (value(place) + value(place + 1) * base) << count;
    count += bitsOfPair;
    while (count >= 8) {
      bytes[at++] = pending & 0xff;
      pending >>>= 8;
      count -= 8;
    }
  }
  return text.length % 2 === 0 ? bytes : bytes.subarray(0, -1);
}
