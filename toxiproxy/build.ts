// The built-in server as one file, for a container image and for tests that run from sources.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The compiled entry beside this module; null when the room runs from its sources. */
export function compiledEntry(): string | null {
  const path = join(import.meta.dirname, "main.js");
  return existsSync(path) ? path : null;
}

/** The server as the text of one ES module for Node 20, with no dependencies left. */
export async function bundleProxyServer(): Promise<string> {
  // Loaded only here: a campaign with a compiled entry never needs the bundler.
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: [compiledEntry() ?? join(import.meta.dirname, "main.ts")],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
    legalComments: "none",
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("the bundler wrote nothing");
  return file.text;
}

/** Writes the bundled server to `outFile` (name it `.mjs`). Run it with node and the flags of `main.ts`. */
export async function buildProxyServer(outFile: string): Promise<void> {
  await mkdir(dirname(outFile), { recursive: true });
  await writeFile(outFile, await bundleProxyServer());
}
