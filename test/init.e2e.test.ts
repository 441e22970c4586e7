// Shows that what `minos init` writes into an empty folder type-checks against the package's types and runs valid at once, and that it overwrites nothing.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

// A few operations that may take their time: what is shown is that it runs, not that the machine is quick.
const run = "run --plan plan.yaml --nemesis none --rate 20 --time-limit 10s --operation-timeout 5s --seed 1 --json";

test("a folder that was empty holds a system that type-checks and runs valid on local", async () => {
  const cwd = temporaryFolder();
  const written = documentOf(await minos(["init", "--json"], { cwd }));
  const files = written["files"] as readonly string[];
  expect(new Set(readdirSync(cwd))).toEqual(
    new Set(["client.mts", "plan.yaml", "server", "system.mts", "workload.mts"]),
  );
  expect(files).toContain(join("server", "server.js"));
  const ended = await minos(run.split(" "), { cwd });
  expect(documentOf(ended), ended.err).toMatchObject({ valid: true });
  expect(ended.code).toBe(0);

  mkdirSync(join(cwd, "node_modules", "@types"), { recursive: true });
  symlinkSync(resolve("."), join(cwd, "node_modules", "minos-suite"));
  symlinkSync(resolve("node_modules/@types/node"), join(cwd, "node_modules", "@types", "node"));
  const settings =
    "--strict --noEmit --skipLibCheck --module NodeNext --target ES2023 --types node system.mts client.mts workload.mts";
  const compiler = resolve("node_modules/typescript/bin/tsc");
  expect(execFileSync(process.execPath, [compiler, ...settings.split(" ")], { cwd, encoding: "utf8" })).toBe("");
});

test("its workload of its own runs by its name, from a plan, and another name that nobody brought is refused", async () => {
  const cwd = temporaryFolder();
  await minos(["init"], { cwd });
  const ended = await minos([...run.split(" "), "--workload", "hand-over"], { cwd });
  expect(documentOf(ended), ended.err).toMatchObject({ valid: true });
  const matrix = { workloads: ["hand-over", "register"], nemeses: ["none"], seeds: 1 };
  const plan = { system: "./system.mts", nodes: 3, replication: 3, time_limit_ms: "5s" };
  writeFileSync(join(cwd, "c.json"), JSON.stringify({ name: "c", plan, matrix }));
  const planned = await minos(["campaign", "c.json", "--dry-run"], { cwd });
  expect([planned.code, planned.out]).toEqual([0, expect.stringContaining("hand-over")]);
  const unknown = await minos([...run.split(" "), "--workload", "hand-under"], { cwd });
  expect([unknown.code, unknown.err]).toEqual([254, expect.stringContaining('no workload is called "hand-under"')]);
});

test("where one of its files exists nothing is written, and the file stays", async () => {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, "mine"));
  writeFileSync(join(cwd, "mine", "client.mts"), "mine");
  const ended = await minos(["init", "mine"], { cwd });
  expect(ended.code).toBe(254);
  expect(ended.err).toContain("mine has client.mts already; nothing was written");
  expect(readdirSync(join(cwd, "mine"))).toEqual(["client.mts"]);
  expect(readFileSync(join(cwd, "mine", "client.mts"), "utf8")).toBe("mine");
});

await describeWithDocker("docker", () => {
  test("the same runs valid in containers", async () => {
    const cwd = temporaryFolder();
    await minos(["init"], { cwd });
    const ended = await minos([...run.split(" "), "--on", "docker"], { cwd });
    expect(documentOf(ended), ended.err).toMatchObject({ valid: true });
  });
});
