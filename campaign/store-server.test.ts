// Shows what the server of a store answers, over a small store written by hand on a real disk and a real socket: lists and pages follow the
// files, downloads are whole, and nothing outside the store, and no page of another site, gets anything from it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveStore, type StoreServer } from "./store-server.js";

const root = mkdtempSync(join(tmpdir(), "minos-serve-"));
const store = join(root, "store");
const errors: unknown[] = [];
let server: StoreServer;

function plan(more: object = {}): string {
  return JSON.stringify({
    version: 1,
    name: "register",
    system: "store",
    build: "b1",
    mutant: null,
    on: "local",
    nodes: 3,
    replication: 3,
    seed: 5,
    workload: { name: "register", options: {} },
    nemesis: { name: "standard", options: {}, faults: [{}] },
    time_limit_ms: 10_000,
    ...more,
  });
}
const verdict = (valid: boolean, summary: string): string =>
  JSON.stringify({
    version: 1,
    valid,
    summary,
    violations: valid ? [] : [{ class: "stale read", fingerprint: "stale read/x", sentence: summary }],
    unknown: [],
    warnings: [],
    checkers: [{ checker: "stats", valid: true, violations: [], unknown: [], details: { get: { ok: 1, p50_ms: 3 } } }],
    teeth: [{ name: "completed operations", value: 9, unit: "operations", floor: 1, meaning: "" }],
    counts: { operations: 10, ok: 9, fail: 0, info: 1 },
  });

function addRun(id: string, files: Readonly<Record<string, string>>): void {
  const path = join(store, id);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), text);
  }
}

const good = "register/20260101T000000.000Z";
const bad = "campaigns/nightly/20260102T000000.000Z/run-0001/20260102T000001.000Z";

beforeAll(async () => {
  writeFileSync(join(root, "secret.txt"), "secret");
  addRun(good, {
    "plan.json": plan(),
    "verdict.json": verdict(true, "Valid: fine."),
    "report.html": "<!doctype html><p>the report</p>",
    "nodes/n1/log.txt": "line\n",
    "nodes/n1/empty.txt": "",
    ".hidden": "hidden",
  });
  addRun(bad, { "plan.json": plan({ mutant: "M14" }), "verdict.json": verdict(false, "Violation: stale read.") });
  addRun("register/20260103T000000.000Z", { "plan.json": plan({ seed: 6 }) });
  writeFileSync(join(store, "campaigns/nightly/20260102T000000.000Z/campaign.json"), "{}");
  writeFileSync(join(store, "campaigns/nightly/20260102T000000.000Z/summary.html"), "the summary");
  symlinkSync(good, join(store, "latest"));
  symlinkSync(root, join(store, "out"));
  server = await serveStore({ store, port: 0, onError: (error) => errors.push(error) });
});

afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
  expect(errors).toEqual([]);
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** As it stands: `fetch` would mend the path. */
function ask(path: string, options: { readonly method?: string; readonly host?: string } = {}): Promise<Answer> {
  const { port, host } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path, method: options.method ?? "GET", headers: { host: options.host ?? host } },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
        );
      },
    );
    asked.on("error", reject);
    asked.end();
  });
}
const textOf = async (path: string): Promise<string> => (await ask(path)).body.toString("utf8");
const idsOf = async (query: string): Promise<readonly string[]> =>
  (JSON.parse(await textOf(`/api/runs${query}`)) as readonly { readonly id: string }[]).map(({ id }) => id);

test("runs are listed newest first, each once, whatever links lead to them", async () => {
  expect(await idsOf("")).toEqual(["register/20260103T000000.000Z", bad, good]);
  const page = await textOf("/");
  expect(page).toContain("3 of 3 runs: 1 valid, 1 violation, 0 unknown, 1 no verdict");
});

test("what is asked for filters pages and JSON alike", async () => {
  expect(await idsOf("?verdict=violation")).toEqual([bad]);
  expect(await idsOf("?mutant=none&seed=6")).toEqual(["register/20260103T000000.000Z"]);
  expect(await textOf("/?verdict=violation")).toContain("1 of 3 runs");
});

