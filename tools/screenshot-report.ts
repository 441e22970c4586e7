// Makes a picture of a report, for the README and for chat: the first screen in light colours, small enough to keep in the repository.
//   npx tsx tools/screenshot-report.ts REPORT.html PICTURE.png [WIDTH HEIGHT]
// Needs a Chromium on PATH or in MINOS_CHROMIUM. Says how large the picture became, and fails above 300 kB.
import { readFileSync, statSync } from "node:fs";
import { findChromium, launchChromium, openReport } from "../reports/testing/browser.js";

const limitBytes = 300_000;

async function main(): Promise<void> {
  const [report, picture, width = "1400", height = "1180"] = process.argv.slice(2);
  if (report === undefined || picture === undefined)
    throw new Error("usage: screenshot-report REPORT.html PICTURE.png [WIDTH HEIGHT]");
  const path = findChromium();
  if (path === null) throw new Error("no Chromium on PATH and none named by MINOS_CHROMIUM");
  const browser = await launchChromium(path);
  try {
    const opened = await openReport(browser, readFileSync(report, "utf8"), {
      width: Number(width),
      height: Number(height),
    });
    // Two frames: the canvases draw in the one after they were laid out.
    await opened.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    await opened.page.screenshot({ path: picture });
    await opened.close();
    if (opened.complaints.length > 0) throw new Error(`the page complained: ${opened.complaints.join("; ")}`);
  } finally {
    await browser.close();
  }
  const { size } = statSync(picture);
  console.log(`${picture}: ${(size / 1000).toFixed(0)} kB`);
  if (size > limitBytes)
    throw new Error(`${picture} has ${size} bytes, more than the ${limitBytes} that a picture may have`);
}

await main();
