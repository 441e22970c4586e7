// Shows that nothing in the simulation or in the store's core asks the machine for time or chance, or depends on an order that is not
// the program's: the sources are read and searched for the words. What is allowed, and why, is listed.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

const forbidden: readonly (readonly [what: string, pattern: RegExp])[] = [
  ["the date", /\bDate\b/],
  ["the machine's clock", /\bperformance\b|\bhrtime\b/],
  ["chance", /Math\.random|\brandomUUID\b|\brandomBytes\b|\brandomInt\b/],
  ["timers", /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bAbortSignal\.timeout\b/],
  ["the order of an object's keys", /\bfor \((?:const|let) \w+ in\b/],
  ["the file system or the network", /from "node:(?:fs|net|http|child_process|worker_threads|os)/],
];

const allowed: Readonly<Record<string, readonly string[]>> = {
  // Follows the machine's clock, for callers that live in real time; no run uses it.
  "simulation/paced.ts": ["the machine's clock", "timers"],
  // Lets promises go on between slices of a fixed number of events.
  "simulation/world.ts": ["timers"],
};

function sources(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .filter((path) => !path.includes("/testing/"))
    .sort();
}

/** Without comments and texts, so that only what runs is searched. */
function codeOf(path: string): string {
  const text = readFileSync(join(root, path), "utf8");
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replaceAll(/`(?:[^`\\]|\\.)*`/g, "``");
}

test("no source of the simulation or the core uses the machine's time, chance, timers or files", () => {
  const files = ["simulation", "system/core"].flatMap(sources);
  expect(files.length).toBeGreaterThan(25);
  const found = files.flatMap((path) =>
    forbidden.flatMap(([what, pattern]) => (pattern.test(codeOf(path)) ? [`${path}: ${what}`] : [])),
  );
  const expected = Object.entries(allowed).flatMap(([path, whats]) => whats.map((what) => `${path}: ${what}`));
  expect(found.toSorted()).toEqual(expected.toSorted());
});

test("the search sees each forbidden thing", () => {
  const samples = [
    "const now = Date.now();",
    "performance.now()",
    "Math.random()",
    "setTimeout(f, 1)",
    "for (const key in object) f(key)",
    'import { readFileSync } from "node:fs";',
  ];
  expect(samples.map((sample, at) => forbidden[at]?.[1].test(sample))).toEqual(samples.map(() => true));
});
