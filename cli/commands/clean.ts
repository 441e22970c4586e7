// minos clean: removes what interrupted runs left behind; runs whose owner lives are left alone.
import type { Command } from "commander";
import { exitCodes } from "../../campaign/index.js";
import type { CleanReport } from "../../cluster/index.js";
import { cleanLocal } from "../../local/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";

export function registerClean(program: Command, session: Session): void {
  program
    .command("clean")
    .description("remove processes, containers, networks and volumes of runs whose owner is dead")
    .option("--json", "print one JSON document on standard output")
    .action(async (words: { readonly json?: boolean }) => {
      const terminal = createTerminal(words.json === true);
      const report = merge([await cleanLocal(), await cleanContainers(terminal.err)]);
      for (const thing of report.removed) terminal.out(`removed  ${thing}`);
      for (const thing of report.kept) terminal.out(`kept     ${thing}`);
      for (const thing of report.failed) terminal.err(`failed   ${thing}`);
      if (report.removed.length + report.failed.length === 0) terminal.out("nothing to remove");
      terminal.document(report);
      session.exitCode = report.failed.length > 0 ? exitCodes.crash : exitCodes.valid;
    });
}

/** Where no engine answers there can be no containers of ours within reach: said, and no failure. */
async function cleanContainers(say: (text: string) => void): Promise<CleanReport> {
  const { cleanDocker, probeDocker } = await import("../../docker/index.js");
  const probe = await probeDocker();
  if (!probe.engine.works) {
    say("no Docker engine answers; containers were not looked for");
    return { removed: [], kept: [], failed: [] };
  }
  return cleanDocker();
}

function merge(reports: readonly CleanReport[]): CleanReport {
  return {
    removed: reports.flatMap((report) => report.removed),
    kept: reports.flatMap((report) => report.kept),
    failed: reports.flatMap((report) => report.failed),
  };
}
