// Asks axe whether pages can be used by everybody: each in light and dark, on a narrow screen and as printed.
//   npx tsx tools/axe-pages.ts AXE.min.js PAGE.html…
// axe is no dependency of ours: `npm pack axe-core` in a folder of its own gives the file. Needs a Chromium on PATH or in MINOS_CHROMIUM.
// Ends with 1 when there is a finding that axe calls serious or critical.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { findChromium, launchChromium, openReport, type OpenOptions } from "../reports/testing/browser.js";

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly help: string;
  readonly nodes: readonly {
    readonly target: readonly unknown[];
    readonly html: string;
    readonly failureSummary?: string;
  }[];
}

const views: readonly (readonly [string, OpenOptions & { readonly print?: boolean }])[] = [
  ["light", {}],
  ["dark", { dark: true }],
  ["narrow", { width: 390, height: 800 }],
  ["print", { print: true }],
];
const nodesTold = 4;

async function main(): Promise<number> {
  const [axe, ...pages] = process.argv.slice(2);
  if (axe === undefined || pages.length === 0) throw new Error("usage: axe-pages AXE.min.js PAGE.html…");
  const chromium = findChromium();
  if (chromium === null) throw new Error("no Chromium on PATH and none named by MINOS_CHROMIUM");
  const source = readFileSync(axe, "utf8");
  const browser = await launchChromium(chromium);
  let serious = 0;
  try {
    for (const path of pages) {
      for (const [name, { print = false, ...options }] of views) {
        const opened = await openReport(browser, readFileSync(path, "utf8"), {
          ...options,
          ready: "html[data-ready], main",
        });
        if (print) await opened.page.emulateMedia({ media: "print" });
        await opened.page.evaluate(source);
        const { violations } = await opened.page.evaluate<{ readonly violations: readonly Finding[] }>(
          "axe.run(document)",
        );
        await opened.close();
        const bad = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
        serious += bad.length;
        console.log(`${basename(path)} ${name}: ${bad.length} serious, ${violations.length - bad.length} lesser`);
        for (const finding of violations) tell(finding);
      }
    }
  } finally {
    await browser.close();
  }
  return serious === 0 ? 0 : 1;
}

function tell({ id, impact, help, nodes }: Finding): void {
  console.log(`  ${impact ?? "?"} ${id}: ${help} (${nodes.length})`);
  for (const { target, failureSummary = "" } of nodes.slice(0, nodesTold))
    console.log(`    ${target.join(" ")}: ${failureSummary.split("\n").slice(1, 2).join(" ").trim().slice(0, 200)}`);
}

process.exitCode = await main();
