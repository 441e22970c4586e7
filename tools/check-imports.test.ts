// Shows that the import rules hold in this tree and that the check can fail: a tree made on the spot breaks each kind of
// rule once, and each is named with its file and line.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkTree } from "./check-imports.js";

let made: string | null = null;
afterEach(() => {
  if (made !== null) rmSync(made, { recursive: true });
  made = null;
});

function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "minos-rules-"));
  made = root;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test("no room of this repository imports what its row does not allow", () => {
  const { files, problems } = checkTree(".");
  expect(problems).toEqual([]);
  expect(files).toBeGreaterThan(10);
});

test("each kind of forbidden import is found, with its place", () => {
  const root = tree({
    "history/index.ts": 'import { x } from "../checker/index.js";\nexport const y = x;\n',
    "checker/index.ts": '\nexport { secret } from "../history/inside.js";\n',
    "system/index.ts": 'import { nodeName } from "../cluster/index.js";\nexport const z = nodeName;\n',
    "system/core/paxos.ts": 'import { readFileSync } from "node:fs";\nexport const r = readFileSync;\n',
    "system/core/link.ts": 'import type { Client } from "../client/index.js";\nexport type C = Client;\n',
    "campaign/run.ts": 'export const load = () => import("../cli/index.js");\n',
  });
  expect(checkTree(root).problems.toSorted()).toEqual([
    "campaign/run.ts:1: campaign may not import cli",
    'checker/index.ts:2: history\'s inside ("history/inside.js"): import history/index.js',
    "history/index.ts:1: history may not import checker",
    'system/core/link.ts:1: system/core/ is pure and may import nothing outside itself ("system/client/index.js")',
    'system/core/paxos.ts:1: system/core/ is pure and may import no package, not even "node:fs"',
    "system/index.ts:1: system may import only types of cluster",
  ]);
});

test("types of cluster are allowed to system, and tests may join rooms", () => {
  const root = tree({
    "system/index.ts": 'import type { Client } from "../cluster/index.js";\nexport type C = Client;\n',
    "history/far.test.ts": 'import "../cli/index.js";\n',
  });
  expect(checkTree(root)).toEqual({ files: 2, problems: [] });
});
