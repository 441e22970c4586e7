// The systems under test by name, and where their builds come from. The only place that names our store.
import { join } from "node:path";
import { tmpdir } from "node:os";
import type { SystemUnderTest } from "../cluster/index.js";
import { buildMutant, mutants } from "../mutants/index.js";
import { buildSystem, shippedBuild, shippedSources, storeSystem } from "../system/index.js";
import { UsageError } from "./exit-code.js";

/** The system as shipped, or with a bug planted in it. */
export type SystemSource = (mutant: string | null) => Promise<SystemUnderTest>;

export const systems: ReadonlyMap<string, SystemSource> = new Map([["store", store]]);

export function systemNamed(name: string): SystemSource {
  const source = systems.get(name);
  if (source === undefined) {
    throw new UsageError(`no system is called "${name}"`, `there are ${[...systems.keys()].join(", ")}`);
  }
  return source;
}

async function store(mutantId: string | null): Promise<SystemUnderTest> {
  if (mutantId === null) return storeSystem(await shippedBuild());
  const mutant = mutants.get(mutantId);
  if (mutant === undefined) {
    throw new UsageError(`no mutant is called "${mutantId}"`, `there are ${[...mutants.keys()].join(", ")}`);
  }
  const outDirectory = join(buildCache(), `${mutant.id}-${process.pid}`);
  const build = (from: string, to: string) => buildSystem({ sourceDirectory: from, outDirectory: to });
  return storeSystem(await buildMutant({ mutant, sourceDirectory: shippedSources(), outDirectory, build }));
}

function buildCache(): string {
  return join(tmpdir(), `minos-builds-${process.getuid?.() ?? 0}`);
}
