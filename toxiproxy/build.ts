// The built-in server as one file, for a container image and for tests that run from sources.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The compiled entry beside this module; null when the room runs from its sources. */
export function compiledEntry(): string | null {
  const path = join(import.meta.dirname, "main.js");
  return existsSync(path) ? path : null;
}

/** Bundles the server's entry into `outFile` (an ES module for Node 20, no dependencies left). Run it like `main.js`. */
export async function buildProxyServer(outFile: string): Promise<void> {
  // Loaded only here: a campaign with a compiled entry never needs the bundler.
  const { build } = await import("esbuild");
  await build({
    entryPoints: [compiledEntry() ?? join(import.meta.dirname, "main.ts")],
    outfile: outFile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    legalComments: "none",
    logLevel: "silent",
  });
}
