// A run's trace on the terminal: the options that choose from it, and its lines. Shared by `minos trace` and `minos replay --trace`.
import type { Command } from "commander";
import { parseDuration, readTrace, UsageError, type RunDirectory } from "../campaign/index.js";
import type { TraceEvent } from "../cluster/index.js";
import { filterTrace, traceText, type TraceFilter } from "../reports/index.js";
import type { Terminal } from "./terminal.js";

export interface TraceWords {
  readonly from?: string;
  readonly to?: string;
  readonly node?: string;
  readonly key?: string;
  readonly all?: boolean;
}

export function addTraceOptions(command: Command): Command {
  return command
    .option("--from <time>", "trace: from this virtual time on, e.g. 350ms (negative: before the load)")
    .option("--to <time>", "trace: up to this virtual time")
    .option("--node <names>", "trace: only what these nodes did, sent or were sent, e.g. n1,n2")
    .option("--key <key>", "trace: only what carries an operation on this key, and faults")
    .option("--all", "trace: heartbeats too");
}

function timeNs(text: string | undefined, what: string): number | undefined {
  if (text === undefined) return undefined;
  const sign = text.startsWith("-") ? -1 : 1;
  return sign * parseDuration(text.replace(/^-/, ""), what) * 1e6;
}

function filterOf(words: TraceWords): TraceFilter {
  const fromNs = timeNs(words.from, "--from");
  const toNs = timeNs(words.to, "--to");
  if (fromNs !== undefined && toNs !== undefined && fromNs > toNs) throw new UsageError("--from is after --to");
  return {
    ...(fromNs === undefined ? {} : { fromNs }),
    ...(toNs === undefined ? {} : { toNs }),
    nodes: words.node?.split(",").map((name) => name.trim()) ?? [],
    ...(words.key === undefined ? {} : { key: words.key }),
    all: words.all === true,
  };
}

/** Prints what was chosen of a run's trace: lines for people, or with --json one object a line. */
export function printTrace(directory: RunDirectory, words: TraceWords, terminal: Terminal): void {
  const filter = filterOf(words);
  const trace = readTrace(directory);
  if (trace === null) {
    throw new UsageError(`${directory.path} has no trace.jsonl`, "only simulated runs have a trace");
  }
  const known = new Set(trace.events.map(({ node }) => node));
  for (const node of filter.nodes ?? [])
    if (!known.has(node)) throw new UsageError(`--node: the trace knows no node ${node}`);
  const { dropped } = trace.header;
  if (dropped > 0) terminal.err(`${dropped} earlier events were not kept`);
  for (const event of filterTrace(trace.events, filter)) {
    terminal.line(event);
    terminal.out(coloured(event, terminal));
  }
}

function coloured(event: TraceEvent, { colors }: Terminal): string {
  const text = traceText(event);
  switch (event.what) {
    case "violation":
      return colors.red(colors.bold(text));
    case "state":
      return colors.cyan(text);
    case "write":
    case "durable":
      return colors.dim(text);
    case "send":
      return event.fate === "sent" ? text : colors.yellow(text);
    case "receive":
    case "ask":
    case "asked":
    case "answer":
    case "answered":
      return text;
    default:
      return colors.yellow(text);
  }
}
