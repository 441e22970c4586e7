// Shows which runs a campaign file asks for, that whatever is wrong in one is told by file, line and field before anything runs, and that
// the hash is equal for equal runs only.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { campaignOf, readCampaignFile } from "./campaign-file.js";
import { readCampaign } from "./campaign-module.js";
import { cellTitle } from "./matrix.js";

const folder = mkdtempSync(join(tmpdir(), "minos-campaign-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(text: string, name = "c.yaml"): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const titles = (value: unknown): readonly string[] => campaignOf(value).cells.map(cellTitle);

test("every combination is a run, seeds vary fastest, and each knows the plan that it starts from", () => {
  const { cells, plans } = campaignOf({
    plan: { time_limit_ms: "5s", nodes: 3 },
    matrix: [
      { workloads: ["register", "set"], nemeses: ["none"], clusters: ["local", "docker"], seeds: "1..2" },
      { workloads: "mutex", plan: { time_limit_ms: "9s" } },
    ],
  });
  expect(cells.map(cellTitle)).toEqual([
    "register none on local seed 1",
    "register none on local seed 2",
    "set none on local seed 1",
    "set none on local seed 2",
    "register none on docker seed 1",
    "register none on docker seed 2",
    "set none on docker seed 1",
    "set none on docker seed 2",
    "mutex",
  ]);
  expect(cells.map(({ entry }) => entry)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(plans).toEqual([
    { time_limit_ms: "5s", nodes: 3 },
    { time_limit_ms: "9s", nodes: 3 },
  ]);
});

test("what is excluded is not run, and a budget of runs takes the first", () => {
  const matrix = { workloads: ["register", "set"], nemeses: ["none", "brutal"], seeds: [1, 2] };
  const exclude = [
    { workload: "set", nemesis: "brutal" },
    { workload: "register", seed: 2 },
  ];
  expect(titles({ matrix, exclude })).toEqual([
    "register none seed 1",
    "register brutal seed 1",
    "set none seed 1",
    "set none seed 2",
  ]);
  expect(titles({ matrix, exclude, budget: { runs: 2 } })).toHaveLength(2);
});

test("equal runs have one hash; another plan, run or order has another", () => {
  const hash = (value: unknown): string => campaignOf(value).hash;
  const matrix = { workloads: ["register", "set"] };
  expect(hash({ matrix })).toBe(hash({ matrix, parallel: 2, budget: { time: "1h" } }));
  const all = [
    { matrix },
    { matrix: { workloads: ["set", "register"] } },
    { matrix, plan: { nodes: 3 } },
    { matrix: { ...matrix, seeds: 1 } },
    { matrix, canary: true },
    { matrix, name: "other" },
  ];
  expect(new Set(all.map(hash)).size).toBe(all.length);
});

describe("what is wrong is told with its place", () => {
  test.each([
    ["name: x\n", /c\.yaml.*no matrix/],
    ["name: x\nmatrix:\n  workload: register\n", /c\.yaml:3: matrix\.workload: no such field; there are workloads/],
    ["matrix:\n  workloads: [registr]\n", /c\.yaml:2: matrix\.workloads: no workload is called "registr"/],
    ["matrix:\n  clusters: [moon]\n", /c\.yaml:2: matrix\.clusters.*moon/],
    ["matrix:\n  nemeses: [gentle, brutl]\n", /c\.yaml:2: matrix\.nemeses: .*"brutl" is neither a preset nor a kind/],
    ["matrix:\n  seeds: 5..1\n", /c\.yaml:2: matrix\.seeds.*no range/],
    ["matrix: {}\nplan:\n  nodez: 3\n", /c\.yaml:3: plan: nodez: no plan has this field/],
    ["matrix: {}\nname: Big\n", /c\.yaml:2: name: expected lower-case/],
    ["matrix: {}\nbudget: {runs: 0}\n", /c\.yaml:2: budget\.runs: expected a whole number from 1/],
    ["matrix: {}\nbudget: {time: 5}\n", /c\.yaml:2: budget\.time: expected a duration/],
    ["matrix: {}\ncanary: maybe\n", /c\.yaml:2: canary: expected true or false/],
    ["matrix: {}\nexclude: [{nodes: 3}]\n", /c\.yaml:2: exclude\.0\.nodes: no such field/],
    [
      "matrix: {workloads: [set]}\nexclude: [{workload: sett}]\n",
      /c\.yaml:2: exclude\.0: no run of the matrix is {"workload":"sett"}/,
    ],
    ["matrix: {workloads: [set]}\nexclude: [{}]\n", /c\.yaml:2: exclude\.0: no run of the matrix is {}/],
    ["matrix: [\n", /c\.yaml is neither YAML nor JSON.*line/s],
    ["matrix: {workloads: [set]}\nexclude: [{workload: set}]\n", /has no runs/],
  ])("%j", (text, message) => {
    expect(() => readCampaignFile(fileOf(text))).toThrow(message);
  });
});

test("a module's default export is a campaign, in TypeScript too", async () => {
  const text =
    "const seeds: number[] = [7];\nexport default { name: 'typed', matrix: { workloads: ['set'], seeds } };\n";
  const { name, cells } = await readCampaign(fileOf(text, "c.ts"));
  expect([name, cells.map(cellTitle)]).toEqual(["typed", ["set seed 7"]]);
  await expect(readCampaign(fileOf("export default { matrix: { seed: 1 } };", "d.mjs"))).rejects.toThrow(
    /d\.mjs: matrix\.seed: no such field/,
  );
});
