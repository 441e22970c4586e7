// One door for every recorded history: tells the format, reads it, pairs its operations.
import type { HistoryDocument, HistoryFormat, ReadOptions } from "./document.js";
import { readEdnHistory } from "./edn/read-edn.js";
import { isJepsenLog, readJepsenLog } from "./jepsen-log.js";
import { readJsonLines } from "./jsonl.js";
import { MalformedHistory } from "./malformed.js";

/** Reads a recorded history of any known format. Never throws for what is in the text: trouble comes back as a value. */
export function readHistory(text: string, options: ReadOptions = {}): HistoryDocument | MalformedHistory {
  try {
    const plain = text.replace(/^\uFEFF/, "");
    const { format = "auto" } = options;
    switch (format === "auto" ? detectFormat(plain) : format) {
      case "jsonl":
        return readJsonLines(plain, options);
      case "jepsen-log":
        return readJepsenLog(plain, options);
      case "edn":
        return readEdnHistory(plain, options, "edn");
      case "kv":
        return readEdnHistory(plain, options, "kv");
    }
  } catch (error) {
    if (error instanceof MalformedHistory) return error;
    throw error;
  }
}

/** Told from the first thing in the text. Throws MalformedHistory when it is nothing known. */
export function detectFormat(text: string): HistoryFormat {
  if (/^\s*\{\s*"/.test(text)) return "jsonl";
  if (isJepsenLog(text)) return "jepsen-log";
  const begin = text.replace(/^(?:[\s,]|;[^\n]*(?:\n|$))+/, "");
  // An EDN map of its own `:key` is a kv history; Jepsen's keys stand inside the value.
  if (begin.startsWith("{") && /^\{[^}]*:key\s/.test(begin)) return "kv";
  if (/^[{[(#]/.test(begin)) return "edn";
  const found = begin === "" ? "nothing" : JSON.stringify(begin.slice(0, 40));
  throw new MalformedHistory(
    `expected a history: JSON Lines with a header, EDN maps, or Jepsen log lines; found ${found}`,
    { line: text.slice(0, text.length - begin.length).split("\n").length, column: 1 },
  );
}
