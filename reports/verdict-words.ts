// A verdict in words for its first line: what a valid or unknown one means, without the word that stands above it anyway.
import type { Verdict } from "../checker/index.js";

/** What it means that nobody knows; the reasons themselves stand below it. */
const meanings: Readonly<Record<string, string>> = {
  vacuous: "Nothing wrong was found, but the run did not see what it had to see: it proves nothing.",
  weak: "Nothing wrong was found, but the run asked too little for that to mean much.",
  budget: "Nothing wrong was found so far: the checker ran out of its budget before it had judged everything.",
  starved: "The machine had no time for this run: it says nothing of the system.",
  interrupted: "Nothing wrong was found before the run was cut short.",
};

/** A summary may open with the verdict's word, which stands above it already. */
function withoutWord(summary: string): string {
  const rest = summary.replace(/^(valid|violation|unknown)(?: \([^)]*\))?: /i, "");
  return rest.slice(0, 1).toUpperCase() + rest.slice(1);
}

/** Of a verdict without a violation. */
export function meaningOf({ valid, unknown, summary }: Pick<Verdict, "valid" | "unknown" | "summary">): string {
  const [first] = unknown;
  const meaning = valid === "unknown" && first !== undefined ? meanings[first.code] : undefined;
  return meaning ?? withoutWord(summary);
}

/** Classes of what broke, or kinds of reasons why nobody knows; each once. */
export function kindsOf({
  valid,
  violations,
  unknown,
}: Pick<Verdict, "valid" | "violations" | "unknown">): readonly string[] {
  if (violations.length > 0) return [...new Set(violations.map((violation) => violation.class))];
  return valid === "unknown" ? [...new Set(unknown.map(({ code }) => code))] : [];
}
