// The systems under test by name, and where their builds come from. The only place that names our store.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { tmpdir } from "node:os";
import type { SystemUnderTest } from "../cluster/index.js";
import { buildMutant, mutants, PatchError, type Mutant, type Patch } from "../mutants/index.js";
import { buildSystem, shippedBuild, shippedSources, storeSystem } from "../system/index.js";
import { UsageError } from "./exit-code.js";
import { exportsOf, type Exports } from "./load-module.js";
import { addWorkload, type WorkloadDefinition } from "../workloads/index.js";

/** The system as shipped, or with a bug planted in it. */
export type SystemSource = (mutant: string | null) => Promise<SystemUnderTest>;

export const systems: ReadonlyMap<string, SystemSource> = new Map([["store", store]]);

/** By name, or by the path of a module whose default export is a system (`docs/own-system.md`). */
export function systemNamed(name: string): SystemSource {
  if (isPath(name)) return (mutant) => systemOfModule(name, mutant);
  const source = systems.get(name);
  if (source === undefined) {
    throw new UsageError(`no system is called "${name}"`, `there are ${[...systems.keys()].join(", ")}`);
  }
  return source;
}

/** A name has no slash and no ending. */
export function isPath(word: string): boolean {
  return word.includes("/") || /\.(?:m?[jt]s|json)$/.test(word);
}

async function systemOfModule(path: string, mutant: string | null): Promise<SystemUnderTest> {
  if (mutant !== null)
    throw new UsageError("--mutant patches the store's sources", "a system of your own is changed where it is");
  const file = resolve(path);
  let exported: Exports;
  try {
    exported = await exportsOf(file);
  } catch (error) {
    throw new UsageError(
      `--system ${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const { default: system, workloads: own = [] } = exported;
  if (typeof system !== "object" || system === null || !("deterministic" in system || "launch" in system))
    throw new UsageError(`--system ${path}: its default export is no system`, "docs/own-system.md shows how one looks");
  addWorkloads(path, own);
  // Plans name it by its path and tell its versions apart by the file's content.
  const buildHash = createHash("sha256").update(readFileSync(file)).digest("hex");
  const loaded = system as SystemUnderTest;
  return { ...loaded, name: file, buildHash: loaded.buildHash ?? buildHash };
}

/** The workloads that a system of one's own brings with it. */
function addWorkloads(path: string, own: unknown): void {
  if (!Array.isArray(own))
    throw new UsageError(`--system ${path}: its export "workloads" is no list`, "docs/own-system.md shows one");
  for (const definition of own as readonly WorkloadDefinition[]) {
    try {
      addWorkload(definition);
    } catch (error) {
      throw new UsageError(`--system ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** A mutant of the catalogue, or the patch in a file: one's own bug, planted as these are. */
function mutantOf(word: string): Pick<Mutant, "id" | "patch"> | undefined {
  if (!isPath(word)) return mutants.get(word);
  let patch: Partial<Patch>;
  try {
    patch = JSON.parse(readFileSync(word, "utf8")) as Partial<Patch>;
  } catch (error) {
    throw new UsageError(`--mutant ${word} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { file, find, replace } = patch;
  if (typeof file !== "string" || typeof find !== "string" || typeof replace !== "string")
    throw new UsageError(
      `--mutant ${word}: expected {"file": …, "find": …, "replace": …}`,
      "docs/simulation.md shows one",
    );
  return { id: `patch-${basename(word, ".json")}`, patch: { file, find, replace } };
}

async function store(mutantId: string | null): Promise<SystemUnderTest> {
  if (mutantId === null) return storeSystem(await shippedBuild());
  const mutant = mutantOf(mutantId);
  if (mutant === undefined) {
    throw new UsageError(`no mutant is called "${mutantId}"`, `there are ${[...mutants.keys()].join(", ")}`);
  }
  const outDirectory = join(buildCache(), `${mutant.id}-${process.pid}`);
  const build = (from: string, to: string) => buildSystem({ sourceDirectory: from, outDirectory: to });
  try {
    return storeSystem(await buildMutant({ mutant, sourceDirectory: shippedSources(), outDirectory, build }));
  } catch (error) {
    if (error instanceof PatchError && isPath(mutantId)) throw new UsageError(`--mutant ${mutantId}: ${error.message}`);
    throw error;
  }
}

function buildCache(): string {
  return join(tmpdir(), `minos-builds-${process.getuid?.() ?? 0}`);
}
