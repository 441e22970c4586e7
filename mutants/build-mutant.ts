// Builds a mutant: copies the system's sources into a temporary tree, applies the patch there and builds that. The sources in
// place are never touched, and the shipped system carries no hook.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { applyPatch, PatchError, type Mutant } from "./mutant.js";

export interface MutantBuildOptions<Build> {
  readonly mutant: Pick<Mutant, "patch">;
  /** The system's sources, in place. */
  readonly sourceDirectory: string;
  /** Where the build goes; its parent also holds the patched tree, so that packages are found from there. */
  readonly outDirectory: string;
  /** The system's own build. */
  readonly build: (sourceDirectory: string, outDirectory: string) => Promise<Build>;
}

/** Throws PatchError when the patch does not fit. The temporary tree is gone afterwards. */
export async function buildMutant<Build>(options: MutantBuildOptions<Build>): Promise<Build> {
  const { mutant, sourceDirectory, outDirectory, build } = options;
  mkdirSync(dirname(outDirectory), { recursive: true });
  const tree = mkdtempSync(join(dirname(outDirectory), ".mutant-"));
  try {
    cpSync(sourceDirectory, tree, { recursive: true });
    const file = join(tree, mutant.patch.file);
    if (!existsSync(file)) throw new PatchError(`${mutant.patch.file} is not among the sources`);
    writeFileSync(file, applyPatch(readFileSync(file, "utf8"), mutant.patch));
    return await build(tree, outDirectory);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}
