// A reader of EDN (github.com/edn-format/edn), all of it that data files use: nil, booleans, integers and decimals with N and M,
// ratios, strings (newlines inside included), characters, keywords, symbols, lists, vectors, maps, sets, tagged literals, comments
// and #_ discards. Every form knows where it began, for messages.
import { isExactNumber } from "../json-exact.js";
import { MalformedHistory } from "../malformed.js";

interface Placed {
  /** Offset in the text. */
  readonly at: number;
}
export type Edn = Placed &
  (
    | { readonly kind: "nil" }
    | { readonly kind: "boolean"; readonly value: boolean }
    /** `text` as written, without a leading "+"; `value` is null where a double cannot hold it exactly, and for ratios. */
    | { readonly kind: "number"; readonly text: string; readonly value: number | null }
    | { readonly kind: "string"; readonly value: string }
    | { readonly kind: "char"; readonly text: string }
    | { readonly kind: "keyword" | "symbol"; readonly name: string }
    | { readonly kind: "list" | "vector" | "set"; readonly items: readonly Edn[] }
    | { readonly kind: "map"; readonly entries: readonly (readonly [Edn, Edn])[] }
    | { readonly kind: "tagged"; readonly tag: string; readonly value: Edn }
  );

/** Deeper nesting than this is refused rather than left to the stack. */
const maxDepth = 200;
const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "#{": "}" };
const stringEscapes: Readonly<Record<string, string>> = {
  t: "\t",
  r: "\r",
  n: "\n",
  b: "\b",
  f: "\f",
  "\\": "\\",
  '"': '"',
  "/": "/",
};

/** Thrown when the text ends inside a form: the file may have been cut short. */
export class EdnTorn extends MalformedHistory {
  /** Offset where the unfinished top-level form begins. */
  constructor(
    problem: string,
    place: { readonly line: number; readonly column: number },
    readonly from: number,
  ) {
    super(problem, place);
  }
}

/** All top-level forms. Throws MalformedHistory, and EdnTorn (with the forms before it) when the text ends inside one. */
export function parseEdn(text: string): { readonly forms: readonly Edn[]; readonly torn: EdnTorn | null } {
  const parser = new Parser(text);
  const forms: Edn[] = [];
  for (;;) {
    let from = 0;
    try {
      parser.skipBlank();
      from = parser.offset;
      const form = parser.next(0);
      if (form === null) return { forms, torn: null };
      forms.push(form);
    } catch (error) {
      if (error instanceof EdnTorn) return { forms, torn: new EdnTorn(error.problem, parser.placeOf(from), from) };
      throw error;
    }
  }
}

/** Line and column, from 1, of an offset. */
export function placeIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}

class Parser {
  offset = 0;
  constructor(readonly text: string) {}

  placeOf(offset: number): { readonly line: number; readonly column: number } {
    return placeIn(this.text, offset);
  }

  fail(problem: string, offset = this.offset): MalformedHistory {
    return new MalformedHistory(problem, this.placeOf(offset));
  }

  torn(problem: string): EdnTorn {
    return new EdnTorn(problem, this.placeOf(this.offset), this.offset);
  }

  /** White space, commas, comments. */
  skipBlank(): void {
    for (; this.offset < this.text.length; this.offset++) {
      const unit = this.text.charAt(this.offset);
      if (unit === ";") {
        const newline = this.text.indexOf("\n", this.offset);
        this.offset = newline === -1 ? this.text.length : newline;
      } else if (!/[\s,]/.test(unit)) return;
    }
  }

  /** The next form, or null at the end of the text or before a closing bracket. */
  next(depth: number): Edn | null {
    if (depth > maxDepth) throw this.fail(`nested deeper than ${maxDepth} forms`);
    for (;;) {
      this.skipBlank();
      const at = this.offset;
      if (at >= this.text.length) return null;
      const unit = this.text.charAt(at);
      if (unit === ")" || unit === "]" || unit === "}") {
        if (depth === 0) throw this.fail(`"${unit}" closes nothing`);
        return null;
      }
      if (unit === "(" || unit === "[") {
        this.offset += 1;
        return { at, kind: unit === "(" ? "list" : "vector", items: this.#until(unit, depth) };
      }
      if (unit === "{") {
        this.offset += 1;
        return { at, kind: "map", entries: this.#pairs(at, depth) };
      }
      if (unit === '"') return this.#string(at);
      if (unit === "\\") return this.#char(at);
      if (unit === "#") {
        const form = this.#dispatch(at, depth);
        if (form === null) continue;
        return form;
      }
      return this.#atom(at);
    }
  }

  #required(depth: number, after: string): Edn {
    const form = this.next(depth);
    if (form !== null) return form;
    if (this.offset >= this.text.length) throw this.torn(`the text ends after ${after}`);
    throw this.fail(`${after} needs a form after it, found "${this.text.charAt(this.offset)}"`);
  }

  #until(opener: string, depth: number): Edn[] {
    const closer = closers[opener];
    const items: Edn[] = [];
    for (;;) {
      const form = this.next(depth + 1);
      if (form !== null) {
        items.push(form);
        continue;
      }
      if (this.offset >= this.text.length) throw this.torn(`"${opener}" is never closed`);
      const found = this.text.charAt(this.offset);
      if (found !== closer) throw this.fail(`expected "${closer}" to close "${opener}", found "${found}"`);
      this.offset += 1;
      return items;
    }
  }

