// minos check: judges recorded histories of any format.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import {
  combineExitCodes,
  exitCodeOf,
  exitCodes,
  parseDuration,
  UsageError,
  type ExitCode,
} from "../../campaign/index.js";
import { CertificateMismatch, judge, type Verdict } from "../../checker/index.js";
import {
  historyFormats,
  readHistory,
  type HistoryFormat,
  type JsonValue,
  type ReadOptions,
} from "../../history/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";
import { printVerdict } from "../verdict-text.js";

interface CheckWords {
  readonly format: string;
  readonly model?: string;
  readonly initial?: string;
  readonly keyed?: boolean;
  readonly failedCas?: string;
  readonly checkerTime?: string;
  readonly json?: boolean;
}

export function registerCheck(program: Command, session: Session): void {
  program
    .command("check")
    .description("judge recorded histories: ours, Jepsen's EDN or Jepsen's logs")
    .argument("<file...>", "history files, or run directories")
    .option("--format <format>", `one of auto, ${historyFormats.join(", ")}`, "auto")
    .option("--model <name>", "the model that judges (default: the file's own)")
    .option("--initial <json>", "initial value, as JSON (default: the file's own)")
    .option("--keyed", "EDN: values are [key value]")
    .option("--failed-cas <meaning>", "EDN: what a failed cas says: mismatch, or unknown-reason")
    .option("--checker-time <duration>", "time budget for each file", "60s")
    .option("--json", "print one JSON document on standard output")
    .action((files: readonly string[], words: CheckWords) => {
      const terminal = createTerminal(words.json === true);
      const options = readOptions(words);
      const timeMs = parseDuration(words.checkerTime ?? "60s", "--checker-time");
      const results = files.map((file) => checkFile(file, options, timeMs));
      for (const { file, verdict, error } of results) {
        if (verdict === null) terminal.err(`${file}: ${error ?? ""}`);
        else {
          if (files.length > 1) terminal.out(`\n${file}`);
          printVerdict(verdict, terminal);
        }
      }
      terminal.document({ results: results.map(({ file, verdict, error }) => ({ file, error, ...verdict })) });
      session.exitCode = combineExitCodes(results.map((result) => result.exitCode));
    });
}

function readOptions(words: CheckWords): ReadOptions {
  const format = [...historyFormats, "auto" as const].find((known) => known === words.format);
  if (format === undefined) {
    throw new UsageError(`--format: "${words.format}" is none of auto, ${historyFormats.join(", ")}`);
  }
  const { failedCas } = words;
  if (failedCas !== undefined && failedCas !== "mismatch" && failedCas !== "unknown-reason") {
    throw new UsageError(`--failed-cas: "${failedCas}" is neither mismatch nor unknown-reason`);
  }
  return {
    format: format satisfies HistoryFormat | "auto",
    ...(words.keyed === true ? { keyed: true } : {}),
    ...(failedCas === undefined ? {} : { failedCas }),
    ...(words.model === undefined ? {} : { model: words.model }),
    ...(words.initial === undefined ? {} : { initial: parseInitial(words.initial) }),
  };
}

function parseInitial(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw new UsageError(`--initial: ${text} is no JSON`, "write --initial null, --initial 0, or --initial '\"text\"'");
  }
}

interface Checked {
  readonly file: string;
  readonly verdict: Verdict | null;
  readonly error: string | null;
  readonly exitCode: ExitCode;
}

function checkFile(file: string, options: ReadOptions, timeMs: number): Checked {
  let text: string;
  try {
    text = readFileSync(statSync(file).isDirectory() ? join(file, "history.jsonl") : file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { file, verdict: null, error: `cannot be read: ${reason}`, exitCode: exitCodes.usage };
  }
  const document = readHistory(text, options);
  if (document instanceof Error) {
    // Nothing could be judged, so nothing is known of the system.
    return { file, verdict: null, error: document.message, exitCode: exitCodes.unknown };
  }
  const torn = document.torn === null ? [] : [`line ${document.torn.line} is torn and was dropped`];
  const ended = document.events.some((event) => event.type === "phase" && event.phase === "end");
  const ours = document.format === "jsonl" && document.events.some((event) => event.type === "phase");
  try {
    const verdict = judge({
      mode: "history",
      events: document.events,
      model: document.model,
      initial: document.initial,
      budget: { timeMs },
      interrupted: ours && !ended ? "the run that wrote this history never came to its end" : null,
      warnings: [...document.warnings, ...torn],
    });
    return { file, verdict, error: null, exitCode: exitCodeOf(verdict.valid) };
  } catch (error) {
    if (!(error instanceof CertificateMismatch)) throw error;
    return { file, verdict: null, error: error.keptAt(file).message, exitCode: exitCodes.crash };
  }
}
