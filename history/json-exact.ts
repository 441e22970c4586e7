// What JSON.parse takes without a word, and a judge must not: a field given twice (the last one would win), a number that a double
// cannot hold (two different ones would become equal), nesting that no later recursion could follow.

/** Deeper values than this are refused. */
export const maxJsonDepth = 200;

export interface Inexact {
  /** Offset in the text. */
  readonly offset: number;
  readonly problem: string;
}

const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[[\]{}:,]|true|false|null/g;

/**
 * True when the text of a decimal number has a double of its own: as that double prints itself, or with at most 15 digits, which no
 * two doubles share unless they are too large or too small for any.
 */
export function isExactNumber(text: string): boolean {
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  if (String(value) === text) return true;
  const [mantissa = ""] = text.split(/[eE]/);
  const digits = mantissa.replaceAll(/[-+.]/g, "").replace(/^0+/, "");
  if (digits === "") return true;
  const size = Math.abs(value);
  if (size < 1e-300 || size > 1e300) return false;
  return digits.replace(/0+$/, "").length <= 15 || Number.isSafeInteger(value);
}

/** Looks at a text that JSON.parse has taken, and its value. Null: it says what its value says. */
export function inexactJson(text: string, value: unknown): Inexact | null {
  // Compact JSON of our own writer, the usual case: what prints the same was read the same.
  const isFlat = text.length < 2 * maxJsonDepth;
  if (isFlat && JSON.stringify(value) === text) return null;
  const open: (Set<string> | null)[] = [];
  let last = "";
  let lastAt = 0;
  for (const match of text.matchAll(token)) {
    const [word] = match;
    const at = match.index;
    if (word === "{" || word === "[") {
      if (open.length >= maxJsonDepth) return { offset: at, problem: `nested deeper than ${maxJsonDepth} values` };
      open.push(word === "{" ? new Set() : null);
    } else if (word === "}" || word === "]") open.pop();
    else if (word === ":") {
      const names = open.at(-1);
      const name = JSON.parse(last) as string;
      if (names?.has(name) === true) return { offset: lastAt, problem: `field ${last} is given twice` };
      names?.add(name);
    } else if (/^[-\d]/.test(word) && !isExactNumber(word))
      return { offset: at, problem: `number ${word.slice(0, 40)} cannot be held exactly; write it as a text` };
    last = word;
    lastAt = at;
  }
  return null;
}

/** Offset of the value of an object's field, of the object itself where it has no such field. */
export function offsetOfField(text: string, name: string): number {
  let depth = 0;
  let last = "";
  let isNext = false;
  for (const match of text.matchAll(token)) {
    const [word] = match;
    if (isNext) return match.index;
    if (word === "{" || word === "[") depth += 1;
    else if (word === "}" || word === "]") depth -= 1;
    else if (word === ":" && depth === 1) isNext = JSON.parse(last) === name;
    last = word;
  }
  return Math.max(0, text.search(/\S/));
}
