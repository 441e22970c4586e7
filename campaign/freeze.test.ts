// Shows that a violation freezes every node at once and measures when each was seen paused; that nothing can be changed while all is frozen; that it ends
// after its time, at once where nobody waits, and when it is asked to; and that nodes which were down stay down. The cluster is made up; the real ones are in
// test/freeze.e2e.test.ts.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Cluster, NodeName, ProcessObservation } from "../cluster/index.js";
import { nodeNames } from "../cluster/index.js";
import { Freeze, type FrozenReport } from "./freeze.js";

const [n1, n2, n3] = nodeNames(3) as [NodeName, NodeName, NodeName];
let directory = "";
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "minos-freeze-"))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Made {
  readonly cluster: Cluster;
  readonly states: Map<NodeName, ProcessObservation["state"]>;
  readonly calls: string[];
}

function madeUp(states: Made["states"], stubborn: NodeName | null = null): Made {
  const calls: string[] = [];
  const cluster: Partial<Cluster> = {
    kind: "local",
    nodes: [n1, n2, n3],
    async pause(node) {
      calls.push(`pause ${node}`);
      if (states.get(node) !== "running") throw new Error(`${node} does not run`);
      if (node === stubborn) throw new Error("unable to freeze");
      states.set(node, "paused");
    },
    async resume(node) {
      calls.push(`resume ${node}`);
      states.set(node, "running");
    },
    async kill(node) {
      calls.push(`kill ${node}`);
    },
    async observeProcess(node) {
      return { state: states.get(node) } as ProcessObservation;
    },
    inspection: {
      attachLine: async (node) => `attach ${node}`,
      copyData: async (node, to) => {
        if (node === n3) throw new Error("no data");
        mkdirSync(to, { recursive: true });
        writeFileSync(join(to, "log"), `data of ${node}`);
      },
    },
  };
  return { cluster: cluster as Cluster, states, calls };
}

const running = (): Made["states"] => new Map([n1, n2, n3].map((node) => [node, "running"]));

function freezeOf(made: Made, waitMs: number, signal = new AbortController().signal, notes: string[] = []): Freeze {
  return new Freeze({
    cluster: made.cluster,
    directory,
    waitMs,
    signal,
    statusOf: () => null,
    note: (text) => void notes.push(text),
  });
}

const stored = (): FrozenReport =>
  JSON.parse(readFileSync(join(directory, "frozen", "frozen.json"), "utf8")) as FrozenReport;

test("every node is paused, copied, told how to get at, and runs again after the release", async () => {
  const made = madeUp(running());
  const notes: string[] = [];
  const report = await freezeOf(made, 0, undefined, notes).begin();
  expect(made.calls).toEqual(["pause n1", "pause n2", "pause n3", "resume n1", "resume n2", "resume n3"]);
  expect(report.nodes.map(({ node, state, attach, data }) => [node, state, attach, data])).toEqual([
    ["n1", "paused", "attach n1", join("frozen", "n1", "data")],
    ["n2", "paused", "attach n2", join("frozen", "n2", "data")],
    ["n3", "paused", "attach n3", null],
  ]);
  expect(report).toMatchObject({ released: "nobody waits" });
  expect(report.all_paused_after_ms).toBe(Math.max(...report.nodes.map((node) => node.confirmed_after_ms ?? Infinity)));
  expect(readFileSync(join(directory, "frozen", "n2", "data", "log"), "utf8")).toBe("data of n2");
  expect(existsSync(join(directory, "frozen", "n3", "status.json"))).toBe(true);
  expect(notes).toContain("frozen: n3  attach n3; its data could not be copied: no data");
  expect(stored()).toEqual(report);
});

test("a node that was down stays down; one that a fault had paused counts as paused", async () => {
  const made = madeUp(
    new Map([
      [n1, "exited"],
      [n2, "paused"],
      [n3, "running"],
    ]),
  );
  const { nodes, all_paused_after_ms: ms } = await freezeOf(made, 0).begin();
  expect(nodes.map(({ state }) => state)).toEqual(["down", "paused", "paused"]);
  expect(ms).not.toBeNull();
  expect(made.calls.filter((call) => call.startsWith("resume"))).toEqual(["resume n2", "resume n3"]);
});

test("a node that cannot be paused is named, and no time is told for all", { timeout: 15_000 }, async () => {
  const { nodes, all_paused_after_ms: ms } = await freezeOf(madeUp(running(), n2), 0).begin();
  expect(nodes.map(({ state, problem }) => [state, problem])).toEqual([
    ["paused", null],
    ["not paused", "unable to freeze"],
    ["paused", "its data could not be copied: no data"],
  ]);
  expect(ms).toBeNull();
});

test("while all is frozen nothing can be changed, timers and patience stand still; Ctrl-C ends it", async () => {
  const made = madeUp(running());
  const asked = new AbortController();
  const freeze = freezeOf(made, 3_600_000, asked.signal);
  const guarded = freeze.guarded(made.cluster);
  await guarded.kill(n1);
  const done = freeze.begin();
  await expect(guarded.kill(n1)).rejects.toThrow("everything is frozen");
  await expect(guarded.observeProcess(n1)).resolves.toMatchObject({ state: "paused" });
  let over = false;
  const timer = freeze.delay(1, new AbortController().signal).then(() => (over = true));
  const before = freeze.nowMs();
  while (!existsSync(join(directory, "frozen", "frozen.json"))) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(stored().released).toBeNull();
  expect(over).toBe(false);
  expect(freeze.nowMs()).toBe(before);
  asked.abort();
  await guarded.kill(n2);
  expect(await done).toMatchObject({ released: "asked to" });
  await timer;
  expect(made.calls.filter((call) => call.startsWith("kill"))).toEqual(["kill n1", "kill n2"]);
});

test("it ends by itself after its time, and happens once", async () => {
  const made = madeUp(running());
  const freeze = freezeOf(made, 20);
  const [first, second] = await Promise.all([freeze.begin(), freeze.begin()]);
  expect(first).toBe(second);
  expect(first).toMatchObject({ released: "the time was over" });
  expect(made.calls.filter((call) => call === "pause n1")).toHaveLength(1);
});
