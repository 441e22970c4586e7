// minos run: one run, live progress, the verdict, the report's path.
import type { Command } from "commander";
import { prepareRun } from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { addFreezeOptions, freezeForMs, type FreezeWords } from "../freeze-options.js";
import { addRunOptions, requestFrom, settingsFrom, type RunWords } from "../knob-options.js";
import { runAndTell } from "../perform-run.js";
import { createTerminal } from "../terminal.js";

export function registerRun(program: Command, session: Session): void {
  const command = program
    .command("run")
    .description("run one plan: start the system, break it, judge what its clients saw, write a report")
    .option("--plan <file>", "a plan file (YAML or JSON; a stored plan.json repeats that run); flags override it");
  addFreezeOptions(addRunOptions(command)).action(async (words: RunWords & FreezeWords) => {
    const terminal = createTerminal(words.json === true);
    const prepared = await prepareRun(requestFrom(words), settingsFrom(words));
    const { plan } = prepared;
    const freeze = freezeForMs(words, plan);
    terminal.err(
      `${plan.workload.name} on ${plan.on}: ${plan.nodes} nodes in groups of ${plan.replication}, ${plan.time_limit_ms / 1000} s, ` +
        `${plan.nemesis.faults.length} faults, seed ${plan.seed}${plan.mutant === null ? "" : `, mutant ${plan.mutant}`}`,
    );
    session.exitCode = await runAndTell({ ...prepared, freezeForMs: freeze }, words.store, terminal);
  });
}
