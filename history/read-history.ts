// One door for every recorded history: tells the format, reads it, pairs its operations.
import type { HistoryDocument, ReadOptions } from "./document.js";
import { readJsonLines } from "./jsonl.js";
import { MalformedHistory } from "./malformed.js";

/** Reads a recorded history of any known format. Never throws for what is in the text: trouble comes back as a value. */
export function readHistory(text: string, options: ReadOptions = {}): HistoryDocument | MalformedHistory {
  try {
    return readJsonLines(text, options);
  } catch (error) {
    if (error instanceof MalformedHistory) return error;
    throw error;
  }
}
