// minos init: a description, a client and a plan for a user's own system, which run at once, against a toy that the user replaces.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes, packageInfo, UsageError } from "../../campaign/index.js";
import type { Session } from "../cli.js";
import { createTerminal } from "../terminal.js";

export function registerInit(program: Command, session: Session): void {
  program
    .command("init")
    .description(
      "put a system of your own under test: a description, a client and a plan, with a toy server to replace",
    )
    .argument("[directory]", "where the files go; none that exists is overwritten", ".")
    .option("--json", "print one JSON document on standard output")
    .action((path: string, words: { readonly json?: boolean }) => {
      const terminal = createTerminal(words.json === true);
      const directory = resolve(path);
      const files = scaffoldFiles();
      const existing = files.filter((file) => existsSync(join(directory, file)));
      if (existing.length > 0)
        throw new UsageError(
          `${path} has ${existing.join(", ")} already; nothing was written`,
          "give a directory without them",
        );
      for (const file of files) {
        const target = join(directory, file);
        mkdirSync(dirname(target), { recursive: true });
        // Exclusive: a file that came meanwhile stays as it is.
        writeFileSync(target, readFileSync(join(scaffold(), file)), { flag: "wx" });
        terminal.out(`wrote    ${join(path, file)}`);
      }
      const below = relative(process.cwd(), directory);
      const steps = [...(below === "" ? [] : [`cd ${below}`]), "npx minos run --plan plan.yaml"];
      terminal.out(`\ntry it   ${steps.join(" && ")}`);
      terminal.out("then     replace server/ by your system, step by step: docs/own-system.md");
      terminal.document({ directory, files, next: steps });
      session.exitCode = exitCodes.valid;
    });
}

const scaffold = (): string => join(packageInfo().root, "examples", "scaffold");

function scaffoldFiles(): readonly string[] {
  return readdirSync(scaffold(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(scaffold(), join(entry.parentPath, entry.name)));
}
