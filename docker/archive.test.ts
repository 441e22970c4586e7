// Shows what goes into images and comes out of containers, with archives made and read in memory and a temporary directory.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashEntries, packArchive, readTree, unpackArchive } from "./archive.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "minos-archive-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function toBuffer(archive: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test("a tree is read in order of its paths, links followed, and comes out of an archive as it went in", async () => {
  mkdirSync(join(root, "in", "b"), { recursive: true });
  writeFileSync(join(root, "in", "b", "z.txt"), "zed");
  writeFileSync(join(root, "in", "a.sh"), "#!/bin/sh\n", { mode: 0o700 });
  symlinkSync(join(root, "in", "a.sh"), join(root, "in", "link"));
  const entries = await readTree(join(root, "in"), "app");
  expect(entries.map(({ path, mode, content }) => [path, mode, content?.toString() ?? null])).toEqual([
    ["app/a.sh", 0o755, "#!/bin/sh\n"],
    ["app/b", 0o755, null],
    ["app/b/z.txt", 0o644, "zed"],
    ["app/link", 0o755, "#!/bin/sh\n"],
  ]);
  const archive = await packArchive(entries);
  const written = await unpackArchive(Readable.from([archive]), join(root, "out"));
  expect(written).toEqual(["app/a.sh", "app/b/z.txt", "app/link"]);
  expect(readFileSync(join(root, "out", "app", "b", "z.txt"), "utf8")).toBe("zed");
  expect((await packArchive(entries)).equals(archive)).toBe(true);
});

test("paths of more than a hundred letters and larger files survive", async () => {
  const path = `data/${"long/".repeat(40)}file`;
  const content = Buffer.alloc(300_000, "x");
  const archive = await packArchive([{ path, content, mode: 0o644 }]);
  expect(await unpackArchive(Readable.from([archive]), root)).toEqual([path]);
  expect(readFileSync(join(root, path)).equals(content)).toBe(true);
});

test("an archive out of a container cannot write outside of its directory, nor bring links", async () => {
  const hostile = pack();
  hostile.entry({ name: "../outside" }, "x");
  hostile.entry({ name: "/absolute" }, "x");
  hostile.entry({ name: "a/../../outside-too" }, "x");
  hostile.entry({ name: "link", type: "symlink", linkname: "/etc" });
  hostile.entry({ name: "link/passwd" }, "x");
  hostile.entry({ name: "good" }, "x");
  hostile.finalize();
  const archive = await toBuffer(hostile as unknown as Readable);
  const inside = join(root, "inside");
  expect(await unpackArchive(Readable.from([archive]), inside)).toEqual(["link/passwd", "good"]);
  expect(readdirSync(root)).toEqual(["inside"]);
  expect(readFileSync(join(inside, "link", "passwd"), "utf8")).toBe("x");
});

test("a torn archive is an error, not a short answer", async () => {
  const archive = await packArchive([{ path: "file", content: Buffer.alloc(5_000, "x"), mode: 0o644 }]);
  await expect(unpackArchive(Readable.from([archive.subarray(0, 2_000)]), root)).rejects.toThrow();
});

test("the hash tells contents, paths, modes and the base apart", () => {
  const entry = { path: "app/x", content: Buffer.from("1"), mode: 0o644 };
  const hashes = [
    hashEntries([entry], "base"),
    hashEntries([{ ...entry, content: Buffer.from("2") }], "base"),
    hashEntries([{ ...entry, path: "app/y" }], "base"),
    hashEntries([{ ...entry, mode: 0o755 }], "base"),
    hashEntries([entry], "other base"),
    hashEntries([], "base"),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
  expect(hashEntries([{ ...entry }], "base")).toBe(hashes[0]);
});
