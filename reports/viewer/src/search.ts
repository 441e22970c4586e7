// Finds operations by what they carry. A query is words, all of which must fit: `key:k3`, `process:17`, `node:n2`, `outcome:info`,
// `get`, `value:17`, or just `17`, which is sought as a whole number in what was written and read.
import { outcomes } from "../../columns.js";
import type { Run } from "./load.js";

type Test = (row: number) => boolean;

/** A number is found whole (17 is not in 170); any other text wherever it stands. */
function inText(word: string): (text: string | null) => boolean {
  if (/^-?\d+(\.\d+)?$/.test(word)) {
    const whole = new RegExp(`(?<![\\d.-])${word.replaceAll(".", "\\.")}(?![\\d.])`);
    return (text) => text !== null && whole.test(text);
  }
  const lower = word.toLowerCase();
  return (text) => text !== null && text.toLowerCase().includes(lower);
}

/** For dictionaries: decide each word once, then look rows up. */
function byWord(
  words: readonly string[],
  column: { readonly [row: number]: number },
  fits: (word: string) => boolean,
): Test {
  const fitting = words.map((word) => fits(word));
  return (row) => fitting[column[row] ?? -1] === true;
}

function testOf(run: Run, term: string): Test {
  const { operations } = run;
  const [, field = "", rest = ""] = /^(\w+):(.*)$/.exec(term) ?? [];
  const plain = (key: string): string => (key.startsWith('"') ? (JSON.parse(key) as string) : key);
  const value = inText(rest === "" ? term : rest);
  const inValue: Test = (row) => value(operations.input(row)) || value(operations.output(row));
  switch (field) {
    case "key":
      return byWord(operations.keys, operations.key, (key) => plain(key) === rest || key === rest);
    case "process":
      return (row) => String(operations.process[row]) === rest;
    case "thread":
      return (row) => String(operations.thread[row]) === rest;
    case "node":
      return byWord(operations.nodes, operations.node, (node) => node === rest);
    case "outcome":
      return byWord(outcomes, operations.outcome, (outcome) => outcome === rest);
    case "function":
      return byWord(operations.functions, operations.function, (name) => name === rest);
    case "value":
      return inValue;
    default: {
      const name = byWord(operations.functions, operations.function, (word) => word === term);
      const outcome = byWord(outcomes, operations.outcome, (word) => word === term);
      const key = byWord(operations.keys, operations.key, (word) => plain(word) === term);
      const any = inText(term);
      return (row) =>
        name(row) ||
        outcome(row) ||
        key(row) ||
        any(operations.input(row)) ||
        any(operations.output(row)) ||
        any(operations.error(row));
    }
  }
}

const sliceRows = 20_000;

/**
 * Looks through all operations in slices, yielding to the page between them. Calls back with the matches in order of call, or
 * with null when `signal` ended the search first.
 */
export async function search(run: Run, query: string, signal: AbortSignal): Promise<Int32Array | null> {
  const terms = query
    .trim()
    .split(/\s+/)
    .filter((term) => term !== "");
  if (terms.length === 0) return new Int32Array(0);
  const tests = terms.map((term) => testOf(run, term));
  const found: number[] = [];
  for (let row = 0; row < run.operations.count; row++) {
    if (tests.every((test) => test(row))) found.push(row);
    if (row % sliceRows === sliceRows - 1) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (signal.aborted) return null;
    }
  }
  return Int32Array.from(found);
}
