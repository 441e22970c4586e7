// Keys judged where they are judged fastest. Most take less time than it takes to tell another thread of them, so each first gets a
// moment in the caller's thread, small ones first; those that turn out to be hard go to threads of their own, side by side.
import { availableParallelism } from "node:os";
import type { JsonValue } from "../../history/index.js";
import type { BudgetLimits } from "../budget.js";
import type { EngineName } from "../engine.js";
import type { KeyHistory } from "../keys.js";
import { checkLinearizability, type LinearizabilityResult } from "../linearizability.js";
import type { AnyModel } from "../model.js";
import { modelNamed } from "../models/index.js";
import { show } from "../values.js";
import { judgeOnThreads, notJudged } from "./judge-on-threads.js";
import type { ModelReference } from "./messages.js";

export interface PartsOptions {
  readonly initial: JsonValue;
  readonly budget: BudgetLimits | undefined;
  readonly engine: EngineName | undefined;
  readonly explainMs: number | undefined;
  readonly explainKeys: number;
  /** Default: as many as there are processors. 0: never leave the caller's thread. */
  readonly threads: number | undefined;
  /** Where other threads find a model that is no built-in. */
  readonly modelModule: { readonly url: string; readonly exported: string } | undefined;
  readonly everyKey: boolean;
  readonly signal: AbortSignal | undefined;
  readonly startedMs: number;
  readonly onVisited: (configurations: number) => void;
  readonly onJudged: (part: KeyHistory, result: LinearizabilityResult) => void;
}

/** How long the caller's event loop may be kept from its other work, between keys. */
const sliceMs = 20;
/** How long a key may take in the caller's thread before it counts as hard. */
const momentMs = 100;
const defaultLimits = { timeMs: 60_000, memoryMb: 1024 };

/** Tells `onJudged` once of each part. Rejects with the signal's reason, or with what judging threw. */
export async function judgeParts(parts: readonly KeyHistory[], model: AnyModel, options: PartsOptions): Promise<void> {
  const limitMs = options.budget?.timeMs ?? defaultLimits.timeMs;
  const leftMs = (): number => Math.max(0, limitMs - (performance.now() - options.startedMs));
  const reference = referenceTo(model, options);
  const threads = reference === null ? 0 : (options.threads ?? availableParallelism());
  const hard: KeyHistory[] = [];
  let violated: KeyHistory | null = null;
  let violations = 0;
  let sliceBeganMs = performance.now();
  for (const part of parts.toSorted((left, right) => left.operations.length - right.operations.length)) {
    if (performance.now() - sliceBeganMs > sliceMs) {
      await new Promise((resolve) => setImmediate(resolve));
      sliceBeganMs = performance.now();
    }
    options.signal?.throwIfAborted();
    const timeMs = threads > 0 ? Math.min(momentMs, leftMs()) : leftMs();
    const beganMs = performance.now();
    const result = judgeHere(part, model, options, timeMs, options.explainKeys - violations);
    const tookMs = performance.now() - beganMs;
    if (threads > 0 && result.valid === "unknown" && tookMs >= timeMs && leftMs() > 0) {
      hard.push(part);
      continue;
    }
    options.onJudged(part, result);
    if (result.valid === false) {
      violations += 1;
      violated ??= part;
    }
  }
  if (hard.length === 0 || reference === null) return;
  if (violated !== null && !options.everyKey) {
    const why = `it was not judged to the end, since key ${show(violated.key)} has a violation`;
    for (const part of hard) options.onJudged(part, notJudged(part, options.engine ?? "none", "interrupted", why));
    return;
  }
  await judgeOnThreads(hard, {
    ...options,
    model: reference,
    threads,
    explainKeys: Math.max(0, options.explainKeys - violations),
    budget: { ...defaultLimits, ...options.budget, timeMs: leftMs() },
    stopAtViolation: !options.everyKey,
  });
}

function judgeHere(
  { operations }: KeyHistory,
  model: AnyModel,
  options: PartsOptions,
  timeMs: number,
  explainKeys: number,
): LinearizabilityResult {
  const { initial, budget, engine, explainMs, signal, onVisited } = options;
  return checkLinearizability(operations, model, {
    initial,
    budget: { ...budget, timeMs },
    explainKeys: Math.max(0, explainKeys),
    watch: { onVisited, ...(signal === undefined ? {} : { signal }) },
    ...(engine === undefined ? {} : { engine }),
    ...(explainMs === undefined ? {} : { explainMs }),
  });
}

function referenceTo(model: AnyModel, { modelModule, threads }: PartsOptions): ModelReference | null {
  if (threads === 0) return null;
  if (modelModule !== undefined) return { kind: "module", ...modelModule };
  return modelNamed(model.name) === model ? { kind: "built-in", name: model.name } : null;
}
