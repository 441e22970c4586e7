// What minos ci says to GitHub: annotations beside the files, and a summary of the job.
import { ciLines, inOrder, whyOf, type CiResult } from "./ci-report.js";

const escapeData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string): string => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** Workflow commands that GitHub shows beside the files. */
export function annotationsOf(results: readonly CiResult[], toUri: (path: string) => string): readonly string[] {
  return inOrder(results).flatMap(({ regression, outcome, replayFile }) => {
    if (outcome.kind === "held") return [];
    const level = outcome.kind === "violated" || outcome.kind === "crashed" ? "error" : "warning";
    const title = outcome.kind === "violated" ? outcome.violation.class : outcome.kind;
    const file = escapeProperty(toUri(`${regression.folder}/regression.json`));
    const replay = replayFile === null ? "" : `\nminos replay ${replayFile}`;
    const text = escapeData(`${whyOf(outcome)}${replay}`);
    return [`::${level} file=${file},title=${escapeProperty(`${regression.name}: ${title}`)}::${text}`];
  });
}

/** Longer than any run of backticks in the text, so that nothing in it ends the block. */
function fenceFor(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  return "`".repeat(longest + 1);
}

/** Markdown for `$GITHUB_STEP_SUMMARY`. */
export function jobSummaryOf(results: readonly CiResult[]): string {
  const lines = ciLines(results);
  const fence = fenceFor(lines.join("\n"));
  const next = nextSteps(results);
  return ["### minos ci", "", `${fence}text`, ...lines, fence, "", ...(next === null ? [] : [next, ""])].join("\n");
}

/** What a stranger does next; null when there is nothing to do. */
function nextSteps(results: readonly CiResult[]): string | null {
  const kinds = new Set(results.map(({ outcome }) => outcome.kind));
  if (kinds.has("violated"))
    return "**What to do:** take the folder `store` from this job's artifacts (or run the replay line on this commit: it gives the same run, byte for byte), open the report, and mend the system. Do not run the job again: a violation is not retried away.";
  if (kinds.has("lost its teeth"))
    return "**What to do:** a regression no longer sees its bug, so nothing guards against it. See `docs/ci.md`, “When a regression loses its teeth”.";
  if (kinds.has("skipped") || kinds.has("undecided") || kinds.has("crashed"))
    return "**What to do:** nothing was shown to be wrong or right. Give it more time (`--budget`), or read the reason above.";
  return null;
}
