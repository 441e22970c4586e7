// Shows which Go prepare.sh would build Toxiproxy with, by sourcing choose-go.sh in bash on a machine of stub `go` scripts.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const script = fileURLToPath(new URL("choose-go.sh", import.meta.url));
const bash = execFileSync("sh", ["-c", "command -v bash"], { encoding: "utf8" }).trim();
let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "minos-choose-go-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function stubGo(folder: string, body: string): string {
  const directory = join(root, folder);
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "go");
  writeFileSync(path, `#!${bash}\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
const go = (folder: string, version: string): string => stubGo(folder, `echo "go version go${version} linux/amd64"`);

/** Chooses with these folders on PATH, in this order, and these binaries elsewhere on the machine. */
function choose(onPath: readonly string[], elsewhere: readonly string[]) {
  const path = [...onPath.map((folder) => join(root, folder)), "/usr/bin", "/bin"].join(":");
  const result = spawnSync(bash, ["--norc", "-euo", "pipefail", "-c", `. "$1"; choose_go 1.23`, "bash", script], {
    encoding: "utf8",
    env: { PATH: path, HOME: root, GO_SEARCH: elsewhere.join(" ") },
  });
  return { status: result.status, stdout: result.stdout.trim(), stderr: result.stderr.trim() };
}

test("the newest wins, though an older one that would do is first on PATH", () => {
  go("first", "1.23.4");
  const newest = go("second", "1.26.8");
  expect(choose(["first", "second"], [])).toEqual({ status: 0, stdout: newest, stderr: "" });
});

test("a newer one that is not on PATH wins over an old one that is", () => {
  go("old", "1.19.8");
  const newest = go("elsewhere", "1.24");
  expect(choose(["old"], [newest])).toEqual({ status: 0, stdout: newest, stderr: "" });
});

test("versions are compared as numbers: 1.100 is newer than 1.26.9, and 1.9 is too old", () => {
  go("nine", "1.9");
  go("twenty-six", "1.26.9");
  const hundred = go("hundred", "1.100.0");
  expect(choose(["nine", "twenty-six", "hundred"], []).stdout).toBe(hundred);
  expect(choose(["nine"], []).status).toBe(1);
});

test("exactly 1.23 will do, and so will a release candidate of a later one", () => {
  const exact = go("exact", "1.23");
  expect(choose(["exact"], []).stdout).toBe(exact);
  const candidate = go("candidate", "1.27rc1");
  expect(choose(["exact", "candidate"], []).stdout).toBe(candidate);
});

test("with only older ones it fails and names the newest version that it found", () => {
  go("a", "1.19.8");
  const newest = go("b", "1.22.12");
  expect(choose(["a", "b"], [])).toEqual({
    status: 1,
    stdout: "",
    stderr: `Toxiproxy needs Go >= 1.23 to build; the newest found is 1.22.12 (${newest}). Install a newer one from https://go.dev/dl.`,
  });
});

test("with none it fails and says so, and a go that does not run counts as none", () => {
  stubGo("broken", "exit 1");
  expect(choose(["broken"], [])).toEqual({
    status: 1,
    stdout: "",
    stderr: "Toxiproxy needs Go >= 1.23 to build, and no Go was found. Install one from https://go.dev/dl.",
  });
});

test("the version asked is that of the binary itself, not of one that it would fetch", () => {
  stubGo(
    "switching",
    'if [ "$GOTOOLCHAIN" = local ]; then v=1.21.0; else v=1.26.0; fi; echo "go version go$v linux/amd64"',
  );
  expect(choose(["switching"], []).stderr).toContain("the newest found is 1.21.0");
});
