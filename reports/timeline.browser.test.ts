// Shows that the timeline can be used by wheel, mouse and keys, that operations are found, and that runs of all sizes open: without an
// operation, with one, cut off in the middle, with many. Made-up runs in headless Chromium.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import type { ReportInput } from "./build.js";
import { describeInBrowser, spanOf, viewOf } from "./testing/browser-suite.js";
import { sampleRun } from "./testing/sample-run.js";

/** Where an operation is drawn while lanes are processes: the page's own geometry, as far as a reader can measure it. */
async function placeOf(page: Page, thread: number, ns: number): Promise<{ readonly x: number; readonly y: number }> {
  const box = await page.locator(".scroller canvas").first().boundingBox();
  if (box === null) throw new Error("the timeline is not shown");
  const shown = await viewOf(page);
  const left = 128;
  const width = box.width - left - 14;
  return { x: box.x + left + ((ns - shown.fromNs) / spanOf(shown)) * width, y: box.y + thread * 22 + 11 };
}

describeInBrowser("the timeline in a browser", ({ open, close }) => {
  test("wheel, buttons and keys zoom, drag and arrows move, and 0 shows the whole run", async () => {
    const page = await open({ outcome: "valid", loadSeconds: 12 });
    await page.locator("#timeline").scrollIntoViewIfNeeded();
    await page.locator("#timeline-lanes").focus();
    const whole = await viewOf(page);
    await page.keyboard.press("+");
    expect(spanOf(await viewOf(page))).toBeCloseTo(spanOf(whole) / 2, -3);
    const zoomed = await viewOf(page);
    await page.keyboard.press("ArrowRight");
    expect((await viewOf(page)).fromNs).toBeGreaterThan(zoomed.fromNs);
    expect(spanOf(await viewOf(page))).toBeCloseTo(spanOf(zoomed), -3);
    const scroller = page.locator(".scroller");
    await scroller.scrollIntoViewIfNeeded();
    const box = await scroller.boundingBox();
    if (box === null) throw new Error("the timeline is not shown");
    await page.mouse.move(box.x + 600, box.y + 60);
    await page.mouse.move(box.x + 620, box.y + 60);
    const before = await viewOf(page);
    await page.mouse.wheel(0, -200);
    await expect.poll(async () => spanOf(await viewOf(page))).toBeLessThan(spanOf(before));
    const wheeled = await viewOf(page);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 60, { steps: 4 });
    await page.mouse.up();
    expect((await viewOf(page)).fromNs).toBeGreaterThan(wheeled.fromNs);
    await page.getByRole("button", { name: "Zoom out (-)" }).click();
    expect(spanOf(await viewOf(page))).toBeGreaterThan(spanOf(wheeled));
    await page.locator("#timeline-lanes").focus();
    await page.keyboard.press("0");
    expect(await viewOf(page)).toMatchObject({ fromNs: whole.fromNs, toNs: whole.toNs });
  });

  test("the page still scrolls, both ways, when the wheel turns over a timeline that the pointer did not seek", async () => {
    const page = await open({ outcome: "valid", loadSeconds: 12 });
    await page.mouse.move(700, 600);
    const whole = await viewOf(page);
    const turn = async (by: number, until: (top: number) => boolean): Promise<void> => {
      await expect
        .poll(
          async () => {
            await page.mouse.wheel(0, by);
            return until(await page.evaluate<number>("scrollY"));
          },
          { timeout: 20_000 },
        )
        .toBe(true);
    };
    await turn(150, (top) => top > 1500);
    await turn(-150, (top) => top === 0);
    expect(await viewOf(page)).toMatchObject({ fromNs: whole.fromNs, toNs: whole.toNs });
  });

  test("hovering names an operation and a click keeps its details open", async () => {
    const run = sampleRun({ outcome: "stale read" });
    const page = await open(run);
    await page.getByRole("button", { name: "Show it in the timeline" }).first().click();
    const index = run.verdict.violations[0]?.operations[1] ?? -1;
    const call = run.events.filter((event) => event.type === "invoke")[index];
    if (call === undefined) throw new Error("the sample's violation names no call");
    const place = await placeOf(page, call.thread, call.time + 400_000);
    await page.mouse.move(place.x - 3, place.y);
    await page.mouse.move(place.x, place.y);
    const name = `put ${JSON.stringify(call.input)}`;
    await expect.poll(async () => await page.locator(".tooltip").innerText()).toContain(name);
    await page.mouse.click(place.x, place.y);
    expect((await viewOf(page)).pinned).toBe(index);
    expect(await page.locator(".details h3").innerText()).toBe(name);
    expect(await page.locator(".details").innerText()).toContain(`${call.process} (thread ${call.thread})`);
    await page.keyboard.press("Escape");
    await page.locator("#timeline-lanes").focus();
    await page.keyboard.press("Escape");
    expect((await viewOf(page)).pinned).toBeNull();
  });

  test("a search for a value finds its write and its reads, one after the other", async () => {
    const run = sampleRun({ outcome: "stale read" });
    const page = await open(run);
    const stale = run.verdict.violations[0]?.operations[0] ?? -1;
    const wanted = JSON.stringify(run.events.filter((event) => event.type === "invoke")[stale]?.input);
    await page.keyboard.press("/");
    await page.keyboard.type(`value:${wanted}`);
    const output = page.locator(".search output");
    await expect.poll(async () => await output.innerText()).toMatch(/\d+ found/);
    await page.keyboard.press("Enter");
    await expect.poll(async () => await output.innerText()).toMatch(/^1 of \d+$/);
    expect((await viewOf(page)).pinned).toBe(stale);
    await page.keyboard.press("Enter");
    await expect.poll(async () => await output.innerText()).toMatch(/^2 of \d+$/);
    await expect.poll(async () => await page.locator(".details").innerText()).toContain(wanted);
    await page.locator("#search").fill("value:987654321");
    await expect.poll(async () => await output.innerText()).toBe("nothing found");
  });

  test("the whole page can be used by keys: skip to the timeline, walk its operations, leave again", async () => {
    const page = await open({ outcome: "stale read" });
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toContain("Skip to the timeline");
    await page.keyboard.press("Enter");
    await expect.poll(async () => await page.evaluate("document.activeElement.id")).toBe("timeline-lanes");
    await page.keyboard.press("n");
    const first = (await viewOf(page)).pinned;
    expect(first).not.toBeNull();
    await page.keyboard.press("n");
    const second = (await viewOf(page)).pinned;
    expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
    expect(await page.locator("#timeline > [role=status]").innerText()).toMatch(/process \d+, called at/);
    await page.keyboard.press("p");
    expect((await viewOf(page)).pinned).toBe(first);
    const before = await viewOf(page);
    await page.keyboard.press("f");
    expect((await viewOf(page)).fromNs).not.toBe(before.fromNs);
    await page.keyboard.press("v");
    await expect.poll(async () => await page.locator(".details .selected .badge").innerText()).toBe("3");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.id")).not.toBe("timeline-lanes");
  });

  test("lanes turn to keys and nodes, one key can be shown alone, and the table follows the view", async () => {
    const run = sampleRun({ outcome: "valid", loadSeconds: 12 });
    const page = await open(run);
    await page.getByText("by key", { exact: true }).click();
    expect((await viewOf(page)).lanes).toBe("key");
    await page.getByText("by node", { exact: true }).click();
    expect((await viewOf(page)).lanes).toBe("node");
    await page.locator(".toolbar select").selectOption({ label: 'key "k3"' });
    await page.getByText("The operations in view as a table").click();
    await expect.poll(async () => await page.locator(".alternative table tbody tr").count()).toBeGreaterThan(20);
    const keys = await page.locator(".alternative table tbody td:nth-child(4)").allInnerTexts();
    expect(new Set(keys)).toEqual(new Set(['"k3"']));
  });

  test("50 000 operations open, all of them there, and the page answers keys and searches", async () => {
    const run = sampleRun({ outcome: "valid", ratePerSecond: 1000, loadSeconds: 60 });
    const called = run.events.filter((event) => event.type === "invoke").length;
    expect(called).toBeGreaterThanOrEqual(50_000);
    const page = await open(run);
    expect(await page.evaluate("window.minos.operations")).toBe(called);
    const whole = await viewOf(page);
    await page.locator("#timeline-lanes").focus();
    for (let press = 0; press < 6; press++) await page.keyboard.press("+");
    expect(spanOf(await viewOf(page))).toBeCloseTo(spanOf(whole) / 64, -3);
    await page.getByText("by key", { exact: true }).click();
    await page.locator("#search").fill("outcome:fail");
    await expect.poll(async () => await page.locator(".search output").innerText()).toMatch(/\d+ found/);
  });

  test("a run without operations, one with a single one and one cut off in the middle all open", async () => {
    const run = sampleRun({ outcome: "unknown", loadSeconds: 12 });
    const calls = run.events.filter((event) => event.type === "invoke");
    const cases: readonly (readonly [ReportInput["events"], number])[] = [
      [[], 0],
      [calls.slice(0, 1), 1],
      [run.events.slice(0, 300), run.events.slice(0, 300).filter((event) => event.type === "invoke").length],
    ];
    for (const [index, [events, expected]] of cases.entries()) {
      const page = await open({ ...run, events, status: [] });
      expect(await page.evaluate("window.minos.operations")).toBe(expected);
      expect(await page.locator("#timeline").isVisible()).toBe(true);
      if (expected === 0)
        expect(await page.locator("body").innerText()).toContain("No client called anything in this run.");
      if (index < cases.length - 1) await close();
    }
  });

  test("the address keeps zoom, lanes, key, search and selection, and opens the same view elsewhere", async () => {
    const run = sampleRun({ outcome: "stale read" });
    const page = await open(run);
    await page.getByText("by key", { exact: true }).click();
    await page.locator("#timeline-lanes").focus();
    await page.keyboard.press("+");
    await page.keyboard.press("n");
    await page.locator("#search").fill("outcome:ok");
    const left = await viewOf(page);
    await expect
      .poll(async () => await page.evaluate<string>("location.hash"))
      .toMatch(/^#timeline\?.*find=outcome%3Aok.*op=\d+/);
    const address = await page.evaluate<string>("location.hash");
    await page.evaluate("location.hash = '#keys'");
    await expect.poll(async () => await page.evaluate<string>("location.hash")).toMatch(/^#keys\?from=.*op=\d+/);
    expect(await viewOf(page)).toEqual(left);
    await close();
    const other = await open(run, { address });
    const found = await viewOf(other);
    expect({ ...found, fromNs: 0, toNs: 0, hoverNs: null }).toEqual({ ...left, fromNs: 0, toNs: 0, hoverNs: null });
    expect(Math.abs(found.fromNs - left.fromNs)).toBeLessThan(2000);
    expect(Math.abs(spanOf(found) - spanOf(left))).toBeLessThan(2000);
    const top = "Math.abs(document.querySelector('#timeline').getBoundingClientRect().top)";
    await expect.poll(async () => await other.evaluate<number>(top)).toBeLessThan(200);
    await other.evaluate("location.hash = '#timeline?lanes=node'");
    await expect.poll(async () => (await viewOf(other)).lanes).toBe("node");
    expect((await viewOf(other)).pinned).toBeNull();
  });
});
