// minos triage: the violations of a store by fingerprint, and what has become of each.
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { exitCodes, readRuns, triage, UsageError, type TriageGroup } from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { createTerminal, type Terminal } from "../terminal.js";

export function registerTriage(program: Command, session: Session): void {
  program
    .command("triage")
    .description("all violations of a store by fingerprint: new, ongoing, rare or resolved")
    .option("--store <folder>", "where runs are kept", "store")
    .option("--json", "print one JSON document on standard output")
    .action((words: { readonly store: string; readonly json?: boolean }) => {
      if (!existsSync(words.store)) throw new UsageError(`there is no store ${words.store}`);
      const terminal = createTerminal(words.json === true);
      const runs = readRuns(words.store);
      const groups = triage(runs);
      for (const group of groups) tell(group, terminal);
      const sum = groups.length === 0 ? "no violation" : `${groups.length} different violations`;
      terminal.out(`${groups.length === 0 ? "" : "\n"}${runs.length} runs in ${words.store}: ${sum}`);
      terminal.document({ runs: runs.length, groups });
      session.exitCode = groups.some(({ state }) => state === "new" || state === "ongoing")
        ? exitCodes.violation
        : exitCodes.valid;
    });
}

function tell(
  { fingerprint, subject, state, count, now, before, first, last, cheapest }: TriageGroup,
  terminal: Terminal,
): void {
  const { bold, red, dim } = terminal.colors;
  const word = state === "new" || state === "ongoing" ? red(bold(state.padEnd(8))) : bold(state.padEnd(8));
  terminal.out(`${word} ${fingerprint}  in ${subject}, ${count} times`);
  terminal.out(`  ${cheapest.sentence}`);
  terminal.out(
    dim(
      `  this build ${now.shown} of ${now.runs} runs, earlier ones ${before.shown} of ${before.runs}; first ${first}, last ${last}`,
    ),
  );
  terminal.out(`  again    minos run --plan ${cheapest.path}/plan.json`);
}
