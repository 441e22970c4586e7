// Joins the commands and turns every way of ending into the documented exit code.
import { Command, CommanderError } from "commander";
import { exitCodes, packageInfo, UsageError, type ExitCode } from "../campaign/index.js";
import { ClusterError } from "../cluster/index.js";
import { registerCampaign } from "./commands/campaign.js";
import { registerCheck } from "./commands/check.js";
import { registerCi } from "./commands/ci.js";
import { registerClean } from "./commands/clean.js";
import { registerDoctor } from "./commands/doctor.js";
import { registerHunt } from "./commands/hunt.js";
import { registerInit } from "./commands/init.js";
import { registerKv } from "./commands/kv.js";
import { registerLogs } from "./commands/logs.js";
import { registerMaelstrom } from "./commands/maelstrom.js";
import { registerMerge } from "./commands/merge.js";
import { registerReplay } from "./commands/replay.js";
import { registerReport } from "./commands/report.js";
import { registerRun } from "./commands/run.js";
import { registerServe } from "./commands/serve.js";
import { registerTriage } from "./commands/triage.js";
import { registerTrace } from "./commands/trace.js";
import { createTerminal } from "./terminal.js";

/** What a command's action leaves behind: its exit code. */
export interface Session {
  exitCode: ExitCode;
}

const footer = `
Exit codes: 0 valid, 1 violation, 2 unknown, 254 bad usage, 255 crash.
Durations carry a unit: 60s, 500ms. --json prints one JSON document on standard output; progress goes to standard error.`;

export async function runCli(words: readonly string[]): Promise<ExitCode> {
  const session: Session = { exitCode: exitCodes.valid };
  const program = new Command("minos");
  program
    .description("Breaks replicated systems, records what their clients saw, and judges it.")
    .version(packageInfo().version)
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText("after", footer);
  for (const register of [
    registerRun,
    registerCampaign,
    registerHunt,
    registerReplay,
    registerCheck,
    registerReport,
    registerTrace,
    registerLogs,
    registerTriage,
    registerServe,
    registerInit,
    registerDoctor,
    registerKv,
    registerMaelstrom,
    registerMerge,
    registerCi,
    registerClean,
  ]) {
    register(program, session);
  }
  for (const command of program.commands) {
    command.exitOverride().configureOutput({ outputError: () => undefined });
    for (const inner of command.commands) inner.exitOverride().configureOutput({ outputError: () => undefined });
  }
  try {
    await program.parseAsync(["node", "minos", ...words]);
    return session.exitCode;
  } catch (error) {
    return explain(error, words.includes("--json"));
  }
}

/** Says on standard error what went wrong and what to do, and gives the code for it. */
function explain(error: unknown, json: boolean): ExitCode {
  const terminal = createTerminal(json);
  const { colors } = terminal;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.valid;
    // `minos` alone shows its help and is no success.
    if (error.code === "commander.help") return exitCodes.usage;
    terminal.err(`${colors.red("minos:")} ${error.message.replace(/^error: /, "")}`);
    terminal.err(colors.dim("try minos --help, or minos COMMAND --help"));
    terminal.document({ error: { code: "usage", message: error.message } });
    return exitCodes.usage;
  }
  const message = error instanceof Error ? error.message : String(error);
  const usage = error instanceof UsageError;
  const hint = error instanceof UsageError || error instanceof ClusterError ? error.hint : null;
  terminal.err(`${colors.red("minos:")} ${message}`);
  if (hint !== null) terminal.err(colors.dim(hint));
  if (error instanceof ClusterError && error.logTail.length > 0) {
    terminal.err("the node's last words:");
    for (const line of error.logTail.slice(-20)) terminal.err(`  ${line}`);
  }
  if (!usage && !(error instanceof ClusterError) && error instanceof Error && process.env.MINOS_DEBUG !== undefined) {
    terminal.err(error.stack ?? "");
  }
  terminal.document({ error: { code: usage ? "usage" : "crash", message, hint } });
  return usage ? exitCodes.usage : exitCodes.crash;
}
