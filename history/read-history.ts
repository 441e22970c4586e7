// One door for every recorded history: tells the format, reads it, pairs its operations.
import { decodeHistory } from "./decode.js";
import type { HistoryDocument, HistoryFormat, ReadOptions } from "./document.js";
import { readEdnHistory } from "./edn/read-edn.js";
import { isJepsenLog, readJepsenLog } from "./jepsen-log.js";
import { readJsonLines } from "./jsonl.js";
import { MalformedHistory } from "./malformed.js";

/**
 * Reads a recorded history of any known format, from a file's bytes or their text. Never throws for what is in it: trouble comes
 * back as a value.
 */
export function readHistory(
  source: string | Uint8Array,
  options: ReadOptions = {},
): HistoryDocument | MalformedHistory {
  try {
    const text = typeof source === "string" ? source : decodeHistory(source);
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
  const begin = text.slice(endOfBlank(text));
  // An EDN map of its own `:key` is a kv history; Jepsen's keys stand inside the value.
  if (begin.startsWith("{") && /^\{[^}]*:key\s/.test(begin)) return "kv";
  if (/^[{[(#]/.test(begin)) return "edn";
  const found = begin === "" ? "nothing" : JSON.stringify(begin.slice(0, 40));
  throw new MalformedHistory(
    `expected a history: JSON Lines with a header, EDN maps, or Jepsen log lines; found ${found}`,
    { line: text.slice(0, text.length - begin.length).split("\n").length, column: 1 },
  );
}

/** Where white space, commas and comments at the beginning end. */
function endOfBlank(text: string): number {
  let at = 0;
  while (at < text.length) {
    const unit = text.charAt(at);
    if (unit === ";") {
      const newline = text.indexOf("\n", at);
      at = newline === -1 ? text.length : newline + 1;
    } else if (/[\s,]/.test(unit)) at += 1;
    else break;
  }
  return at;
}
