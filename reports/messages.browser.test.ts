// Shows that the space-time diagram works where people look at it: the story stands beside the lanes, keys go from event to event and
// zoom, kinds can be switched, the same stands there as text, a hostile value stays text, and nothing overflows on a narrow screen or is
// lost on paper. The trace is hand-written. Without a Chromium these tests are skipped, as in `report.browser.test.ts`, which says so.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { buildViewer, findChromium, launchChromium, openReport, reportWith } from "./testing/browser.js";
import type { OpenedPage, OpenOptions } from "./testing/browser.js";
import { sampleRun } from "./testing/sample-run.js";
import { command, lateAccept, TraceWriter } from "./testing/sample-trace.js";

const chromium = findChromium();
let browser: Browser;
let viewer: string;
let opened: OpenedPage | null = null;

async function open(trace: ReturnType<typeof lateAccept>, options: OpenOptions = {}): Promise<OpenedPage["page"]> {
  opened = await openReport(browser, reportWith(viewer, { ...sampleRun({ outcome: "stale read" }), trace }), options);
  return opened.page;
}

describe.skipIf(chromium === null)("the space-time diagram in a browser", () => {
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

  test("names the cause, numbers the story on the lanes and beside them, and goes by keys from event to event", async () => {
    const page = await open(lateAccept(true));
    expect(await page.locator("#messages .cause").innerText()).toBe(
      "Cause: n2 takes “put a = 1” from n1, whose ballot 1.n1 is over: n2 has promised 2.n3 and should have ignored it.",
    );
    const steps = await page.locator("#messages .story li").allInnerTexts();
    expect(await page.locator("#messages .disc").count()).toBe(steps.length);
    expect(steps.at(-1)).toContain("Wrong:");
    expect(await page.locator("#messages .lane text").allTextContents()).toEqual(["n1", "n2", "n3"]);
    const diagram = page.locator("#messages .space-time");
    const details = page.locator("#messages .event-details");
    await diagram.focus();
    await page.keyboard.press("ArrowDown");
    const first = await details.innerText();
    await page.keyboard.press("ArrowDown");
    expect(await details.innerText()).not.toBe(first);
    await page.keyboard.press("ArrowUp");
    expect(await details.innerText()).toBe(first);
    const ticks = async (): Promise<string> => (await page.locator("#messages .tick").allTextContents()).join(" ");
    const whole = await ticks();
    await page.keyboard.press("+");
    expect(await ticks()).not.toBe(whole);
    await page.keyboard.press("0");
    expect(await ticks()).toBe(whole);
    await page.locator("#messages [data-key=m1] .hit").click({ force: true });
    expect(await details.innerText()).toContain("n1 → n2, arrived after 50.0 ms (held by a cut): Accept 1.n1");
  });

  test("kinds are switched, the story is not, and the same stands there as text", async () => {
    const page = await open(lateAccept(true));
    const lines = page.locator("#messages line.message");
    expect(await lines.count()).toBe(2);
    await page.getByRole("checkbox", { name: "agreement" }).uncheck();
    await expect.poll(async () => await lines.count()).toBe(1);
    await page.getByRole("checkbox", { name: "agreement" }).check();
    await page.getByText("The same as text").click();
    // A browser tells of an opened section in a task of its own, after the click has been answered.
    await expect.poll(async () => await page.locator("#messages pre").innerText()).toContain("n2   ← n1  Accept 1.n1");
    // A step brings its moment closer; what is out of sight is not in the story's column.
    await page.locator("#messages .story button").last().click();
    await expect.poll(async () => await page.locator("#messages .story li").count()).toBe(1);
  });

  test("a hostile value stays text", async () => {
    const hostile = `</script><img src=x onerror="document.title='broken in'">`;
    const asked = command(`put a = "${hostile}"`, "1/1");
    const writer = new TraceWriter().asks(1, 0, "n1", asked).answers(2, 0, "n1", asked, hostile);
    const page = await open(writer.document);
    expect(await page.locator("#messages").innerText()).toContain(hostile);
    expect(await page.title()).not.toBe("broken in");
  });

  test("a narrow screen does not scroll sideways, and paper keeps diagram and story", async () => {
    const page = await open(lateAccept(true), { width: 390, height: 800, dark: true });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator("#messages .toolbar").isVisible()).toBe(false);
    expect(await page.locator("#messages svg").isVisible()).toBe(true);
    expect(await page.locator("#messages .story li").first().isVisible()).toBe(true);
  });

  test("a run without a trace has no such section", async () => {
    opened = await openReport(browser, reportWith(viewer, sampleRun({ outcome: "valid", loadSeconds: 12 })));
    expect(await opened.page.locator("#messages").count()).toBe(0);
    expect(await opened.page.locator("nav.sections a[href='#messages']").count()).toBe(0);
  });
});
