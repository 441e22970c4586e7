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
import { splitByKey, validateOperations, type KeyHistory } from "./keys.js";
import { resolveModel, type LinearizabilityResult } from "./linearizability.js";
import type { AnyModel } from "./model.js";
import { judgeParts } from "./parallel/judge-parts.js";
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
  /** Visited so far, in all keys. */
  readonly configurations: number;
}

export interface CheckOptions {
  /** Value of every key before the first operation. Default: what the history's header says, or null. */
  readonly initial?: JsonValue;
  /** Time and memory for the whole check, configurations for each key. What passes one is unknown. */
  readonly budget?: BudgetLimits;
  /** Default: chosen for each key, and told in its result. */
  readonly engine?: EngineName;
  /**
   * Ends the check: the promise is rejected with the signal's reason. At once where hard keys are judged on other threads, else
   * between two keys.
   */
  readonly signal?: AbortSignal;
  /** Told after each key. */
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Time for explaining one key's violation. Default 5,000. */
  readonly explainMs?: number;
  /**
   * Threads for keys that take longer than a moment. Default: one for each processor. 0: everything in the caller's thread, as it is
   * for a model of your own without `modelModule`.
   */
  readonly threads?: number;
  /** The module that exports a model of your own under this name, for other threads to import. */
  readonly modelModule?: { readonly url: string; readonly exported: string };
  /** Go on with hard keys when another has a violation. Default: they are left unknown. */
  readonly everyKey?: boolean;
}

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
  const history = given as GivenHistory;
  const { signal } = options;
  signal?.throwIfAborted();
  const chosen = resolveModel(model);
  const startedMs = performance.now();
  let operations: readonly Operation[];
  try {
    operations = operationsIn(history);
    validateOperations(operations, chosen);
  } catch (error) {
    if (!isMalformed(error)) throw error;
    const unknown = [{ code: "malformed" as const, sentence: error.message }];
    return { checker: "linearizability", valid: "unknown", violations: [], unknown, keys: [] };
  }
  const parts = splitByKey(operations, chosen.partition);
  const results = new Map<KeyHistory, LinearizabilityResult>();
  const told = { operationsJudged: 0, violations: 0, configurations: 0 };
  await judgeParts(parts, chosen, {
    initial: options.initial ?? initialOf(history),
    budget: options.budget,
    engine: options.engine,
    explainMs: options.explainMs,
    explainKeys: explainedKeys,
    threads: options.threads,
    modelModule: options.modelModule,
    everyKey: options.everyKey ?? false,
    signal,
    startedMs,
    onVisited: (configurations) => {
      told.configurations += configurations;
    },
    onJudged: (part, result) => {
      results.set(part, result);
      told.operationsJudged += part.operations.length;
      if (result.valid === false) told.violations += 1;
      options.onProgress?.({
        keys: parts.length,
        keysJudged: results.size,
        operations: operations.length,
        ...told,
      });
    },
  });
  return joined(parts.flatMap((part) => results.get(part) ?? []));
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

/** What a history may be given as. Operations as read from a file are recorded operations too. */
export type GivenHistory = HistoryDocument | readonly HistoryEvent[] | readonly RecordedOperation[];

function isDocument(history: GivenHistory): history is HistoryDocument {
  return !Array.isArray(history);
}

/** What its header says; null where there is none. */
export function initialOf(history: GivenHistory): JsonValue {
  if (isDocument(history)) return history.initial;
  const [first] = history;
  return first !== undefined && "type" in first && first.type === "header" ? first.initial : null;
}

/** Throws MalformedHistory for what is no history. */
export function operationsIn(history: GivenHistory): readonly Operation[] {
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
