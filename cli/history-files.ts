// Which files `minos check` is to judge: a file, a run's directory, or a folder of runs and histories.
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../campaign/index.js";

/** A run's own record comes first; the other is derived from it. */
const records = ["history.jsonl", "history.edn"] as const;
const endings = [".jsonl", ".edn", ".log", ".txt"] as const;
const maxDepth = 8;
const maxFiles = 10_000;

/** The files meant by the words, each once, those of a folder in order of their names. Throws UsageError for a folder without any. */
export function historyFiles(words: readonly string[]): readonly string[] {
  const found = new Map<string, string>();
  for (const word of words) {
    const own = isDirectory(word) ? filesIn(word, 0) : [word];
    if (own.length === 0)
      throw new UsageError(`${word} holds no history`, `looked for ${records.join(", ")} and *${endings.join(", *")}`);
    for (const file of own) {
      const key = identity(file);
      if (!found.has(key)) found.set(key, file);
    }
    if (found.size > maxFiles) throw new UsageError(`more than ${maxFiles} histories`, "name fewer folders");
  }
  return [...found.values()];
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** Two names of one file, such as store/latest, are one history. A file that is missing is an error of its own, later. */
function identity(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function filesIn(folder: string, depth: number): readonly string[] {
  const names = readdirSync(folder).sort();
  const record = records.find((name) => names.includes(name));
  if (record !== undefined) return [join(folder, record)];
  return names.flatMap((name) => {
    const path = join(folder, name);
    if (isDirectory(path)) return depth < maxDepth ? filesIn(path, depth + 1) : [];
    return endings.some((ending) => name.endsWith(ending)) ? [path] : [];
  });
}
