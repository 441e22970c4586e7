// Our own format: one JSON object a line, the first of them a header. Unknown fields are kept; a last line that a crash cut
// short is reported and dropped; everything else that does not fit is an error that names line and column.
import type { HistoryDocument, ReadOptions, TornLine } from "./document.js";
import type { HeaderEvent, HistoryEvent } from "./event.js";
import { checkEvent, checkHeader } from "./event-shape.js";
import { inexactJson, offsetOfField } from "./json-exact.js";
import { jsonErrorOffset } from "./json-offset.js";
import { MalformedHistory } from "./malformed.js";
import { pairOperations } from "./operations.js";

/** One line, newline included. */
export function formatEvent(event: HistoryEvent): string {
  return `${JSON.stringify(event)}\n`;
}

export interface JsonLines {
  readonly header: HeaderEvent;
  /** Header first. */
  readonly events: readonly HistoryEvent[];
  readonly torn: TornLine | null;
}

/** Throws MalformedHistory. */
export function parseJsonLines(text: string): JsonLines {
  const events: HistoryEvent[] = [];
  let torn: TornLine | null = null;
  let header: HeaderEvent | null = null;
  let last = Number.MIN_SAFE_INTEGER;
  let lineNumber = 0;
  for (let start = 0; start < text.length;) {
    lineNumber += 1;
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    if (newline === -1) {
      // Lines are written whole, newline included: a last line without one was cut, even where it happens to parse.
      torn = { line: lineNumber, text: line };
      break;
    }
    if (line.trim() === "") {
      throw new MalformedHistory("an empty line; expected one JSON object a line", { line: lineNumber, column: 1 });
    }
    const value = parseLine(line, lineNumber);
    if (header === null) {
      header = checkHeader(value, { line: lineNumber, text: line });
      events.push(header);
      continue;
    }
    const event = checkEvent(value, { line: lineNumber, text: line });
    if (event.time < last)
      throw new MalformedHistory(`time runs backwards, from ${last} to ${event.time}`, {
        line: lineNumber,
        column: offsetOfField(line, "time") + 1,
        event: events.length,
      });
    last = event.time;
    events.push(event);
  }
  if (header === null)
    throw new MalformedHistory(
      torn === null
        ? "empty; expected a header on the first line"
        : "the header on the first line is torn: nothing was recorded",
      { line: 1, column: 1 },
    );
  return { header, events, torn };
}

/** Throws MalformedHistory. */
export function readJsonLines(text: string, options: ReadOptions = {}): HistoryDocument {
  const { header, events, torn } = parseJsonLines(text);
  const placeOf = (event: number) => ({ line: event + 1, column: 1 });
  return {
    kind: "history",
    format: "jsonl",
    header,
    model: options.model ?? header.model,
    initial: options.initial === undefined ? header.initial : options.initial,
    keyed: header.keyed,
    events,
    operations: pairOperations(events, placeOf),
    torn,
    placeOf,
    warnings: torn === null ? [] : [`line ${torn.line} was cut short (${torn.text.length} characters) and is left out`],
  };
}

function parseLine(line: string, lineNumber: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const column = jsonErrorOffset(line) + 1;
    throw new MalformedHistory(`expected one JSON object, found ${JSON.stringify(line.slice(0, 60))}`, {
      line: lineNumber,
      column,
    });
  }
  const inexact = inexactJson(line, value);
  if (inexact !== null) throw new MalformedHistory(inexact.problem, { line: lineNumber, column: inexact.offset + 1 });
  return value;
}
