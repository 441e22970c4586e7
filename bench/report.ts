// What a report costs, at several sizes: the file, the time until it can be used, and the time to draw the timeline again while the
// reader zooms and pans. Made-up runs of the default plan's shape, opened from a file in the system's headless Chromium without GPU.
//   npm run bench:report             10k, 50k and 100k operations
//   npm run bench:report -- 500000   these sizes instead
// Not measured: painting to a screen, other browsers, memory.
import { buildViewer, findChromium, launchChromium, openReport, reportWith } from "../reports/testing/browser.js";
import { sampleRun } from "../reports/testing/sample-run.js";

const redraws = 240;

interface Measures {
  readonly operations: number;
  readonly megabytes: number;
  readonly buildMs: number;
  readonly readyMs: number;
  readonly median: number;
  readonly p99: number;
}

/** In the page: draws the timeline from the whole run down to a thousandth of it, panning on the way. */
const drawing = `(() => {
  const times = [];
  const { endNs } = window.minos;
  for (let index = 0; index < ${redraws}; index++) {
    const share = index / ${redraws - 1};
    const span = endNs * 10 ** (-3 * share);
    const from = (endNs - span) * ((index * 0.37) % 1);
    times.push(window.minos.draw(from, from + span));
  }
  return times.sort((a, b) => a - b);
})()`;

async function measure(
  browser: Awaited<ReturnType<typeof launchChromium>>,
  viewer: string,
  wanted: number,
): Promise<Measures> {
  const loadSeconds = 60;
  const run = sampleRun({ outcome: "stale read", loadSeconds, ratePerSecond: (wanted * 1.08) / loadSeconds, keys: 16 });
  const start = performance.now();
  const html = reportWith(viewer, run);
  const buildMs = performance.now() - start;
  const opened = await openReport(browser, html);
  const readyMs: number = await opened.page.evaluate("window.minos.readyMs");
  const operations: number = await opened.page.evaluate("window.minos.operations");
  const times: readonly number[] = await opened.page.evaluate(drawing);
  await opened.close();
  const at = (share: number): number =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
  return { operations, megabytes: Buffer.byteLength(html) / 1e6, buildMs, readyMs, median: at(0.5), p99: at(0.99) };
}

async function main(): Promise<void> {
  const sizes = process.argv.slice(2).map(Number);
  const wrong = sizes.find((size) => !Number.isSafeInteger(size) || size < 100);
  if (wrong !== undefined) throw new Error("sizes are numbers of operations, at least 100");
  const path = findChromium();
  if (path === null) throw new Error("no Chromium on PATH and none named by MINOS_CHROMIUM");
  const viewer = await buildViewer();
  const browser = await launchChromium(path);
  console.log(`viewer alone: ${(Buffer.byteLength(viewer) / 1e3).toFixed(0)} kB`);
  console.log("| operations | file MB | build ms | ready ms | redraw median ms | redraw p99 ms |");
  console.log("|---:|---:|---:|---:|---:|---:|");
  try {
    for (const size of sizes.length > 0 ? sizes : [10_000, 50_000, 100_000]) {
      const row = await measure(browser, viewer, size);
      console.log(
        `| ${row.operations} | ${row.megabytes.toFixed(2)} | ${row.buildMs.toFixed(0)} | ${row.readyMs.toFixed(0)} | ${row.median.toFixed(1)} | ${row.p99.toFixed(1)} |`,
      );
    }
  } finally {
    await browser.close();
  }
}

await main();
