// Shows that `minos logs` tells all nodes' logs of a stored run as one, with the faults among them, and a window of it; and that a fault of clocks does not
// move a node's lines away from where they belong.
import { expect, test } from "vitest";
import { describeWithDocker } from "../docker/testing/require-docker.js";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

interface Entry {
  readonly kind: "line" | "event";
  readonly time_ns: number;
  readonly node?: string;
  readonly clock?: string;
  readonly text?: string;
  readonly event?: { readonly type: string; readonly stage?: string; readonly kind?: string; readonly what?: string };
}

const nodes = ["--nodes", "3", "--replication", "3", "--time-limit", "6s"];

async function logsOf(cwd: string, words: readonly string[]): Promise<readonly Entry[]> {
  const ended = await minos(["logs", ...words, "--json"], { cwd });
  expect(ended.code, ended.err).toBe(0);
  const entries = documentOf(ended)["entries"] as readonly Entry[];
  expect(entries.map((entry) => entry.time_ns)).toEqual(
    entries.map((entry) => entry.time_ns).toSorted((one, other) => one - other),
  );
  return entries;
}

/** Killed nodes write their first lines again when they come back: after their kill was confirmed and before their return was. */
function expectRecoveryAfterKill(entries: readonly Entry[]): void {
  const kills = entries.filter(({ event }) => event?.kind === "kill");
  const recovered = entries.filter(({ text }) => text?.includes('"recovered"') === true);
  expect(recovered.filter(({ time_ns: time }) => time < 0).length).toBe(3);
  const again = recovered.filter(({ time_ns: time }) => time > 0);
  // A machine that is too slow to elect a leader may leave the kill void: then nobody can have come back.
  const struck = kills.some(({ event }) => event?.stage === "confirmed-on");
  expect(again.length > 0).toBe(struck);
  for (const { time_ns: time } of again) {
    const before = kills.filter((kill) => kill.time_ns < time).map(({ event }) => event?.stage);
    expect(before.at(-1)).toBe("heal-requested");
  }
}

test("local: lines of a killed node's next life lie between its kill and its return", async () => {
  const cwd = temporaryFolder();
  await minos(["run", "--on", "local", ...nodes, "--nemesis", "kill"], { cwd });
  const all = await logsOf(cwd, []);
  expect(new Set(all.flatMap(({ node }) => node ?? []))).toEqual(new Set(["n1", "n2", "n3"]));
  expectRecoveryAfterKill(all);
  const window = await logsOf(cwd, ["--around", "2", "--window", "1s"]);
  expect(window).toEqual(all.filter(({ time_ns: time }) => time >= 1e9 && time <= 3e9));
  expect((await logsOf(cwd, ["--node", "n1", "--no-events", "--grep", "recovered"])).length).toBeGreaterThan(0);
  const wrong = await minos(["logs", "--around", "violation"], { cwd });
  expect(wrong).toMatchObject({ code: 254, out: "" });
  expect(wrong.err).toContain("no violation");
});

test("a simulated run is refused with the tool for it", async () => {
  const cwd = temporaryFolder();
  await minos(["run", "--on", "simulation", "--time-limit", "2s", "--nemesis", "none"], { cwd });
  const ended = await minos(["logs"], { cwd });
  expect(ended.code).toBe(254);
  expect(ended.err).toContain("minos trace");
});

await describeWithDocker("docker", () => {
  test("docker: the lines of every node's boot lie before the load, what came of the load after it", async () => {
    const cwd = temporaryFolder();
    await minos(["run", "--on", "docker", ...nodes, "--nemesis", "none"], { cwd });
    const entries = await logsOf(cwd, []);
    const boot = entries.filter(({ text }) => text?.includes('"recovered"') === true);
    expect(boot.length).toBe(3);
    expect(new Set(boot.map(({ node }) => node))).toEqual(new Set(["n1", "n2", "n3"]));
    for (const { time_ns: time } of boot) expect(time).toBeLessThan(0);
    expect((await logsOf(cwd, ["--around", "0", "--window", "3s"])).length).toBeLessThan(entries.length);
  });
});