test("a verdict that comes later is seen", async () => {
  addRun("late/20260104T000000.000Z", { "plan.json": plan() });
  await expect.poll(() => idsOf("?verdict=no%20verdict"), { timeout: 5_000 }).toHaveLength(2);
  addRun("late/20260104T000000.000Z", { "verdict.json": verdict(true, "Valid: late.") });
  await expect.poll(() => idsOf("?verdict=no%20verdict"), { timeout: 5_000 }).toHaveLength(1);
  rmSync(join(store, "late"), { recursive: true });
  await expect.poll(() => idsOf(""), { timeout: 5_000 }).toHaveLength(3);
});

test("a run has a page, a comparison, and its campaign a place", async () => {
  expect(await textOf(`/runs/${bad}`)).toContain("Violation: stale read.");
  expect(await textOf(`/compare?run=${good}&run=${bad}`)).toContain("Two runs side by side");
  expect((await ask(`/compare?run=${good}`)).status).toBe(400);
  expect((await ask(`/compare?run=${good}&run=nothing`)).status).toBe(400);
  expect(await textOf("/campaigns")).toContain("/files/campaigns/nightly/20260102T000000.000Z/summary.html");
  expect(await textOf("/violations")).toContain(`/runs/${bad}`);
  expect((await ask("/runs/register/nothing")).status).toBe(404);
});

test("a file comes whole, with its type, and may reach nothing", async () => {
  const report = await ask(`/files/${good}/report.html`);
  expect(report.status).toBe(200);
  expect(report.body.toString()).toBe("<!doctype html><p>the report</p>");
  expect(report.headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(report.headers["content-security-policy"]).toMatch(/^sandbox allow-scripts.*default-src 'none'/);
  expect((await ask(`/files/${good}/nodes/n1/empty.txt`)).body.length).toBe(0);
  const head = await ask(`/files/${good}/report.html`, { method: "HEAD" });
  expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "32", 0]);
});

test("a zip holds every plain file of the run, and unpacks", async () => {
  const { status, headers, body } = await ask(`/zip/${good}`);
  expect([status, headers["content-type"]]).toEqual([200, "application/zip"]);
  expect(headers["content-disposition"]).toBe('attachment; filename="register-20260101T000000.000Z.zip"');
  const file = join(root, "run.zip");
  writeFileSync(file, body);
  const script =
    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(chr(10).join(sorted(z.namelist())))";
  const names = execFileSync("python3", ["-c", script, file], { encoding: "utf8" }).trim().split("\n");
  const inside = ["nodes/n1/empty.txt", "nodes/n1/log.txt", "plan.json", "report.html", "verdict.json"];
  expect(names).toEqual(inside.map((name) => `${good}/${name}`));
});

test.each([
  "/files/../secret.txt",
  "/files/..%2fsecret.txt",
  "/files/%2e%2e/secret.txt",
  `/files/${good}/../../../secret.txt`,
  `/files/${good}/..%2f..%2f..%2fsecret.txt`,
  `/files/${good}/.hidden`,
  "/files/out/secret.txt",
  "/files/latest/report.html",
  `/files/${good}`,
  "/files/",
  "/files//etc/passwd",
  "/files/%00",
  "/files/%",
  "/files/a%5c..%5csecret.txt",
  "/runs/out",
  "/zip/out",
  "/nothing",
])("%s leads nowhere", async (path) => {
  const { status, body } = await ask(path);
  expect(status).toBe(404);
  expect(body.toString()).not.toContain("secret\n");
});

test("it is for reading, and for whoever names it as the host", async () => {
  for (const method of ["POST", "PUT", "DELETE"]) expect((await ask("/", { method })).status).toBe(405);
  const { port } = new URL(server.url);
  expect((await ask("/", { host: `localhost:${port}` })).status).toBe(200);
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1"])
    expect((await ask("/", { host })).status).toBeGreaterThanOrEqual(400);
});

test("a port that is taken is an error, and an end is at once", async () => {
  const port = Number(new URL(server.url).port);
  await expect(serveStore({ store, port, onError: () => {} })).rejects.toThrow(/EADDRINUSE/);
  const other = await serveStore({ store, port: 0, onError: () => {} });
  await other.close();
  await expect(fetch(other.url)).rejects.toThrow();
});
