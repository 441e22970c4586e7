// Loads a user's module, TypeScript too: that is put into one file for the moment, without what it imports from packages.
import { rmSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/** `path` is absolute. Rejects with whatever is wrong with the module. */
export async function defaultExportOf(path: string): Promise<unknown> {
  return (await exportsOf(path))["default"];
}

/** The same, for all that it exports. */
export async function exportsOf(path: string): Promise<Exports> {
  if (!extname(path).endsWith("ts")) return (await import(pathToFileURL(path).href)) as Exports;
  // Beside the source, so that what it imports is found from there.
  const built = join(dirname(path), `.${basename(path)}-${process.pid}.mjs`);
  const { build } = await import("esbuild");
  try {
    await build({
      entryPoints: [path],
      outfile: built,
      bundle: true,
      packages: "external",
      format: "esm",
      platform: "node",
    });
    return (await import(pathToFileURL(built).href)) as Exports;
  } finally {
    rmSync(built, { force: true });
  }
}
