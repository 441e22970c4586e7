// Shows that people can use what `minos serve` serves: the real command over real runs, in a real browser. They filter, compare, open a report
// whose scripts run, download a zip, and nothing overflows on a narrow screen or in the dark. Without a Chromium this is skipped, which
// reports/report.browser.test.ts says aloud.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findChromium, launchChromium } from "../reports/testing/browser.js";
import { minos, startMinos, temporaryFolder } from "./testing/minos.js";

const chromium = findChromium();

test.skipIf(chromium === null)("runs are filtered, compared, opened and downloaded", async () => {
  const cwd = temporaryFolder();
  const run = ["run", "--on", "simulation", "--time-limit", "5s", "--seed"];
  for (const words of [
    [...run, "1"],
    [...run, "2", "--workload", "set"],
  ])
    await minos(words, { cwd });
  const { child } = startMinos(["serve", "--port", "0", "--json"], { cwd });
  const line = await new Promise<string>((resolve) => child.stdout?.once("data", (text: string) => resolve(text)));
  const { url } = JSON.parse(line) as { readonly url: string };
  const browser = await launchChromium(chromium ?? "");
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
    page.on("pageerror", (error) => void complaints.push(error.message));
    await page.goto(url);
    expect(await page.locator("header p").innerText()).toMatch(/^2 of 2 runs/);

    await page.getByLabel("workload").selectOption("set");
    await page.getByRole("button", { name: "Filter" }).click();
    expect(await page.locator("header p").innerText()).toMatch(/^1 of 2 runs/);
    await page.getByRole("link", { name: "all" }).click();

    for (const box of await page.getByRole("checkbox").all()) await box.check();
    await page.getByRole("button", { name: "Compare" }).click();
    expect(await page.locator("h1").innerText()).toBe("Two runs side by side");
    expect(await page.locator("tr.differs", { hasText: "workload" }).locator("td").allInnerTexts()).toEqual([
      "set",
      "register",
    ]);

    for (const [width, colorScheme] of [
      [400, "dark"],
      [1_200, "light"],
    ] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      for (const path of ["", "campaigns", "violations"]) {
        await page.goto(`${url}${path}`);
        expect(await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
      }
    }

    await page.goto(url);
    await page.locator("a.mark").first().click();
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download" }).click();
    const file = join(cwd, "run.zip");
    await (await download).saveAs(file);
    const list = execFileSync("python3", ["-m", "zipfile", "-l", file], { encoding: "utf8" });
    for (const name of ["plan.json", "verdict.json", "history.jsonl", "report.html"]) expect(list).toContain(name);

    await page.getByRole("link", { name: "Report", exact: true }).click();
    await expect.poll(() => page.locator("h1").innerText()).toMatch(/^(Valid|Unknown|Violation)/);
    // Its scripts run, though it is shut in.
    await expect.poll(() => page.locator("canvas").count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  } finally {
    await browser.close();
  }
});
