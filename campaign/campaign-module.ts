// A campaign from a file of any kind: YAML and JSON are read, a module is loaded and its default export taken, TypeScript too.
import { extname, resolve } from "node:path";
import { campaignOf, readCampaignFile, type Campaign } from "./campaign-file.js";
import { UsageError } from "./exit-code.js";
import { defaultExportOf } from "./load-module.js";

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
