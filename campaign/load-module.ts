// Loads a user's module, TypeScript too: that is put into one file for the moment, without what it imports from packages.
import { rmSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** `path` is absolute. Rejects with whatever is wrong with the module. */
export async function defaultExportOf(path: string): Promise<unknown> {
  if (!extname(path).endsWith("ts")) return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
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
    return ((await import(pathToFileURL(built).href)) as { default?: unknown }).default;
  } finally {
    rmSync(built, { force: true });
  }
}
