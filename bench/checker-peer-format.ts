// Histories as the Go program in bench/porcupine reads them: see its history.go.
import type { JsonValue, Operation } from "../history/index.js";

interface PeerOperation {
  readonly process: number;
  readonly function: string;
  readonly key?: string;
  readonly value?: number;
  readonly expected?: number;
  readonly text?: string;
  readonly call: number;
  readonly return?: number;
}

/** JSON Lines. What certainly did not happen and reads without an answer are left out: they say nothing, and only cost time. */
export function peerHistory(operations: readonly Operation[], model: string, initial: JsonValue): string {
  const isKv = model === "kv-append";
  const numbers = new Map<string, number>([[JSON.stringify(initial), 0]]);
  const numberOf = (value: JsonValue | undefined): number => {
    const text = JSON.stringify(value ?? null);
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  };
  const lines = [JSON.stringify({ model: isKv ? "kv" : "register" })];
  for (const one of operations) {
    if (one.outcome === "fail" || (one.function === "get" && one.outcome === "info")) continue;
    lines.push(JSON.stringify(isKv ? kvLine(one) : registerLine(one, numberOf)));
  }
  return `${lines.join("\n")}\n`;
}

function timesOf({ process, callNs, returnNs }: Operation) {
  return { process, call: callNs, ...(returnNs === null ? {} : { return: returnNs }) };
}

function kvLine(one: Operation): PeerOperation {
  const text = one.function === "get" ? one.output : one.input;
  return {
    ...timesOf(one),
    function: one.function,
    key: JSON.stringify(one.key),
    text: typeof text === "string" ? text : "",
  };
}

function registerLine(one: Operation, numberOf: (value: JsonValue | undefined) => number): PeerOperation {
  const { function: name, input, output, outcome } = one;
  if (name === "get") return { ...timesOf(one), function: "read", value: numberOf(output) };
  if (name === "put") return { ...timesOf(one), function: "write", value: numberOf(input) };
  const { expected, new: replacement } = input as { readonly [name: string]: JsonValue };
  const cas = { ...timesOf(one), function: "cas", expected: numberOf(expected), value: numberOf(replacement) };
  if (outcome === "info") return cas;
  const { status, observed } = output as { readonly [name: string]: JsonValue };
  if (status === "ok") return cas;
  if (observed === undefined) return { ...timesOf(one), function: "not", value: numberOf(expected) };
  return { ...timesOf(one), function: "read", value: numberOf(observed) };
}
