// minos replay: runs a replay file again in simulation, keeps it in the store with its report, and says whether it gave the same bytes.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Option, type Command } from "commander";
import {
  exitCodeOf,
  exitCodes,
  readReplayFile,
  rerunOfReplay,
  run,
  systemNamed,
  UsageError,
} from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { replayOn } from "./replay-on.js";
import { createTerminal } from "../terminal.js";
import { addTraceOptions, printTrace, type TraceWords } from "../trace-options.js";
import { printVerdict } from "../verdict-text.js";

interface ReplayWords extends TraceWords {
  readonly store: string;
  readonly anyBuild?: boolean;
  readonly on: string;
  readonly times: string;
  readonly rate?: string;
  readonly json?: boolean;
  readonly trace?: boolean;
}

export function registerReplay(program: Command, session: Session): void {
  const command = program
    .command("replay")
    .description("run a replay file of minos hunt again in simulation; its history comes out the same, byte for byte")
    .argument("<file>", "the replay file")
    .addOption(
      new Option(
        "--on <cluster>",
        "where: on real clusters its schedule is tried several times, and how often it shows the same is told",
      )
        .choices(["simulation", "local", "docker"])
        .default("simulation"),
    )
    .option("--times <count>", "tries on a real cluster", "5")
    .option(
      "--rate <operations per second>",
      "another load on a real cluster: more of it meets the bad moment more often",
    )
    .option("--any-build", "run it even when the system's build is another one")
    .option("--store <folder>", "where runs are kept", "store")
    .option("--json", "print one JSON document on standard output; it depends on no time, path or machine")
    .option("--trace", "print what happened inside, line by line; with --json one object a line, the document last");
  addTraceOptions(command).action(async (path: string, words: ReplayWords) => {
    const terminal = createTerminal(words.json === true);
    const file = readReplayFile(path);
    const { plan } = file;
    const system = await systemNamed(plan.system)(plan.mutant);
    if (system.buildHash !== plan.build && words.anyBuild !== true) {
      throw new UsageError(
        `${path} was made with build ${plan.build ?? "none"}, and the system's is ${system.buildHash ?? "none"}`,
        "--any-build runs it all the same; its history may then differ",
      );
    }
    if (words.on === "local" || words.on === "docker") {
      const times = Number(words.times);
      if (!Number.isSafeInteger(times) || times < 1 || times > 1000)
        throw new UsageError(`--times ${words.times}: a whole number from 1 to 1000`);
      const { on } = words;
      const ratePerS = words.rate === undefined ? null : Number(words.rate);
      if (ratePerS !== null && !(ratePerS > 0 && ratePerS <= 100_000))
        throw new UsageError(`--rate ${words.rate ?? ""}: operations per second, up to 100000`);
      session.exitCode = await replayOn({ path, file, system, on, times, ratePerS, store: words.store, terminal });
      return;
    }
    const result = await run({
      plan,
      provenance: {},
      system,
      createCluster: () => {
        throw new Error("a replay needs no cluster");
      },
      storeRoot: words.store,
      observer: { note: (text) => terminal.err(terminal.colors.dim(text)), progress: () => undefined },
      signal: new AbortController().signal,
      rerun: rerunOfReplay(path),
    });
    const bytes = readFileSync(result.directory.historyFile);
    const identical = createHash("sha256").update(bytes).digest("hex") === file.history_sha256;
    const { verdict } = result;
    if (words.trace === true) printTrace(result.directory, words, terminal);
    printVerdict(verdict, terminal);
    terminal.out(identical ? "\nidentical, byte for byte" : "\nNOT the history that was recorded");
    terminal.out(`report   ${result.directory.reportFile}`);
    terminal.out(`trace    ${result.directory.traceFile}`);
    const tell = words.trace === true ? terminal.line : terminal.document;
    tell({
      valid: verdict.valid,
      summary: verdict.summary,
      seed: plan.seed,
      mutant: plan.mutant,
      build: system.buildHash,
      identical,
      history_sha256: createHash("sha256").update(bytes).digest("hex"),
      counts: verdict.counts,
      violations: verdict.violations,
      unknown: verdict.unknown,
    });
    // The same build that gives other bytes is a crash of ours: determinism is the promise.
    session.exitCode = !identical && system.buildHash === plan.build ? exitCodes.crash : exitCodeOf(verdict.valid);
  });
}
