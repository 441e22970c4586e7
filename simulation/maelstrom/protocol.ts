// The wire of Maelstrom, Jepsen's workbench for learners: JSON messages, one a line, to and from a node's standard streams
// (https://github.com/jepsen-io/maelstrom, doc/protocol.md and doc/workloads.md). Only what the `lin-kv` workload needs.
import type { JsonValue } from "../../history/index.js";

export interface MaelstromMessage {
  readonly src: string;
  readonly dest: string;
  readonly body: MaelstromBody;
}

export interface MaelstromBody {
  readonly type: string;
  readonly msg_id?: number;
  readonly in_reply_to?: number;
  readonly [field: string]: JsonValue | undefined;
}

/** Numbers that Maelstrom gives a meaning. All but `timeout` and `crash` promise that nothing happened. */
export const errorCodes = {
  timeout: 0,
  "not-supported": 10,
  "temporarily-unavailable": 11,
  "malformed-request": 12,
  crash: 13,
  "key-does-not-exist": 20,
  "precondition-failed": 22,
} as const;
export type ErrorName = keyof typeof errorCodes;

/** Throws, with the reason in a sentence, for a line that is no message. */
export function parseMessage(line: string): MaelstromMessage {
  const value: unknown = JSON.parse(line);
  if (typeof value !== "object" || value === null) throw new Error(`no message: ${line.slice(0, 200)}`);
  const { src, dest, body } = value as Partial<Record<string, unknown>>;
  if (typeof src !== "string" || typeof dest !== "string") throw new Error(`a message without src or dest: ${line}`);
  const type = typeof body === "object" && body !== null ? (body as { readonly type?: unknown }).type : undefined;
  if (typeof type !== "string") throw new Error(`a message without a type: ${line.slice(0, 200)}`);
  return { src, dest, body: body as MaelstromBody };
}
