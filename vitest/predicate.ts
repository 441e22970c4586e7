// vitest's own `toSatisfy`, which ours takes the place of: a function that says yes or no.
import type { Matched } from "./matchers.js";

interface Printers {
  readonly isNot: boolean;
  readonly utils: { printReceived(value: unknown): string; printExpected(value: unknown): string };
}

/** Throws TypeError for an answer that is an object: a checker's result, or a promise, would pass whatever it says. */
export function matchPredicate(
  received: unknown,
  expected: unknown,
  message: string | undefined,
  { isNot, utils }: Printers,
): Matched {
  if (typeof expected !== "function") throw new TypeError("toSatisfy takes a function, or a checker { name, check }");
  const answer: unknown = expected(received);
  if (typeof answer === "object" && answer !== null)
    throw new TypeError(
      "toSatisfy: the function gave an object, which is no yes or no; give a checker as { name, check }",
    );
  return {
    pass: Boolean(answer),
    message: () =>
      [
        `expected the value ${isNot ? "not " : ""}to satisfy`,
        message ?? utils.printExpected(expected),
        "",
        "Received:",
        utils.printReceived(received),
      ].join("\n"),
  };
}
