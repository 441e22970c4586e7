// minos report: builds the HTML report of a stored run again, from its files alone.
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { exitCodes, rebuildReport, runDirectoryAt, UsageError } from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";

export function registerReport(program: Command, session: Session): void {
  program
    .command("report")
    .description("build the HTML report of a stored run again")
    .argument("[run]", "the run's directory", "store/latest")
    .option("--json", "print one JSON document on standard output")
    .action((path: string, words: { readonly json?: boolean }) => {
      const terminal = createTerminal(words.json === true);
      const directory = runDirectoryAt(path);
      if (!existsSync(directory.historyFile)) {
        throw new UsageError(`${path} is no run: it has no history.jsonl`, "give a folder below store/");
      }
      const verdict = rebuildReport(directory);
      terminal.out(directory.reportFile);
      terminal.document({ report: directory.reportFile, valid: verdict.valid, summary: verdict.summary });
      session.exitCode = exitCodes.valid;
    });
}
