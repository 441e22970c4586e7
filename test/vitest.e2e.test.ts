// Shows that `minos-suite/vitest` works where a user has it: the packed tarball and vitest in an empty project, the example beside them. It
// passes and its types hold; with the system broken it fails, and says what was violated, where the report lies and how to do it again.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder = "";
let project = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "minos-vitest-pack-"));
  project = join(folder, "project");
  mkdirSync(project);
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: resolve("."), stdio: "pipe" });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no tarball");
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const tools = ["vitest", "typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
  writeFileSync(join(project, "package.json"), '{ "name": "empty", "private": true, "type": "module" }\n');
  const words = ["install", "--no-audit", "--no-fund", "--prefer-offline", join(folder, tarball), ...tools];
  execFileSync("npm", words, { cwd: project, stdio: "pipe" });
  for (const name of ["own-system", "vitest"])
    cpSync(join(project, "node_modules", "minos-suite", "examples", name), join(project, name), { recursive: true });
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly text: string;
}

function inExample(program: string, words: readonly string[], environment: Readonly<Record<string, string>> = {}): Ran {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:VITEST|CI$|GITHUB_|NODE_OPTIONS)/.test(name));
  const { status, stdout, stderr } = spawnSync("npx", ["--no-install", program, ...words], {
    cwd: join(project, "vitest"),
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...environment },
    encoding: "utf8",
  });
  return { code: status, text: `${stdout}\n${stderr}` };
}

const dies = `
import { fileURLToPath } from "node:url";
import { clusterTest } from "minos-suite/vitest";
const system = fileURLToPath(new URL("../own-system/shelf-mended.js", import.meta.url));
const test = clusterTest({ plan: { system, on: "local", nodes: 3, replication: 3 }, store: "dies" });
test("looks at nothing", { timeout: 60_000 }, async ({ cluster }) => {
  await cluster.client("n1").put("x", 1);
  const ended = new Promise((resolve) => cluster.control.onEvent((event) => event.type === "exited" && resolve()));
  const { pid } = await cluster.control.observeProcess(cluster.nodes[1]);
  process.kill(pid, "SIGKILL");
  await ended;
});
`;

function breakShelf(): void {
  const path = join(project, "own-system", "shelf-mended.js");
  const source = readFileSync(path, "utf8");
  const broken = source.replace('shelf("primary")', 'shelf("local")');
  expect(broken).not.toBe(source);
  writeFileSync(path, broken);
}

test("the example's types hold, and a model in the wrong place is refused by them", () => {
  const words = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
  const { code, text } = inExample("tsc", [...words, "history.spec.ts", "shelf.spec.ts"]);
  expect(code, text).toBe(0);
  const wrong = [
    'import { expect } from "vitest";',
    'import "minos-suite/vitest";',
    "expect([]).toBeLinearizable(7);",
    'expect([]).toSatisfy({ name: "no check" });',
    "expect(1).toSatisfy((value) => value > 0);",
  ];
  writeFileSync(join(project, "vitest", "wrong.ts"), wrong.join("\n"));
  const refused = inExample("tsc", [...words, "wrong.ts"]);
  expect(refused.text.match(/wrong\.ts\(\d+/g)).toEqual(["wrong.ts(3", "wrong.ts(4"]);
}, 120_000);

test("the example passes, and nothing of its clusters is kept but the campaign's runs", () => {
  const { code, text } = inExample("vitest", ["run"]);
  expect(code, text).toBe(0);
  expect(text).toMatch(/Tests {2}8 passed \(8\)/);
  expect(readdirSync(join(project, "vitest", "store", "vitest"))).toEqual([]);
  expect(readdirSync(join(project, "vitest", "store", "register"))).toHaveLength(2);
}, 300_000);

test("a node that ends without being asked to fails a test that looked at nothing, with the report", () => {
  const path = join(project, "vitest", "dies.spec.ts");
  writeFileSync(path, dies);
  const { code, text } = inExample("vitest", ["run", "dies.spec.ts"]);
  rmSync(path);
  expect(code, text).toBe(1);
  expect(text).toMatch(/Error: n2 ended by itself \(SIGKILL\)\n\nseed {5}\d+\nreport {3}\S+report\.html\nagain/);
}, 120_000);

test("with its system broken it fails: the violation, its sentence, a report that exists, the seed and a line that fails again", () => {
  breakShelf();
  const { code, text } = inExample("vitest", ["run", "shelf.spec.ts"], { MINOS_SEED: "7" });
  expect(code, text).toBe(1);
  expect(text).toMatch(/Error: violation: .+\nViolation.* returned .*\n/);
  expect(text).toMatch(
    /expected the history to be linearizable by cas-register: it is not\n\n(?:stale read|lost write): /,
  );
  const reports = [...text.matchAll(/^\W*report {3}(\S+)$/gm)].map(([, path]) => path ?? "");
  expect(reports.length).toBeGreaterThanOrEqual(2);
  for (const report of reports) expect(existsSync(report), report).toBe(true);
  expect(text).toMatch(/again {4}MINOS_SEED=7 npx vitest run shelf\.spec\.ts -t 'a write is seen through every node'/);
  const again = /again {4}npx minos (run --plan \S+)/.exec(text)?.[1] ?? "";
  expect(inExample("minos", again.split(" ")).code).toBe(1);
}, 300_000);
