// minos check: judges recorded histories of any format.
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import {
  combineExitCodes,
  exitCodeOf,
  exitCodes,
  parseDuration,
  UsageError,
  type ExitCode,
} from "../../campaign/index.js";
import {
  engineNames,
  judge,
  modelNamed,
  modelNames,
  refusedOperation,
  type BudgetLimits,
  type EngineName,
  type Verdict,
} from "../../checker/index.js";
import {
  historyFormats,
  readHistory,
  type HistoryDocument,
  type HistoryFormat,
  type JsonValue,
  type Operation,
  type ReadOptions,
} from "../../history/index.js";
import type { Session } from "../cli.js";
import { printExplanation } from "../explanation-text.js";
import { historyFiles } from "../history-files.js";
import { createTerminal, type Terminal } from "../terminal.js";
import { printTeeth, printVerdict } from "../verdict-text.js";

interface CheckWords {
  readonly format: string;
  readonly model?: string;
  readonly initial?: string;
  readonly keyed?: boolean;
  readonly failedCas?: string;
  readonly engine?: string;
  readonly timeBudget: string;
  readonly memoryBudget: string;
  readonly configurations: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

const help = `
A run's directory stands for its history.jsonl, a folder for every history below it. What a file says of its model and initial value
holds unless --model and --initial say otherwise; Jepsen's files are cas registers, initially null (nil).
Malformed files are unknown (2), with line, column and what was expected; files that cannot be read are bad usage (254).`;

export function registerCheck(program: Command, session: Session): void {
  program
    .command("check")
    .description("judge recorded histories: ours, Jepsen's EDN or Jepsen's logs")
    .argument("<file...>", "history files, run directories, or folders of them")
    .option("--format <format>", `one of auto, ${historyFormats.join(", ")}`, "auto")
    .option("--model <name>", `the model that judges, one of ${modelNames.join(", ")} (default: the file's own)`)
    .option("--initial <json>", "initial value, as JSON (default: the file's own)")
    .option("--keyed", "EDN: values are [key value]")
    .option("--failed-cas <meaning>", "EDN: what a failed cas says: mismatch, or unknown-reason")
    .option("--engine <name>", `one of ${engineNames.join(", ")} (default: chosen for each key)`)
    .option("--time-budget <duration>", "for each file; beyond it unknown", "60s")
    .option("--memory-budget <MiB>", "growth of the heap for each file; beyond it unknown", "1024")
    .option("--configurations <n>", "configurations visited for each key; beyond it unknown", "20000000")
    .option(
      "--explain",
      "show the operations that contradict each other, how each key was judged, and how hard it was looked",
    )
    .option("--json", "print one JSON document on standard output")
    .addHelpText("after", help)
    .action((words: readonly string[], flags: CheckWords) => {
      const terminal = createTerminal(flags.json === true);
      const settings = settingsFrom(flags);
      const files = historyFiles(words);
      const results: Checked[] = [];
      for (const [place, file] of files.entries()) {
        const of = files.length > 1 ? `[${place + 1}/${files.length}] ` : "";
        const result = checkFile(file, settings, progressTo(terminal, of));
        terminal.status("");
        if (result.verdict === null) terminal.err(`${file}: ${result.error ?? ""}`);
        else {
          if (files.length > 1) terminal.out(`\n${file}`);
          printResult(result.verdict, result.operations, flags.explain === true, terminal);
        }
        // Operations and linearizations of many files need not be kept to the end.
        results.push({ ...result, operations: [] });
      }
      terminal.document({ results: results.map(({ file, verdict, error }) => ({ file, error, ...verdict })) });
      session.exitCode = combineExitCodes(results.map((result) => result.exitCode));
    });
}

/** On a terminal one line that is drawn again; elsewhere a line now and then, once something takes long. */
function progressTo(terminal: Terminal, of: string): (doing: string) => void {
  const everyMs = terminal.live ? 100 : 2_000;
  let toldMs = terminal.live ? -Infinity : performance.now();
  return (doing) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < everyMs) return;
    toldMs = nowMs;
    if (terminal.live) terminal.status(`${of}${doing}`);
    else terminal.err(`${of}${doing}`);
  };
}

function printResult(verdict: Verdict, operations: readonly Operation[], explain: boolean, terminal: Terminal): void {
  printVerdict(verdict, terminal);
  if (!explain) return;
  printExplanation(verdict, operations, terminal);
  printTeeth(verdict, terminal);
}

interface CheckSettings {
  readonly reading: ReadOptions;
  readonly budget: Required<BudgetLimits>;
  readonly engine: EngineName | null;
}

