// A headless Chromium for the report's tests, benchmark and screenshots: the system's own, never one that is downloaded. Every page
// is opened from file://, and whatever it asks of a network or complains about is kept.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { build } from "vite";
import { fillViewer, type ReportInput } from "../build.js";

export { findChromium } from "../still/png.js";

export async function launchChromium(executablePath: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
    ],
  });
}

/** Builds the viewer from its sources into a directory of its own and returns its text: what is tested is what is checked out. */
export async function buildViewer(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "minos-viewer-"));
  try {
    await build({
      configFile: fileURLToPath(new URL("../viewer/vite.config.ts", import.meta.url)),
      build: { outDir: directory },
    });
    return readFileSync(join(directory, "viewer.html"), "utf8");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A report made with the viewer that is given, rather than with the one that was built ahead of time. */
export function reportWith(viewer: string, input: ReportInput): string {
  return fillViewer(viewer, input);
}

export interface OpenedPage {
  readonly page: Page;
  /** URLs that are neither the file itself nor data. */
  readonly requests: readonly string[];
  /** Errors and warnings of the console, and exceptions that nothing caught. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** Part of the address after the file, `#` included. */
  readonly address?: string;
  /** What is there once the page is ready; by default what the viewer says itself. Pages without a script have a `main`. */
  readonly ready?: string;
}

/** Opens a report's text from a file and waits until the page says that it is ready. */
export async function openReport(browser: Browser, html: string, options: OpenOptions = {}): Promise<OpenedPage> {
  const directory = mkdtempSync(join(tmpdir(), "minos-page-"));
  const path = join(directory, "report.html");
  writeFileSync(path, html);
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1400, height: options.height ?? 1000 },
    colorScheme: options.dark === true ? "dark" : "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const url = pathToFileURL(path).href;
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) requests.push(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(`${url}${options.address ?? ""}`);
  await page.waitForSelector(options.ready ?? "html[data-ready]");
  return {
    page,
    requests,
    complaints,
    close: async () => {
      await context.close();
      rmSync(directory, { recursive: true });
    },
  };
}
