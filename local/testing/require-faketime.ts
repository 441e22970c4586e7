// Whether the tests of changed clocks can run here. Where libfaketime is missing they are skipped with one visible line; with
// MINOS_REQUIRE_DOCKER=1, where everything that can be installed must be, it is a failure.
import { test } from "vitest";
import { findFaketime, installFaketime } from "../../cluster/index.js";

/** Runs `act` where the library is, as `test` does; elsewhere it leaves a skipped test that says why, or one that fails. */
export function testWithFaketime(name: string, act: () => Promise<void>): void {
  if (findFaketime() !== null) {
    test(name, act);
    return;
  }
  if (process.env["MINOS_REQUIRE_DOCKER"] === "1") {
    test(`${name}: libfaketime is required here (MINOS_REQUIRE_DOCKER=1)`, () => {
      throw new Error(installFaketime);
    });
    return;
  }
  console.warn(`skipped: ${name}: ${installFaketime}`);
  test.skip(`${name} (skipped: ${installFaketime})`, () => undefined);
}