function settingsFrom(words: CheckWords): CheckSettings {
  const engine = words.engine === undefined ? null : engineNames.find((known) => known === words.engine);
  if (engine === undefined)
    throw new UsageError(`--engine: "${words.engine ?? ""}" is none of ${engineNames.join(", ")}`);
  return {
    reading: readOptions(words),
    budget: {
      timeMs: parseDuration(words.timeBudget, "--time-budget"),
      memoryMb: parseCount(words.memoryBudget, "--memory-budget"),
      configurations: parseCount(words.configurations, "--configurations"),
    },
    engine,
  };
}

function readOptions(words: CheckWords): ReadOptions {
  const format = [...historyFormats, "auto" as const].find((known) => known === words.format);
  if (format === undefined) {
    throw new UsageError(`--format: "${words.format}" is none of auto, ${historyFormats.join(", ")}`);
  }
  const { failedCas, model } = words;
  if (failedCas !== undefined && failedCas !== "mismatch" && failedCas !== "unknown-reason") {
    throw new UsageError(`--failed-cas: "${failedCas}" is neither mismatch nor unknown-reason`);
  }
  if (model !== undefined && modelNamed(model) === null)
    throw new UsageError(`--model: "${model}" is none of ${modelNames.join(", ")}`);
  return {
    format: format satisfies HistoryFormat | "auto",
    ...(words.keyed === true ? { keyed: true } : {}),
    ...(failedCas === undefined ? {} : { failedCas }),
    ...(model === undefined ? {} : { model }),
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

function parseCount(text: string, flag: string): number {
  const count = Number(text.replaceAll("_", ""));
  if (!/^[\d_]+$/.test(text) || !Number.isSafeInteger(count) || count < 1)
    throw new UsageError(`${flag}: "${text}" is no number of 1 or more`);
  return count;
}

export interface Checked {
  readonly file: string;
  readonly verdict: Verdict | null;
  readonly operations: readonly Operation[];
  readonly error: string | null;
  readonly exitCode: ExitCode;
}

/** Never throws: what goes wrong with one file must not hide what another shows. */
export function checkFile(file: string, settings: CheckSettings, onStatus: (doing: string) => void): Checked {
  const failed = (error: string, exitCode: ExitCode): Checked => ({
    file,
    verdict: null,
    operations: [],
    error,
    exitCode,
  });
  onStatus(`reading ${file}`);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return failed(`cannot be read: ${messageOf(error)}`, exitCodes.usage);
  }
  try {
    const document = readHistory(bytes, settings.reading);
    // Nothing could be judged, so nothing is known of the system.
    if (document instanceof Error) return failed(document.message, exitCodes.unknown);
    const refused = refusalOf(document);
    if (refused !== null) return failed(refused, exitCodes.unknown);
    const doing = `judging ${file}: ${document.operations.length} operations`;
    onStatus(doing);
    let visited = 0;
    const verdict = judgeDocument(document, settings, (configurations) => {
      visited += configurations;
      onStatus(`${doing}, ${visited} configurations visited`);
    });
    return { file, verdict, operations: document.operations, error: null, exitCode: exitCodeOf(verdict.valid) };
  } catch (error) {
    return failed(`Minos failed: ${messageOf(error)}`, exitCodes.crash);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the model cannot take, with its place in the file. */
function refusalOf(document: HistoryDocument): string | null {
  const model = modelNamed(document.model);
  if (model === null)
    return `the file's model "${document.model}" is none of ${modelNames.join(", ")}; say which with --model`;
  const refused = refusedOperation(document.operations, model);
  if (refused === null) return null;
  const { line, column } = document.placeOf(refused.event ?? 0);
  return `line ${line}, column ${column}: model ${model.name}: ${refused.problem}`;
}

function judgeDocument(
  document: HistoryDocument,
  { budget, engine }: CheckSettings,
  onVisited: (configurations: number) => void,
): Verdict {
  const torn = document.torn === null ? [] : [`line ${document.torn.line} is torn and was dropped`];
  const ended = document.events.some((event) => event.type === "phase" && event.phase === "end");
  const ours = document.format === "jsonl" && document.events.some((event) => event.type === "phase");
  return judge({
    mode: "history",
    events: document.events,
    model: document.model,
    initial: document.initial,
    budget,
    watch: { onVisited },
    ...(engine === null ? {} : { engine }),
    interrupted: ours && !ended ? "the run that wrote this history never came to its end" : null,
    warnings: [...document.warnings, ...torn],
  });
}
