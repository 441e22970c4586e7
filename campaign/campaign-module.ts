// A campaign from a file of any kind: YAML and JSON are read, a module is loaded and its default export taken, TypeScript too.
import { rmSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { campaignOf, readCampaignFile, type Campaign } from "./campaign-file.js";
import { UsageError } from "./exit-code.js";

const moduleEndings: ReadonlySet<string> = new Set([".js", ".mjs", ".ts", ".mts"]);

/** Throws UsageError that names the file, and in YAML and JSON the line. */
export async function readCampaign(path: string): Promise<Campaign> {
  if (!moduleEndings.has(extname(path))) return readCampaignFile(path);
  let loaded: unknown;
  try {
    loaded = await defaultExportOf(resolve(path));
  } catch (error) {
    throw new UsageError(`${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
  return campaignOf(loaded, () => path);
}

async function defaultExportOf(path: string): Promise<unknown> {
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
