// minos logs: all nodes' logs of a stored run as one, on the runner's clock, with the faults that struck in between. Streamed: a log is never read whole.
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import type { Command } from "commander";
import {
  exitCodes,
  mergedLogs,
  operationTime,
  parseDuration,
  runDirectoryAt,
  UsageError,
  type LogEntry,
  type LogQuery,
  type Plan,
  type RunDirectory,
} from "../../campaign/index.js";
import type { Verdict } from "../../checker/index.js";
import { nodeNames } from "../../cluster/index.js";
import type { Session } from "../cli.js";
import { logText } from "../log-text.js";
import { createTerminal, type Terminal } from "../terminal.js";

interface LogWords {
  readonly around?: string;
  readonly window: string;
  readonly node?: string;
  readonly grep?: string;
  readonly events: boolean;
  readonly errors?: boolean;
  readonly json?: boolean;
}

const footer = `
A line's time is the node's own where that agrees with when the runner saw the line come; else (no time of its own, or a fault of clocks has
shifted it) the moment when the runner saw it, marked "~": up to about 100 ms later on local, a few ms in containers. Before the load began, times are negative.`;

export function registerLogs(program: Command, session: Session): void {
  program
    .command("logs")
    .description("all nodes' logs of a stored run, merged on the runner's clock, with the faults in between")
    .argument("[run]", "the run's directory", "store/latest")
    .option("--around <moment>", "only about then: seconds into the run (12.5), an operation (op:840), or violation")
    .option("--window <duration>", "with --around: so much before and after it", "5s")
    .option("--node <names>", "only these nodes' logs, e.g. n1,n2")
    .option("--grep <pattern>", "only lines that match this regular expression; events stay")
    .option("--no-events", "leave out faults, starts and ends of nodes, and the runner's own notes")
    .option("--errors", "clients' operations that failed or whose outcome is unknown, too")
    .option("--json", "print one JSON document on standard output, while it is read")
    .addHelpText("after", footer)
    .action(async (path: string, words: LogWords) => {
      const terminal = createTerminal(words.json === true);
      const directory = runDirectoryAt(path);
      await printLogs(directory, await queryOf(directory, path, words), terminal);
      session.exitCode = exitCodes.valid;
    });
}

async function queryOf(directory: RunDirectory, path: string, words: LogWords): Promise<LogQuery> {
  if (!existsSync(directory.historyFile) || !existsSync(directory.planFile))
    throw new UsageError(`${path} is no run: it has no history.jsonl`, "give a folder below store/");
  const plan = JSON.parse(readFileSync(directory.planFile, "utf8")) as Plan;
  if (plan.on === "simulation")
    throw new UsageError("nodes of a simulated run write no logs", `minos trace ${path} tells what happened inside`);
  const known = nodeNames(plan.nodes).map(String);
  const nodes = words.node?.split(",").map((name) => name.trim()) ?? known;
  for (const node of nodes)
    if (!known.includes(node))
      throw new UsageError(`--node: the run has no node ${node}`, `it has ${known.join(", ")}`);
  const windowNs = parseDuration(words.window, "--window") * 1e6;
  const { fromNs, toNs } =
    words.around === undefined ? { fromNs: -Infinity, toNs: Infinity } : await momentOf(directory, words.around);
  const { events, errors = false } = words;
  return { nodes, fromNs: fromNs - windowNs, toNs: toNs + windowNs, grep: patternOf(words.grep), events, errors };
}

function patternOf(text: string | undefined): RegExp | null {
  if (text === undefined) return null;
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`--grep: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function momentOf(
  directory: RunDirectory,
  text: string,
): Promise<{ readonly fromNs: number; readonly toNs: number }> {
  if (text === "violation") {
    const atNs = violationTime(directory);
    return { fromNs: atNs, toNs: atNs };
  }
  const index = /^op:(\d+)$/.exec(text)?.[1];
  if (index !== undefined) {
    const time = await operationTime(directory, Number(index));
    if (time === null) throw new UsageError(`--around ${text}: the run has fewer operations; the first is op:0`);
    return { fromNs: time.callNs, toNs: time.returnNs };
  }
  const seconds = /^-?\d+(?:\.\d+)?(?=s?$)/.exec(text)?.[0];
  if (seconds === undefined && !/^\d+(?:\.\d+)?ms$/.test(text))
    throw new UsageError(
      `--around: "${text}" is no moment`,
      'write "12.5" (seconds), "850ms", "op:840" or "violation"',
    );
  const atNs = seconds === undefined ? parseDuration(text, "--around") * 1e6 : Number(seconds) * 1e9;
  return { fromNs: atNs, toNs: atNs };
}

/** Of the earliest violation whose time is known. */
function violationTime(directory: RunDirectory): number {
  if (!existsSync(directory.verdictFile)) throw new UsageError(`${directory.path} has not been judged`);
  const { violations } = JSON.parse(readFileSync(directory.verdictFile, "utf8")) as Verdict;
  const times = violations.flatMap(({ timeNs }) => (timeNs === null ? [] : [timeNs]));
  if (times.length === 0)
    throw new UsageError("--around violation: the run's verdict has no violation with a time", "give seconds instead");
  return Math.min(...times);
}

async function printLogs(directory: RunDirectory, query: LogQuery, terminal: Terminal): Promise<void> {
  const out = new Output();
  const counts = { lines: 0, byRunnersClock: 0, events: 0 };
  let separator = "";
  if (terminal.json) await out.write(`{"run": ${JSON.stringify(directory.path)}, "entries": [`);
  for await (const entry of mergedLogs(directory, query)) {
    if (entry.kind === "event") counts.events += 1;
    else {
      counts.lines += 1;
      if (entry.clock === "runner") counts.byRunnersClock += 1;
    }
    const text = terminal.json
      ? `${separator}\n${JSON.stringify(documentOf(entry))}`
      : `${logText(entry, terminal.colors)}\n`;
    separator = ",";
    if (!(await out.write(text))) return;
  }
  const { lines, byRunnersClock, events } = counts;
  if (terminal.json)
    await out.write(`\n], "lines": ${lines}, "lines_by_runners_clock": ${byRunnersClock}, "events": ${events}}\n`);
  const marked = byRunnersClock === 0 ? "" : `, ${byRunnersClock} of them (~) when the runner saw them`;
  terminal.err(
    terminal.colors.dim(
      `${lines} lines of ${query.nodes.join(", ")}${marked}; ${events} events; seconds on the runner's clock`,
    ),
  );
}

/** Standard output at the reader's pace; a reader that has gone (`| head`) ends it. */
class Output {
  #gone = false;

  constructor() {
    process.stdout.once("error", () => (this.#gone = true));
  }

  async write(text: string): Promise<boolean> {
    if (this.#gone) return false;
    if (!process.stdout.write(text))
      await Promise.race([once(process.stdout, "drain"), once(process.stdout, "close")]).catch(
        () => (this.#gone = true),
      );
    return !this.#gone;
  }
}

function documentOf(entry: LogEntry): Readonly<Record<string, unknown>> {
  const { kind, timeNs } = entry;
  const time = { kind, time_ns: timeNs };
  if (entry.kind === "event") return { ...time, event: entry.event };
  return { ...time, node: entry.node, text: entry.text, clock: entry.clock };
}
