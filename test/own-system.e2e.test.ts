// Shows that a system which the suite knows nothing of is put under test by one file: its real bug is found, on processes and in containers, and without
// the bug it is found valid. It is the example of docs/own-system.md, word for word.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

const example = (file: string): string => resolve("examples/own-system", file);

async function run(file: string, on: string, limit: string): Promise<Readonly<Record<string, unknown>>> {
  const words = ["run", "--system", example(file), "--on", on, "--nodes", "3", "--replication", "3"];
  const ended = await minos([...words, "--time-limit", limit, "--seed", "2", "--json"], { cwd: temporaryFolder() });
  const document = documentOf(ended);
  expect(ended.code, ended.err).toBe(document["valid"] === true ? 0 : 1);
  return document;
}

const classesOf = (document: Readonly<Record<string, unknown>>): readonly string[] =>
  (document["violations"] as readonly { readonly class: string }[]).map((violation) => violation.class);

test("what puts the example under test is less than 150 lines", () => {
  expect(readFileSync(example("shelf.js"), "utf8").split("\n").length).toBeLessThan(150);
});

test("local: its followers' stale reads are found", async () => {
  expect(classesOf(await run("shelf.js", "local", "20s"))).toContain("stale read");
});

test("local: without them it is valid", async () => {
  expect(await run("shelf-mended.js", "local", "20s")).toMatchObject({ valid: true, violations: [], unknown: [] });
});

await describeWithDocker("docker", () => {
  test("docker: its followers' stale reads are found", async () => {
    expect(classesOf(await run("shelf.js", "docker", "20s"))).toContain("stale read");
  });
});
