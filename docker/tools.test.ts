// Shows what is taken for an answer of the program inside a network namespace: lines it wrote itself, and never the text that
// Docker writes to the same stream when it cannot start the program.
import { expect, test } from "vitest";
import { parseAnswer } from "./tools.js";

test("a line of the program is an answer", () => {
  expect(parseAnswer('{"id":3,"output":"accepted"}')).toEqual({ id: 3, output: "accepted" });
});

test.each([
  "cannot exec in a stopped state: unknown",
  "",
  "null",
  "[]",
  '"text"',
  '{"output":"accepted"}',
  '{"id":"3"}',
])("%j is no answer", (line) => expect(parseAnswer(line)).toBeNull());
