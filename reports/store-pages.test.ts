// Shows that the pages of a store tell what is asked for and no more, and that no value of a run can become markup in them. Pure; the pages are
// looked at in a browser by campaign/store-server.browser.test.ts.
import { expect, test } from "vitest";
import {
  campaignsPage,
  comparePage,
  filterRuns,
  runPage,
  runsPage,
  violationsPage,
  type ListedRun,
  type RunFilter,
} from "./store-pages.js";

const anything: RunFilter = {
  verdict: "",
  workload: "",
  nemesis: "",
  on: "",
  mutant: "",
  seed: "",
  campaign: "",
  text: "",
};

function run(id: string, more: Partial<ListedRun> = {}): ListedRun {
  return {
    id,
    startedMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    valid: true,
    summary: "Valid: all is well.",
    workload: "register",
    nemesis: "standard",
    on: "local",
    system: "store",
    mutant: null,
    canary: null,
    seed: 1,
    nodes: 6,
    timeLimitMs: 30_000,
    faults: 9,
    counts: { operations: 100, ok: 90, fail: 6, info: 4 },
    campaign: null,
    ...more,
  };
}

const runs = [
  run("a/1"),
  run("a/2", { valid: false, mutant: "M14", seed: 2, summary: "Violation: stale read." }),
  run("b/3", { valid: "unknown", workload: "set", on: "docker", nemesis: "links" }),
  run("b/4", { valid: null, counts: null, campaign: "campaigns/b/1", summary: "" }),
];

test.each([
  [{}, ["a/1", "a/2", "b/3", "b/4"]],
  [{ verdict: "violation" }, ["a/2"]],
  [{ verdict: "no verdict" }, ["b/4"]],
  [{ workload: "set" }, ["b/3"]],
  [{ nemesis: "links" }, ["b/3"]],
  [{ on: "local", verdict: "valid" }, ["a/1"]],
  [{ mutant: "M14" }, ["a/2"]],
  [{ mutant: "none" }, ["a/1", "b/3", "b/4"]],
  [{ seed: "2" }, ["a/2"]],
  [{ campaign: "campaigns/b/1" }, ["b/4"]],
  [{ text: "STALE" }, ["a/2"]],
  [{ text: "b/" }, ["b/3", "b/4"]],
  [{ workload: "mutex" }, []],
] as const)("a list asked for %j holds %j", (asked, ids) => {
  expect(filterRuns(runs, { ...anything, ...asked }).map(({ id }) => id)).toEqual(ids);
});

test("a list is cut into pages that lead to one another with what was asked for", () => {
  const many = Array.from({ length: 250 }, (_, at) => run(`a/${at}`));
  const page = runsPage(many, { ...anything, workload: "register" }, 2);
  expect(page.match(/<input type="checkbox"/g)).toHaveLength(100);
  expect(page).toContain("page 2 of 3");
  expect(page).toContain("workload=register");
  expect(page).toContain("250 of 250 runs: 250 valid, 0 violation, 0 unknown, 0 no verdict");
  expect(runsPage(many, anything, 99)).toContain("page 3 of 3");
});

test("an empty list says whether the store or the question is why", () => {
  expect(runsPage([], anything, 1)).toContain("The store holds no run yet.");
  expect(runsPage(runs, { ...anything, seed: "77" }, 1)).toContain("No run is like that.");
});

const page = (more: Partial<ListedRun>) => ({
  run: run("a/1", more),
  violations: [],
  unknown: [],
  warnings: [],
  teeth: [
    { name: "completed operations", value: 5474, unit: "operations", floor: 1500 },
    { name: "runner lag", value: 12, unit: "ms", floor: null, ceiling: 2000 },
    { name: "fault 0 (kill n1): operations overlapping it", value: 3, unit: "operations", floor: null },
  ],
  latencies: { put: { ok: 90, p50_ms: 2.5, p99_ms: 30 } },
  files: [{ path: "report.html", bytes: 10 }],
});

test("a run tells its floors and latencies, and leads to its report only where there is one", () => {
  const text = runPage(page({}));
  expect(text).toContain("5,474 (at least 1,500)");
  expect(text).toContain("12 (at most 2,000)");
  expect(text).toContain("put, p99 (ms)");
  expect(text).not.toContain("fault 0 (kill n1)");
  expect(text).toContain('href="/files/a/1/report.html">Report<');
  expect(runPage({ ...page({}), files: [] })).not.toContain(">Report<");
});

test("two runs are told side by side, and only what differs is marked", () => {
  const text = comparePage(page({}), { ...page({ seed: 7 }), latencies: { put: { p50_ms: 2.5, p99_ms: 40 } } });
  expect(text).toMatch(/<tr class="differs"><th scope="row">seed<\/th><td>1<\/td><td>7<\/td>/);
  expect(text).toMatch(/<tr class="differs"><th scope="row">put, p99 \(ms\)<\/th><td>30<\/td><td>40<\/td>/);
  expect(text).toMatch(/<tr><th scope="row">put, p50 \(ms\)<\/th><td>2.5<\/td><td>2.5<\/td>/);
  expect(text).toMatch(/<tr><th scope="row">workload<\/th>/);
});

test("no value of a run becomes markup", () => {
  const evil = `"><script>alert('x')</script>&`;
  const hostile = run(`a/${evil}`, { summary: evil, workload: evil, nemesis: evil, mutant: evil, campaign: evil });
  const violation = { fingerprint: evil, subject: evil, state: evil, count: 1, first: evil, last: evil };
  const pages = [
    runsPage([hostile], { ...anything, text: "", seed: "" }, 1),
    runsPage([], { ...anything, text: evil, seed: evil }, 1),
    runPage({
      ...page({}),
      run: hostile,
      violations: [{ class: evil, sentence: evil }],
      unknown: [{ sentence: evil }],
      warnings: [evil],
      latencies: { [evil]: { [`${evil}_ms`]: 1 } },
      teeth: [{ name: evil, value: 1, unit: evil, floor: null }],
      files: [{ path: evil, bytes: 1 }],
    }),
    comparePage({ ...page({}), run: hostile }, page({})),
    campaignsPage([{ id: evil, name: evil, startedMs: null, valid: null, runs: 1, hasPage: true }]),
    violationsPage([{ ...violation, sentence: evil, cheapest: evil }]),
  ];
  for (const text of pages) {
    expect(text).not.toContain("<script");
    // It stands there, as text.
    expect(text).toMatch(/&lt;script&gt;|%3Cscript%3E/);
  }
});
