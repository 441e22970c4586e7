// The histories that runs of Minos left in their store, each judged once as `minos check` would: none of them may be unknown.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decide } from "../checker/index.js";
import { MalformedHistory, readHistory } from "../history/index.js";
import { shown, sum, table } from "./checker-text.js";

interface Judged {
  readonly path: string;
  readonly operations: number;
  readonly verdict: "valid" | "invalid" | "unknown" | "unreadable";
  readonly reason: string | null;
  readonly ms: number;
}

/** Lines of Markdown. */
export function judgeStoredRuns(folder: string): readonly string[] {
  const paths = existsSync(folder) ? historiesIn(folder) : [];
  if (paths.length === 0) return [`There are no stored runs in \`${folder}\`: none was judged.`];
  const all = paths.map(judgeStored);
  const count = (verdict: Judged["verdict"]): number => all.filter((one) => one.verdict === verdict).length;
  const ms = all.map((one) => one.ms);
  const row = [
    String(all.length),
    sum(all.map(({ operations }) => operations)).toLocaleString("en"),
    `${count("valid")} / ${count("invalid")}`,
    String(count("unknown")),
    shown(sum(ms)),
    shown(Math.max(...ms)),
  ];
  const head = ["runs", "operations", "valid / invalid", "unknown", "time, sum", "slowest"];
  const doubtful = all.filter(({ verdict }) => verdict === "unknown" || verdict === "unreadable");
  return [
    "Each judged once, with the default budget; reading the file is not in the time. A stored run may itself be of a planted bug, and then invalid.",
    "",
    ...table(head, [row]),
    ...doubtful.map(({ path, verdict, reason }) => `- ${path}: ${verdict}, ${reason ?? "for no reason"}`),
  ];
}

/** The store links to its latest runs: links are not followed. */
function historiesIn(folder: string): readonly string[] {
  const found: string[] = [];
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...historiesIn(path));
    else if (entry.isFile() && entry.name === "history.jsonl") found.push(path);
  }
  return found;
}

function judgeStored(path: string): Judged {
  const document = readHistory(readFileSync(path, "utf8"));
  if (document instanceof MalformedHistory)
    return { path, operations: 0, verdict: "unreadable", reason: document.message, ms: 0 };
  const { operations, model, initial } = document;
  const started = performance.now();
  const { valid, reason } = decide(operations, model, { initial });
  const ms = performance.now() - started;
  const verdict = valid === true ? "valid" : valid === false ? "invalid" : "unknown";
  return { path, operations: operations.length, verdict, reason, ms };
}
