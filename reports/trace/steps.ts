// The moments of a story, and the words in which they are told.
import type { TracedCommand } from "../../cluster/index.js";
import type { TracedLog } from "./replicas.js";

export type StepKind = "wrong" | "step" | "fault" | "client";

/** A moment of the story. */
export interface Step {
  readonly timeNs: number;
  readonly node: string | null;
  readonly kind: StepKind;
  readonly text: string;
  /** Ids of the messages that it is about. */
  readonly messages: readonly number[];
  /** Of kind `client`: whose. */
  readonly thread?: number;
}

export type Rule =
  | "obeyed a deposed leader"
  | "decided without a quorum"
  | "answered without a quorum"
  | "answered without the log"
  | "decided two different commands"
  | "lost what was acknowledged"
  | "an invariant";

export interface Breach {
  readonly rule: Rule;
  readonly timeNs: number;
  readonly node: string | null;
  /** Commands that it is about. */
  readonly commands: readonly TracedCommand[];
  /** What led to it, and the breach itself last; in order of time. */
  readonly steps: readonly Step[];
}

export const step = (timeNs: number, node: string | null, text: string, messages: readonly number[] = []): Step => ({
  timeNs,
  node,
  kind: "step",
  text,
  messages,
});

/** A command in quotation marks; those that look all alike with whose they are. */
export function quoted({ text, request, id }: TracedCommand): string {
  const whose = request === null && id !== null ? `, asked of ${id.split("/")[0] ?? ""}` : "";
  return `“${text}${whose}”`;
}

export function onDisk(holders: readonly string[]): string {
  return holders.length === 0 ? "it is on no disk" : `it is on the disk of ${listed(holders)} only`;
}

/** Whether a log has this request; one that holds what the trace does not name may. */
export const mayHold = (log: TracedLog, { request, text }: TracedCommand): boolean =>
  log.findLastIndex((entry) => entry === null || (entry.request === request && entry.text === text)) !== -1;

export const isRead = ({ text }: TracedCommand): boolean => text.startsWith("get ");

function listed(names: readonly string[]): string {
  if (names.length === 0) return "nobody";
  return names.length === 1 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}

/** Ballots of an invariant's sentence as elsewhere: `3.0.2` is `3.n2`. */
export function sentenceOf(text: string): string {
  const told = text.replaceAll(/\b0\.0\.0\b/g, "no ballot").replaceAll(/\b(\d+)\.0\.(\d+)\b/g, "$1.n$2");
  return /[.!?]$/.test(told) ? told : `${told}.`;
}
