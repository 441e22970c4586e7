// bench/RESULTS.md has a part for each benchmark, between two markers, which `--write` replaces.
import { readFile, writeFile } from "node:fs/promises";
import { cpus, release } from "node:os";
import { packageRoot } from "../system/index.js";

/** Replaces the part of this name, or adds it at the end. */
export async function writePart(name: string, text: string): Promise<void> {
  const path = `${packageRoot()}/bench/RESULTS.md`;
  const [open, close] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const present = await readFile(path, "utf8").catch(() => "# Results\n");
  const part = `${open}\n${text.trimEnd()}\n${close}`;
  const [from, to] = [present.indexOf(open), present.indexOf(close)];
  const whole =
    from >= 0 && to > from
      ? present.slice(0, from) + part + present.slice(to + close.length)
      : `${present.trimEnd()}\n\n${part}\n`;
  await writeFile(path, whole);
}

/** The machine in a line. */
export function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model.trim() ?? "unknown CPU"}, Linux ${release()}, Node.js ${process.version}`;
}
