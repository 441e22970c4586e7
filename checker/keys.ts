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
  const [first] = operations;
  if (first === undefined) return [];
  const only = partition(first);
  // Most histories that are long are of one key: they are not copied.
  if (operations.every((operation) => partition(operation) === only)) return [{ key: only, operations }];
  const parts: { readonly key: JsonValue; readonly operations: Operation[] }[] = [];
  const ofTexts = new Map<string, Operation[]>();
  /** Lists and objects by canonical text: no key that is a text stands here. */
  const ofOthers = new Map<JsonValue, Operation[]>();
  for (const operation of operations) {
    const key = partition(operation);
    const isText = typeof key === "string";
    const name = key !== null && typeof key === "object" ? canonical(key) : key;
    const known = isText ? ofTexts.get(key) : ofOthers.get(name);
    if (known !== undefined) {
      known.push(operation);
      continue;
    }
    const own = [operation];
    parts.push({ key, operations: own });
    if (isText) ofTexts.set(key, own);
    else ofOthers.set(name, own);
  }
  return parts;
}

/**
 * Refuses what sequential clients cannot have done, whoever made the operations. Throws MalformedHistory naming the operation's
 * call event.
 */
export function validateOperations(operations: readonly Operation[], model: AnyModel): void {
  const inOrder = inOrderOfCall(operations);
  const clients = new Clients();
  const indices = new Indices();
  model.open((opened) => {
    for (const operation of inOrder) {
      const problem =
        (indices.take(operation.index) ? null : "its index is taken") ??
        clients.take(operation) ??
        (operation.outcome === "fail" ? null : opened.refuses(operation));
      if (problem !== null) throw malformed(operation, problem);
    }
  });
}

/** The list itself where it is in order of call, and of index where calls coincide, as recorded histories are. */
function inOrderOfCall(operations: readonly Operation[]): readonly Operation[] {
  let previous: Operation | null = null;
  for (const operation of operations) {
    if (previous !== null && !(previous.callNs <= operation.callNs)) return sorted(operations);
    if (previous !== null && previous.callNs === operation.callNs && !(previous.index <= operation.index))
      return sorted(operations);
    previous = operation;
  }
  return operations;
}

function sorted(operations: readonly Operation[]): readonly Operation[] {
  return [...operations].sort((left, right) => left.callNs - right.callNs || left.index - right.index);
}

/** Are they all different? While they only grow there is nothing to remember. */
class Indices {
  #greatest = -Infinity;
  /** All so far, once one was not greater than all before it. */
  #seen: Set<number> | null = null;
  readonly #growing: number[] = [];
  take(index: number): boolean {
    if (this.#seen === null) {
      if (index > this.#greatest) {
        this.#greatest = index;
        this.#growing.push(index);
        return true;
      }
      this.#seen = new Set(this.#growing);
    }
    if (this.#seen.has(index)) return false;
    this.#seen.add(index);
    return true;
  }
}

/** What each process did last: it is sequential, and silent after an operation of unknown outcome. */
export class Clients {
  readonly #last = new Map<number, Operation>();
  /** The same for processes 0, 1, 2, …, which is what most have for names. */
  readonly #lastOfSmall: (Operation | undefined)[] = [];

  /** Operations in order of call. What is wrong, or null. */
  take(operation: Operation): string | null {
    const { callNs, returnNs, outcome, process } = operation;
    if (!Number.isSafeInteger(callNs) || (returnNs !== null && !Number.isSafeInteger(returnNs)))
      return "times must be safe integers of nanoseconds";
    if (returnNs !== null && returnNs < callNs) return "it returns before it is called";
    if ((returnNs === null) !== (outcome === "info"))
      return `outcome ${outcome} and return ${String(returnNs)} contradict each other`;
    const earlier = this.#replaceLast(process, operation);
    if (earlier === undefined) return null;
    if (earlier.returnNs === null)
      return `process ${process} speaks again after operation ${earlier.index} of unknown outcome`;
    return earlier.returnNs > callNs ? `process ${process} is busy with operation ${earlier.index}` : null;
  }

  #replaceLast(process: number, operation: Operation): Operation | undefined {
    const known = this.#lastOfSmall.length;
    if (process >= 0 && process <= known + 1024 && Number.isInteger(process)) {
      for (let next = known; next <= process; next++) this.#lastOfSmall.push(this.#last.get(next));
      const earlier = this.#lastOfSmall[process];
      this.#lastOfSmall[process] = operation;
      return earlier;
    }
    const earlier = this.#last.get(process);
    this.#last.set(process, operation);
    return earlier;
  }
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
