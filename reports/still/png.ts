// A still as PNG: the system's own Chromium draws the SVG, without a network and in a profile that is thrown away. Nothing is downloaded:
// without a browser this is an error that says what to do.
import { spawn } from "node:child_process";
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Still } from "./still.js";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const timeoutMs = 60_000;
const complaintCharacters = 400;

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path in MINOS_CHROMIUM, else the first Chromium or Chrome on PATH, else null. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | null {
  const named = environment["MINOS_CHROMIUM"];
  if (named !== undefined && named !== "") return isProgram(named) ? named : null;
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return places.find(isProgram) ?? null;
}

/** There is no browser, or it drew nothing. */
export class NoPictureError extends Error {
  override readonly name = "NoPictureError";
}

/** Draws the still into a PNG file, whole or not at all. */
export async function writePng(path: string, still: Still): Promise<void> {
  const chromium = findChromium();
  if (chromium === null)
    throw new NoPictureError(
      "a PNG needs Chromium or Chrome: there is none on PATH and none named by MINOS_CHROMIUM; --svg needs no browser",
    );
  const directory = mkdtempSync(join(tmpdir(), "minos-still-"));
  try {
    const page = join(directory, "still.svg");
    const picture = join(directory, "still.png");
    writeFileSync(page, still.svg);
    const complaint = await run(chromium, [
      "--headless",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      "--hide-scrollbars",
      // Chromium refuses to run as root with a sandbox; what it draws is our own file, in which no value is markup.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      `--user-data-dir=${join(directory, "profile")}`,
      `--window-size=${still.width},${still.height}`,
      `--screenshot=${picture}`,
      pathToFileURL(page).href,
    ]);
    if (complaint !== null || !existsSync(picture))
      throw new NoPictureError(`${chromium} drew no picture: ${complaint ?? "it ended without one"}`);
    moveInto(picture, path);
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function moveInto(from: string, to: string): void {
  const partial = `${to}.partial`;
  copyFileSync(from, partial);
  renameSync(partial, to);
}

/** Null when it ended well, else what it said last. */
function run(program: string, words: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    const limit = setTimeout(() => {
      said = `no picture within ${timeoutMs / 1000} s`;
      child.kill("SIGKILL");
    }, timeoutMs);
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said = `${said}${chunk}`.slice(-complaintCharacters);
    });
    child.once("error", (error) => {
      clearTimeout(limit);
      resolve(error.message);
    });
    child.once("close", (code) => {
      clearTimeout(limit);
      resolve(code === 0 ? null : said.trim() || `exit code ${code ?? "none"}`);
    });
  });
}
