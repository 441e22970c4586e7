// minos trace: what happened inside a simulated run, line by line: messages, requests, writes, changes of role and ballot, faults.
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { exitCodes, runDirectoryAt, UsageError } from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";
import { addTraceOptions, printTrace, type TraceWords } from "../trace-options.js";

export function registerTrace(program: Command, session: Session): void {
  addTraceOptions(
    program
      .command("trace")
      .description("print what happened inside a simulated run: messages, writes, states and faults, in virtual time")
      .argument("[run]", "the run's directory", "store/latest")
      .option("--json", "print one JSON object a line"),
  ).action((path: string, words: TraceWords & { readonly json?: boolean }) => {
    const directory = runDirectoryAt(path);
    if (!existsSync(directory.historyFile)) {
      throw new UsageError(`${path} is no run: it has no history.jsonl`, "give a folder below store/");
    }
    printTrace(directory, words, createTerminal(words.json === true));
    session.exitCode = exitCodes.valid;
  });
}
