// Docs that are made from registries, so that they cannot go stale: the knobs of a plan, the planted bugs, the schema of campaign files.
//   npx tsx tools/generated-docs.ts   writes them; a test compares them.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { formatDuration, knobs, type Knob } from "../campaign/index.js";
import { missingMutants, mutants, type Mutant } from "../mutants/index.js";
import { faultsDocument } from "../nemesis/index.js";
import { workloads, workloadsDocument } from "../workloads/index.js";
import { campaignSchemaText } from "./campaign-schema.js";
import { faultTableSection } from "./fault-table.js";
import { realRateCells, realRatesFile, realRatesHead, type RealRates } from "./real-rates.js";
import { cellsOf, describeConditions, scoreboardFile, tableHead, type Scoreboard } from "./scoreboard.js";

function limitsOf(knob: Knob): string {
  switch (knob.kind) {
    case "integer":
    case "number":
      return `${knob.minimum} … ${knob.maximum}`;
    case "duration":
      return `${formatDuration(knob.minimumMs)} … ${formatDuration(knob.maximumMs)}`;
    case "choice":
      return knob.choices.join(", ");
    case "text":
      return knob.expects;
  }
}

function defaultOf(knob: Knob): string {
  if (knob.default === null) return "";
  return knob.kind === "duration" ? formatDuration(knob.default) : String(knob.default);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

export function plansDocument(): string {
  return `# Plans

A plan is everything that decides a run. \`minos run --plan FILE\` reads one, YAML or JSON, with any subset of the fields below; flags
override it. A stored \`plan.json\` is a plan file too: it repeats that run, its schedule of faults included.

Beside the knobs a plan file may hold \`faults\` (a schedule, see \`docs/faults.md\` and \`docs/schemas/fault.schema.json\`), \`floors\` (what a
run must at least have done, or it is \`unknown: weak\`) and, below \`workload\`, \`{name, options}\`. An unknown field is an error.

${table(
  ["field", "flag", "what it is", "allowed", "default"],
  knobs.map((knob) => [`\`${knob.name}\``, `\`--${knob.flag}\``, knob.help, limitsOf(knob), defaultOf(knob)]),
)}

In a file a duration is a text with its unit (\`20s\`) or a number of milliseconds. This page is made by \`tools/generated-docs.ts\`.
`;
}

const shownBy: Readonly<Record<Mutant["realCluster"]["shows"], string>> = {
  yes: "yes",
  rarely: "rarely",
  no: "no",
  never: "no bug",
};

function mutantSection(mutant: Mutant): string {
  const { id, kind, title, story, schedule, checkers, classes, realCluster, patch } = mutant;
  const conviction =
    kind === "control"
      ? "A control: no checker may convict it."
      : `Convicted by ${checkers.join(", ")}: ${classes.join(", ")}.`;
  return `## ${id}: ${title}

${story}

Schedule: ${schedule}

${conviction} On real machines: ${shownBy[realCluster.shows]}; ${realCluster.why}. Planted in \`system/${patch.file}\`.
\`minos run --mutant ${id}\`
`;
}

/** The latest measured scoreboard, or that none was kept. */
function scoreboardSection(): string {
  if (!existsSync(scoreboardFile)) return "None is kept. `npm run mutants -- --write` measures one.";
  const board = JSON.parse(readFileSync(scoreboardFile, "utf8")) as Scoreboard;
  return `Measured with \`npm run mutants -- --write\`. ${describeConditions(board)}

${table(tableHead, board.rows.map(cellsOf))}`;
}

/** The latest kept rates on real processes, or that none are kept. */
function realRatesSection(): string {
  if (!existsSync(realRatesFile))
    return "None are kept. `tools/real-rates.ts` makes them of the summaries of campaigns.";
  const rates = JSON.parse(readFileSync(realRatesFile, "utf8")) as RealRates;
  return `\`minos campaign --mutants … --seeds ${rates.rows[0]?.seeds ?? ""} --on local\`, the default plan otherwise (30 s of load, \`standard\` faults);
${rates.machine}; ${rates.note}. An unknown run counts as one that showed nothing. The interval is E. B. Wilson's (1927). Made by \`tools/real-rates.ts\`.

${table(realRatesHead, realRateCells(rates))}`;
}

export function mutantsDocument(): string {
  const all = [...mutants.values()];
  const rows = all.map(({ id, kind, title, checkers, classes, realCluster }) => [
    `\`${id}\``,
    kind,
    title,
    checkers.join(", "),
    classes.join(", "),
    shownBy[realCluster.shows],
  ]);
  return `# Planted bugs

A suite that never saw a bug proves nothing. Each mutant is a patch of one place of the store's sources, applied to a copy and built
apart; the shipped store carries no hook. A patch that fits nowhere, or in two places, or does not build, fails a test. For each bug
a test plays the schedule below on a small cluster, message by message, until a checker named there convicts it with a class named there;
the shipped store and both controls come through all of these schedules (\`mutants/testing/scenes.ts\`). Three are shown elsewhere: M22 on
the bytes of a torn log, M48 in simulated worlds whose links are cut, M50 on the client alone.

*must* and *should* say how hard a search has to try. *Controls* look like bugs and are none: whoever convicts one judges wrongly.
*Checkers* and *classes* are all that may convict it, not all that do in one run. *Real machines* says whether processes with real disks can show the bug at all, as reasoned from the code: \`rarely\` means that what has to
coincide lies within one round trip or one fsync, \`no\` that only a disk that loses or tears unsynced writes can.

${table(["id", "kind", "bug", "checkers", "classes", "real machines"], rows)}

Of the list of bugs these cannot be planted yet, for the store lacks what they would break; no count includes them:

${table(
  ["id", "kind", "bug", "needs"],
  missingMutants.map(({ id, kind, title, needs }) => [`\`${id}\``, kind, title, needs]),
)}

## The scoreboard

${scoreboardSection()}

## On real processes

${realRatesSection()}

${all.map(mutantSection).join("\n")}
This page is made by \`tools/generated-docs.ts\`.
`;
}

export const generatedDocs: Readonly<Record<string, () => string>> = {
  "docs/plans.md": plansDocument,
  "docs/mutants.md": mutantsDocument,
  "docs/faults.md": () => faultsDocument(faultTableSection()),
  "docs/schemas/campaign.schema.json": campaignSchemaText,
  "docs/workloads.md": () => workloadsDocument(workloads.values()),
};

const invoked = process.argv[1];
if (invoked !== undefined && resolve(invoked) === resolve("tools/generated-docs.ts")) {
  for (const [path, make] of Object.entries(generatedDocs)) {
    writeFileSync(path, make());
    console.log(path);
  }
}
