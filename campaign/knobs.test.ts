// Shows that a number of threads may be given by node, from a flag and from a plan file, and is held to the same limits.
import { expect, test } from "vitest";
import { knobByName, ofNodes, parseKnob, type KnobValue } from "./knobs.js";
import { resolveKnobs } from "./resolve-plan.js";

const concurrency = knobByName("concurrency");
const keys = knobByName("keys");
if (concurrency === undefined || keys === undefined) throw new Error("these knobs are there");
const resolved = (given: KnobValue | undefined, nodes = 5) =>
  resolveKnobs({ flags: { nodes, ...(given === undefined ? {} : { concurrency: given }) }, file: null });

test("3n is three a node, 2n two, a number itself, and three a node where nothing is said", () => {
  expect(resolved(parseKnob(concurrency, "2n", "--concurrency")).values.concurrency).toBe(10);
  expect(resolved(parseKnob(concurrency, "3n", "plan: concurrency"), 7).values.concurrency).toBe(21);
  expect(resolved(parseKnob(concurrency, "8", "--concurrency")).values.concurrency).toBe(8);
  expect(resolved(undefined).values.concurrency).toBe(15);
  expect(resolved("2n").provenance["concurrency"]).toEqual({ value: 10, from: "flag" });
});

test("other numbers are not given by node, and nothing passes the limit", () => {
  expect(() => parseKnob(keys, "3n", "--keys")).toThrow('--keys: "3n" is no whole number');
  expect(() => parseKnob(concurrency, "0n", "--concurrency")).toThrow("no whole number");
  expect(() => ofNodes("concurrency", "900n", 5)).toThrow("--concurrency 900n: 4500 is outside 1 … 1000");
});
