// Shows on real processes and containers that `--on-violation freeze` pauses every node, keeps its data and status, tells how to get at it, and lets the run
// end as a violation with nothing left behind; that Ctrl-C releases; and that a simulated run is refused. The system is docs/own-system.md's, whose bug shows within a second.
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { documentOf, minos, processesWith, startMinos, temporaryFolder } from "./testing/minos.js";

interface Frozen {
  readonly all_paused_after_ms: number | null;
  readonly released: string;
  readonly nodes: readonly { readonly state: string; readonly attach: string; readonly data: string | null }[];
}

const shelf = resolve("examples/own-system/shelf.js");
const words = (on: string): readonly string[] =>
  `run --system ${shelf} --on ${on} --nodes 3 --replication 3 --nemesis none --time-limit 20s --on-violation freeze --json`.split(
    " ",
  );

function expectFrozen(document: Record<string, unknown>, attach: RegExp, released: string): void {
  expect(document["valid"]).toBe(false);
  expect(document["left_behind"]).toEqual([]);
  const frozen = document["frozen"] as Frozen;
  expect(frozen.released).toBe(released);
  expect(frozen.all_paused_after_ms).toBeGreaterThan(0);
  expect(frozen.nodes.map(({ state }) => state)).toEqual(["paused", "paused", "paused"]);
  for (const node of frozen.nodes) {
    expect(node.attach).toMatch(attach);
    expect(existsSync(join(String(document["directory"]), node.data ?? "no data"))).toBe(true);
  }
}

test("local: nodes are frozen until Ctrl-C, then the run ends as a violation and leaves nothing behind", async () => {
  const started = startMinos([...words("local"), "--freeze-for", "10m"], { cwd: temporaryFolder() });
  const [, pid = ""] = await started.errMatches(/frozen: n2 {2}process (\d+), data/);
  await started.errMatches(/frozen: for \d+ s more/);
  expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toMatch(/\) T /);
  started.child.kill("SIGINT");
  const ended = await started.ended;
  expect(ended.code, ended.err).toBe(1);
  const document = documentOf(ended);
  expectFrozen(document, /^process \d+, data/, "asked to");
  expect(processesWith(String(document["directory"]))).toEqual([]);
});

test("local: without a terminal and a time nobody is waited for", async () => {
  const ended = await minos(words("local"), { cwd: temporaryFolder() });
  expect(ended.code, ended.err).toBe(1);
  expectFrozen(documentOf(ended), /^process \d+, data/, "nobody waits");
});

test("a simulated run is refused with the tool for it, words that make no sense by name", async () => {
  const cwd = temporaryFolder();
  const refused = async (...more: readonly string[]): Promise<string> => {
    const ended = await minos(["run", ...more], { cwd });
    expect(ended.code).toBe(254);
    return ended.err;
  };
  expect(await refused("--on", "simulation", "--on-violation", "freeze")).toContain("minos replay");
  expect(await refused("--on-violation", "melt")).toContain('"melt" is neither end nor freeze');
  expect(await refused("--freeze-for", "5m")).toContain("goes with --on-violation freeze");
});

await describeWithDocker("docker", () => {
  test("docker: containers are paused and copied, and removed in the end", async () => {
    const ended = await minos(words("docker"), { cwd: temporaryFolder() });
    expect(ended.code, ended.err).toBe(1);
    expectFrozen(documentOf(ended), /^docker run .*--pid container:/, "nobody waits");
  });
});
