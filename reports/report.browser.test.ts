// Shows that the report tells in a browser what happened: verdict, reasons, faults, keys, teeth, opened from a file, without a network. The
// viewer is built from the sources and filled with made-up runs.
import { expect, test } from "vitest";
import { describeInBrowser } from "./testing/browser-suite.js";
import { sampleRun } from "./testing/sample-run.js";

describeInBrowser("the report in a browser", ({ open, openText, text, viewer, close }) => {
  test("a violation says in words what broke, when and why, and how to run it again", async () => {
    const run = sampleRun({ outcome: "stale read" });
    const page = await open(run);
    const [violation] = run.verdict.violations;
    expect(await page.title()).toBe("violation: stale read · register-default · Minos");
    expect(await page.locator("h1").innerText()).toBe("Violation: stale read");
    expect(await page.locator(".sentence").innerText()).toBe(violation?.sentence);
    const shown = await page.locator("body").innerText();
    expect(shown).toContain(run.rerun);
    expect(shown).toContain("6 nodes in 2 groups of 3");
    expect(shown).toContain("A missing fsync: kill -9 leaves the kernel's page cache alive.");
    expect(await page.locator(".core-picture rect.interval").count()).toBe(3);
    expect(await page.locator(".edges").innerText()).toContain("so it comes first");
  });

  test("valid and unknown runs say so, the unknown one with every reason", async () => {
    let page = await open({ outcome: "valid", loadSeconds: 12 });
    expect(await page.locator("h1").innerText()).toBe("Valid");
    await close();
    const run = sampleRun({ outcome: "unknown", loadSeconds: 12 });
    page = await open(run);
    expect(await page.locator("h1").innerText()).toBe("Unknown: vacuous, weak, budget");
    const shown = await page.locator(".verdict").first().innerText();
    for (const { code, sentence } of run.verdict.unknown) {
      expect(shown).toContain(code);
      expect(shown).toContain(sentence);
    }
    for (const warning of run.verdict.warnings) expect(shown).toContain(warning);
    expect(await page.locator("#faults").innerText()).toContain("unconfirmed");
  });

  test("keys sort by what they cost, and a valid key shows the order that explains it", async () => {
    const run = sampleRun({ outcome: "valid", loadSeconds: 12 });
    const page = await open(run);
    const table = page.locator("#keys table");
    await table.getByRole("button", { name: "operations" }).click();
    const counts = await table.locator("tbody td:nth-child(3)").allInnerTexts();
    const numbers = counts.map((cell) => Number(cell.replaceAll(/\D/g, "")));
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
    await expect.poll(async () => await table.locator("th[aria-sort=descending]").innerText()).toContain("operations");
    await table.getByRole("button", { name: "order" }).first().click();
    const items = await page.locator(".linearization li").allInnerTexts();
    expect(items.length).toBeGreaterThan(50);
    expect(items[0]).toMatch(/^(get|put|cas)/);
  });

  test("each fault tells its four times and opens its evidence", async () => {
    const page = await open({ outcome: "valid", loadSeconds: 12 });
    const row = page.locator("#faults tbody tr").first();
    const cells = await row.locator("td.number").allInnerTexts();
    expect(cells.filter((cell) => /\d\.\d{3} s/.test(cell))).toHaveLength(4);
    await row.getByRole("button", { name: "evidence" }).click();
    await expect.poll(async () => await page.locator(".evidence").innerText()).toContain('"signal": "SIGKILL"');
  });

  test("each confirmed heal tells how long clients waited after it", async () => {
    const run = sampleRun({ outcome: "valid", loadSeconds: 12 });
    const page = await open(run);
    const rows = await page.locator("#recovery tbody tr").allInnerTexts();
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row).toMatch(/\d s\t(never|[\d.]+ (µs|ms|s))\t/);
  });

  test("the teeth name each floor that was not asked of the run, and why", async () => {
    const page = await open({ outcome: "valid", loadSeconds: 12 });
    const teeth = page.locator("#teeth");
    expect(await teeth.locator(".not-asked tbody tr").allInnerTexts()).toEqual([
      "operations sent to a deposed leader\ta leader that was killed is not there to be asked",
    ]);
    const row = (name: string) => teeth.locator("tbody tr", { hasText: name }).first();
    expect(await row("operations sent to a deposed leader").innerText()).toContain("not asked");
    expect(await row("runner lag").innerText()).toMatch(/≤ 2\s000\sms\s+✓ below/);
  });

  test("a page without data, or with data that is damaged, says so instead of staying empty", async () => {
    const empty = await openText(viewer());
    expect(await empty.locator("body").innerText()).toContain("This report cannot be read: this page carries no run");
    await close();
    const whole = text(sampleRun({ outcome: "valid", loadSeconds: 12 }));
    const [, data = ""] = /id="minos-data">([^<]*)</.exec(whole) ?? [];
    const damaged = await openText(whole.replace(data, () => data.slice(0, data.length / 2)));
    expect(await damaged.locator("body").innerText()).toContain("This report cannot be read");
  });
});
