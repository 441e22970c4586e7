// Shows that a campaign's page has a mark for each run in its place, says first what is not valid, and that no word of a run is markup.
import { expect, test } from "vitest";
import { campaignPage, type CampaignPageRun, type RunState } from "./campaign-page.js";

function run(
  place: number,
  row: string,
  column: string,
  state: RunState,
  more: Partial<CampaignPageRun> = {},
): CampaignPageRun {
  const told = { detail: state === "valid" ? "" : `why ${place}`, attempts: 1, answered: 1234, faults: 5 };
  return {
    run: place,
    title: `${row} ${column}`,
    row,
    column,
    state,
    durationMs: 6_100,
    link: `run-${place}/report.html`,
    ...told,
    ...more,
  };
}

const page = (runs: readonly CampaignPageRun[], valid: boolean | "unknown" = "unknown"): string =>
  campaignPage({ name: "nightly", valid, headline: "some sentence", runs, lines: ["pairs 3 of 4", "bound"] });

const marksIn = (html: string): readonly string[] =>
  [...html.matchAll(/>([✓✗?!–])<\/(?:a|span)>/g)].map(([, sign]) => sign ?? "");

test("each run stands in its row and column, and leads to its report", () => {
  const html = page([
    run(1, "set", "none", "valid"),
    run(2, "set", "brutal", "violation"),
    run(3, "register", "none", "unknown"),
  ]);
  const matrix = /<table class="matrix">.*?<\/table>/s.exec(html)?.[0] ?? "";
  expect([...matrix.matchAll(/<th scope="(?:row|col)">(.*?)<\/th>/g)].map(([, name]) => name)).toEqual([
    "workload",
    "none",
    "brutal",
    "set",
    "register",
  ]);
  const rows = [...matrix.matchAll(/<tr><th scope="row">(.*?)<\/tr>/g)].map(([, row]) =>
    (row ?? "")
      .split("<td>")
      .slice(1)
      .map((cell) => marksIn(cell).join("")),
  );
  expect(rows).toEqual([
    ["✓", "✗"],
    ["?", ""],
  ]);
  expect(matrix).toContain('href="run-2/report.html"');
});

test("what is not valid comes first, violations before all, with the reason", () => {
  const html = page(
    [
      run(1, "set", "none", "not run", { link: null }),
      run(2, "set", "none", "unknown"),
      run(3, "set", "none", "violation"),
    ],
    false,
  );
  const list = /<ul class="runs">.*?<\/ul>/s.exec(html)?.[0] ?? "";
  expect(marksIn(list)).toEqual(["✗", "?", "–"]);
  expect(list).toContain("why 3");
  expect(html).toContain("Not valid: 3 of 3");
  expect(html).toContain('<header class="bad"><h1>Violation</h1>');
});

test("a campaign in which all is valid has no such list", () => {
  const html = page([run(1, "set", "none", "valid")], true);
  expect(html).not.toContain("Not valid");
  expect(html).toContain('<header class="good"><h1>Valid</h1>');
});

test("no word of a run is markup, and the page loads nothing", () => {
  const evil = `</style><img src=x onerror="alert(1)">`;
  const html = campaignPage({
    name: evil,
    valid: false,
    headline: evil,
    lines: [evil],
    runs: [run(1, evil, evil, "violation", { title: evil, detail: evil, link: `"><script>` })],
  });
  expect(html).not.toContain("<img");
  expect(html).not.toContain("<script");
  expect(html.match(/(?:src|href)="(?!&quot;)[^"]*"/g)).toBeNull();
  expect(html).toContain("default-src 'none'");
});
