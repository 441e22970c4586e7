// Shows that the report works where people open it: in a browser, from a file, without a network. The viewer is built from the
// sources, filled with made-up runs, and driven through headless Chromium by wheel, mouse and keys. Without a Chromium these tests
// are skipped with one line that says so; with MINOS_REQUIRE_DOCKER=1, which CI sets, that is a failure.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ReportInput } from "./build.js";
import {
  buildViewer,
  findChromium,
  launchChromium,
  openReport,
  reportWith,
  type OpenedPage,
  type OpenOptions,
} from "./testing/browser.js";
import { sampleRun, type SampleOptions } from "./testing/sample-run.js";

const chromium = findChromium();
const missing = "no Chromium on PATH and none named by MINOS_CHROMIUM: the report is not opened in a browser";
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

interface Shown {
  readonly fromNs: number;
  readonly toNs: number;
  readonly pinned: number | null;
  readonly lanes: string;
  readonly key: number | null;
}

async function open(input: ReportInput | SampleOptions, options: OpenOptions = {}): Promise<OpenedPage["page"]> {
  const run = "plan" in input ? input : sampleRun(input);
  opened = await openReport(browser, reportWith(viewer, run), options);
  return opened.page;
}

async function view(page: OpenedPage["page"]): Promise<Shown> {
  return await page.evaluate("window.minos.view()");
}

const span = (shown: Shown): number => shown.toNs - shown.fromNs;

async function text(page: OpenedPage["page"]): Promise<string> {
  return await page.locator("body").innerText();
}

/** Where an operation is drawn while lanes are processes: the page's own geometry, as far as a reader can measure it. */
async function placeOf(
  page: OpenedPage["page"],
  thread: number,
  ns: number,
): Promise<{ readonly x: number; readonly y: number }> {
  const box = await page.locator(".scroller canvas").first().boundingBox();
  if (box === null) throw new Error("the timeline is not shown");
  const shown = await view(page);
  const left = 128;
  const width = box.width - left - 14;
  return { x: box.x + left + ((ns - shown.fromNs) / span(shown)) * width, y: box.y + thread * 22 + 11 };
}

