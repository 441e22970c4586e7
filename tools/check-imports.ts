// Fails when a room imports what ARCHITECTURE.md does not allow: another room that its row does not name, a room's inside
// instead of its index.ts, a value where only types are allowed, or anything but its own files in a pure folder.
//   npx tsx tools/check-imports.ts [ROOT]
// Exits 1 with one line a violation, and 2 when it found nothing to look at (a check that looked at nothing is no check).
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { parseSync } from "oxc-parser";
import { isTest, pureFolders, rooms } from "./import-rules.js";

export interface ImportFound {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}

/** Every static import, re-export and literal dynamic import of a source file. */
export function importsOf(path: string, source: string): readonly ImportFound[] {
  const parsed = parseSync(path, source);
  const [problem] = parsed.errors;
  if (problem !== undefined) throw new Error(`${path}: ${problem.message}`);
  const found: ImportFound[] = [];
  for (const statement of parsed.module.staticImports) {
    const typeOnly = statement.entries.length > 0 && statement.entries.every((entry) => entry.isType);
    found.push({ specifier: statement.moduleRequest.value, typeOnly, line: lineAt(source, statement.start) });
  }
  for (const statement of parsed.module.staticExports) {
    const sources = new Set(
      statement.entries.flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : [])),
    );
    const typeOnly = statement.entries.every((entry) => entry.isType);
    for (const specifier of sources) found.push({ specifier, typeOnly, line: lineAt(source, statement.start) });
  }
  for (const expression of parsed.module.dynamicImports) {
    const text = source.slice(expression.moduleRequest.start, expression.moduleRequest.end);
    const literal = /^["'`]([^"'`$]+)["'`]$/.exec(text);
    if (literal?.[1] !== undefined) {
      found.push({ specifier: literal[1], typeOnly: false, line: lineAt(source, expression.start) });
    }
  }
  return found;
}

/** What is wrong with one import of the file at `path` (relative to the root), or null. */
export function problemWith(path: string, found: ImportFound): string | null {
  const room = path.split("/")[0] ?? "";
  const rule = rooms[room];
  if (rule === undefined || isTest(path)) return null;
  const pure = pureFolders.find((folder) => path.startsWith(folder));
  if (!found.specifier.startsWith(".")) {
    return pure === undefined ? null : `${pure} is pure and may import no package, not even "${found.specifier}"`;
  }
  const target = join(dirname(path), found.specifier).split(sep).join("/");
  if (pure !== undefined && !target.startsWith(pure))
    return `${pure} is pure and may import nothing outside itself ("${target}")`;
  const targetRoom = target.split("/")[0] ?? "";
  if (targetRoom === room) return null;
  if (rooms[targetRoom] === undefined) return `"${target}" lies in no room`;
  const permission = rule.may[targetRoom];
  if (permission === undefined) return `${room} may not import ${targetRoom}`;
  if (permission === "type" && !found.typeOnly) return `${room} may import only types of ${targetRoom}`;
  return target === `${targetRoom}/index.js`
    ? null
    : `${targetRoom}'s inside ("${target}"): import ${targetRoom}/index.js`;
}

function sourceFiles(root: string, folder: string): string[] {
  const skip = new Set(["node_modules", "dist", "viewer"]);
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skip.has(entry.name) ? [] : sourceFiles(root, path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Checks a whole tree. */
export function checkTree(root: string): { readonly files: number; readonly problems: readonly string[] } {
  const present = new Set(readdirSync(root));
  const files = Object.keys(rooms)
    .filter((room) => present.has(room))
    .flatMap((room) => sourceFiles(root, room));
  const problems = files.flatMap((path) =>
    importsOf(path, readFileSync(join(root, path), "utf8")).flatMap((found) => {
      const problem = problemWith(path, found);
      return problem === null ? [] : [`${path}:${found.line}: ${problem}`];
    }),
  );
  return { files: files.length, problems };
}

const invoked = process.argv[1];
if (invoked !== undefined && relative(resolve(invoked), resolve("tools/check-imports.ts")) === "") {
  const { files, problems } = checkTree(process.argv[2] ?? ".");
  for (const problem of problems) console.error(problem);
  console.log(`import rules: ${files} files, ${problems.length} violations`);
  process.exitCode = files === 0 ? 2 : problems.length > 0 ? 1 : 0;
}
