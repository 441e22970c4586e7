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
  const told = {
    seed: place,
    mutant: null,
    violations: [],
    unknownShare: 0.01,
    detail: state === "valid" ? "" : `why ${place}`,
    attempts: 1,
    answered: 1234,
    faults: 5,
  };
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
  campaignPage({
    name: "nightly",
    valid,
    headline: "some sentence",
    runs,
    lines: ["pairs 3 of 4", "bound"],
    canary: null,
    previous: null,
  });

const marksIn = (html: string): readonly string[] =>
  [...html.matchAll(/class="mark [^>]*>([✓✗?!–])(?:<small>\d+<\/small>)?<\/(?:a|span)>/g)].map(
    ([, sign]) => sign ?? "",
  );

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
      .split("<td")
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
    canary: [{ lie: evil, outcome: "caught", detail: evil }],
    previous: { link: `"><script>`, stamp: evil, runs: [], canary: null },
    runs: [
      run(1, evil, evil, "violation", {
        title: evil,
        detail: evil,
        mutant: evil,
        violations: [{ fingerprint: evil, class: evil, sentence: evil }],
        link: `"><script>`,
      }),
    ],
  });
  expect(html).not.toContain("<img");
  expect(html).not.toContain("<script");
  expect(html.match(/(?:src|href)="(?!&quot;)[^"]*"/g)).toBeNull();
  expect(html).toContain("default-src 'none'");
});

const stale = { fingerprint: "stale read/linearizability/get", class: "stale read", sentence: "a get returned 1" };
const lost = { fingerprint: "lost write/linearizability/write", class: "lost write", sentence: "a put is gone" };

const sectionOf = (html: string, title: string): string =>
  html.split("<section>").find((part) => part.startsWith(`<h2>${title}`)) ?? "";

test("a cell says how its worst runs ended, and names the seeds", () => {
  const html = page([
    run(1, "set", "none", "valid", { seed: 11 }),
    run(2, "set", "none", "unknown", { seed: 12 }),
    run(3, "set", "brutal", "valid", { seed: 4_000_000_000 }),
  ]);
  expect(html).toContain('<td class="cell unsure"><strong>? 1 of 2 unknown</strong>');
  expect(html).toContain('<td class="cell good"><strong>✓ valid</strong>');
  expect(html).toContain("✓<small>11</small>");
  expect(html).not.toContain("<small>4000000000</small>");
});

test("violations stand together by fingerprint, each run once, the most frequent first", () => {
  const part = sectionOf(
    page([
      run(1, "set", "none", "violation", { violations: [lost, stale] }),
      run(2, "set", "none", "violation", { violations: [stale, stale] }),
      run(3, "set", "none", "valid"),
    ]),
    "Violations of 2 kinds",
  );
  expect(part.indexOf("stale read/linear")).toBeLessThan(part.indexOf("lost write/linear"));
  expect(part).toContain("<td>2 of 3</td>");
  expect(part).toContain("<td>1 of 3</td>");
  expect(marksIn(part)).toHaveLength(3);
});

test("a planted bug's score counts the runs that convicted it, and the headline says that the system is not to blame", () => {
  const runs = [
    run(1, "set", "none", "violation", { mutant: "M14" }),
    run(2, "set", "none", "valid", { mutant: "M14" }),
    run(3, "set", "none", "valid", { mutant: "M3" }),
  ];
  const html = page(runs, false);
  const part = sectionOf(html, "What the suite catches");
  expect(part).toContain("convicted: 1 of 2");
  expect(part).toContain("missed in all</span>: 0 of 1");
  expect(html).toContain("none is of the system as it is");
  expect(page([...runs, run(4, "set", "none", "violation")], false)).not.toContain("none is of the system as it is");
});

test("the trend tells counts, runs that turned, and kinds of violations that came and went", () => {
  const now = [run(1, "set", "none", "violation", { violations: [stale] }), run(2, "set", "brutal", "valid")];
  const before = [run(1, "set", "none", "valid"), run(2, "set", "brutal", "violation", { violations: [lost] })];
  const html = campaignPage({
    name: "nightly",
    valid: false,
    headline: "",
    runs: now,
    lines: [],
    canary: [{ lie: "stale-read", outcome: "missed", detail: "why" }],
    previous: { link: "../before/summary.html", stamp: "20250114T031207Z", runs: before, canary: { caught: 1, of: 1 } },
  });
  const part = sectionOf(html, "Since the campaign before");
  expect(part).toContain('href="../before/summary.html"');
  expect(part).toContain("<td>violation</td><td>1</td><td>1</td><td>as before</td>");
  expect(part).toContain("<td>lies caught</td><td>1 of 1</td><td>0 of 1</td><td>▼ −1</td>");
  expect(part).toContain("New kind of violation:</strong> stale read");
  expect(part).toContain("Not seen any more:</strong> lost write");
  expect(part).toContain("set none: was valid, is violation");
  expect(html).toContain("Canary: 0 of 1 lies caught");
  expect(page(now)).toContain("No earlier campaign of this name");
});
