// Shows what happens when the verifier contradicts an engine. The built command runs with a verifier that refuses every
// linearization, planted from outside by a module hook: no verdict may come of it, and the history must stay and be named.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documentOf, minos, temporaryFolder } from "./testing/minos.js";

const load = `
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith("/checker/verifier.js")) return loaded;
  const name = "export function verifyLinearization(";
  const source = String(loaded.source);
  if (!source.includes(name)) throw new Error("the verifier is not where it was");
  return { ...loaded, source: source.replace(name, "export function verifyLinearization() { return 'planted'; }\\nfunction unused(") };
}`;

function withBrokenVerifier(): { readonly cwd: string; readonly environment: Readonly<Record<string, string>> } {
  const cwd = temporaryFolder();
  const hook = join(cwd, "hook.mjs");
  const loader = `data:text/javascript,${encodeURIComponent(load)}`;
  writeFileSync(hook, `import { register } from "node:module";\nregister(${JSON.stringify(loader)});\n`);
  return { cwd, environment: { NODE_OPTIONS: `--import ${hook}` } };
}

const small = ["--nodes", "3", "--keys", "4", "--time-limit", "2s", "--seed", "1"];

test.each([["run"], ["campaign"]])(
  "minos %s ends as a crash, without a verdict, and names the history that it keeps",
  async (command) => {
    const options = withBrokenVerifier();
    const ended = await minos([command, ...small, "--json"], options);
    expect(ended.code).toBe(255);
    const { error } = documentOf(ended) as { readonly error: { readonly code: string; readonly message: string } };
    expect(error.code).toBe("crash");
    const kept = /does not stand up to the verifier: planted; the history is kept in (\S+history\.jsonl)$/.exec(
      error.message,
    )?.[1];
    expect(kept).toBeDefined();
    expect(readFileSync(kept ?? "", "utf8").split("\n").length).toBeGreaterThan(50);
    expect(existsSync(join(kept ?? "", "..", "verdict.json"))).toBe(false);
    expect(ended.err).toContain(kept);
  },
);

test("minos check ends as a crash and names the file, and still tells of the other file's violation", async () => {
  const options = withBrokenVerifier();
  const event = (type: string, time: number, name: string, value: number | null): string => {
    const said = type === "invoke" ? { thread: 1, node: "n1", input: value } : { output: value };
    return JSON.stringify({ type, time, process: 1, function: name, key: "k", ...said });
  };
  const clock = { unit: "ns", origin: "run-start" };
  const about = { plan: "p", run: "r", build: null, concurrency: 1, startedAt: "now" };
  const header = JSON.stringify({
    type: "header",
    format: "minos-history",
    version: 1,
    model: "register",
    initial: null,
    keyed: true,
    clock,
    ...about,
  });
  const write = (file: string, lines: readonly string[]) =>
    writeFileSync(join(options.cwd, file), [header, ...lines, ""].join("\n"));
  write("good.jsonl", [event("invoke", 1, "get", null), event("ok", 2, "get", null)]);
  write("bad.jsonl", [event("invoke", 1, "get", null), event("ok", 2, "get", 7)]);
  const good = await minos(["check", "good.jsonl"], options);
  expect(good.err).toMatch(/good\.jsonl: Minos failed: .*does not stand up to the verifier: planted/);
  expect(good.code).toBe(255);
  const both = await minos(["check", "good.jsonl", "bad.jsonl"], options);
  expect(both.out).toContain("value from nowhere");
  expect(both.code).toBe(1);
});
