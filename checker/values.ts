// JSON values compared by content, whatever the order of an object's fields.
import type { JsonValue } from "../history/index.js";

/** Equal texts for equal values. */
export function canonical(value: JsonValue): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => canonical(item)).join(",")}]`;
  const fields = Object.entries(value as { readonly [name: string]: JsonValue });
  fields.sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(",")}}`;
}

/** An object's field, or undefined when the value is no object or has no such field. */
export function fieldOf(value: JsonValue, name: string): JsonValue | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  return (value as { readonly [name: string]: JsonValue })[name];
}

/** For sentences: short, so that a huge value does not drown them. */
export function show(value: JsonValue): string {
  const text = canonical(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}

/** Items with equal texts together, in their order. */
export function grouped<Item>(
  items: readonly Item[],
  textOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const text = textOf(item);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [item]);
    else group.push(item);
  }
  return groups;
}