  #pairs(at: number, depth: number): (readonly [Edn, Edn])[] {
    const items = this.#until("{", depth);
    if (items.length % 2 === 1) throw this.fail("a map needs an even number of forms", at);
    const entries: (readonly [Edn, Edn])[] = [];
    const names = new Set<string>();
    for (let place = 0; place < items.length; place += 2) {
      const [key, value] = items.slice(place, place + 2);
      if (key === undefined || value === undefined) continue;
      const name = key.kind === "keyword" ? `:${key.name}` : key.kind === "string" ? JSON.stringify(key.value) : null;
      if (name !== null && names.has(name)) throw this.fail(`key ${name} is given twice`, key.at);
      if (name !== null) names.add(name);
      entries.push([key, value]);
    }
    return entries;
  }

  /** `#{…}`, `#_ form` (null: discarded), `#tag form`, `##Inf`. */
  #dispatch(at: number, depth: number): Edn | null {
    const unit = this.text.charAt(at + 1);
    if (unit === "{") {
      this.offset += 2;
      return { at, kind: "set", items: this.#until("#{", depth) };
    }
    if (unit === "_") {
      this.offset += 2;
      this.#required(depth + 1, '"#_"');
      return null;
    }
    if (unit === "#") {
      this.offset += 2;
      const name = this.#token();
      const known: Readonly<Record<string, number>> = { Inf: Infinity, "-Inf": -Infinity, NaN };
      if (!(name in known)) throw this.fail(`"##${name}" is no number`, at);
      return { at, kind: "number", text: `##${name}`, value: null };
    }
    this.offset += 1;
    const tag = this.#token();
    if (tag === "") {
      if (this.offset >= this.text.length) throw this.torn('the text ends after "#"');
      throw this.fail('"#" needs a tag, "{", "_" or "#" after it', at);
    }
    return { at, kind: "tagged", tag, value: this.#required(depth + 1, `the tag #${tag}`) };
  }

  #string(at: number): Edn {
    let value = "";
    for (let offset = at + 1; ;) {
      const stop = this.#nextOf(offset);
      value += this.text.slice(offset, stop);
      this.offset = stop;
      if (stop >= this.text.length) throw this.torn("a string is never closed");
      if (this.text.charAt(stop) === '"') {
        this.offset = stop + 1;
        return { at, kind: "string", value };
      }
      const escape = this.text.charAt(stop + 1);
      if (escape === "") throw this.torn("a string is never closed");
      if (escape === "u") {
        const hex = this.text.slice(stop + 2, stop + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.fail(`"\\u${hex}" needs four hexadecimal digits`);
        value += String.fromCharCode(Number.parseInt(hex, 16));
        offset = stop + 6;
        continue;
      }
      const plain = stringEscapes[escape];
      if (plain === undefined) throw this.fail(`"\\${escape}" is no escape of a string`);
      value += plain;
      offset = stop + 2;
    }
  }

  /** Offset of the next quote or backslash, or the end. */
  #nextOf(from: number): number {
    for (let offset = from; offset < this.text.length; offset++) {
      const unit = this.text.charAt(offset);
      if (unit === '"' || unit === "\\") return offset;
    }
    return this.text.length;
  }

  #char(at: number): Edn {
    this.offset = at + 2;
    if (this.offset > this.text.length) throw this.torn('the text ends after "\\"');
    const name = this.text.charAt(at + 1) + this.#token();
    if (name.length > 1 && !/^(newline|return|space|tab|formfeed|backspace|u[0-9a-fA-F]{4}|o[0-7]{1,3})$/.test(name))
      throw this.fail(`"\\${name}" is no character`, at);
    return { at, kind: "char", text: `\\${name}` };
  }

  #token(): string {
    const from = this.offset;
    while (this.offset < this.text.length && !/[\s,()[\]{}";\\]/.test(this.text.charAt(this.offset))) this.offset += 1;
    return this.text.slice(from, this.offset);
  }

  #atom(at: number): Edn {
    const token = this.#token();
    if (token === "") throw this.fail(`"${this.text.charAt(at)}" begins no form`);
    if (token === "nil") return { at, kind: "nil" };
    if (token === "true" || token === "false") return { at, kind: "boolean", value: token === "true" };
    if (token.startsWith(":")) {
      if (token === ":" || token.startsWith("::")) throw this.fail(`"${token}" is no keyword`, at);
      return { at, kind: "keyword", name: token.slice(1) };
    }
    if (/^[+-]?\d/.test(token)) return numberOf(at, token) ?? this.#noNumber(token, at);
    return { at, kind: "symbol", name: token };
  }

  #noNumber(token: string, at: number): never {
    throw this.fail(`"${token}" is no number`, at);
  }
}

function numberOf(at: number, token: string): Edn | null {
  const text = token.replace(/^\+/, "");
  if (/^-?(0|[1-9]\d*)N?$/.test(text)) {
    const digits = text.replace(/N$/, "");
    const value = Number(digits);
    // Beyond the safe integers only those that a double prints the same: no two of them become equal.
    return { at, kind: "number", text, value: Number.isSafeInteger(value) || String(value) === digits ? value : null };
  }
  if (/^-?(0|[1-9]\d*)(\.\d*)?([eE][+-]?\d+)?M?$/.test(text)) {
    const digits = text.replace(/M$/, "");
    return { at, kind: "number", text, value: isExactNumber(digits) ? Number(digits) : null };
  }
  return /^-?\d+\/\d*[1-9]\d*$/.test(text) ? { at, kind: "number", text, value: null } : null;
}
