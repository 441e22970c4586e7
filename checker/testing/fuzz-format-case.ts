// One damaged file, read and judged: an error that names a place inside the file, or a verdict that stands up. Throws otherwise.
import {
  createRandom,
  formatEvent,
  MalformedHistory,
  readHistory,
  type HistoryDocument,
  type HistoryEvent,
  type ReadOptions,
} from "../../history/index.js";
import { Budget, BudgetExhausted } from "../budget.js";
import { judgeOperations } from "../engine.js";
import { judge } from "../judge.js";
import { refusedOperation, splitByKey } from "../keys.js";
import { modelNamed, modelNames } from "../models/index.js";
import { bruteForce } from "./brute-force.js";
import { damage } from "./damage.js";
import { fileFormats, sampleFile } from "./sample-files.js";

export type FormatOutcome = "malformed" | "refused" | "valid" | "invalid" | "budget";

export interface FormatCase {
  readonly bytes: Uint8Array;
  readonly options: ReadOptions;
}

/** Case `number` of a seed; always the same. */
export function formatCase(seed: number, number: number): FormatCase {
  const random = createRandom(seed, `formats/${number}`);
  const bytes = damage(random, sampleFile(random, random.pick(fileFormats)));
  const model = random.chance(0.1) ? random.pick(modelNames) : null;
  return {
    bytes,
    options: {
      ...(random.chance(0.05) ? { format: random.pick(["jsonl", "edn", "jepsen-log", "kv"] as const) } : {}),
      ...(random.chance(0.1) ? { keyed: random.chance(0.5) } : {}),
      ...(random.chance(0.2) ? { failedCas: "mismatch" as const } : {}),
      ...(model === null ? {} : { model }),
    },
  };
}

/** `whole`: the whole verdict too, with its explanation, which takes longer. */
export function runFormatCase({ bytes, options }: FormatCase, whole: boolean): FormatOutcome {
  const document = readHistory(bytes, options);
  if (document instanceof MalformedHistory) {
    requirePlace(bytes, document.line, document.column, document.message);
    return "malformed";
  }
  readAgain(document);
  const model = modelNamed(document.model);
  if (model === null) return "refused";
  const refused = refusedOperation(document.operations, model);
  if (refused !== null) {
    const { line, column } = document.placeOf(refused.event ?? -1);
    requirePlace(bytes, line, column, refused.message);
    if (whole) requireVerdict(document, "unknown");
    return "refused";
  }
  const outcome = verdictOf(document);
  if (whole) requireVerdict(document, outcome === "budget" ? null : outcome === "valid");
  return outcome;
}

function requirePlace(bytes: Uint8Array, line: number | null, column: number | null, message: string): void {
  const lines = Buffer.from(bytes).toString("latin1").split("\n");
  if (line === null || column === null) throw new Error(`no place: ${message}`);
  if (!Number.isInteger(line) || line < 1 || line > lines.length) throw new Error(`no such line: ${message}`);
  const length = (lines[line - 1] ?? "").length;
  if (!Number.isInteger(column) || column < 1 || column > length + 1) throw new Error(`no such column: ${message}`);
  if (message.length < 20 || message.length > 1000) throw new Error(`says too little or too much: ${message}`);
}

/** What was read, written as our own format and read again, is the same history. */
function readAgain(document: HistoryDocument): void {
  const events: readonly HistoryEvent[] =
    document.events[0]?.type === "header"
      ? document.events
      : [
          {
            type: "header",
            format: "minos-history",
            version: 1,
            model: document.model,
            initial: document.initial,
            keyed: document.keyed,
            clock: { unit: "ns", origin: "run-start" },
            plan: "",
            run: "",
            build: null,
            concurrency: 1,
            startedAt: "",
          },
          ...document.events,
        ];
  const again = readHistory(events.map((event) => formatEvent(event)).join(""));
  if (again instanceof MalformedHistory) throw new Error(`cannot be read again: ${again.message}`, { cause: again });
  const plain = ({ operations }: HistoryDocument) =>
    JSON.stringify(operations.map((operation) => ({ ...operation, callEvent: 0, returnEvent: 0 })));
  if (plain(again) !== plain(document)) throw new Error("reads differently again");
}

function verdictOf({ model: name, initial, operations }: HistoryDocument): FormatOutcome {
  const model = modelNamed(name);
  if (model === null) throw new Error(`no model ${name}`);
  let outcome: FormatOutcome = "valid";
  for (const part of splitByKey(operations, model.partition)) {
    try {
      const { answer } = judgeOperations(
        part.operations,
        model,
        initial,
        new Budget({ configurations: 20_000, timeMs: 2_000 }),
      );
      if (model.register && part.operations.length <= 6) {
        const truth = bruteForce(part.operations, initial) !== null;
        if (answer.valid !== truth) throw new Error(`judged ${String(answer.valid)}, and is ${String(truth)}`);
      }
      if (!answer.valid) outcome = "invalid";
    } catch (error) {
      if (!(error instanceof BudgetExhausted)) throw error;
      if (outcome === "valid") outcome = "budget";
    }
  }
  return outcome;
}

function requireVerdict(document: HistoryDocument, expected: boolean | "unknown" | null): void {
  const { events, model, initial } = document;
  const verdict = judge({ mode: "history", events, model, initial, budget: { timeMs: 5_000, configurations: 20_000 } });
  const threw = verdict.unknown.find(({ code }) => code === "checker-threw");
  if (threw !== undefined) throw new Error(threw.sentence);
  // A history in which nothing was answered is unknown as a whole, though no key of it is wrong.
  const mayDiffer = verdict.unknown.some(({ code }) => code === "nothing-to-judge" || code === "interrupted");
  if (expected !== null && verdict.valid !== expected && !(mayDiffer && expected === true))
    throw new Error(`the whole verdict is ${String(verdict.valid)}, and its parts say ${String(expected)}`);
}

/** For a person to repeat it. */
export function describeCase(seed: number, number: number, { bytes, options }: FormatCase): string {
  const text = JSON.stringify(Buffer.from(bytes).toString("latin1"));
  return `npm run fuzz:formats -- --seed ${seed} --case ${number}\noptions ${JSON.stringify(options)}\nfile (latin1) ${text}`;
}
