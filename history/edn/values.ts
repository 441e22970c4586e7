// Between EDN forms and JSON values. What JSON has no word for (keywords, sets, ratios, big integers, …) is carried as
// `{"edn": "<its text>"}`, equal for equal forms, and written back as that text.
import type { JsonValue } from "../operation.js";
import { parseEdn, type Edn } from "./parse.js";

/** Functions whose completion carries an answer; others only say again what was asked. */
export const answering: readonly string[] = ["get", "dequeue", "contains"];

export function ednToJson(form: Edn): JsonValue {
  switch (form.kind) {
    case "nil":
      return null;
    case "boolean":
    case "string":
      return form.value;
    case "number":
      return form.value === null ? { edn: form.text } : form.value;
    case "list":
    case "vector":
      return form.items.map(ednToJson);
    case "map": {
      const object: Record<string, JsonValue> = {};
      for (const [key, value] of form.entries) {
        if (key.kind !== "string") return { edn: printEdn(form) };
        Object.defineProperty(object, key.value, { value: ednToJson(value), enumerable: true });
      }
      return object;
    }
    default:
      return { edn: printEdn(form) };
  }
}

export function jsonToEdn(value: JsonValue): string {
  if (value === null) return "nil";
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object") return Object.is(value, -0) ? "0" : String(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => jsonToEdn(item)).join(" ")}]`;
  const entries = Object.entries(value as { readonly [name: string]: JsonValue });
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === "edn" && typeof only[1] === "string" && isOneForm(only[1])) return only[1];
  return `{${entries.map(([name, item]) => `${quote(name)} ${jsonToEdn(item)}`).join(", ")}}`;
}

function isOneForm(text: string): boolean {
  try {
    const { forms, torn } = parseEdn(text);
    const [form] = forms;
    // A text that would read back as something plainer is an object that only looks like a carried form.
    return (
      torn === null &&
      forms.length === 1 &&
      form !== undefined &&
      JSON.stringify(ednToJson(form)) === JSON.stringify({ edn: text })
    );
  } catch {
    return false;
  }
}

/** One form as text; maps and sets in a fixed order, so that equal forms give equal texts. */
export function printEdn(form: Edn): string {
  const all = (items: readonly Edn[]) => items.map(printEdn);
  switch (form.kind) {
    case "nil":
      return "nil";
    case "boolean":
      return String(form.value);
    case "number":
    case "char":
      return form.text;
    case "string":
      return quote(form.value);
    case "keyword":
      return `:${form.name}`;
    case "symbol":
      return form.name;
    case "list":
      return `(${all(form.items).join(" ")})`;
    case "vector":
      return `[${all(form.items).join(" ")}]`;
    case "set":
      return `#{${all(form.items).sort().join(" ")}}`;
    case "map":
      return `{${form.entries
        .map(([key, value]) => `${printEdn(key)} ${printEdn(value)}`)
        .sort()
        .join(", ")}}`;
    case "tagged":
      return `#${form.tag} ${printEdn(form.value)}`;
  }
}

/** EDN strings know fewer escapes than JSON's, but all that JSON.stringify uses. */
function quote(text: string): string {
  return JSON.stringify(text);
}
