// vitest's `test` with a cluster: booted before the test's body, judged, kept when the test fails, and taken down after it.
import { test, type TestAPI } from "vitest";
import type { PlanFields } from "../campaign/index.js";
import { attachmentLines, attachToFailure, quoted, quotedPattern } from "./attach.js";
import { bootFixture, type ClusterFixture } from "./cluster-fixture.js";

export interface ClusterTestOptions {
  /** Fields of a plan (`docs/plans.md`): system, nodes, replication, on (`local` or `docker`). The faults are the test's own. */
  readonly plan?: PlanFields;
  /** Where failing tests leave history, logs and report. Default: `store`, where the tests are run. */
  readonly store?: string;
}

/** Repeats what `random` drew in a failing test. */
const seedVariable = "MINOS_SEED";

/**
 * A `test` whose body gets `{ cluster }`. Each test has a cluster of its own. A node that ends without being asked to fails the test, as
 * does anything that cannot be taken down.
 */
export function clusterTest(options: ClusterTestOptions = {}): TestAPI<{ cluster: ClusterFixture }> {
  return test.extend<{ cluster: ClusterFixture }>({
    cluster: async ({ task, signal }, use) => {
      const seed = seedOf(process.env[seedVariable]);
      const booted = await bootFixture({ plan: options.plan ?? {}, store: options.store ?? "store", seed, signal });
      await use(booted.fixture);
      const trouble = await booted.end();
      const hasFailed = task.result?.state === "fail";
      if (!hasFailed && trouble.length === 0) {
        booted.discard();
        return;
      }
      const attachment = {
        seed: booted.fixture.seed,
        report: booted.keep(),
        again: `${seedVariable}=${booted.fixture.seed} npx vitest run ${quoted(task.file.name)} -t ${quotedPattern(task.name)}`,
      };
      attachToFailure(task, attachment);
      if (trouble.length === 0) return;
      throw new Error([...trouble, ...(hasFailed ? [] : ["", ...attachmentLines(attachment)])].join("\n"));
    },
  });
}

function seedOf(word: string | undefined): number | null {
  if (word === undefined || word === "") return null;
  const seed = Number(word);
  if (!Number.isSafeInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw new Error(`${seedVariable}: expected a whole number below 2^32, got "${word}"`);
  return seed;
}
