// Shows that the command told under a run gives the same run again: flags where flags can say it, the stored plan where they cannot.
import { join } from "node:path";
import { expect, test } from "vitest";
import { parsePlanFile } from "./plan-file.js";
import { prepareRun, rerunLine } from "./prepare.js";

const settings = { toxiproxy: null, baseImage: null };
const planFile = join(process.cwd(), "store", "x", "plan.json");
const lineFor = async (flags: object, file: string | null): Promise<string> => {
  const request = {
    flags: { on: "simulation", seed: 7, ...flags },
    file: file === null ? null : parsePlanFile(file, "p"),
  };
  const { plan, provenance } = await prepareRun(request, settings);
  return rerunLine(plan, provenance, planFile);
};

test("a run by flags is told by the flags that are not at their default", async () => {
  expect(await lineFor({ nodes: 3, time_limit_ms: 1_500 }, null)).toBe(
    "minos run --on simulation --nodes 3 --time-limit 1500ms --seed 7",
  );
});

test("knobs from a plan file are told as flags", async () => {
  expect(await lineFor({}, "nodes: 3\nrate_per_s: 50")).toBe("minos run --on simulation --nodes 3 --rate 50 --seed 7");
});

const fault = '{"kind":"kill","target":{"by":"leader","group":0},"at_ms":1000,"for_ms":1500}';
test.each([
  ["a schedule of one's own", `nemesis: {faults: [${fault}]}`],
  ["floors", "floors: {completed_operations: 5}"],
])("%s cannot be told by flags: the stored plan is named, short when it lies below", async (_, file) => {
  expect(await lineFor({}, file)).toBe(`minos run --plan ${join("store", "x", "plan.json")}`);
});
