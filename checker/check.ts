// The public face: judges a history by a model, with the types of a model of one's own carried through.
import {
  operationsOf,
  type HistoryDocument,
  type HistoryEvent,
  type JsonValue,
  type Operation,
} from "../history/index.js";
import type { BudgetLimits } from "./budget.js";
import type { AnyFunctions, DefinedModel, FunctionTable } from "./define-model.js";
import type { EngineName } from "./engine.js";
import { splitByKey, validateOperations } from "./keys.js";
import { checkLinearizability, resolveModel, type LinearizabilityResult } from "./linearizability.js";
import type { AnyModel } from "./model.js";
import { canonical } from "./values.js";
import { composeValidity } from "./verdict.js";

/**
 * One operation as a test or a tool of yours records it. Times are safe integers of one clock, nanoseconds where sentences are to
 * say seconds. `returnNs` null: it was never answered, and nobody knows whether it happened.
 */
export type RecordedOperation<Functions extends FunctionTable<Functions> = AnyFunctions> = {
  [Name in keyof Functions & string]: {
    /** The sequential client. After an operation of unknown outcome it must not speak again. */
    readonly process: number;
    readonly function: Name;
    /** Default null: one object only. */
    readonly key?: JsonValue;
    readonly input: Functions[Name]["input"];
    readonly callNs: number;
  } & (
    | { readonly outcome?: "ok"; readonly output: Functions[Name]["output"]; readonly returnNs: number }
    /** It certainly did not happen. */
    | { readonly outcome: "fail"; readonly returnNs: number }
    | { readonly outcome?: "info"; readonly returnNs: null }
  );
}[keyof Functions & string];

export interface CheckProgress {
  readonly keys: number;
  readonly keysJudged: number;
  readonly operations: number;
  readonly operationsJudged: number;
  /** Keys found inconsistent so far. */
  readonly violations: number;
}

export interface CheckOptions {
  /** Value of every key before the first operation. Default: what the history's header says, or null. */
  readonly initial?: JsonValue;
  /** Time and memory for the whole check, configurations for each key. What passes one is unknown. */
  readonly budget?: BudgetLimits;
  /** Default: chosen for each key, and told in its result. */
  readonly engine?: EngineName;
  /** Ends the check between two keys: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told after each key. */
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Time for explaining one key's violation. Default 5,000. */
  readonly explainMs?: number;
}

/** How long the event loop may be kept from its other work, between keys. */
const sliceMs = 20;
const explainedKeys = 20;

/**
 * Is the history linearizable? `valid` with a linearization of each key, false with an explained core, or "unknown" with the reason:
 * a budget ran out, or the history is no history. Rejects only for an unknown model's name, an aborted signal, what a model of
 * yours throws, and an answer that does not stand up to the verifier: then Minos is broken.
 */
export function check<State, Functions extends FunctionTable<Functions>>(
  history: readonly RecordedOperation<Functions>[],
  model: DefinedModel<State, Functions>,
  options?: CheckOptions,
): Promise<LinearizabilityResult>;
export function check(
  history: HistoryDocument | readonly HistoryEvent[] | readonly Operation[] | readonly RecordedOperation[],
  model: string | AnyModel,
  options?: CheckOptions,
): Promise<LinearizabilityResult>;
export async function check(
  given: HistoryDocument | readonly object[],
  model: string | AnyModel,
  options: CheckOptions = {},
): Promise<LinearizabilityResult> {
  const history = given as Given;
  const { signal } = options;
  signal?.throwIfAborted();
  const chosen = resolveModel(model);
  const startedMs = performance.now();
  const limitMs = options.budget?.timeMs ?? 60_000;
  let operations: readonly Operation[];
  try {
    operations = operationsIn(history);
    validateOperations(operations, chosen);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    const unknown = [{ code: "malformed" as const, sentence: error.message }];
    return { checker: "linearizability", valid: "unknown", violations: [], unknown, keys: [] };
  }
  const initial = options.initial ?? initialOf(history);
  const parts = splitByKey(operations, chosen.partition);
  const results = new Map<string, LinearizabilityResult>();
  let operationsJudged = 0;
  let violations = 0;
  let sliceBeganMs = performance.now();
  // Small keys first: a hard one cannot take their time away.
  for (const part of parts.toSorted((left, right) => left.operations.length - right.operations.length)) {
    if (performance.now() - sliceBeganMs > sliceMs) {
      await new Promise((resolve) => setImmediate(resolve));
      sliceBeganMs = performance.now();
    }
    signal?.throwIfAborted();
    const result = checkLinearizability(part.operations, chosen, {
      initial,
      budget: { ...options.budget, timeMs: Math.max(0, limitMs - (performance.now() - startedMs)) },
      explainKeys: Math.max(0, explainedKeys - violations),
      ...(options.engine === undefined ? {} : { engine: options.engine }),
      ...(options.explainMs === undefined ? {} : { explainMs: options.explainMs }),
    });
    results.set(canonical(part.key), result);
    operationsJudged += part.operations.length;
    if (result.valid === false) violations += 1;
    options.onProgress?.({
      keys: parts.length,
      keysJudged: results.size,
      operations: operations.length,
      operationsJudged,
      violations,
    });
  }
  return joined(parts.flatMap(({ key }) => results.get(canonical(key)) ?? []));
}

function joined(results: readonly LinearizabilityResult[]): LinearizabilityResult {
  return {
    checker: "linearizability",
    valid: composeValidity(results.map(({ valid }) => valid)),
    violations: results
      .flatMap(({ violations }) => violations)
      .toSorted((left, right) => (left.timeNs ?? Infinity) - (right.timeNs ?? Infinity)),
    unknown: results.flatMap(({ unknown }) => unknown),
    keys: results.flatMap(({ keys }) => keys),
  };
}

function isMalformed(error: unknown): error is Error {
  return error instanceof Error && error.name === "MalformedHistory";
}

type Given = HistoryDocument | readonly HistoryEvent[] | readonly RecordedOperation[];

function isDocument(history: Given): history is HistoryDocument {
  return !Array.isArray(history);
}

function initialOf(history: Given): JsonValue {
  if (isDocument(history)) return history.initial;
  const [first] = history;
  return first !== undefined && "type" in first && first.type === "header" ? first.initial : null;
}

function operationsIn(history: Given): readonly Operation[] {
  if (isDocument(history)) return history.operations;
  const events: HistoryEvent[] = [];
  const recorded: RecordedOperation[] = [];
  for (const item of history) {
    if ("type" in item) events.push(item);
    else recorded.push(item);
  }
  if (events.length > 0 && recorded.length > 0) throw new Error("a history holds events or operations, not both");
  return events.length > 0 ? operationsOf(events) : recorded.map(operationOf);
}

/** Fills in what a history of one's own leaves out. */
function operationOf(recorded: RecordedOperation, index: number): Operation {
  const { process, function: name, key = null, input, callNs, returnNs } = recorded;
  const outcome = recorded.outcome ?? (returnNs === null ? "info" : "ok");
  const output = outcome === "ok" && "output" in recorded ? (recorded.output ?? null) : null;
  return {
    index,
    node: null,
    error: null,
    callEvent: index,
    returnEvent: null,
    ...recorded,
    process,
    function: name,
    key,
    input,
    output,
    outcome,
    callNs,
    returnNs: outcome === "info" ? null : returnNs,
  };
}
