// The built-in server as one file, for a container image and for tests that run from sources.

/** Bundles the server's entry into `outFile` (ESM for Node 20, no dependencies left). Run it like `main.js`. */
export async function buildProxyServer(_outFile: string): Promise<void> {
  throw new Error("not built yet");
}
