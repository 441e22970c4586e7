// Whether a real Toxiproxy can be tested against on this machine. Without one its tests are skipped with a visible line, unless
// MINOS_REQUIRE_DOCKER=1 makes that a failure.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export function hasToxiproxyServer(): boolean {
  const found = (process.env["PATH"] ?? "")
    .split(delimiter)
    .some((folder) => isProgram(join(folder, "toxiproxy-server")));
  if (found) return true;
  if (process.env["MINOS_REQUIRE_DOCKER"] === "1")
    throw new Error("MINOS_REQUIRE_DOCKER=1, but there is no toxiproxy-server on PATH");
  process.stderr.write("SKIPPED: tests against the real Toxiproxy: there is no toxiproxy-server on PATH\n");
  return false;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
