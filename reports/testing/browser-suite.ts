// What the report's browser tests share: one viewer built from the sources and one headless Chromium a file, and after each test the page is
// closed and must have asked no network and complained of nothing. Without a Chromium these tests are skipped with one line that says
// so; with MINOS_REQUIRE_DOCKER=1, which CI sets, that is a failure.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ReportInput } from "../build.js";
import {
  buildViewer,
  findChromium,
  launchChromium,
  openReport,
  reportWith,
  type OpenedPage,
  type OpenOptions,
} from "./browser.js";
import { sampleRun, type SampleOptions } from "./sample-run.js";

/** The part of the page's view that tests look at. */
export interface Shown {
  readonly fromNs: number;
  readonly toNs: number;
  readonly pinned: number | null;
  readonly lanes: string;
  readonly key: number | null;
}

export interface BrowserSuite {
  /** Opens the report of a run, or of a made-up one. */
  open(input: ReportInput | SampleOptions, options?: OpenOptions): Promise<Page>;
  /** Opens any text as a page. */
  openText(html: string): Promise<Page>;
  /** The report of a run as text. */
  text(input: ReportInput): string;
  /** The viewer without a run. */
  viewer(): string;
  /** Before another page is opened in the same test. */
  close(): Promise<void>;
}

export async function viewOf(page: Page): Promise<Shown> {
  return await page.evaluate("window.minos.view()");
}

export const spanOf = (shown: Shown): number => shown.toNs - shown.fromNs;

export function describeInBrowser(name: string, tests: (suite: BrowserSuite) => void): void {
  const chromium = findChromium();
  const missing = `no Chromium on PATH and none named by MINOS_CHROMIUM: ${name} is not tested`;
  if (chromium === null && process.env["MINOS_REQUIRE_DOCKER"] === "1")
    test("a Chromium is required here (MINOS_REQUIRE_DOCKER=1)", () => {
      throw new Error(missing);
    });
  else if (chromium === null) console.warn(`skipped: ${missing}`);
  describe.skipIf(chromium === null)(name, () => {
    let browser: Browser;
    let viewer: string;
    let opened: OpenedPage | null = null;
    beforeAll(async () => {
      viewer = await buildViewer();
      browser = await launchChromium(chromium ?? "");
    });
    afterAll(async () => {
      await browser?.close();
    });
    const close = async (): Promise<void> => {
      const last = opened;
      opened = null;
      if (last === null) return;
      await last.close();
      expect(last.requests).toEqual([]);
      expect(last.complaints).toEqual([]);
    };
    afterEach(close);
    const openText = async (html: string, options?: OpenOptions): Promise<Page> => {
      opened = await openReport(browser, html, options);
      return opened.page;
    };
    const text = (input: ReportInput): string => reportWith(viewer, input);
    tests({
      open: async (input, options) => await openText(text("plan" in input ? input : sampleRun(input)), options),
      openText,
      text,
      viewer: () => viewer,
      close,
    });
  });
}
