// What a report costs, at several sizes: the file, the time until it can be used, and the time to draw the timeline again while the
// reader zooms and pans. Made-up runs, opened from a file in a headless Chromium without GPU.
//   npm run bench:report                        10k, 100k and 500k operations
//   npm run bench:report -- --sizes 1000000     these sizes instead, separated by commas
//   npm run bench:report -- --many              a run of five million operations besides
//   npm run bench:report -- --stored FOLDER     a stored run besides
//   npm run bench:report -- --write             put the table into bench/RESULTS.md
// Needs the viewer (npm run build:viewer) and a Chromium: /usr/bin/chromium, or the one that MINOS_CHROMIUM names. A redraw is timed from
// the change of the view until its pixels are there: one of them is read back. Not measured: the screen's refresh, other browsers.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium, type Browser } from "playwright-core";
import { rebuildReport, runDirectoryAt } from "../campaign/index.js";
import { writeReport, type StreamedReport } from "../reports/index.js";
import { madeUpRun } from "./made-up-run.js";
import { machine, writePart } from "./results.js";

/** Of each kind of lanes, zooms and pans each. */
const redraws = 120;
const opened = 5;
const many = 5_000_000;

interface Measures {
  readonly name: string;
  readonly operations: number;
  readonly bytes: number;
  readonly buildMs: number;
  /** Resident memory of the command that wrote the report, megabytes. */
  readonly residentMb: number;
  /** Median and greatest of `opened`. */
  readonly readyMs: readonly [number, number];
  readonly median: number;
  readonly p99: number;
  readonly worst: number;
}

/** In the page: from the whole run down to a thousandth of it at places all over the run, then across the run at every depth. */
const drawing = `(() => {
  const times = [];
  const { endNs, draw } = window.minos;
  const pixel = document.querySelector(".scroller canvas").getContext("2d");
  const time = (from, to) => {
    const start = performance.now();
    draw(from, to);
    pixel.getImageData(300, 20, 1, 1);
    times.push(performance.now() - start);
  };
  for (const lanes of ["process", "key", "node"]) {
    document.querySelector('input[name=lanes][value=' + lanes + ']').click();
    draw(0, endNs);
    for (let index = 0; index < ${redraws}; index++) {
      const span = endNs * 10 ** (-3 * (index / ${redraws - 1}));
      const from = (endNs - span) * ((index * 0.37) % 1);
      time(from, from + span);
    }
    for (let index = 0; index < ${redraws}; index++) {
      const span = endNs * 10 ** (-1 - (index % 3));
      const from = (endNs - span) * (index / ${redraws});
      time(from, from + span);
    }
  }
  return times.sort((a, b) => a - b);
})()`;

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** Opens a report that is there. */
async function measure(browser: Browser, path: string): Promise<Omit<Measures, "name" | "buildMs" | "residentMb">> {
  const ready: number[] = [];
  let times: readonly number[] = [];
  let operations = 0;
  for (let turn = 0; turn < opened; turn++) {
    const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector("html[data-ready=true]", { timeout: 120_000 });
    ready.push(await page.evaluate<number>("window.minos.readyMs"));
    if (turn === opened - 1) {
      operations = await page.evaluate<number>("window.minos.operations");
      times = await page.evaluate<readonly number[]>(drawing);
    }
    await page.close();
  }
  ready.sort((a, b) => a - b);
  return {
    operations,
    bytes: statSync(path).size,
    readyMs: [at(ready, 0.5), at(ready, 1)],
    median: at(times, 0.5),
    p99: at(times, 0.99),
    worst: at(times, 1),
  };
}

/** Writes the report of a made-up run. */
function writeMadeUp(path: string, run: StreamedReport): Pick<Measures, "buildMs" | "residentMb"> {
  const start = performance.now();
  writeReport(path, run);
  return { buildMs: performance.now() - start, residentMb: process.memoryUsage.rss() / 1e6 };
}

function tableOf(rows: readonly Measures[]): string {
  const number = (value: number, digits = 0): string => value.toFixed(digits);
  return [
    "| run | operations | file MB | writing s | resident MB | ready ms: median, most of 5 | redraw ms: median | p99 | most |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ...rows.map(
      (row) =>
        `| ${row.name} | ${row.operations} | ${number(row.bytes / 1e6, 3)} | ${number(row.buildMs / 1000, 1)} | ${number(row.residentMb)} | ` +
        `${number(row.readyMs[0])}, ${number(row.readyMs[1])} | ${number(row.median, 1)} | ${number(row.p99, 1)} | ${number(row.worst, 1)} |`,
    ),
  ].join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sizes: { type: "string", default: "10000,100000,500000" },
      many: { type: "boolean", default: false },
      stored: { type: "string" },
      write: { type: "boolean", default: false },
    },
  });
  const sizes = [...values.sizes.split(",").map(Number), ...(values.many ? [many] : [])];
  if (sizes.some((size) => !Number.isSafeInteger(size) || size < 100))
    throw new Error("sizes are numbers of operations, at least 100");
  const directory = mkdtempSync(join(tmpdir(), "minos-bench-report-"));
  const browser = await chromium.launch({
    executablePath: process.env["MINOS_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  });
  try {
    const rows: Measures[] = [];
    const path = join(directory, "report.html");
    for (const size of sizes) {
      const written = writeMadeUp(path, madeUpRun(size));
      rows.push({ name: "made up", ...written, ...(await measure(browser, path)) });
      console.error(tableOf(rows.slice(-1)).split("\n").at(-1));
    }
    if (values.stored !== undefined) {
      const stored = runDirectoryAt(values.stored);
      const start = performance.now();
      const { plan } = rebuildReport(stored);
      const written = { buildMs: performance.now() - start, residentMb: process.memoryUsage.rss() / 1e6 };
      const name = `\`minos run --on ${plan.on} --rate ${plan.rate_per_s} --time-limit ${plan.time_limit_ms / 1000}s\``;
      rows.push({ name, ...written, ...(await measure(browser, stored.reportFile)) });
    }
    const table = tableOf(rows);
    console.log(table);
    if (!values.write) return;
    const version = browser.version();
    await writePart(
      "report",
      `## The report\n\nCommand: \`npm run bench:report -- ${process.argv.slice(2).join(" ")}\`. Machine: ${machine()}, Chromium ${version} without GPU, 1400 × 1000.\n` +
        `The runs are made up but for what is named: a minute, 18 threads, 16 keys, ten faults. A redraw lasts until its pixels can be read; ${redraws} zooms and ${redraws} pans\n` +
        `with lanes by process, by key and by node. Resident memory is that of the whole command, which makes the run up as well.\n\n${table}`,
    );
  } finally {
    await browser.close();
    rmSync(directory, { recursive: true });
  }
}

await main();
