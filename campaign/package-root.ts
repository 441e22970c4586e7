// Where this package lies: sources under vitest, `dist/` when installed. Builds and viewer are found from here.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface PackageInfo {
  readonly root: string;
  readonly version: string;
}

let found: PackageInfo | null = null;

export function packageInfo(): PackageInfo {
  if (found !== null) return found;
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let depth = 0; depth < 10; depth++) {
    const file = join(folder, "package.json");
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, "utf8")) as { name?: string; version?: string };
      if (manifest.name === "minos-suite") {
        found = { root: folder, version: manifest.version ?? "0" };
        return found;
      }
    }
    folder = dirname(folder);
  }
  throw new Error("the package minos-suite was not found above its own code");
}
