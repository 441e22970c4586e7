// Shows that what is exported from the timeline is what was seen: the history file is read by the suite's own reader, holds the same events in
// the same order and is judged as the run was, also where it ends in the middle of operations; pictures are whole files of their kind, and
// no value of the run is markup in them.
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { check } from "../checker/index.js";
import { readHistory, type HistoryDocument, type HistoryEvent } from "../history/index.js";
import { gatherGroups } from "./gather.js";
import { describeInBrowser, viewOf } from "./testing/browser-suite.js";
import { sampleRun } from "./testing/sample-run.js";

async function exported(page: Page, button: string): Promise<{ readonly name: string; readonly content: Buffer }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(".export").getByRole("button", { name: button }).click(),
  ]);
  return { name: download.suggestedFilename(), content: readFileSync(await download.path()) };
}

async function exportedHistory(page: Page, button: string): Promise<HistoryDocument> {
  const { name, content } = await exported(page, button);
  expect(name).toBe("register-default-20250114T031207Z.jsonl");
  const history = readHistory(content.toString("utf8"));
  if (history.kind !== "history") throw new Error(history.message);
  return history;
}

/** What was recorded of clients, without times. */
function told(events: readonly HistoryEvent[]): readonly unknown[] {
  return events.flatMap((event): readonly unknown[] => {
    if (event.type === "invoke") {
      const { time: _time, intended: _intended, ...rest } = event;
      return [rest];
    }
    if (event.type !== "ok" && event.type !== "fail" && event.type !== "info") return [];
    const { time: _time, ...rest } = event;
    return [event.type === "info" ? { ...rest, output: null } : rest];
  });
}

describeInBrowser("exports of the timeline", ({ open }) => {
  test("the whole run as a history file has the same events in the same order, and is judged as the run is", async () => {
    const run = sampleRun({ outcome: "stale read" });
    const page = await open(run);
    await page.getByText("Export", { exact: true }).click();
    const document = await exportedHistory(page, "History to check");
    expect(told(document.events)).toEqual(told(run.events));
    const recorded = await check(run.events, "cas-register", { initial: null });
    expect(recorded.valid).toBe(false);
    const judged = await check(document, document.model);
    expect(judged.valid).toBe(false);
    expect(judged.violations[0]?.operations).toEqual(recorded.violations[0]?.operations);
  });

  test("a history that ends in the middle of operations leaves them open, and what was valid stays valid", async () => {
    const run = sampleRun({ outcome: "valid", loadSeconds: 12 });
    const page = await open(run);
    const called = run.events.find((event) => event.type === "invoke" && event.key === "k3" && event.time > 6e9);
    if (called?.type !== "invoke") throw new Error("the sample calls nothing on k3");
    const cut = called.time + 50_000;
    await page.evaluate(`window.minos.draw(4e9, ${cut})`);
    await page.locator(".toolbar select").selectOption({ label: 'key "k3"' });
    await page.getByText("Export", { exact: true }).click();
    const document = await exportedHistory(page, "History to check");
    const { fromNs, toNs } = await viewOf(page);
    const ofKey = run.events.filter((event) => event.type === "invoke" && event.key === "k3");
    expect(document.operations).toHaveLength(ofKey.filter((event) => "time" in event && event.time <= toNs).length);
    expect(document.events.at(-1)).toMatchObject({ type: "invoke", process: called.process });
    expect(document.operations.at(-1)).toMatchObject({ outcome: "info", process: called.process });
    expect((await check(document, document.model)).valid).toBe(true);
    const alone = await exportedHistory(page, "These operations");
    const inView = ofKey.filter((event) => "time" in event && event.time >= fromNs && event.time <= toNs);
    expect(alone.operations).toHaveLength(inView.length);
    expect(await page.locator(".export [role=status]").innerText()).toContain(`${inView.length} operations`);
  });

  test("what a search found is exported alone", async () => {
    const run = sampleRun({ outcome: "valid", loadSeconds: 12 });
    const page = await open(run);
    await page.locator("#search").fill("function:cas node:n2");
    await expect.poll(async () => await page.locator(".search output").innerText()).toMatch(/\d+ found/);
    await page.getByText("Export", { exact: true }).click();
    const document = await exportedHistory(page, "These operations");
    const wanted = run.events.filter(
      (event) => event.type === "invoke" && event.function === "cas" && event.node === "n2",
    );
    expect(document.operations).toHaveLength(wanted.length);
    expect(new Set(document.operations.map((operation) => operation.function))).toEqual(new Set(["cas"]));
  });

  test("pictures are a PNG of the timeline's width and an SVG whose words are text, whatever the run says", async () => {
    const hostile = '</svg><script>alert(1)</script><img onerror="alert(2)">';
    const sample = sampleRun({ outcome: "stale read", hostileValue: hostile });
    const page = await open({ ...sample, plan: { ...sample.plan, name: hostile } });
    await page.getByText("Export", { exact: true }).click();
    const png = (await exported(page, "Picture (PNG)")).content;
    expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(
      2 * (await page.evaluate<number>("document.querySelector('.scroller').clientWidth")),
    );
    const svg = (await exported(page, "Picture (SVG)")).content.toString("utf8");
    expect(svg).not.toContain("<script");
    expect(svg).not.toContain("<img");
    const parsed = await page.evaluate<readonly (string | number)[]>(`(() => {
      const picture = new DOMParser().parseFromString(${JSON.stringify(svg)}, "image/svg+xml");
      return [picture.documentElement.nodeName, picture.querySelectorAll("text").length, picture.querySelector("text").textContent];
    })()`);
    expect(parsed[0]).toBe("svg");
    expect(parsed[1]).toBeGreaterThan(20);
    expect(parsed[2]).toContain(`violation: stale read · ${hostile} · `);
    expect(svg).toContain("thread 0");
    const [lane] = gatherGroups(sample.status ?? [])[0]?.nodes ?? [];
    const ballot = lane?.records.find(({ role }) => role === "leader")?.ballot;
    expect(ballot).toMatch(/./);
    expect(svg).toContain(`>${ballot}</text>`);
  });
});
