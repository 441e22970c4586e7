// Shows that a still becomes a PNG of its own size by the system's Chromium, and that without one there is an error that says what to do,
// and no file.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sampleRun } from "../testing/sample-run.js";
import { findChromium, NoPictureError, writePng } from "./png.js";
import { drawStill } from "./still.js";

let directory = "";
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "minos-still-test-"))));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const still = () => drawStill(sampleRun({ outcome: "stale read", loadSeconds: 12 }));
const missing = "no Chromium on PATH and none named by MINOS_CHROMIUM: no PNG is drawn";
const skipped = findChromium() === null && process.env["MINOS_REQUIRE_DOCKER"] !== "1";
if (skipped) console.warn(`skipped: ${missing}`);

test.skipIf(skipped)("the PNG is as large as the still", async () => {
  if (findChromium() === null) throw new Error(missing);
  const picture = still();
  const path = join(directory, "still.png");
  await writePng(path, picture);
  const bytes = readFileSync(path);
  expect(bytes.subarray(1, 4).toString("latin1")).toBe("PNG");
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([picture.width, picture.height]);
  expect(bytes.length).toBeGreaterThan(10_000);
});

test("without a browser, or with one that draws nothing, there is an error and no file", async () => {
  const path = join(directory, "still.png");
  vi.stubEnv("MINOS_CHROMIUM", join(directory, "no-such-browser"));
  await expect(writePng(path, still())).rejects.toThrow(NoPictureError);
  await expect(writePng(path, still())).rejects.toThrow("--svg needs no browser");
  vi.stubEnv("MINOS_CHROMIUM", "/bin/true");
  await expect(writePng(path, still())).rejects.toThrow("/bin/true drew no picture: it ended without one");
  expect(existsSync(path)).toBe(false);
});
