// What a report costs, at several sizes: the file, the time until it can be used, and the time to draw the timeline again while the
// reader zooms and pans. Made-up runs, opened from a file in a headless Chromium without GPU.
//   npm run bench:report             10k, 50k and 100k operations
//   npm run bench:report -- 500000   these sizes instead
// Needs the viewer (npm run build:viewer) and a Chromium: /usr/bin/chromium, or the one that MINOS_CHROMIUM names.
// Not measured: painting to a screen, other browsers, memory.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser } from "playwright-core";
import { buildReport } from "../reports/index.js";
import { madeUpRun } from "./made-up-run.js";

const redraws = 240;

interface Measures {
  readonly operations: number;
  readonly megabytes: number;
  readonly buildMs: number;
  readonly readyMs: number;
  readonly median: number;
  readonly p99: number;
}

/** In the page: draws the timeline from the whole run down to a thousandth of it, at places all over the run. */
const drawing = `(() => {
  const times = [];
  const { endNs } = window.minos;
  for (let index = 0; index < ${redraws}; index++) {
    const span = endNs * 10 ** (-3 * (index / ${redraws - 1}));
    const from = (endNs - span) * ((index * 0.37) % 1);
    times.push(window.minos.draw(from, from + span));
  }
  return times.sort((a, b) => a - b);
})()`;

async function measure(browser: Browser, directory: string, wanted: number): Promise<Measures> {
  const run = madeUpRun(wanted);
  const path = join(directory, "report.html");
  const start = performance.now();
  writeFileSync(path, buildReport(run));
  const buildMs = performance.now() - start;
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  await page.goto(pathToFileURL(path).href);
  await page.waitForSelector("html[data-ready]");
  const readyMs: number = await page.evaluate("window.minos.readyMs");
  const operations: number = await page.evaluate("window.minos.operations");
  const times: readonly number[] = await page.evaluate(drawing);
  await page.close();
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { operations, megabytes: statSync(path).size / 1e6, buildMs, readyMs, median: at(0.5), p99: at(0.99) };
}

async function main(): Promise<void> {
  const sizes = process.argv.slice(2).map(Number);
  if (sizes.some((size) => !Number.isSafeInteger(size) || size < 100))
    throw new Error("sizes are numbers of operations, at least 100");
  const directory = mkdtempSync(join(tmpdir(), "minos-bench-report-"));
  const browser = await chromium.launch({
    executablePath: process.env["MINOS_CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    console.log("| operations | file MB | build ms | ready ms | redraw median ms | redraw p99 ms |");
    console.log("|---:|---:|---:|---:|---:|---:|");
    for (const size of sizes.length > 0 ? sizes : [10_000, 50_000, 100_000]) {
      const { operations, megabytes, buildMs, readyMs, median, p99 } = await measure(browser, directory, size);
      console.log(
        `| ${operations} | ${megabytes.toFixed(2)} | ${buildMs.toFixed(0)} | ${readyMs.toFixed(0)} | ${median.toFixed(1)} | ${p99.toFixed(1)} |`,
      );
    }
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true });
  }
}

await main();
