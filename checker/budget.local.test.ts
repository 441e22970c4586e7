// A search that would take more memory than its process has ends as unknown; the process does not die of it. Each engine in a process
// of its own with a small heap, given a history that is exponential for any search.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const script = fileURLToPath(new URL("./testing/judge-exponential.ts", import.meta.url));

/** The general search fills a heap within seconds; sweeps are slower than that and run out of time first. */
const engines = [
  { engine: "configuration-sets", timeMs: 3_000, reason: /more than (100000 MiB|3000 ms)/ },
  { engine: "live", timeMs: 3_000, reason: /more than (100000 MiB|3000 ms)/ },
  { engine: "wing-gong", timeMs: 60_000, reason: /more than 100000 MiB, or nearly all that the process may have/ },
];

describe("in a process with a heap of 64 MB, told that it may take 100 GB,", () => {
  test.each(engines)("$engine says unknown before the heap is full", async ({ engine, timeMs, reason }) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--max-old-space-size=64", "--import", "tsx", script, "14", engine, String(timeMs)],
      { timeout: 110_000 },
    );
    const told = JSON.parse(stdout) as { readonly valid: unknown; readonly reason: string };
    expect(told.valid).toBe("unknown");
    expect(told.reason).toMatch(reason);
  });
});
