// Shows that the packed package works where a user puts it: installed into an empty project from its tarball, `npx minos run` finds
// the store valid on local and on docker, and its public faces can be imported.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWithDocker } from "../docker/testing/require-docker.js";

let folder = "";
let project = "";

function inProject(program: string, words: readonly string[]): string {
  return execFileSync(program, words, { cwd: project, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "minos-pack-"));
  project = join(folder, "project");
  mkdirSync(project);
  // The build that the end-to-end tests share is packed as it is.
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: resolve("."), stdio: "pipe" });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no tarball");
  writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true, "type": "module" }\n');
  inProject("npm", ["install", "--no-audit", "--no-fund", join(folder, tarball)]);
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const small = ["--nodes", "3", "--time-limit", "8s", "--seed", "1", "--json"];

test("npx minos run on local", () => {
  expect(JSON.parse(inProject("npx", ["minos", "run", ...small]))).toMatchObject({ valid: true });
});

test("a planted bug can be built from the installed package", () => {
  const words = ["minos", "run", "--mutant", "M15", "--nemesis", "none", ...small];
  // Follower reads may or may not show without faults; what counts is that the patched build runs at all.
  const document = runAnyway(words);
  expect(document).toHaveProperty("counts.ok");
});

test.each(["history", "checker", "cluster", "nemesis", "workloads", "toxiproxy", "simulation", "campaign"])(
  "minos-suite/%s can be imported",
  (room) => {
    const script = `const m = await import("minos-suite/${room}"); if (Object.keys(m).length === 0) process.exit(1);`;
    inProject(process.execPath, ["--input-type=module", "-e", script]);
  },
);

await describeWithDocker("docker", () => {
  test("npx minos run on docker", () => {
    expect(JSON.parse(inProject("npx", ["minos", "run", "--on", "docker", ...small]))).toMatchObject({ valid: true });
  });
});

/** A run's document whatever its verdict. */
function runAnyway(words: readonly string[]): unknown {
  try {
    return JSON.parse(inProject("npx", words));
  } catch (error) {
    return JSON.parse(String((error as { readonly stdout?: unknown }).stdout));
  }
}
