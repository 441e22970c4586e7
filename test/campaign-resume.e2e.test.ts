// Shows that a campaign outlives whatever ends it: killed amid a run and interrupted amid another, it goes on where it was, leaves nothing
// behind, and comes to the summary that it would have had; and that two shards make the same campaign as one sitting.
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { documentOf, minos, startMinos, temporaryFolder } from "./testing/minos.js";

interface Row {
  readonly run: number;
  readonly title: string;
  readonly exit_code: number;
  readonly attempts: number;
}

function campaignIn(cwd: string, on: string, seeds: string): void {
  const plan = `plan: { on: ${on}, time_limit_ms: 3s, nodes: 3, floors: { completed_operations: 1 } }`;
  writeFileSync(
    join(cwd, "c.yaml"),
    `name: small\n${plan}\nmatrix: { workloads: [register], nemeses: [none], seeds: ${seeds} }\n`,
  );
}

const rowsOf = (document: Readonly<Record<string, unknown>>) => document["results"] as readonly Row[];
/** What does not depend on how often a run had to be made. */
const plain = (document: Readonly<Record<string, unknown>>) =>
  rowsOf(document).map(({ run, title, exit_code: code }) => ({ run, title, code }));

test("killed amid a run and interrupted amid another, a campaign is resumed to the same end", async () => {
  const cwd = temporaryFolder();
  campaignIn(cwd, "local", "1..3");
  const killed = startMinos(["campaign", "c.yaml", "--parallel", "1", "--events", "events.ndjson"], { cwd });
  const types = (): readonly string[] => {
    const lines = readFileSync(join(cwd, "events.ndjson"), "utf8").trimEnd().split("\n");
    return lines.map((line) => (JSON.parse(line) as { type: string }).type);
  };
  const untilThen = ["campaign-started", "run-started", "run-ended", "run-started"];
  await vi.waitFor(() => expect(types()).toEqual(untilThen), { timeout: 60_000 });
  killed.child.kill("SIGKILL");
  await killed.ended;
  const stopped = startMinos(["campaign", "--resume", "latest", "--json"], { cwd });
  await stopped.errMatches(/run 2 was under way: it is made again/);
  stopped.child.kill("SIGINT");
  const interrupted = await stopped.ended;
  expect(interrupted.code, interrupted.err).toBe(2);
  expect(documentOf(interrupted)).toMatchObject({ valid: "unknown", stopped: "interrupted" });
  const resumed = await minos(["campaign", "--resume", "latest", "--json"], { cwd });
  const document = documentOf(resumed);
  expect(resumed.code, resumed.err).toBe(0);
  expect(document).toMatchObject({ valid: true, runs: 3, not_run: 0, counts: { valid: 3 }, stopped: null });
  const [first, second] = rowsOf(document);
  expect(first).toMatchObject({ run: 1, attempts: 1 });
  expect(second?.attempts).toBeGreaterThanOrEqual(2);
  expect(Object.keys(document).toSorted()).toEqual(fields);
  expect(plain(document)).toEqual([1, 2, 3].map((run) => ({ run, title: `register none seed ${run}`, code: 0 })));
  expect(types()).toEqual(untilThen);
  const left = documentOf(await minos(["clean", "--json"], { cwd }));
  expect(left["failed"]).toEqual([]);
}, 180_000);

/** Of every summary, interrupted or not. */
const fields =
  "campaign canary counts exit_code not_run pairs results runs shard starved stopped valid version violation_rate_below".split(
    " ",
  );

test("events on standard output are all that is there, and name each run", async () => {
  const cwd = temporaryFolder();
  campaignIn(cwd, "simulation", "1..2");
  const ended = await minos(["campaign", "c.yaml", "--events", "-"], { cwd });
  expect(ended.code, ended.err).toBe(0);
  const events = ended.out.trimEnd().split("\n");
  const parsed = events.map((line) => JSON.parse(line) as { type: string; run?: number; valid?: boolean });
  expect([parsed[0]?.type, parsed.at(-1)?.type]).toEqual(["campaign-started", "campaign-ended"]);
  const runs = parsed.filter(({ type }) => type === "run-ended");
  expect(new Map(runs.map(({ run, valid }) => [run, valid]))).toEqual(new Map([1, 2].map((run) => [run, true])));
  expect(ended.err).toContain("2 runs: 2 valid");
}, 60_000);

test("two shards, merged, have the verdicts of one sitting", async () => {
  const cwd = temporaryFolder();
  campaignIn(cwd, "simulation", "1..2");
  const whole = await minos(["campaign", "c.yaml", "--json"], { cwd });
  expect(Object.keys(documentOf(whole)).toSorted()).toEqual(fields);
  const files: string[] = [];
  for (const shard of ["1/2", "2/2"]) {
    const ended = await minos(["campaign", "c.yaml", "--shard", shard, "--json"], { cwd });
    expect(ended.code, ended.err).toBe(0);
    files.push(join(realpathSync(join(cwd, "store/campaigns/latest")), `summary-${shard.replace("/", "-of-")}.json`));
  }
  const merged = await minos(["merge", ...files, "--out", "merged", "--json"], { cwd });
  expect(merged.code, merged.err).toBe(0);
  expect(plain(documentOf(merged))).toEqual(plain(documentOf(whole)));
  expect(JSON.parse(readFileSync(join(cwd, "merged/summary.json"), "utf8"))).toEqual(documentOf(merged));
  const alone = await minos(["merge", files[0] ?? "", "--json"], { cwd });
  expect([alone.code, alone.err]).toEqual([254, expect.stringContaining("missing: 2")]);
}, 120_000);
