// docs/checker.md tells the truth: each piece of code in it compiles under the project's settings and runs, assertions and all.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const folder = join(root, ".cache", `guide-${process.pid}`);
const guide = readFileSync(join(root, "docs/checker.md"), "utf8");
const pieces = [...guide.matchAll(/^## (?:<a[^>]*><\/a>)?(.*)$|^```ts\n([\s\S]*?)^```$/gm)];

/** Each piece with the heading that it stands under. */
const named: { readonly name: string; readonly code: string }[] = [];
let heading = "";
for (const [, title, code] of pieces) {
  heading = title ?? heading;
  if (code !== undefined) named.push({ name: `${named.length + 1} (${heading})`, code });
}

const fileOf = (place: number): string => join(folder, `piece-${place + 1}.ts`);

describe("docs/checker.md", () => {
  beforeAll(() => {
    mkdirSync(folder, { recursive: true });
    for (const [place, { code }] of named.entries()) {
      const own = code.replaceAll(/"minos-suite\/(\w+)"/g, '"../../$1/index.js"');
      writeFileSync(fileOf(place), `${own}\nexport {};\n`);
    }
    const settings = { extends: "../../tsconfig.json", compilerOptions: { rootDir: "../..", noUnusedLocals: false } };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...settings, include: ["*.ts"], exclude: [] }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("holds the code that this test is about", () => {
    expect(named.length).toBe([...guide.matchAll(/^```ts$/gm)].length);
    expect(named.length).toBeGreaterThanOrEqual(7);
    expect(guide.match(/minos-suite\/\w+/g)?.every((name) => /\/(checker|history)$/.test(name))).toBe(true);
  });

  test("all of it compiles", { timeout: 120_000 }, () => {
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const compile = (): string => execFileSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
    expect(compile).not.toThrow();
  });

  test.each(named.map(({ name }, place) => [name, place] as const))(
    "piece %s runs",
    { timeout: 60_000 },
    async (_, place) => {
      await import(fileOf(place));
    },
  );
});
