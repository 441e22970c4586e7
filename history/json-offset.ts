// Where a text stops being JSON. JSON.parse says so in words that differ between versions; people need a column.

/* oxlint-disable no-control-regex -- JSON strings hold no control characters */
const blank = /[ \t\r\n]*/y;
const scalar =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const name = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;

/** Offset of the first token that cannot stand where it stands; the text's length when it ends too early. */
export function jsonErrorOffset(text: string): number {
  /** What may come next, innermost last: `value`, or `]`/`}` when an array or object may go on or end. */
  const stack: ("[" | "{")[] = [];
  let expected: "value" | "value or ]" | "name" | "name or }" | "colon" | "comma" = "value";
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  for (;;) {
    take(blank);
    const unit = text.charAt(at);
    const inside = stack.at(-1);
    if (expected === "comma" && inside === undefined) return at;
    const closes =
      (unit === "]" && inside === "[" && (expected === "comma" || expected === "value or ]")) ||
      (unit === "}" && inside === "{" && (expected === "comma" || expected === "name or }"));
    if (closes) {
      stack.pop();
      at += 1;
      expected = "comma";
    } else if (expected === "comma" && unit === ",") {
      at += 1;
      expected = inside === "[" ? "value" : "name";
    } else if (expected === "colon" && unit === ":") {
      at += 1;
      expected = "value";
    } else if ((expected === "name" || expected === "name or }") && take(name)) expected = "colon";
    else if (expected === "value" || expected === "value or ]") {
      if (unit === "[" || unit === "{") {
        stack.push(unit);
        at += 1;
        expected = unit === "[" ? "value or ]" : "name or }";
      } else if (take(scalar)) expected = "comma";
      else return at;
    } else return at;
  }
}
