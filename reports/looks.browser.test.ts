// Shows that the report can be read by everybody, wherever: in light and dark with enough contrast, on narrow screens, on paper, and that
// whatever a run says stays text.
import { expect, test } from "vitest";
import { describeInBrowser } from "./testing/browser-suite.js";
import { sampleRun } from "./testing/sample-run.js";

describeInBrowser("the looks of the report in a browser", ({ open, close }) => {
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
      if (!dark) await close();
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
      if (!dark) await close();
    }
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
});
