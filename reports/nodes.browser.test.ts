// Shows that the nodes' section works in a browser: what every node was at a moment follows a click, a key and the times in the logs, and a
// hostile line of a log stays text.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  buildViewer,
  findChromium,
  launchChromium,
  openReport,
  reportWith,
  type OpenedPage,
} from "./testing/browser.js";
import { sampleRun } from "./testing/sample-run.js";

const chromium = findChromium();
const missing = "no Chromium on PATH and none named by MINOS_CHROMIUM: the nodes' section is not opened in a browser";
if (chromium === null) {
  if (process.env["MINOS_REQUIRE_DOCKER"] === "1") {
    test("a Chromium is required here (MINOS_REQUIRE_DOCKER=1)", () => {
      throw new Error(missing);
    });
  } else console.warn(`skipped: ${missing}`);
}

let browser: Browser;
let viewer: string;
let opened: OpenedPage | null = null;

describe.skipIf(chromium === null)("the nodes in a browser", () => {
  beforeAll(async () => {
    viewer = await buildViewer();
    browser = await launchChromium(chromium ?? "");
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(async () => {
    const last = opened;
    opened = null;
    if (last === null) return;
    await last.close();
    expect(last.requests).toEqual([]);
    expect(last.complaints).toEqual([]);
  });

  test("the table opens at the violation and follows the slider, a click and the logs", async () => {
    const run = sampleRun({ outcome: "stale read" });
    const atNs = run.verdict.violations[0]?.timeNs ?? 0;
    const hostile = '</script><img src=x onerror="alert(1)">';
    const logs = [{ node: "n2", title: "around the cause", lines: ["calm", hostile], timesNs: [1e9, atNs] }];
    opened = await openReport(browser, reportWith(viewer, { ...run, logs }));
    const { page } = opened;
    const moment = page.locator("#nodes .node-moment label");
    expect(await moment.innerText()).toContain(`${(atNs / 1e9).toFixed(3)} s`);
    expect(await page.locator("#nodes tbody tr").count()).toBe(6);
    await page.locator("#nodes input[type=range]").focus();
    await page.keyboard.press("Home");
    expect(await moment.innerText()).toContain("0.000 s");
    await page.locator("#nodes .log-lines button").first().click();
    expect(await moment.innerText()).toContain("1.000 s");
    expect(await page.locator("#nodes .log-lines").innerText()).toContain(hostile);
    expect(await page.locator("#nodes img").count()).toBe(0);
    expect(await page.locator("#nodes .log-lines .ours").count()).toBeGreaterThan(3);
    const strips = page.locator("#nodes canvas");
    await strips.scrollIntoViewIfNeeded();
    await strips.click({ position: { x: 600, y: 60 } });
    expect(await moment.innerText()).not.toContain("1.000 s");
    await page.getByRole("button", { name: "decided entries" }).click();
    expect(await page.getByRole("button", { name: "decided entries" }).getAttribute("aria-pressed")).toBe("true");
  });

  test("a run without samples and logs says so", async () => {
    const { status: _, ...run } = sampleRun({ outcome: "valid", loadSeconds: 12 });
    opened = await openReport(browser, reportWith(viewer, { ...run, logs: [] }));
    const said = await opened.page.locator("#nodes").innerText();
    expect(said).toContain("no status samples in this run");
    expect(said).toContain("No logs of this run's nodes.");
  });

  test("whatever scrolls sideways on a narrow screen takes the focus, and nothing that does not", async () => {
    const counts = `(() => {
      const all = [...document.querySelectorAll(".scroll-x")];
      const wide = all.filter((one) => one.scrollWidth > one.clientWidth);
      return [wide.length, wide.filter((one) => one.tabIndex === 0).length, all.filter((one) => one.tabIndex === 0).length];
    })()`;
    opened = await openReport(browser, reportWith(viewer, sampleRun({ outcome: "stale read" })), { width: 390 });
    const { page } = opened;
    await page.waitForFunction(
      `(() => { const [wide, , focusable] = ${counts}; return wide > 2 && wide === focusable; })()`,
    );
    await page.setViewportSize({ width: 2400, height: 1000 });
    await page.waitForFunction(
      `(() => { const [wide, reached, all] = ${counts}; return wide === reached && reached === all; })()`,
    );
  });
});
