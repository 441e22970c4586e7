// minos report: builds the HTML report of a stored run again, from its files alone, and on demand a still of it.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, rebuildReport, runDirectoryAt, UsageError, writeText } from "../../campaign/index.js";
import { drawStill, findChromium, writePng } from "../../reports/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";

interface Words {
  readonly json?: boolean;
  readonly svg?: string;
  readonly png?: string;
}

export function registerReport(program: Command, session: Session): void {
  program
    .command("report")
    .description("build the HTML report of a stored run again, and a still picture of it for chat and pull requests")
    .argument("[run]", "the run's directory", "store/latest")
    .option("--svg <file>", "write the still as SVG: verdict, counterexample, the run by density, how to do it again")
    .option("--png <file>", "write the still as PNG; needs Chromium or Chrome on PATH, or its path in MINOS_CHROMIUM")
    .option("--json", "print one JSON document on standard output")
    .action(async (path: string, words: Words) => {
      const terminal = createTerminal(words.json === true);
      const directory = runDirectoryAt(path);
      if (!existsSync(directory.historyFile)) {
        throw new UsageError(`${path} is no run: it has no history.jsonl`, "give a folder below store/");
      }
      if (words.png !== undefined && findChromium() === null)
        throw new UsageError(
          "--png needs Chromium or Chrome: there is none on PATH and none named by MINOS_CHROMIUM",
          "--svg needs no browser",
        );
      const input = rebuildReport(directory);
      terminal.out(directory.reportFile);
      const stills = [words.svg, words.png].filter((file) => file !== undefined).map((file) => resolve(file));
      if (stills.length > 0) {
        const still = drawStill(input);
        if (words.svg !== undefined) writeText(resolve(words.svg), still.svg);
        if (words.png !== undefined) await writePng(resolve(words.png), still);
        for (const file of stills) terminal.out(file);
      }
      const { valid, summary } = input.verdict;
      terminal.document({ report: directory.reportFile, stills, valid, summary });
      session.exitCode = exitCodes.valid;
    });
}
