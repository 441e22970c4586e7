// Shows that trouble ends clearly: a proxy that dies, Ctrl-C, kill -9, a full disk, no engine, two campaigns side by side. Each is
// done to the built command with real processes; afterwards nothing is left running.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  documentOf,
  minos,
  processesWith,
  runDirectoryOf,
  startMinos,
  temporaryFolder,
  type Started,
} from "./testing/minos.js";

const interrupted = [{ code: "interrupted" }];
const small = ["--nodes", "3", "--keys", "4"];

/** Waits until the run has recorded a good number of operations. */
async function underLoad(started: Started): Promise<string> {
  const directory = await runDirectoryOf(started);
  await expect
    .poll(() => (existsSync(join(directory, "history.jsonl")) ? lines(directory) : 0), { timeout: 30_000 })
    .toBeGreaterThan(200);
  return directory;
}

function lines(directory: string): number {
  return readFileSync(join(directory, "history.jsonl"), "utf8").split("\n").length;
}

test("the first Ctrl-C heals, stops, saves and judges what there is: unknown, and nothing is left running", async () => {
  const cwd = temporaryFolder();
  const started = startMinos(["run", ...small, "--time-limit", "60s", "--seed", "1", "--json"], { cwd });
  const directory = await underLoad(started);
  started.child.kill("SIGINT");
  const ended = await started.ended;
  expect(ended.err).toContain("interrupted");
  expect(documentOf(ended)).toMatchObject({ valid: "unknown", unknown: interrupted });
  expect(ended.code).toBe(2);
  for (const file of ["history.jsonl", "history.edn", "verdict.json", "report.html"]) {
    expect(existsSync(join(directory, file)), file).toBe(true);
  }
  expect(processesWith(directory)).toEqual([]);
});

test("kill -9 of Minos: the history up to then is judged, and clean removes what was left, but not what is still owned", async () => {
  const cwd = temporaryFolder();
  const other = startMinos(["run", ...small, "--time-limit", "60s", "--seed", "2"], { cwd });
  const alive = await underLoad(other);
  const started = startMinos(["run", ...small, "--time-limit", "60s", "--seed", "3"], { cwd });
  const directory = await underLoad(started);
  started.child.kill("SIGKILL");
  await started.ended;
  expect(processesWith(directory).length).toBeGreaterThan(0);

  const checked = await minos(["check", directory, "--json"], { cwd });
  const [result] = documentOf(checked)["results"] as [Record<string, unknown>];
  expect(result).toMatchObject({ valid: "unknown", violations: [], unknown: interrupted });
  expect(checked.code).toBe(2);

  const cleaned = await minos(["clean"], { cwd });
  expect(cleaned.code).toBe(0);
  expect(processesWith(directory)).toEqual([]);
  expect(processesWith(alive).length).toBe(3);
  other.child.kill("SIGINT");
  expect((await other.ended).code).toBe(2);
});

test("a proxy that dies in mid-run makes the verdict unknown, saying so", async () => {
  const cwd = temporaryFolder();
  const started = startMinos(["run", ...small, "--time-limit", "60s", "--seed", "4", "--json"], { cwd });
  await underLoad(started);
  const proxies = childrenOf(started).filter((pid) => /toxiproxy/.test(commandOf(pid)));
  expect(proxies).toHaveLength(1);
  for (const pid of proxies) process.kill(pid, "SIGKILL");
  const ended = await started.ended;
  const document = documentOf(ended);
  expect(document["valid"]).toBe("unknown");
  expect(JSON.stringify(document["unknown"])).toContain("proxy died");
  expect(ended.code).toBe(2);
});

test("no Docker engine with --on docker: 255, the reason and what to do", async () => {
  const cwd = temporaryFolder();
  const environment = { DOCKER_HOST: "unix:///nowhere/docker.sock" };
  const ended = await minos(["run", "--on", "docker"], { cwd, environment });
  expect(ended.code).toBe(255);
  expect(ended.err).toMatch(/docker/i);
  expect(ended.err).toContain("/nowhere/docker.sock");
});

test("a full disk under the store ends the run with 255 and a sentence that says so", async (context) => {
  const cwd = temporaryFolder();
  const store = join(cwd, "small");
  mkdirSync(store);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=220m", "tmpfs", store], { stdio: "pipe" });
  } catch (error) {
    if (process.env["MINOS_REQUIRE_DOCKER"] === "1") throw error;
    console.warn("skipped: a full disk needs the right to mount a small one");
    context.skip("needs the right to mount");
    return;
  }
  onTestFinished(() => void execFileSync("umount", [store]));
  const started = startMinos(["run", ...small, "--time-limit", "60s", "--seed", "5", "--store", store], { cwd });
  await underLoad(started);
  execFileSync("sh", ["-c", `head -c 300m /dev/zero > ${store}/ballast 2>/dev/null || true`]);
  const ended = await started.ended;
  expect(ended.err).toContain("disk is full");
  expect(ended.code).toBe(255);
  expect(processesWith(store)).toEqual([]);
});

test("two campaigns side by side on one machine do not meet", async () => {
  const runs = await Promise.all(
    ["6", "7"].map((seed) =>
      minos(["run", ...small, "--time-limit", "8s", "--seed", seed, "--rate", "80", "--json"], {
        cwd: temporaryFolder(),
      }),
    ),
  );
  for (const ended of runs) expect(documentOf(ended)).toMatchObject({ valid: true, violations: [], left_behind: [] });
});

function childrenOf(started: Started): readonly number[] {
  const parent = started.child.pid;
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(fields[1]) === parent ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
}

test("a system whose nodes are up and elect nobody is judged: unavailable, and no crash of the suite", async () => {
  const cwd = temporaryFolder();
  const patch = {
    file: "core/ballot-leader-election.ts",
    find: "const quorumConnected = this.#replies.size + 1 >= this.#majority;",
    replace: "const quorumConnected = this.#replies.size > this.#majority;",
  };
  writeFileSync(join(cwd, "nobody-leads.json"), JSON.stringify(patch));
  const quick = ["--nemesis", "none", "--time-limit", "2s", "--recovery-bound", "2s"];
  const ended = await minos(["run", ...small, ...quick, "--mutant", "./nobody-leads.json", "--json"], { cwd });
  expect(ended.err).toContain("group 0 had no leader 15000 ms after boot; the load begins without one");
  expect(documentOf(ended)).toMatchObject({ valid: false, violations: [{ class: "unavailable" }] });
  expect(ended.code).toBe(1);
});
