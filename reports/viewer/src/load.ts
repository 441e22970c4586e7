// The run as the page holds it: the payload's JSON, the decoded columns, and the words in which an operation is described.
import { ByteReader } from "../../bytes.js";
import { outcomes, sectionCount, type Operations } from "../../columns.js";
import { decodeOperations } from "../../decode-operations.js";
import { bytesOfLetters } from "../../letters.js";
import { operationsByKey, readLinearization } from "../../linearizations.js";
import { joinChunks, readChunks } from "../../sections.js";
import {
  payloadElement,
  payloadVersion,
  type Payload,
  type PayloadChecker,
  type PayloadKeyResult,
} from "../../payload.js";
import type { Violation } from "../../../checker/index.js";

/** A key's result with the checker that gave it. */
export interface KeyRow extends PayloadKeyResult {
  readonly checker: string;
  /** Operations in an order that explains every answer; null where there is none. */
  readonly linearization: Int32Array | null;
}

export interface Run {
  readonly payload: Payload;
  readonly operations: Operations;
  readonly keyRows: readonly KeyRow[];
  readonly endNs: number;
  /** For each violation the operations that it names, with their number in its picture. */
  readonly cores: readonly ReadonlyMap<number, number>[];
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The sections of the data, inflated. */
async function sectionsOf(data: Uint8Array): Promise<readonly Uint8Array[]> {
  return await Promise.all(
    readChunks(data).map(async (chunks) =>
      joinChunks(
        await Promise.all(
          chunks.map(async (chunk) => ({ chunk, bytes: chunk.deflated ? await inflate(chunk.bytes) : chunk.bytes })),
        ),
      ),
    ),
  );
}

function keyRows(
  checkers: readonly PayloadChecker[],
  section: Uint8Array,
  { key, keys: names }: Operations,
): readonly KeyRow[] {
  const reader = new ByteReader(section);
  const byKey = section.length === 0 ? [] : operationsByKey(key, names.length);
  return checkers.flatMap(({ checker, keys }) =>
    keys.map((key): KeyRow => {
      if (key.linearizationLength === null) return { ...key, checker, linearization: null };
      return { ...key, checker, linearization: readLinearization(reader, key.linearizationLength, byKey) };
    }),
  );
}

/** Decodes the inflated sections. */
export function runOf(sections: readonly Uint8Array[]): Run {
  const [json, linearizations, ...columns] = sections;
  if (json === undefined || linearizations === undefined || columns.length !== sectionCount)
    throw new Error("the data of this report is not whole");
  const payload = JSON.parse(new TextDecoder().decode(json)) as Payload;
  if (payload.version !== payloadVersion)
    throw new Error(`the data of this report has version ${String(payload.version)}`);
  const operations = decodeOperations(columns, payload.operations);
  return {
    payload,
    operations,
    keyRows: keyRows(payload.verdict.checkers, linearizations, operations),
    endNs: Math.max(payload.endNs, 1),
    cores: payload.verdict.violations.map(
      (violation) => new Map(coreOf(violation).map((operation, place) => [operation, place + 1])),
    ),
  };
}

const none: ReadonlyMap<number, number> = new Map();

/** The numbered operations of the violation that is looked at. */
export function coreIn(run: Run, view: { readonly violation: number }): ReadonlyMap<number, number> {
  return run.cores[view.violation] ?? none;
}

/** The operations of a violation in order of call, numbered alike in its picture, its table and the timeline. */
export function coreOf(violation: Violation): readonly number[] {
  return [...new Set(violation.operations)].sort((a, b) => a - b);
}

export async function loadRun(): Promise<Run> {
  const element = document.querySelector(`#${payloadElement}`);
  if (element === null) throw new Error("this page carries no run: it is the empty viewer");
  const bytes = bytesOfLetters((element.textContent ?? "").trim());
  // The text of the payload is of no more use, and it is the largest string of the page.
  element.remove();
  return runOf(await sectionsOf(bytes));
}

/** What was asked and what was answered. */
export interface Description {
  readonly asked: string;
  readonly answered: string;
}

function parsed(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // A text that was cut for the page.
  }
}

function field(value: unknown, name: string): string | null {
  if (typeof value !== "object" || value === null || !(name in value)) return null;
  return JSON.stringify((value as Record<string, unknown>)[name]);
}

function askedOf(name: string, input: string | null): string {
  const value = parsed(input);
  const expected = field(value, "expected");
  const desired = field(value, "new");
  if (expected !== null && desired !== null) return `${name} ${expected} → ${desired}`;
  return input === null || input === "null" ? name : `${name} ${input}`;
}

function answeredOf(operations: Operations, row: number): string {
  const outcome = outcomes[operations.outcome[row] ?? 0] ?? "ok";
  if (outcome === "open") return "never ended";
  if (outcome === "info") return "unknown";
  if (outcome === "fail") return "failed";
  const output = operations.output(row);
  const value = parsed(output);
  const status = field(value, "status");
  if (status !== null) {
    const observed = field(value, "observed");
    const word = status.slice(1, -1);
    if (word === "ok") return word;
    return observed === null ? word : `${word}, saw ${observed}`;
  }
  const previous = field(value, "previous");
  if (previous !== null) return `ok, replaced ${previous}`;
  if (output === null || (output === "null" && operations.functions[operations.function[row] ?? 0] !== "get"))
    return "ok";
  return output;
}

export function describe(run: Run, row: number): Description {
  const { operations } = run;
  const name = operations.functions[operations.function[row] ?? 0] ?? "?";
  return { asked: askedOf(name, operations.input(row)), answered: answeredOf(operations, row) };
}

/** One line: `put 17`, `get = 15`, `cas 3 → 5: mismatch, saw 4`. */
export function labelOf(run: Run, row: number): string {
  const { asked, answered } = describe(run, row);
  if (answered === "ok" || answered.startsWith("ok, ")) return asked;
  const isRead =
    run.operations.functions[run.operations.function[row] ?? 0] === "get" && run.operations.outcome[row] === 0;
  return isRead ? `${asked} = ${answered}` : `${asked}: ${answered}`;
}
