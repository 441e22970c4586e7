// Makes the runs that the pictures of the report are of, and the pictures: a valid run, a violation in containers, one from simulation with its
// diagram, an unknown, a vacuous run, and a campaign's page.
//   npm run screenshots                            all of them, into store/screenshots
//   npm run screenshots -- --only violation,valid  these
//   npm run screenshots -- --into docs/images      elsewhere
// Needs the build, a Chromium on PATH or in MINOS_CHROMIUM, and for `violation` Docker. Real runs: values differ from time to time. Fails when a run
// ends with another verdict than its picture is to show, or a picture has more than 300 kB.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { findChromium, launchChromium, openReport } from "../reports/testing/browser.js";

interface Picture {
  readonly name: string;
  readonly words: readonly string[];
  readonly exitCode: number;
  readonly height: number;
  /** Sections of which there is a picture beside the one of the first screen. */
  readonly sections?: readonly string[];
}

const pictures: readonly Picture[] = [
  { name: "valid", words: ["--on", "local", "--seed", "2", "--time-limit", "20s"], exitCode: 0, height: 1000 },
  {
    name: "violation",
    words: ["--on", "docker", "--mutant", "M14", "--seed", "1", "--time-limit", "20s"],
    exitCode: 1,
    height: 1120,
  },
  {
    name: "simulation",
    words: ["--on", "simulation", "--mutant", "M14", "--seed", "3"],
    exitCode: 1,
    height: 1120,
    sections: ["messages"],
  },
  {
    name: "unknown",
    words: [
      "--on",
      "simulation",
      "--seed",
      "5",
      "--time-limit",
      "60s",
      "--rate",
      "1500",
      "--keys",
      "2",
      "--checker-time",
      "100ms",
    ],
    exitCode: 2,
    height: 1000,
  },
  {
    name: "vacuous",
    words: ["--on", "simulation", "--seed", "5", "--time-limit", "10s", "--rate", "6", "--keys", "40"],
    exitCode: 2,
    height: 1000,
  },
];

const campaign = (seeds: string): string => `name: nightly
plan: { on: simulation, time_limit_ms: 8s }
matrix:
  - { workloads: [register, set], nemeses: [gentle, partitions, crashes, standard], seeds: "${seeds}" }
  - { workloads: [register], nemeses: [partitions, standard], mutants: [M14], seeds: "${seeds}" }
canary: true
`;

const width = 1300;
const limitBytes = 300_000;
const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** Runs the command and answers its exit code. */
function minos(words: readonly string[]): number {
  console.log(`minos ${words.join(" ")}`);
  const { status } = spawnSync(process.execPath, [program, ...words], { stdio: ["ignore", "ignore", "inherit"] });
  return status ?? 255;
}

function demand(what: string, exitCode: number, wanted: number): void {
  if (exitCode !== wanted) throw new Error(`${what} ended with ${exitCode}, the picture is to show ${wanted}`);
}

function newest(folder: string): string {
  const name = readdirSync(folder).toSorted().at(-1);
  if (name === undefined) throw new Error(`${folder} is empty`);
  return join(folder, name);
}

async function draw(browser: Browser, page: string, path: string, height: number, section?: string): Promise<void> {
  const opened = await openReport(browser, readFileSync(page, "utf8"), {
    width,
    height,
    ready: "html[data-ready], main",
  });
  // Two frames: the canvases draw in the one after they were laid out.
  await opened.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  if (section !== undefined) {
    await opened.page.evaluate(`document.querySelector("#${section}").scrollIntoView({ behavior: "instant" })`);
    await opened.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  }
  await opened.page.screenshot({ path });
  await opened.close();
  if (opened.complaints.length > 0) throw new Error(`the page complained: ${opened.complaints.join("; ")}`);
  const { size } = statSync(path);
  console.log(`${path}: ${(size / 1000).toFixed(0)} kB`);
  if (size > limitBytes) throw new Error(`${path} has ${size} bytes, more than ${limitBytes}`);
}

async function drawRun(browser: Browser, store: string, into: string, picture: Picture): Promise<void> {
  const { name, words, exitCode, height, sections = [] } = picture;
  demand(name, minos(["run", "--store", store, "--name", name, ...words]), exitCode);
  const page = join(newest(join(store, name)), "report.html");
  await draw(browser, page, join(into, `report-${name}.png`), height);
  for (const section of sections)
    await draw(browser, page, join(into, `report-${name}-${section}.png`), height, section);
}

async function drawCampaign(browser: Browser, store: string, into: string): Promise<void> {
  // The first is what the second is compared with.
  for (const seeds of ["1..2", "1..3"]) {
    const file = join(store, "nightly.yaml");
    writeFileSync(file, campaign(seeds));
    demand("campaign", minos(["campaign", file, "--store", store]), 1);
  }
  const page = join(newest(join(store, "campaigns", "nightly")), "summary.html");
  await draw(browser, page, join(into, "report-campaign.png"), 900);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, into: { type: "string", default: "store/screenshots" } },
  });
  const names = [...pictures.map(({ name }) => name), "campaign"];
  const only = values.only?.split(",") ?? names;
  for (const name of only)
    if (!names.includes(name)) throw new Error(`--only: there is no "${name}"; there are ${names.join(", ")}`);
  const chromium = findChromium();
  if (chromium === null) throw new Error("no Chromium on PATH and none named by MINOS_CHROMIUM");
  const into = resolve(values.into);
  mkdirSync(into, { recursive: true });
  const store = mkdtempSync(join(tmpdir(), "minos-screenshots-"));
  const browser = await launchChromium(chromium);
  try {
    for (const picture of pictures) if (only.includes(picture.name)) await drawRun(browser, store, into, picture);
    if (only.includes("campaign")) await drawCampaign(browser, store, into);
  } finally {
    await browser.close();
    rmSync(store, { recursive: true, force: true });
  }
}

await main();
