// Whether the tests of real containers can run here. Where they cannot, they are skipped with one visible line; with
// MINOS_REQUIRE_DOCKER=1 the missing engine or Toxiproxy is a failure.
import { describe, test } from "vitest";
import { probeDocker } from "../probe.js";

const required = process.env["MINOS_REQUIRE_DOCKER"] === "1";

/** A sentence that says what is missing, or null. */
async function whatIsMissing(): Promise<string | null> {
  const probe = await probeDocker();
  if (!probe.engine.works) return `${probe.engine.reason}${probe.hint === null ? "" : `; ${probe.hint}`}`;
  if (!probe.internalNetworks.works) return `no internal network can be made: ${probe.internalNetworks.reason}`;
  if (!probe.officialToxiproxy.works && !probe.toxiproxyBinary.works)
    return `no real Toxiproxy: ${probe.officialToxiproxy.reason}; ${probe.toxiproxyBinary.reason}; run docker/prepare.sh`;
  if (!probe.socketCounters.works) return probe.socketCounters.reason;
  return null;
}

let asked: Promise<string | null> | null = null;

/**
 * Runs `define` where an engine and a real Toxiproxy are, as `describe` does. Elsewhere it leaves one skipped test that says
 * why, or one that fails where they are required. Await it at the top of a test file.
 */
export async function describeWithDocker(name: string, define: () => void): Promise<void> {
  asked ??= whatIsMissing();
  const missing = await asked;
  if (missing === null) {
    describe(name, define);
    return;
  }
  if (required) {
    test(`${name}: Docker is required here (MINOS_REQUIRE_DOCKER=1)`, () => {
      throw new Error(missing);
    });
    return;
  }
  console.warn(`skipped: ${name}: ${missing}`);
  test.skip(`${name} (skipped: ${missing})`, () => undefined);
}
