// Shows that a process is read rightly from the kernel's line, whatever the program calls itself, and from a real one.
import { expect, test } from "vitest";
import { parseStat, readProcess, readProcessSync } from "./proc.js";

const rest = (state: string) =>
  `${state} 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 11 0 987654 1000000 2000 18446744073709551615 1 1 0`;

test("a name with spaces and parentheses does not shift the fields", () => {
  for (const name of ["node", "a b", ") R 1 (", "((x))"])
    expect(parseStat(`42 (${name}) ${rest("S")}`)).toEqual({
      pid: 42,
      state: "running",
      startTime: "987654",
      cpuTimeMs: 2000,
      residentBytes: 2000 * 4096,
    });
});

test("stopped and traced are paused, zombie and dead are exited, everything else runs", () => {
  const states = ["T", "t", "Z", "X", "R", "S", "D", "I"].map((state) => parseStat(`1 (x) ${rest(state)}`).state);
  expect(states).toEqual(["paused", "paused", "exited", "exited", "running", "running", "running", "running"]);
});

test("a line that ends too early is an error, never a zero", () => {
  expect(() => parseStat("42 (node) S 1 7")).toThrow(/no field/);
});

test("this process runs and uses memory; a pid that cannot be is no process", async () => {
  const facts = await readProcess(process.pid);
  expect(facts).toMatchObject({ pid: process.pid, state: "running" });
  expect(facts?.residentBytes).toBeGreaterThan(1_000_000);
  expect(readProcessSync(2 ** 30)).toBeNull();
});
