// A JSON value as text.
import type { JsonValue } from "../../../../history/index.js";

export function Json({ value }: { readonly value: JsonValue }) {
  return <pre class="json">{JSON.stringify(value, null, 2)}</pre>;
}
