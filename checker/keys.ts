// One history, many objects: linearizability is local, so each key is judged by itself (Herlihy and Wing, 1990).
import { MalformedHistory, type JsonValue, type Operation } from "../history/index.js";
import type { AnyModel } from "./model.js";
import { canonical } from "./values.js";

export interface KeyHistory {
  readonly key: JsonValue;
  /** In order of call. */
  readonly operations: readonly Operation[];
}

/** By key, or by what a model's own partition says an operation touches. In order of first call. */
export function splitByKey(
  operations: readonly Operation[],
  partition: (operation: Operation) => JsonValue = ({ key }) => key,
): readonly KeyHistory[] {
  const keys = new Map<string, { readonly key: JsonValue; readonly operations: Operation[] }>();
  for (const operation of operations) {
    const part = partition(operation);
    const text = canonical(part);
    const known = keys.get(text);
    if (known === undefined) keys.set(text, { key: part, operations: [operation] });
    else known.operations.push(operation);
  }
  return [...keys.values()];
}

/**
 * Refuses what sequential clients cannot have done, whoever made the operations. Throws MalformedHistory naming the operation's
 * call event.
 */
export function validateOperations(operations: readonly Operation[], model: AnyModel): void {
  const indices = new Set<number>();
  const lastOf = new Map<number, Operation>();
  const inOrder = [...operations].sort((left, right) => left.callNs - right.callNs || left.index - right.index);
  for (const operation of inOrder) {
    if (indices.has(operation.index)) throw malformed(operation, "its index is taken");
    indices.add(operation.index);
    const { callNs, returnNs, outcome, process } = operation;
    if (!Number.isSafeInteger(callNs) || (returnNs !== null && !Number.isSafeInteger(returnNs)))
      throw malformed(operation, "times must be safe integers of nanoseconds");
    if (returnNs !== null && returnNs < callNs) throw malformed(operation, "it returns before it is called");
    if ((returnNs === null) !== (outcome === "info"))
      throw malformed(operation, `outcome ${outcome} and return ${String(returnNs)} contradict each other`);
    const earlier = lastOf.get(process);
    if (earlier !== undefined && earlier.returnNs === null)
      throw malformed(operation, `process ${process} speaks again after operation ${earlier.index} of unknown outcome`);
    if (earlier !== undefined && earlier.returnNs !== null && earlier.returnNs > callNs)
      throw malformed(operation, `process ${process} is busy with operation ${earlier.index}`);
    lastOf.set(process, operation);
  }
  model.open((opened) => {
    for (const operation of inOrder) {
      const problem = operation.outcome === "fail" ? null : opened.refuses(operation);
      if (problem !== null) throw malformed(operation, problem);
    }
  });
}

/** What `validateOperations` refuses, as a value. */
export function refusedOperation(operations: readonly Operation[], model: AnyModel): MalformedHistory | null {
  try {
    validateOperations(operations, model);
    return null;
  } catch (error) {
    if (error instanceof MalformedHistory) return error;
    throw error;
  }
}

function malformed(operation: Operation, problem: string): MalformedHistory {
  return new MalformedHistory(
    `operation ${operation.index} (${operation.function}, event ${operation.callEvent}): ${problem}`,
    {
      event: operation.callEvent,
    },
  );
}