describe.skipIf(chromium === null)("the report in a browser", () => {
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

  test("a violation says in words what broke, when and why, and how to run it again", async () => {
    const run = sampleRun({ outcome: "stale read" });
    const page = await open(run);
    const [violation] = run.verdict.violations;
    expect(await page.title()).toBe("violation: stale read · register-default · Minos");
    expect(await page.locator("h1").innerText()).toBe("Violation: stale read");
    expect(await page.locator(".sentence").innerText()).toBe(violation?.sentence);
    const shown = await text(page);
    expect(shown).toContain(run.rerun);
    expect(shown).toContain("6 nodes in 2 groups of 3");
    expect(shown).toContain("A missing fsync: kill -9 leaves the kernel's page cache alive.");
    expect(await page.locator(".core-picture rect.interval").count()).toBe(3);
    expect(await page.locator(".edges").innerText()).toContain("so it comes first");
  });

  test("valid and unknown runs say so, the unknown one with every reason", async () => {
    let page = await open({ outcome: "valid", loadSeconds: 12 });
    expect(await page.locator("h1").innerText()).toBe("Valid");
    await opened?.close();
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

  test("wheel, buttons and keys zoom, drag and arrows move, and 0 shows the whole run", async () => {
    const page = await open({ outcome: "valid", loadSeconds: 12 });
    await page.locator("#timeline").scrollIntoViewIfNeeded();
    await page.locator("#timeline-lanes").focus();
    const whole = await view(page);
    await page.keyboard.press("+");
    expect(span(await view(page))).toBeCloseTo(span(whole) / 2, -3);
    const zoomed = await view(page);
    await page.keyboard.press("ArrowRight");
    expect((await view(page)).fromNs).toBeGreaterThan(zoomed.fromNs);
    expect(span(await view(page))).toBeCloseTo(span(zoomed), -3);
    const scroller = page.locator(".scroller");
    await scroller.scrollIntoViewIfNeeded();
    const box = await scroller.boundingBox();
    if (box === null) throw new Error("the timeline is not shown");
    await page.mouse.move(box.x + 600, box.y + 60);
    await page.mouse.move(box.x + 620, box.y + 60);
    const before = await view(page);
    await page.mouse.wheel(0, -200);
    await expect.poll(async () => span(await view(page))).toBeLessThan(span(before));
    const wheeled = await view(page);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 60, { steps: 4 });
    await page.mouse.up();
    expect((await view(page)).fromNs).toBeGreaterThan(wheeled.fromNs);
    await page.getByRole("button", { name: "Zoom out (-)" }).click();
    expect(span(await view(page))).toBeGreaterThan(span(wheeled));
    await page.locator("#timeline-lanes").focus();
    await page.keyboard.press("0");
    expect(await view(page)).toMatchObject({ fromNs: whole.fromNs, toNs: whole.toNs });
  });

  test("the page still scrolls, both ways, when the wheel turns over a timeline that the pointer did not seek", async () => {
    const page = await open({ outcome: "valid", loadSeconds: 12 });
    await page.mouse.move(700, 600);
    const whole = await view(page);
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
    expect(await view(page)).toMatchObject({ fromNs: whole.fromNs, toNs: whole.toNs });
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
    expect((await view(page)).pinned).toBe(index);
    expect(await page.locator(".details h3").innerText()).toBe(name);
    expect(await page.locator(".details").innerText()).toContain(`${call.process} (thread ${call.thread})`);
    await page.keyboard.press("Escape");
    await page.locator("#timeline-lanes").focus();
    await page.keyboard.press("Escape");
    expect((await view(page)).pinned).toBeNull();
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
    expect((await view(page)).pinned).toBe(stale);
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
    const first = (await view(page)).pinned;
    expect(first).not.toBeNull();
    await page.keyboard.press("n");
    const second = (await view(page)).pinned;
    expect(second).toBeGreaterThan(first ?? Number.POSITIVE_INFINITY);
    expect(await page.locator("#timeline [role=status]").innerText()).toMatch(/process \d+, called at/);
    await page.keyboard.press("p");
    expect((await view(page)).pinned).toBe(first);
    const before = await view(page);
    await page.keyboard.press("f");
    expect((await view(page)).fromNs).not.toBe(before.fromNs);
    await page.keyboard.press("v");
    await expect.poll(async () => await page.locator(".details .selected .badge").innerText()).toBe("3");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.id")).not.toBe("timeline-lanes");
  });

  test("lanes turn to keys and nodes, one key can be shown alone, and the table follows the view", async () => {
    const run = sampleRun({ outcome: "valid", loadSeconds: 12 });
    const page = await open(run);
    await page.getByText("by key", { exact: true }).click();
    expect((await view(page)).lanes).toBe("key");
    await page.getByText("by node", { exact: true }).click();
    expect((await view(page)).lanes).toBe("node");
    await page.locator(".toolbar select").selectOption({ label: 'key "k3"' });
    await page.getByText("The operations in view as a table").click();
    await expect.poll(async () => await page.locator(".alternative table tbody tr").count()).toBeGreaterThan(20);
    const keys = await page.locator(".alternative table tbody td:nth-child(4)").allInnerTexts();
    expect(new Set(keys)).toEqual(new Set(['"k3"']));
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

  test("a hostile value, key, error and sentence stay text", async () => {
    const hostile = '</script><img src=x onerror="alert(1)"><script>alert(2)</script>';
    const sample = sampleRun({ outcome: "stale read", hostileValue: hostile });
    const [violation] = sample.verdict.violations;
    if (violation === undefined) throw new Error("the sample has no violation");
    const page = await open({
      ...sample,
      plan: { ...sample.plan, name: hostile },
      rerun: hostile,
      events: sample.events.map((event) =>
        event.type === "fail"
          ? { ...event, error: hostile }
          : (event.type === "invoke" || event.type === "ok" || event.type === "info") && event.key === "k0"
            ? { ...event, key: hostile }
            : event,
      ),
      verdict: { ...sample.verdict, violations: [{ ...violation, sentence: hostile }] },
      logs: [{ node: hostile, title: hostile, lines: [hostile] }],
    });
    expect(await page.locator(".sentence").innerText()).toBe(hostile);
    expect(await page.locator(".rerun code").innerText()).toBe(hostile);
    expect(await page.locator("pre.log").innerText()).toBe(hostile);
    await page.locator("#search").fill("onerror");
    await expect.poll(async () => await page.locator(".search output").innerText()).toMatch(/\d+ found/);
    await page.locator("#search").press("Enter");
    await expect.poll(async () => await page.locator(".details").innerText()).toContain("onerror");
    expect(await page.locator("img").count()).toBe(0);
    expect(await page.locator("script").count()).toBe(1);
  });

  test("dark and light follow the system, in the page and in its canvases", async () => {
    const shades: { readonly page: string; readonly canvas: readonly number[] }[] = [];
    for (const dark of [false, true]) {
      const page = await open({ outcome: "valid", loadSeconds: 12 }, { dark });
      shades.push(
        await page.evaluate(`({
          page: getComputedStyle(document.documentElement).backgroundColor,
          canvas: [...document.querySelector(".scroller canvas").getContext("2d").getImageData(2, 2, 1, 1).data].slice(0, 3),
        })`),
      );
      if (!dark) await opened?.close();
    }
    const [light, dark] = shades;
    expect(light?.page).toBe("rgb(250, 250, 248)");
    expect(light?.canvas).toEqual([255, 255, 255]);
    expect(dark?.page).toBe("rgb(18, 20, 23)");
    expect(Math.max(...(dark?.canvas ?? [255]))).toBeLessThan(60);
  });

  test("text stands out from its ground by 4.5 to 1 or more, in both themes", async () => {
    const pairs = [
      ["text", "page"],
      ["text", "panel"],
      ["muted", "page"],
      ["muted", "panel"],
      ["muted", "bad-soft"],
      ["muted", "good-soft"],
      ["muted", "unsure-soft"],
      ["bad", "bad-soft"],
      ["good", "good-soft"],
      ["unsure", "unsure-soft"],
      ["bad", "page"],
      ["good", "page"],
      ["info", "page"],
      ["info", "unsure-soft"],
      ["fail", "panel"],
      ["on-get", "get"],
      ["on-put", "put"],
      ["on-cas", "cas"],
      ["fault-text", "fault"],
      ["page", "bad"],
      ["page", "text"],
      ["muted", "lane"],
    ];
    for (const dark of [false, true]) {
      const page = await open({ outcome: "valid", loadSeconds: 12 }, { dark });
      const low: readonly string[] = await page.evaluate(`(() => {
        const style = getComputedStyle(document.documentElement);
        const channel = (value) => { const share = value / 255; return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; };
        const luminance = (name) => {
          const digits = style.getPropertyValue("--" + name).trim().slice(1);
          const hex = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
          const [red, green, blue] = [0, 2, 4].map((at) => channel(parseInt(hex.slice(at, at + 2), 16)));
          return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        };
        return ${JSON.stringify(pairs)}.flatMap(([ink, ground]) => {
          const [high, low] = [luminance(ink), luminance(ground)].sort((a, b) => b - a);
          const ratio = (high + 0.05) / (low + 0.05);
          return ratio >= 4.5 ? [] : [ink + " on " + ground + ": " + ratio.toFixed(2)];
        });
      })()`);
      expect(low).toEqual([]);
      if (!dark) await opened?.close();
    }
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

  test("a narrow screen shows everything without scrolling sideways", async () => {
    const page = await open({ outcome: "stale read" }, { width: 390, height: 800 });
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    expect(await page.locator("h1").innerText()).toBe("Violation: stale read");
  });

  test("on paper the controls are gone, the colours are light and the sections stay", async () => {
    const page = await open({ outcome: "valid", loadSeconds: 12 }, { dark: true });
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".toolbar").isVisible()).toBe(false);
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    expect(await page.locator("#teeth").isVisible()).toBe(true);
    expect((await page.pdf()).length).toBeGreaterThan(20_000);
  });

  test("50 000 operations open, all of them there, and the page answers keys and searches", async () => {
    const run = sampleRun({ outcome: "valid", ratePerSecond: 1000, loadSeconds: 60 });
    const called = run.events.filter((event) => event.type === "invoke").length;
    expect(called).toBeGreaterThanOrEqual(50_000);
    const page = await open(run);
    expect(await page.evaluate("window.minos.operations")).toBe(called);
    const whole = await view(page);
    await page.locator("#timeline-lanes").focus();
    for (let press = 0; press < 6; press++) await page.keyboard.press("+");
    expect(span(await view(page))).toBeCloseTo(span(whole) / 64, -3);
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
      if (expected === 0) expect(await text(page)).toContain("No client called anything in this run.");
      if (index < cases.length - 1) await opened?.close();
    }
  });

  test("a page without data, or with data that is damaged, says so instead of staying empty", async () => {
    opened = await openReport(browser, viewer);
    expect(await text(opened.page)).toContain("This report cannot be read: this page carries no run");
    await opened.close();
    const whole = reportWith(viewer, sampleRun({ outcome: "valid", loadSeconds: 12 }));
    const [, data = ""] = /id="minos-data">([^<]*)</.exec(whole) ?? [];
    opened = await openReport(browser, whole.replace(data, data.slice(0, data.length / 2)));
    expect(await text(opened.page)).toContain("This report cannot be read");
  });
});
