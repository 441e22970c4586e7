// Operations as rows, with times in seconds, for tests that look at whole sentences.
import type { JsonValue, Operation } from "../../history/index.js";
import { operation } from "./builders.js";

export type Row = readonly [
  process: number,
  name: string,
  input: JsonValue,
  output: JsonValue,
  from: number,
  to: number | null,
  extra?: Partial<Operation>,
];

export const second = 1e9;
export const failed = { outcome: "fail" } as const;

export function timedHistory(...rows: readonly Row[]): Operation[] {
  return rows.map(([process, name, input, output, from, to, extra], index) =>
    operation(index, name, input, output, from * second, to === null ? null : to * second, { process, ...extra }),
  );
}
