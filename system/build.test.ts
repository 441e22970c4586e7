// Shows that a build depends on its sources alone: not on where they lie, not on what was there before, not on who builds at the
// same time.
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { buildSystem, hashSources, readBuild, shippedSources, storeSystem } from "./index.js";

let directory = "";
beforeAll(async () => {
  directory = await fs.mkdtemp(join(tmpdir(), "minos-build-"));
});
afterAll(async () => {
  await fs.rm(directory, { recursive: true, force: true });
});

/** The text of each bundle of a build. */
async function bundles(build: Awaited<ReturnType<typeof buildSystem>>): Promise<readonly string[]> {
  return Promise.all(
    [build.core, build.node, build.client].map((file) => fs.readFile(join(build.directory, file), "utf8")),
  );
}

async function copySources(name: string): Promise<string> {
  const copy = join(directory, name);
  await fs.cp(shippedSources(), copy, { recursive: true });
  return copy;
}

describe("a build", () => {
  it("is the same to the byte wherever its sources lie, and says nothing of the place", async () => {
    const here = await buildSystem({ outDirectory: join(directory, "here") });
    const there = await buildSystem({
      sourceDirectory: await copySources("elsewhere"),
      outDirectory: join(directory, "there"),
    });
    expect(there.hash).toBe(here.hash);
    const texts = await bundles(there);
    expect(texts).toEqual(await bundles(here));
    for (const text of texts) expect(text).not.toContain(directory);
  });

  it("has another hash when one character of a source changes, and the same when only a test does", async () => {
    const copy = await copySources("changed");
    const before = await hashSources(copy);
    await fs.appendFile(join(copy, "runtime/frame.test.ts"), "// more\n");
    expect(await hashSources(copy)).toBe(before);
    await fs.appendFile(join(copy, "core/ballot.ts"), " ");
    expect(await hashSources(copy)).not.toBe(before);
  });

  it("takes a name and version of its own, as a mutant's does", async () => {
    const outDirectory = join(directory, "named");
    const build = await buildSystem({ outDirectory, name: "M13", version: "0" });
    expect(build).toMatchObject({ name: "M13", version: "0", directory: outDirectory });
    expect(await readBuild(outDirectory)).toEqual(build);
    expect(await storeSystem(build)).toMatchObject({ name: "M13", buildHash: build.hash, model: "cas-register" });
  });

  it("survives several builders of one directory", async () => {
    const outDirectory = join(directory, "shared");
    const sources = await Promise.all(["a", "b"].map(copySources));
    const builds = await Promise.all(
      sources.map((sourceDirectory, index) => buildSystem({ sourceDirectory, outDirectory, name: `builder-${index}` })),
    );
    expect(builds.map((build) => build.hash)).toEqual([builds[0]?.hash, builds[0]?.hash]);
    await bundles(await readBuild(outDirectory));
    const names = await fs.readdir(directory);
    expect(names.filter((name) => name.includes(".tmp"))).toEqual([]);
  });

  it("of wrong sources is refused with the place of the mistake, and leaves the old build alone", async () => {
    const outDirectory = join(directory, "kept");
    const good = await buildSystem({ outDirectory });
    const copy = await copySources("wrong");
    await fs.appendFile(join(copy, "core/ballot.ts"), "const = 5;");
    await expect(buildSystem({ sourceDirectory: copy, outDirectory })).rejects.toThrow("core/ballot.ts");
    expect(await readBuild(outDirectory)).toEqual(good);
  });
});

describe("the system under test", () => {
  it("refuses node counts that are no multiple of the replication degree", async () => {
    const system = await storeSystem(await buildSystem({ outDirectory: join(directory, "sized") }));
    expect(system.refuses(6, 3)).toBeNull();
    expect(system.refuses(5, 3)).toBe("5 nodes cannot be divided into groups of 3: give a multiple of 3");
    expect(system.refuses(3, 0)).toContain("at least 1");
  });

  it("puts a key in the same group whether it is a number or its text", async () => {
    const system = await storeSystem(await buildSystem({ outDirectory: join(directory, "keyed") }));
    const groups = [
      { group: 0, members: [] },
      { group: 1, members: [] },
    ];
    const seen = new Set<number>();
    for (let key = 0; key < 50; key++) {
      expect(system.groupOfKey(key, groups)).toBe(system.groupOfKey(String(key), groups));
      seen.add(system.groupOfKey(key, groups));
    }
    expect(seen).toEqual(new Set([0, 1]));
    expect(() => system.groupOfKey(null, groups)).toThrow("no key");
  });
});
